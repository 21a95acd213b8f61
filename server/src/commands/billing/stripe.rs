//! `stripe …`

mod events;
mod provision;
mod sync;

use latchkey_service::{Service, ports::payments::PaymentsError};

use crate::{
    adapters::stripe::{Account, CallError},
    cli::Stripe,
    settings::Settings,
    startup::Failure,
};

pub(crate) use provision::{endpoint_url, missing, plan::is_complete};

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        let remedy = match &error {
            CallError::Refused { status: 401 | 403, .. } => {
                ": `latchkey doctor` lists the permissions that the key needs"
            }
            CallError::Unavailable(_) => ": try again later",
            CallError::Refused { .. } | CallError::Unreadable(_) => "",
        };
        Self::Refused(format!("{}{remedy}", PaymentsError::from(error)))
    }
}

pub(crate) async fn stripe(
    service: &Service,
    settings: &Settings,
    command: Stripe,
    as_json: bool,
) -> Result<(), Failure> {
    match command {
        Stripe::Provision { yes, dry_run, replace_endpoint } => {
            let consent = provision::Consent::of(yes, dry_run);
            let options = provision::Options { consent, replaces_endpoint: replace_endpoint, as_json };
            provision::provision(service, settings, &account(settings)?, options).await
        }
        Stripe::Events(command) => events::events(service, command, as_json).await,
        Stripe::Sync => sync::sync(service, as_json).await,
    }
}

/// The Stripe account of the key in the settings.
fn account(settings: &Settings) -> Result<Account, Failure> {
    let key = settings.stripe.key()?.ok_or_else(no_key)?;
    Ok(Account::new(&settings.stripe, &key))
}

fn no_key() -> Failure {
    Failure::Refused(
        "there is no key: create a restricted key at https://dashboard.stripe.com/apikeys with the permissions that \
         /docs/stripe lists, and set LATCHKEY__STRIPE__SECRET_KEY to it"
            .to_owned(),
    )
}
