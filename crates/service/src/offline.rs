//! Files for working offline.

pub(crate) mod air_gap;
pub(crate) mod check_out;
