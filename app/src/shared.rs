//! Used by the pages of all areas.

pub(crate) mod address;
pub(crate) mod branding;
mod browser;
pub(crate) mod components;
#[cfg(feature = "ssr")]
pub mod content;
pub(crate) mod error;
mod exchange;
pub(crate) mod field_name;
pub(crate) mod flash;
pub(crate) mod model;
pub(crate) mod not_found;
pub(crate) mod page_owner;

pub(crate) use browser::{bundles, clipboard, passkeys, visits};
#[cfg(feature = "ssr")]
pub use content::releases;
pub(crate) use exchange::{form_action, page_data, page_form, page_json};
