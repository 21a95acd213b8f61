//! `/changelog`: what changed in each version.

use leptos::prelude::*;

use crate::{
    shared::releases::{Release, channel_badge},
    static_pages::{
        document::render,
        site::{Site, SitePage, prose::Prose, shell::SiteDocument},
    },
};

pub fn changelog(site: &Site) -> String {
    let site = site.clone();
    render(move || {
        let name = site.look.branding.brand.name.clone();
        let releases =
            site.releases.iter().map(|release| view! { <ReleaseEntry release=release.clone()/> }).collect_view();
        let is_empty = site.releases.is_empty();
        view! {
            <SiteDocument site page=SitePage::Changelog title="Changelog" description=format!("What is new in each version of {name}.")>
                <div class="band band-first">
                    <div class="band-head">
                        <h1 class="display-2">"Changelog"</h1>
                        <p class="lead">
                            {format!("What is new in each version of {name}. ")}
                            <a href=SitePage::FEED>"Subscribe to the feed"</a>
                        </p>
                    </div>
                    {is_empty.then(|| view! { <p class="text-2">"Nothing has been released yet."</p> })}
                    <div class="releases">{releases}</div>
                </div>
            </SiteDocument>
        }
    })
}

/// The part of a page to which links to a release lead.
pub(crate) fn anchor(release: &Release) -> String {
    format!("v{}", release.version)
}

#[component]
fn ReleaseEntry(release: Release) -> impl IntoView {
    let id = anchor(&release);
    let date = release.date.timestamp().human_date();
    let html = release.notes.html().to_owned();
    view! {
        <article class="release" id=id.clone()>
            <header class="release-head">
                <h2 class="title-2"><a href=format!("#{id}")>{release.version.to_string()}</a></h2>
                <time class="small text-2" datetime=release.date.iso()>{date}</time>
                {channel_badge(release.channel).map(|channel| view! { <span class="badge">{channel}</span> })}
            </header>
            <Prose html/>
        </article>
    }
}
