//! `/downloads`: the newest version and the earlier ones.

use leptos::prelude::*;

use super::{
    Site, SitePage,
    changelog::anchor,
    model::{Release, ReleaseFile},
    shell::SiteDocument,
};
use crate::static_pages::document::render;

pub fn downloads(site: &Site) -> String {
    let site = site.clone();
    render(move || {
        let name = site.look.branding.brand.name.clone();
        let stable: Vec<Release> = site.releases.iter().filter(|release| release.channel.is_none()).cloned().collect();
        let download = site.look.branding.download_url.clone();
        let latest = stable.first().cloned().map(|release| view! { <Latest release download/> });
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
) -> impl IntoView {
    let notes = format!("{}#{}", SitePage::Changelog.path(), anchor(&release));
    let date = release.date.timestamp().human_date();
    let has_files = !release.files.is_empty();
    let files = release.files.into_iter().map(|file| view! { <DownloadFile file/> });
    view! {
        <section class="card stack latest" aria-labelledby="latest">
            <div class="split">
                <h2 class="title-2" id="latest">{format!("Version {}", release.version)}</h2>
                <span class="small text-2"><time datetime=release.date.iso()>{date}</time> " · " <a href=notes>"What is new"</a></span>
            </div>
            {match download {
                _ if has_files => view! { <ul class="files">{files.collect_view()}</ul> }.into_any(),
                Some(href) => {
                    view! { <p><a class="button button-accent" href=href rel="external">"Download"</a></p> }.into_any()
                }
                None => view! { <p class="text-2">"The link to the installer comes with your license key."</p> }.into_any(),
            }}
        </section>
    }
}

#[component]
fn DownloadFile(file: ReleaseFile) -> impl IntoView {
    let system = match &file.arch {
        Some(arch) => format!("{} {arch}", file.platform),
        None => file.platform.clone(),
    };
    view! {
        <li class="file">
            <a class="button button-accent" href=file.url.to_string() rel="external">{format!("Download for {system}")}</a>
            <span class="small text-2">{bytes(file.size)}</span>
            <span class="file-checksum small"><span class="text-2">"SHA-256 "</span> <code>{file.sha256.to_string()}</code></span>
        </li>
    }
}

#[component]
fn Earlier(releases: Vec<Release>) -> impl IntoView {
    let has_files = releases.iter().any(|release| !release.files.is_empty());
    let rows = releases.into_iter().map(|release| {
        let notes = format!("{}#{}", SitePage::Changelog.path(), anchor(&release));
        let files = release.files.into_iter().map(|file| {
            view! { <li><a href=file.url.to_string() rel="external">{file.platform}</a> " " <span class="text-2">{bytes(file.size)}</span></li> }
        });
        view! {
            <tr>
                <th scope="row">{release.version.to_string()} {release.channel.map(|channel| view! { " " <span class="badge">{channel.to_string()}</span> })}</th>
                <td><time datetime=release.date.iso()>{release.date.timestamp().human_date()}</time></td>
                {has_files.then(|| view! { <td><ul>{files.collect_view()}</ul></td> })}
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

/// A size for people, such as `12.4 MB`.
fn bytes(size: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "one decimal place is shown")]
    let size_in = |unit: u64| size as f64 / unit as f64;
    match size {
        0..1_000 => format!("{size} bytes"),
        1_000..1_000_000 => format!("{:.1} kB", size_in(1_000)),
        1_000_000..1_000_000_000 => format!("{:.1} MB", size_in(1_000_000)),
        _ => format!("{:.1} GB", size_in(1_000_000_000)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        for (size, text) in [
            (0, "0 bytes"),
            (999, "999 bytes"),
            (12_400, "12.4 kB"),
            (12_400_000, "12.4 MB"),
            (3_000_000_000, "3.0 GB"),
        ] {
            assert_eq!(bytes(size), text);
        }
    }
}
