//! The contents of the API's responses: resources, and the datasets of signed files.

pub(crate) mod dataset;
pub(crate) mod paging;
pub(crate) mod resources;
