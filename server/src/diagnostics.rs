//! What this instance depends on, checked for `latchkey doctor` and for the admin portal.

mod host;
mod mail;
mod stripe;

use latchkey_service::{Check, Service};

use crate::{settings::Settings, startup::Failure};

pub(crate) use host::PortalHost;

/// The checks that call other servers: mail and payments.
pub(crate) async fn checks(settings: &Settings, service: Option<&Service>) -> Result<Vec<Check>, Failure> {
    let mut checks = vec![mail::check(settings).await];
    checks.extend(stripe::check(settings, service).await?);
    Ok(checks)
}
