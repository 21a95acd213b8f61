//! Layers that wrap all surfaces.

pub(crate) mod admission;
pub(crate) mod client_address;
pub(crate) mod compression;
pub(crate) mod content_length;
pub(crate) mod deadline;
pub(crate) mod headers;
pub(crate) mod host;
pub(crate) mod request_id;
pub(crate) mod same_origin;
pub(crate) mod share;
pub(crate) mod theme;
