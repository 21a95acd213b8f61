//! Messages of other services. They prove by a signature where they come from, so the rules for browsers do not apply.

mod problem;
mod stripe;

use axum::Router;
use latchkey_service::Service;

use crate::settings::{Settings, SettingsError};

pub(crate) use stripe::PATH as STRIPE_PATH;

pub(super) fn router(service: Service, settings: &Settings) -> Result<Router, SettingsError> {
    Ok(stripe::router(service, settings.stripe.webhook_secrets()?))
}
