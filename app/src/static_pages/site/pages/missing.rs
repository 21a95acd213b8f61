//! What stands at addresses without a page, and after failures.

use leptos::prelude::*;

use crate::static_pages::{
    document::render,
    site::{Site, SitePage, shell::PagelessDocument},
};

pub fn not_found(site: &Site) -> String {
    let site = site.clone();
    render(move || {
        let docs = site.links.docs.clone();
        let portal = site.portal();
        view! {
            <PagelessDocument site title="Not found">
                <div class="band band-first">
                    <div class="band-head">
                        <h1 class="display-2">"Not found"</h1>
                        <p class="lead">"There is no page at this address. It may have moved, or the link may be incomplete."</p>
                    </div>
                    <ul class="list">
                        <li><a href=SitePage::Home.path()>"Start page"</a></li>
                        <li><a href=portal>"Your licenses"</a></li>
                        <li><a href=SitePage::LostKey.path()>"Lost your license key?"</a></li>
                        {docs.map(|href| view! { <li><a href=href>"Documentation"</a></li> })}
                        <li><a href=SitePage::Questions.path()>"Questions and answers"</a></li>
                    </ul>
                </div>
            </PagelessDocument>
        }
    })
}

/// The page for an internal error.
pub fn failed(site: &Site) -> String {
    let site = site.clone();
    render(move || {
        view! {
            <PagelessDocument site title="Error">
                <div class="band band-first">
                    <div class="band-head">
                        <h1 class="display-2">"Something went wrong"</h1>
                        <p class="lead">"The server failed. Try again in a moment."</p>
                    </div>
                    <p><a class="button" href=SitePage::Home.path()>"Start page"</a></p>
                </div>
            </PagelessDocument>
        }
    })
}
