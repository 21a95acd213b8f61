//! What handlers work with.

use std::sync::Arc;

use latchkey_service::{Internal, Service};
use leptos::config::LeptosOptions;
use uuid::Uuid;

use crate::{
    http::{api::signing::Signing, portal::pages},
    settings::Settings,
};

/// What handlers work with.
#[derive(Clone, Debug)]
pub struct AppState {
    pub(crate) service: Service,
    pub(crate) settings: Arc<Settings>,
    pub(crate) signing: Arc<Signing>,
    pub(crate) leptos: LeptosOptions,
}

impl axum::extract::FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        state.leptos.clone()
    }
}

impl AppState {
    /// The state of these use cases.
    pub fn new(service: Service, settings: Settings, signing: Signing) -> Self {
        let leptos = pages::leptos_options();
        Self { service, settings: Arc::new(settings), signing: Arc::new(signing), leptos }
    }

    /// The id by which this instance goes on the wire.
    pub(crate) fn account(&self) -> Result<Arc<str>, Internal> {
        Ok(Arc::clone(self.service.keyring()?.account_text()))
    }

    /// An id for what is kept nowhere.
    pub(crate) fn new_id(&self) -> Result<Uuid, Internal> {
        self.service.new_id()
    }
}
