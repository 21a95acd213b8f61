//! The vendor's name, logo and support contact on pages.

use latchkey_licensing::brand::{Brand, Support};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{routes::Page, shared::address::encoded};

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

/// The subject of a mail that asks for help with what the page shows. Pages set it in the browser.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HelpSubject(pub(crate) RwSignal<Option<String>>);

/// Sets the subject as long as the page is shown.
pub(crate) fn set_help_subject(subject: String) {
    if let Some(HelpSubject(shown)) = use_context() {
        Effect::new(move |_| {
            shown.set(Some(subject.clone()));
            on_cleanup(move || shown.set(None));
        });
    }
}

/// Where customers get help.
#[component]
pub(crate) fn HelpLine(brand: Brand, #[prop(optional, into)] subject: Signal<Option<String>>) -> impl IntoView {
    view! { <p class="small text-2">"Need help? Please " <Contact brand subject/> "."</p> }
}

/// How to get help, as a phrase that follows "please" or a comma, with a link if there is one. `subject` is that of a mail.
#[component]
pub(crate) fn Contact(brand: Brand, #[prop(optional, into)] subject: Signal<Option<String>>) -> AnyView {
    match &brand.support {
        Some(support) => {
            let verb = if matches!(support, Support::Email(_)) { "write to " } else { "go to " };
            let (text, support) = (support.text().to_owned(), support.clone());
            let name = brand.name.clone();
            let href = move || help_href(&support, &subject.get().unwrap_or_else(|| name.clone()));
            view! { {verb} <a class="break-anywhere" href=href rel="external">{text}</a> }.into_any()
        }
        None => brand.contact().into_any(),
    }
}

/// The target of a link to help.
fn help_href(support: &Support, subject: &str) -> String {
    match support {
        Support::Email(_) => format!("{}?subject={}", support.href(), encoded(subject)),
        Support::Page(_) => support.href(),
    }
}

/// A text of [`Brand::contact`], whose contact becomes a link. `subject` is that of a mail.
#[component]
pub(crate) fn WithContact(text: String, brand: Brand, subject: String) -> AnyView {
    let Some(support) = brand.support else { return text.into_any() };
    let shown = match &support {
        Support::Email(address) => address.clone(),
        Support::Page(url) => url.clone(),
    };
    match text.split_once(&shown) {
        Some((before, after)) => {
            let (before, after, href) = (before.to_owned(), after.to_owned(), help_href(&support, &subject));
            view! { {before} <a class="break-anywhere" href=href rel="external">{shown}</a> {after} }.into_any()
        }
        None => text.into_any(),
    }
}

/// The company's legal name, if it is known.
#[component]
pub(crate) fn LegalName(brand: Brand) -> impl IntoView {
    brand.legal_name.map(|name| view! { <p class="small text-2">{name}</p> })
}
