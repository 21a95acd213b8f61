//! Pages that are rendered once at startup and need no scripts.

pub mod api_reference;
pub mod docs;
pub mod site;
