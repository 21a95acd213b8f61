//! Releases: what `releases.toml` may contain, downloads in the portal, the API for updaters, the files, and the command.

mod api;
mod command;
mod content;
mod downloads;
mod feeds;
mod portal;
mod velopack;

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use latchkey_licensing::policy::{ExpiryStrategy, RenewalBasis};
use latchkey_service::IssuedLicense;
use latchkey_testkit::{Backend, UNLIMITED};

use crate::support::{
    app::{TestApp, run},
    shelf::Shelf,
};

const DAY: Duration = Duration::from_hours(24);

/// A server with the releases on a shelf.
async fn serve(shelf: &Shelf, backend: Backend) -> TestApp {
    shelf.write();
    let folder = shelf.folder.path().to_owned();
    TestApp::start_with(backend, |settings, options| {
        settings.content.folder = Some(folder);
        options.api_limits = UNLIMITED;
    })
    .await
}

/// Lines with an architecture and signatures, which these tests do not check.
fn signed(arch: &str) -> String {
    let signature = STANDARD.encode([7; 64]);
    let minisign = STANDARD.encode("untrusted comment: a signature\n");
    format!("arch = \"{arch}\"\nsignature = \"{signature}\"\nminisign = \"{minisign}\"")
}

/// The clock stands at 23 November 2026. The second release is public in part, the last is for testers.
fn shelf() -> Shelf {
    let mut shelf = Shelf::new();
    shelf.release("1.0.0", "2026-10-01", "").file("acme-1.0.0.exe", "windows", b"one", &signed("x64"));
    shelf
        .release("1.1.0", "2026-11-01", "")
        .file("acme-1.1.0.exe", "windows", b"one and one", &signed("x64"))
        .file("acme-1.1.0.AppImage", "linux", b"for linux", &signed("x64"))
        .file("acme-1.1.0-viewer.zip", "any", b"a viewer", "public = true");
    shelf.release("2.0.0", "2027-02-01", "").file("acme-2.0.0.exe", "windows", b"two", &signed("x64")).file(
        "acme-2.0.0.AppImage",
        "linux",
        b"two for linux",
        &signed("x64"),
    );
    shelf.release("2.1.0-beta.1", "2027-03-01", "channel = \"beta\"").file(
        "acme-2.1.0-beta.1.exe",
        "windows",
        b"two and one",
        &signed("x64"),
    );
    shelf
}

/// A server with the usual releases.
fn with_shelf(backend: Backend, test: impl AsyncFnOnce(&TestApp, &Shelf)) {
    run(async {
        let shelf = shelf();
        test(&serve(&shelf, backend).await, &shelf).await;
    });
}

/// A license that ended on 23 December 2026, as seen on 23 March 2027.
async fn expired(app: &TestApp, email: &str, strategy: ExpiryStrategy) -> IssuedLicense {
    app.add_policy(&format!("m-{}", strategy.as_str().to_lowercase()), |policy| {
        policy.duration = Some(DAY * 30);
        policy.expiry_strategy = strategy;
        policy.renewal_basis = RenewalBasis::FromNow;
    })
    .await;
    let issued = app.issue_under(email, &format!("m-{}", strategy.as_str().to_lowercase())).await;
    app.kit.clock.advance(DAY * 120);
    issued
}
