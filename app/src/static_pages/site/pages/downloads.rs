//! `/downloads`: the newest version and the earlier ones.

use latchkey_licensing::release::Channel;
use leptos::prelude::*;

use super::changelog::anchor;
use crate::{
    shared::releases::{Build, Release, channel_badge},
    static_pages::{
        document::render,
        site::{Site, SitePage, shell::SiteDocument},
    },
};

pub fn downloads(site: &Site) -> String {
    let site = site.clone();
    render(move || {
        let name = site.look.branding.brand.name.clone();
        let stable: Vec<Release> =
            site.releases.iter().filter(|release| release.channel == Channel::Stable).cloned().collect();
        let download = site.look.branding.download_url.clone();
        let portal = site.look.portal.clone();
        let latest = stable.first().cloned().map(|release| view! { <Latest release download portal/> });
        let earlier: Vec<Release> = site
            .releases
            .iter()
            .filter(|release| stable.first().is_none_or(|newest| newest.version != release.version))
            .cloned()
            .collect();
        let has_earlier = !earlier.is_empty();
        let is_empty = latest.is_none();
        view! {
            <SiteDocument site page=SitePage::Downloads title="Downloads" description=format!("Download {name}, with checksums and release notes.")>
                <div class="band band-first">
                    <div class="band-head">
                        <h1 class="display-2">"Downloads"</h1>
                        <p class="lead">{format!("{name} needs a license key. It is in the mail that came with your purchase, and in your portal.")}</p>
                    </div>
                    {latest}
                    {is_empty.then(|| view! { <p class="text-2">"Nothing has been released yet."</p> })}
                    {has_earlier.then(|| view! { <Earlier releases=earlier/> })}
                </div>
            </SiteDocument>
        }
    })
}

#[component]
fn Latest(
    release: Release,
    /// Where the product is downloaded, if the release itself has no files.
    download: Option<String>,
    /// Where customers find what their license includes.
    portal: Option<String>,
) -> impl IntoView {
    let notes = format!("{}#{}", SitePage::Changelog.path(), anchor(&release));
    let date = release.date.timestamp().human_date();
    let has_files = !release.builds.is_empty();
    let path = release.path();
    let needs_license = release.builds.iter().any(|build| !build.is_public);
    let portal = portal.filter(|_| needs_license).map(|href| {
        view! { <p><a class="button button-accent" href=href rel="external">"Download it in your portal"</a></p> }
    });
    let files =
        release.builds.into_iter().map(|build| view! { <DownloadFile href=build.public_href(&path) file=build/> });
    view! {
        <section class="card stack latest" aria-labelledby="latest">
            <div class="split">
                <h2 class="title-2" id="latest">{format!("Version {}", release.version)}</h2>
                <span class="small text-2"><time datetime=release.date.iso()>{date}</time> " · " <a href=notes>"What is new"</a></span>
            </div>
            {match download {
                _ if has_files => view! { <ul class="plain-list files">{files.collect_view()}</ul> {portal} }.into_any(),
                Some(href) => {
                    view! { <p><a class="button button-accent" href=href rel="external">"Download"</a></p> }.into_any()
                }
                None => view! { <p class="text-2">"The link to the installer comes with your license key."</p> }.into_any(),
            }}
        </section>
    }
}

#[component]
fn DownloadFile(
    file: Build,
    /// Where anyone may download it.
    href: Option<String>,
) -> impl IntoView {
    let system = file.system();
    let link = match href {
        Some(href) => {
            view! { <a class="button button-accent" href=href rel="external">{format!("Download for {system}")}</a> }
                .into_any()
        }
        None => view! { <strong>{system}</strong> }.into_any(),
    };
    view! {
        <li class="file">
            {link}
            <span class="small text-2">{file.size_in_words()}</span>
            <span class="file-checksum small"><span class="text-2">"SHA-256 "</span> <code>{file.sha256.to_string()}</code></span>
        </li>
    }
}

#[component]
fn Earlier(releases: Vec<Release>) -> impl IntoView {
    let has_files = releases.iter().any(|release| !release.builds.is_empty());
    let rows = releases.into_iter().map(|release| {
        let notes = format!("{}#{}", SitePage::Changelog.path(), anchor(&release));
        let path = release.path();
        let files = release.builds.into_iter().map(|build| {
            let system = build.system();
            let name = match build.public_href(&path) {
                Some(href) => view! { <a href=href rel="external">{system}</a> }.into_any(),
                None => system.into_any(),
            };
            view! { <li>{name} " " <span class="text-2">{build.size_in_words()}</span></li> }
        });
        view! {
            <tr>
                <th scope="row">{release.version.to_string()} {channel_badge(release.channel).map(|channel| view! { " " <span class="badge">{channel}</span> })}</th>
                <td><time datetime=release.date.iso()>{release.date.timestamp().human_date()}</time></td>
                {has_files.then(|| view! { <td><ul class="plain-list">{files.collect_view()}</ul></td> })}
                <td><a href=notes>"Notes"</a></td>
            </tr>
        }
    });
    view! {
        <section class="stack" aria-labelledby="earlier">
            <h2 class="title-2" id="earlier">"Other versions"</h2>
            <div class="scroll" tabindex="0" role="group" aria-labelledby="earlier">
                <table class="site-table">
                    <thead><tr><th scope="col">"Version"</th><th scope="col">"Released"</th>{has_files.then(|| view! { <th scope="col">"Files"</th> })}<th scope="col">"Notes"</th></tr></thead>
                    <tbody>{rows.collect_view()}</tbody>
                </table>
            </div>
        </section>
    }
}
