//! The vendor's name, logo and support contact on pages.

use latchkey_licensing::brand::{Brand, Support};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::routes::Page;

/// What pages show about the vendor. The server embeds it in each page, and the browser reads it from there,
/// so that both sides render the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Branding {
    pub brand: Brand,
    /// The logo's URL, if there is one.
    pub logo: Option<String>,
    /// The portal's origin, if another instance serves it.
    pub portal: Option<String>,
    /// The start page, if this instance has one.
    pub home: Option<String>,
    /// Where customers download the product.
    pub download_url: Option<String>,
    /// The URL of the style sheet with the vendor's accent color, if it has one. Only the document needs it.
    #[serde(skip)]
    pub stylesheet: Option<String>,
}

impl Branding {
    /// The address of a page of the portal.
    pub(crate) fn in_portal(&self, page: &Page) -> String {
        format!("{}{}", self.portal.as_deref().unwrap_or_default(), page.path())
    }
}

/// Provides the vendor's branding to all descendants.
pub(crate) fn provide_branding() {
    let given = SharedValue::new(|| use_context::<Branding>().unwrap_or_default());
    provide_context(given.into_inner());
}

pub(crate) fn use_branding() -> Branding {
    use_context::<Branding>().unwrap_or_default()
}

/// The vendor's logo or name, which links to the start page, or to `or` if there is none.
#[component]
pub(crate) fn Wordmark(branding: Branding, #[prop(into)] or: String) -> impl IntoView {
    let Branding { brand, logo, home, .. } = branding;
    let mark = match logo {
        Some(src) => view! { <img class="logo" src=src alt=brand.name/> }.into_any(),
        None => brand.name.into_any(),
    };
    view! { <a class="wordmark" href=home.unwrap_or(or) rel="external">{mark}</a> }
}

/// Where customers get help.
#[component]
pub(crate) fn HelpLine(brand: Brand) -> impl IntoView {
    view! { <p class="small text-2">"Need help? Please " <Contact brand/> "."</p> }
}

/// How to get help, as a phrase that follows "please" or a comma, with a link if there is one.
#[component]
pub(crate) fn Contact(brand: Brand) -> AnyView {
    match &brand.support {
        Some(support) => {
            let verb = if matches!(support, Support::Email(_)) { "write to " } else { "go to " };
            view! { {verb} <a class="break-anywhere" href=support.href() rel="external">{support.text().to_owned()}</a> }
                .into_any()
        }
        None => brand.contact().into_any(),
    }
}

/// The company's legal name, if it is known.
#[component]
pub(crate) fn LegalName(brand: Brand) -> impl IntoView {
    brand.legal_name.map(|name| view! { <p class="small text-2">{name}</p> })
}
