//! What the API's answers hold: resources, and the datasets of signed files.

pub(crate) mod dataset;
pub(crate) mod resources;
