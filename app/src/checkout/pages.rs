//! The pages around a checkout.

pub(crate) mod canceled;
pub(crate) mod offer;
pub(crate) mod placed;
