//! The public site: pages rendered once at startup, without scripts.

use latchkey_app::{
    routes::Page,
    static_pages::site::{self, Look},
};

use crate::http::prerendered::{HTML, Prerendered};

/// Adds the pages. `docs` is the path of the documentation, if this instance serves it.
pub(crate) fn add(to: &mut Prerendered, look: &Look, docs: Option<&'static str>) {
    to.add("/", HTML, site::home(look.clone(), Page::SignIn.path(), docs));
}
