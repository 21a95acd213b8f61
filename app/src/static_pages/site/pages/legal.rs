//! `/legal/…`: terms, privacy and the like.

use leptos::prelude::*;

use crate::static_pages::{
    document::render,
    site::{Site, SitePage, model::LegalPage, prose::Prose, shell::SiteDocument},
};

pub fn legal(site: &Site, page: &LegalPage) -> String {
    let (site, page) = (site.clone(), page.clone());
    render(move || {
        let description = format!("{} of {}.", page.title, site.look.branding.brand.name);
        view! {
            <SiteDocument site page=SitePage::Legal(page.slug) title=page.title description>
                <div class="band band-first">
                    <article class="measure"><Prose html=page.html/></article>
                </div>
            </SiteDocument>
        }
    })
}
