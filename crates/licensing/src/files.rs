//! Signed files for working offline, and the requests that computers without a network make for them.

pub mod air_gap;
pub mod certificate;
pub mod claims;
mod json;
