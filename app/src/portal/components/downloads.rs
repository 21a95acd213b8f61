//! The builds of a version.

use leptos::prelude::*;

use crate::{
    portal::model::downloads::{DownloadBuild, DownloadRelease},
    shared::components::{CopyButton, Time},
};

/// A version with its builds.
#[component]
pub(crate) fn ReleaseBuilds(
    release: DownloadRelease,
    /// Whether its heading is directly below the page's.
    #[prop(default = false)]
    is_section: bool,
) -> impl IntoView {
    let DownloadRelease { version, released, channel, builds } = release;
    let rows = builds.into_iter().map(|file| view! { <BuildRow file version=version.clone()/> }).collect_view();
    let title =
        view! { "Version " {version} {channel.map(|channel| view! { " " <span class="badge">{channel}</span> })} };
    let heading = if is_section {
        view! { <h2 class="title-2">{title}</h2> }.into_any()
    } else {
        view! { <h3 class="title-3">{title}</h3> }.into_any()
    };
    view! {
        <div class="stack-small">
            <div class="split">
                {heading}
                <p class="small text-2">"Released on " <Time when=released/></p>
            </div>
            <ul class="plain-list builds">{rows}</ul>
        </div>
    }
}

#[component]
fn BuildRow(file: DownloadBuild, version: String) -> impl IntoView {
    let DownloadBuild { system, name, size, sha256, href } = file;
    let label = format!("Download version {version} for {system}");
    view! {
        <li class="build">
            <div class="build-name">
                <strong>{system}</strong>
                <span class="small text-2"><span translate="no">{name}</span> ", " {size}</span>
            </div>
            <a class="button" href=href rel="external" aria-label=label>"Download"</a>
            <div class="build-sum small">
                <span class="text-2">"SHA-256 "</span>
                <code translate="no">{sha256.clone()}</code>
                " "
                <CopyButton text=sha256 words="Copy checksum"/>
            </div>
        </li>
    }
}
