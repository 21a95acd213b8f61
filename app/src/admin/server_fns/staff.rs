//! Who asks, for server functions of the admin portal.

use latchkey_service::{SignedIn, Staff};

use crate::{
    server_side::{self as server, Backend},
    shared::error::UiError,
};

/// The signed-in member of staff. For everyone else, the admin portal does not exist.
pub(crate) fn signed_in() -> Result<(Backend, SignedIn), UiError> {
    Ok((server::backend()?, server::staff()?))
}

/// The use cases that this person may perform.
pub(crate) fn of<'a>(backend: &'a Backend, who: &'a SignedIn) -> Result<Staff<'a>, UiError> {
    backend.service.staff(who).map_err(|_| UiError::NotFound)
}
