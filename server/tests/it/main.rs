//! The real server over HTTP, on SQLite and on PostgreSQL, with a clock that the tests set.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a panic is how a test reports")]

mod api;
mod api_limits;
mod app;
mod bulk;
mod catalog;
mod described;
mod files;
mod limits;
mod mail;
mod pages;
mod portal;
mod sessions;
mod sign_in;
mod signing_keys;
mod sweep;
mod terms;

/// Writes each test once and runs it on both databases.
macro_rules! on_both {
    ($($(#[$doc:meta])* async fn $name:ident($app:ident: $ty:ty) $body:block)+) => {$(
        mod $name {
            use super::*;

            $(#[$doc])*
            async fn check($app: $ty) $body

            #[test]
            fn sqlite() {
                crate::app::run(async {
                    let app = crate::app::TestApp::start(latchkey_testkit::Backend::Sqlite).await;
                    check(&app).await;
                });
            }

            #[test]
            fn postgres() {
                crate::app::run(async {
                    let app = crate::app::TestApp::start(latchkey_testkit::Backend::Postgres).await;
                    check(&app).await;
                });
            }
        }
    )+};
}
use on_both;
