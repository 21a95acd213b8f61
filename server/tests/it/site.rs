//! The site: its pages, the content of other vendors, and what is wrong with content.

mod content;
mod docs;
mod pages;

use std::path::PathBuf;

use latchkey_testkit::Backend;

use crate::support::app::TestApp;

/// A server with the compiled-in content.
async fn with_default_content() -> TestApp {
    TestApp::start_with(Backend::Sqlite, |settings, _| {
        "ChartGPT".clone_into(&mut settings.brand.name);
        settings.brand.support = Some("help@example.com".to_owned());
    })
    .await
}

fn acme() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/content/acme")
}

/// A server with the content of another vendor.
async fn with_acme() -> TestApp {
    TestApp::start_with(Backend::Sqlite, |settings, _| {
        "Acme Draw".clone_into(&mut settings.brand.name);
        settings.content.folder = Some(acme());
    })
    .await
}
