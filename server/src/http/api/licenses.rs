//! Endpoints of licenses, one per file.

pub(crate) mod check_in;
pub(crate) mod check_out;
pub(crate) mod entitlement;
pub(crate) mod entitlements;
pub(crate) mod increment_usage;
pub(crate) mod list;
pub(crate) mod machine;
pub(crate) mod machines;
pub(crate) mod me;
pub(crate) mod show;
pub(crate) mod validate;
pub(crate) mod validate_key;

use latchkey_service::KeyHolder;

use crate::http::api::error::ApiError;

/// The license in the path must be the one whose key was sent.
fn check_name(app: &KeyHolder, license: &str) -> Result<(), ApiError> {
    if app.has_id_or_key(license) { Ok(()) } else { Err(ApiError::not_found()) }
}
