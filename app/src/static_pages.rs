//! Pages that are rendered once at start and need no script.

pub mod api_reference;
pub mod docs;
pub mod site;
