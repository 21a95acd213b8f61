//! Signed files for offline use, and the air-gap requests by which offline computers ask for them.

pub mod air_gap;
pub mod certificate;
pub mod claims;
mod json;
pub mod pasted_file;
