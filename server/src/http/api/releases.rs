//! Endpoints of releases, one per file. A license key is optional: without one, there are the builds that are public.

pub(crate) mod artifact;
pub(crate) mod artifacts;
mod documents;
pub(crate) mod show;
pub(crate) mod updater;
pub(crate) mod upgrade;

use latchkey_licensing::release::Version;
use latchkey_wire::error::ErrorCode;

use crate::http::api::error::ApiError;

/// The version in a path, which is also a release's id.
pub(crate) fn version(text: &str) -> Result<Version, ApiError> {
    let refuse = |why| ApiError::new(ErrorCode::ParameterInvalid, format!("The version in the path is {why}."));
    Version::of_app(text).map_err(refuse)
}
