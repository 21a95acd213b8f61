//! Layers that wrap all surfaces.

pub(crate) mod client_address;
pub(crate) mod compression;
pub(crate) mod headers;
pub(crate) mod request_id;
pub(crate) mod same_origin;
pub(crate) mod theme;
