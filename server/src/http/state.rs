//! The state shared by all handlers.

use std::{sync::Arc, time::Duration};

use latchkey_service::{Internal, Service};
use uuid::Uuid;

use crate::{
    http::{api_address::ApiAddress, downloads::Builds, static_pages::plain_pages::PlainPages},
    settings::Surfaces,
};

#[derive(Clone, Debug)]
pub(crate) struct AppState {
    pub(crate) service: Service,
    pub(crate) api_address: Arc<ApiAddress>,
    pub(crate) plain: PlainPages,
    pub(crate) surfaces: Surfaces,
    pub(crate) builds: Builds,
    /// How long a handler may take.
    pub(crate) handler_timeout: Duration,
    /// Whether apps use https for the API.
    pub(crate) is_api_https: bool,
}

impl AppState {
    /// The id of this instance in the API's documents.
    pub(crate) fn account(&self) -> Arc<str> {
        Arc::clone(self.service.keyring().wire_account_text())
    }

    /// A new id for something that is not stored.
    pub(crate) fn new_id(&self) -> Result<Uuid, Internal> {
        self.service.new_id()
    }
}
