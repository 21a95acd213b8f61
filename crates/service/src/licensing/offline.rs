//! Signed files for offline use, and air-gap requests.

pub(crate) mod air_gap;
pub(crate) mod check_out;
