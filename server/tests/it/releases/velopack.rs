//! Velopack's own client, unmodified: it finds the newest package that the license may have, downloads and verifies it.

use std::{fs, path::Path};

use latchkey_licensing::policy::ExpiryStrategy;
use latchkey_testkit::{Backend, on_both};
use sha1::{Digest, Sha1};
use velopack::{
    HttpHeader, HttpOptions, UpdateCheck, UpdateInfo, UpdateManager, UpdateOptions, locator::VelopackLocatorConfig,
    sources::HttpSource,
};

use super::{expired, serve};
use crate::support::{
    app::{TestApp, run},
    shelf::{Shelf, hex},
};

on_both!(with_packages: velopack_updates_to_what_the_license_may_have);

fn with_packages(backend: Backend, test: impl AsyncFnOnce(&TestApp, &Shelf)) {
    run(async {
        let mut shelf = Shelf::new();
        for (version, date) in [("1.0.0", "2026-10-01"), ("1.1.0", "2026-11-01"), ("2.0.0", "2027-02-01")] {
            let content = format!("the package {version}");
            let sums = format!("sha1 = \"{}\"", hex(&Sha1::digest(content.as_bytes())));
            let name = format!("Acme.Draw-{version}-full.nupkg");
            shelf.release(version, date, "").file(&name, "windows", content.as_bytes(), &sums);
        }
        let beta = b"the package 2.1.0-beta.1";
        let name = "Acme.Draw-2.1.0-beta.1-win-beta-full.nupkg";
        shelf.release("2.1.0-beta.1", "2027-03-01", "channel = \"beta\"").file(name, "windows", beta, "");
        test(&serve(&shelf, backend).await, &shelf).await;
    });
}

/// An app of version 1.0.0, as it is installed. Its client is blocking, as in most apps.
async fn client<T: Send + 'static>(
    app: &TestApp,
    key: Option<&str>,
    channel: Option<&str>,
    folder: &Path,
    ask: impl FnOnce(UpdateManager) -> T + Send + 'static,
) -> T {
    let url = format!("{}/v1/updates/velopack", app.origin());
    let headers = key.map(|key| HttpHeader { Name: "Authorization".to_owned(), Value: format!("License {key}") });
    let source = HttpSource::new_with_options(
        url,
        HttpOptions { Headers: headers.into_iter().collect(), ..HttpOptions::default() },
    );
    let manifest = folder.join("sq.version");
    fs::write(
        &manifest,
        "<?xml version=\"1.0\"?><package><metadata><id>Acme.Draw</id><version>1.0.0</version><channel>win</channel>\
         <mainExe>acme</mainExe></metadata></package>",
    )
    .expect("written");
    let updater = folder.join("UpdateNix");
    fs::write(&updater, "").expect("written");
    let config = VelopackLocatorConfig {
        RootAppDir: folder.to_owned(),
        UpdateExePath: updater,
        PackagesDir: folder.join("packages"),
        ManifestPath: manifest,
        CurrentBinaryDir: folder.to_owned(),
        IsPortable: true,
    };
    let options = UpdateOptions { ExplicitChannel: channel.map(str::to_owned), ..UpdateOptions::default() };
    let work = move || ask(UpdateManager::new(source, Some(options), Some(config)).expect("a client"));
    tokio::task::spawn_blocking(work).await.expect("it ends")
}

fn found(check: UpdateCheck) -> Option<Box<UpdateInfo>> {
    match check {
        UpdateCheck::UpdateAvailable(update) => Some(update),
        _ => None,
    }
}

async fn velopack_updates_to_what_the_license_may_have(app: &TestApp, shelf: &Shelf) {
    let folder = tempfile::tempdir().expect("a folder");
    let version = async |key: Option<&str>, channel: Option<&str>| {
        let checked =
            client(app, key, channel, folder.path(), |client| client.check_for_updates().expect("a feed")).await;
        found(checked).map(|update| update.TargetFullRelease.Version)
    };
    let issued = app.issue("ada@example.com").await;
    let key = issued.key.expose().to_owned();
    assert_eq!(version(Some(&key), None).await.as_deref(), Some("2.0.0"));
    assert_eq!(version(Some(&key), Some("win-beta")).await.as_deref(), Some("2.1.0-beta.1"));
    assert_eq!(version(Some(&key), Some("osx")).await, None);
    assert_eq!(version(None, None).await, None, "no package is public");

    let update = client(app, Some(&key), None, folder.path(), |client| {
        let update = found(client.check_for_updates().expect("a feed")).expect("an update");
        client.download_updates(&update, None).expect("downloaded and verified");
        update
    })
    .await;
    let release = &update.TargetFullRelease;
    assert_eq!((release.PackageId.as_str(), release.Type.as_str()), ("Acme.Draw", "Full"));
    assert_eq!((release.NotesMarkdown.as_str(), release.Size), ("- New in **2.0.0** & more", 17));
    let downloaded = folder.path().join("packages/Acme.Draw-2.0.0-full.nupkg");
    assert_eq!(fs::read_to_string(downloaded).expect("there"), "the package 2.0.0");

    // Without SHA-1, which only old clients check.
    let beta = client(app, Some(&key), Some("win-beta"), folder.path(), |client| {
        let update = found(client.check_for_updates().expect("a feed")).expect("an update");
        client.download_updates(&update, None).map_err(|error| error.to_string())
    });
    assert_eq!(beta.await, Ok(()));

    let kept = expired(app, "eve@example.com", ExpiryStrategy::MaintainAccess).await;
    let kept = kept.key.expose().to_owned();
    assert_eq!(version(Some(&kept), None).await.as_deref(), Some("1.1.0"));
    let desktop = app.desktop(Some(&kept));
    assert_eq!(desktop.text("/v1/updates/velopack/Acme.Draw-1.1.0-full.nupkg").await.0, 303);
    for path in ["Acme.Draw-2.0.0-full.nupkg", "releases.nothing.json", "RELEASES", "..%2freleases.win.json"] {
        assert_eq!(desktop.text(&format!("/v1/updates/velopack/{path}")).await.0, 404, "{path}");
    }

    // A package that is not the one that is listed is not installed.
    fs::write(shelf.path("Acme.Draw-1.1.0-full.nupkg"), "the package 6.6.6").expect("written");
    let refused = client(app, Some(&kept), None, folder.path(), |client| {
        let update = found(client.check_for_updates().expect("a feed")).expect("an update");
        client.download_updates(&update, None).map_err(|error| error.to_string())
    });
    assert!(refused.await.is_err_and(|error| error.to_lowercase().contains("checksum")));
}
