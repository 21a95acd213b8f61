//! The public site: pages made once at start, without script.

use latchkey_app::static_pages::site;

use crate::{
    http::{
        plain_pages,
        prerendered::{HTML, Prerendered},
    },
    settings::{Settings, Surface},
};

/// Adds the start page.
pub(crate) fn add(to: &mut Prerendered, settings: &Settings) {
    let docs = settings.server.surfaces.has(Surface::Docs).then_some(crate::docs::ROOT);
    to.add("/", HTML, site::home(plain_pages::stylesheet(), "/login".to_owned(), docs));
}
