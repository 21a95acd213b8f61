//! For whom a document is made.

use latchkey_licensing::ids::AccountId;

/// The account for which the server makes the document. `None` if nobody is signed in.
#[cfg(feature = "ssr")]
pub(crate) fn owner_of_request() -> Option<AccountId> {
    crate::server_side::person_or_viewer().ok().map(|viewer| viewer.account().id)
}

/// The browser reads it from the document.
#[cfg(not(feature = "ssr"))]
pub(crate) fn owner_of_request() -> Option<AccountId> {
    None
}
