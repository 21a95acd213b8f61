//! What stands beside a license: the next step, and help.

use leptos::prelude::*;

use crate::{
    portal::model::LicenseSummary,
    routes::Page,
    shared::branding::{Contact, use_branding},
};

/// What the customer does next with a license.
#[component]
pub(crate) fn NextStep(
    license: LicenseSummary,
    /// Whether the license has a page of its own besides this one.
    #[prop(default = true)]
    is_listed: bool,
) -> impl IntoView {
    let branding = use_branding();
    let subject = license.help_subject();
    let words = format!("Download {}", license.product);
    let download = if license.has_downloads {
        let href = Page::Downloads(license.id).path();
        Some(view! { <p><a class="button button-wide" href=href>{words}</a></p> }.into_any())
    } else {
        let link =
            |href| view! { <p><a class="button button-wide" href=href rel="external">{words}</a></p> }.into_any();
        branding.download_url.map(link)
    };
    let (title, content) = if !license.is_usable() {
        let contact = view! {
            <p class="small text-2">
                "To use this license again, or if this surprises you, please "
                <Contact brand=branding.brand subject=Signal::stored(Some(subject))/> "."
            </p>
        };
        ("What you can do", contact.into_any())
    } else if license.computer_count == 0 {
        let steps = view! {
            {download}
            <ol class="list list-numbered small">
                <li>"Copy your license key."</li>
                <li>"Start the app and enter the key."</li>
                <li>"The computer appears here."</li>
            </ol>
        };
        ("Next: enter your key in the app", steps.into_any())
    } else {
        let links = view! {
            {download}
            <ul class="plain-list stack-small small">
                <li><a href=Page::Offline.path()>"Use it without internet"</a></li>
                {is_listed.then(|| view! { <li><a href=Page::License(license.id).path()>"See its history"</a></li> })}
            </ul>
        };
        ("Get going", links.into_any())
    };
    view! {
        <section class="rail-part">
            <h2 class="title-3">{title}</h2>
            {content}
        </section>
    }
}

/// Where to get help with a license.
#[component]
pub(crate) fn HelpCard(subject: Option<String>) -> impl IntoView {
    view! {
        <section class="rail-part">
            <h2 class="title-3">"Help"</h2>
            <p class="small text-2">
                "If something does not work, please " <Contact brand=use_branding().brand subject=Signal::stored(subject)/> "."
            </p>
        </section>
    }
}
