//! Converts releases into what pages show.

use latchkey_licensing::{
    brand::Brand,
    release::{BuildAccess, NoBuilds},
    time::Timestamp,
};
use latchkey_service::LicenseView;

use crate::{
    portal::model::downloads::{DownloadBuild, DownloadList, DownloadRelease},
    routes::BuildTarget,
    shared::{
        model::RelativeTime,
        releases::{Build, Library, Release, channel_badge},
    },
};

/// The builds that a license may have, and why it may not have others. `None` if its product has none.
pub(crate) fn downloads(view: &LicenseView, library: &Library, brand: &Brand, now: Timestamp) -> Option<DownloadList> {
    let access = view.build_access(now);
    let all: Vec<&Release> =
        library.of_product(Some(&view.product.code)).filter(|release| !release.builds.is_empty()).collect();
    if all.is_empty() {
        return None;
    }
    let may_have = |release: &Release, build: &Build| build.is_public || access.includes(release.date.timestamp());
    let offered = all.iter().filter_map(|release| {
        let builds: Vec<&Build> = release.builds.iter().filter(|build| may_have(release, build)).collect();
        (!builds.is_empty()).then(|| shown(view, release, builds))
    });
    let releases = offered.collect();
    let left_out = |release: &&&Release| release.builds.iter().any(|build| !may_have(release, build));
    let newest = all.iter().find(left_out).map(|release| release.version.to_string());
    let notice = newest.and_then(|version| notice(access, &version, &brand.contact()));
    Some(DownloadList { releases, has_more: false, notice })
}

/// Only the newest version for everyone, for the license's own page.
pub(crate) fn newest(mut list: DownloadList) -> DownloadList {
    let count = list.releases.len();
    let at = list.releases.iter().position(|release| release.channel.is_none()).unwrap_or(0);
    list.releases = list.releases.drain(..).skip(at).take(1).collect();
    list.has_more = count > list.releases.len();
    list
}

/// Why a version is not among the builds.
fn notice(access: BuildAccess, version: &str, contact: &str) -> Option<String> {
    let why = match access {
        BuildAccess::All => return None,
        BuildAccess::Until(at) => {
            let end = at.human_date();
            format!(
                "This license ended on {end}, so it includes the versions that were released until then. Version {version} is \
                 newer. To get it, renew the license: {contact}."
            )
        }
        BuildAccess::Nothing(NoBuilds::Expired(at)) => {
            let end = at.human_date();
            format!("This license expired on {end}, so it includes no downloads. To renew it, {contact}.")
        }
        BuildAccess::Nothing(NoBuilds::Suspended) => {
            "There are no downloads while this license is suspended.".to_owned()
        }
        BuildAccess::Nothing(NoBuilds::Revoked | NoBuilds::Banned) => {
            "This license includes no downloads any more.".to_owned()
        }
    };
    Some(why)
}

fn shown(view: &LicenseView, release: &Release, builds: Vec<&Build>) -> DownloadRelease {
    let version = release.version.to_string();
    let build = |build: &Build| DownloadBuild {
        system: build.system(),
        name: build.name.to_string(),
        size: build.size_in_words(),
        sha256: build.sha256.as_str().to_ascii_lowercase(),
        href: BuildTarget { license: view.license.id, version: &version, file: build.name.as_str() }.path(),
    };
    DownloadRelease {
        released: RelativeTime::on(release.date.timestamp()),
        channel: channel_badge(release.channel).map(str::to_owned),
        builds: builds.into_iter().map(build).collect(),
        version,
    }
}
