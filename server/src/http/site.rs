//! The public site: pages rendered once at startup, without scripts.

use latchkey_app::{routes::Page, static_pages::site};

use crate::{
    http::{
        prerendered::{HTML, Prerendered},
        state::AppState,
    },
    settings::Surface,
};

pub(crate) fn add(to: &mut Prerendered, state: &AppState) {
    let docs = state.settings.server.surfaces.has(Surface::Docs).then_some(crate::docs::ROOT);
    to.add("/", HTML, site::home(state.look(), Page::SignIn.path(), docs));
}
