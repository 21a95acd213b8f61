//! Used by the pages of all areas.

pub(crate) mod address;
pub(crate) mod branding;
pub(crate) mod bundles;
pub(crate) mod clipboard;
pub(crate) mod components;
#[cfg(feature = "ssr")]
pub(crate) mod content;
pub(crate) mod error;
pub(crate) mod field_name;
pub(crate) mod flash;
pub(crate) mod form_action;
pub(crate) mod model;
pub(crate) mod not_found;
pub(crate) mod page_data;
pub(crate) mod page_form;
pub(crate) mod page_json;
pub(crate) mod page_owner;
pub(crate) mod passkeys;
#[cfg(feature = "ssr")]
pub mod releases;
pub(crate) mod visits;
