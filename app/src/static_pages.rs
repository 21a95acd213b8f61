//! Pages that are rendered in advance and need no scripts.

pub mod api_reference;
pub mod docs;
pub mod document;
pub mod kept_form;
pub mod offers;
pub mod plain;
pub mod site;
pub mod start;
