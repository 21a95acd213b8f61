//! The fuzz targets of Latchkey.

mod targets;

pub use targets::{body, file, key, signed};
