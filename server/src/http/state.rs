//! The state shared by all handlers.

use std::sync::Arc;

use latchkey_app::static_pages::site::Look;
use latchkey_service::{Internal, Service};
use leptos::config::LeptosOptions;
use uuid::Uuid;

use crate::{
    http::{api::signing::Signing, assets, branding::Branded, plain_pages::PlainPages, portal::pages},
    settings::{Settings, SettingsError},
};

#[derive(Clone, Debug)]
pub struct AppState {
    pub(crate) service: Service,
    pub(crate) settings: Arc<Settings>,
    pub(crate) signing: Arc<Signing>,
    pub(crate) leptos: LeptosOptions,
    pub(crate) branded: Arc<Branded>,
    pub(crate) plain: PlainPages,
}

impl axum::extract::FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        state.leptos.clone()
    }
}

impl AppState {
    pub fn new(service: Service, settings: Settings, signing: Signing) -> Result<Self, SettingsError> {
        let leptos = pages::leptos_options();
        let branded = Branded::read(&settings, service.brand())?;
        let plain = PlainPages::new(&look(&branded));
        let (settings, signing, branded) = (Arc::new(settings), Arc::new(signing), Arc::new(branded));
        Ok(Self { service, settings, signing, leptos, branded, plain })
    }

    /// How pages look.
    pub(crate) fn look(&self) -> Look {
        look(&self.branded)
    }

    /// The id by which this instance goes on the wire.
    pub(crate) fn account(&self) -> Arc<str> {
        Arc::clone(self.service.keyring().wire_account_text())
    }

    /// A new id for something that is not stored.
    pub(crate) fn new_id(&self) -> Result<Uuid, Internal> {
        self.service.new_id()
    }
}

fn look(branded: &Branded) -> Look {
    Look { stylesheet: assets::stylesheet(), branding: branded.pages.clone() }
}
