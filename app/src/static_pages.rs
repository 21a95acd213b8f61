//! Pages that are rendered in advance and need no scripts.

pub mod api_reference;
pub mod docs;
pub mod offers;
pub mod site;
