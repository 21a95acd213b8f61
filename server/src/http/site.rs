//! The public site: pages made once at start, without script.

use latchkey_app::{routes::Page, static_pages::site};

use crate::{
    http::{
        prerendered::{HTML, Prerendered},
        state::AppState,
    },
    settings::Surface,
};

/// Adds the start page.
pub(crate) fn add(to: &mut Prerendered, state: &AppState) {
    let docs = state.settings.server.surfaces.has(Surface::Docs).then_some(crate::docs::ROOT);
    to.add("/", HTML, site::home(state.look(), Page::SignIn.path(), docs));
}
