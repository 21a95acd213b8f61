//! Whether licenses can be sold: the key, Stripe's answers, the clock, and the webhook endpoint.

use std::time::Duration;

use latchkey_licensing::time::Timestamp;
use latchkey_service::{Check, Clock, Operator, Service, ports::payments::PaymentsError};
use latchkey_store::EventState;
use latchkey_stripe::{API_VERSION, api_key::ApiKey, objects::WebhookEndpoint, signature::TOLERANCE};

use crate::{
    adapters::{
        SystemClock,
        stripe::{Account, CallError, READ_PERMISSIONS, skew},
    },
    commands::{endpoint_url, is_complete, missing},
    settings::Settings,
    startup::Failure,
};

/// From here on, the clock should be corrected.
const NOTABLE_SKEW: Duration = Duration::from_secs(30);

const PROVISION: &str = "Run `latchkey stripe provision`.";

pub(crate) async fn check(settings: &Settings, service: Option<&Service>) -> Result<Vec<Check>, Failure> {
    let Some(key) = settings.stripe.key()? else {
        return Ok(vec![Check::note(
            "stripe key",
            "There is none, so nothing can be bought. Everything else works.",
            "To sell licenses, set LATCHKEY__STRIPE__SECRET_KEY as /docs/stripe describes.",
        )]);
    };
    let account = Account::new(&settings.stripe, &key);
    let mut checks = vec![kind_of(&key)];
    match account.clock().await {
        Err(error) => {
            checks.push(unreachable(error));
            return Ok(checks);
        }
        Ok(date) => {
            checks.push(Check::ok("stripe connection", "Stripe answers and accepts the key."));
            checks.push(clock(date));
        }
    }
    checks.push(permissions(&account).await);
    if let Some(service) = service {
        checks.push(prices(service, settings, &account).await);
        checks.push(dead_events(service).await?);
    }
    let secrets = settings.stripe.webhook_secrets()?.map(|secrets| secrets.count());
    checks.push(secret(secrets));
    if let Some(url) = endpoint_url(settings) {
        checks.push(endpoint(&account, &url).await);
        if secrets.is_some() {
            checks.push(deliveries(&account).await);
        }
    } else {
        checks.push(Check::note(
            "stripe webhook endpoint",
            "Stripe cannot reach the portal, whose address is not a public one.",
            "Set LATCHKEY__SERVER__PORTAL_URL to its public address, or forward events with `stripe listen`.",
        ));
    }
    Ok(checks)
}

fn kind_of(key: &ApiKey) -> Check {
    let mode = if key.is_live() { "live mode: payments are real" } else { "test mode: payments are not real" };
    if key.is_restricted() {
        Check::ok("stripe key", format!("It is a restricted key, in {mode}."))
    } else {
        Check::note(
            "stripe key",
            format!("It is a secret key, in {mode}. It can do more than this program needs."),
            "Use a restricted key with the permissions that /docs/stripe lists.",
        )
    }
}

fn unreachable(error: CallError) -> Check {
    let remedy = match &error {
        CallError::Refused { status: 401, .. } => {
            "Create a restricted key at https://dashboard.stripe.com/apikeys and set LATCHKEY__STRIPE__SECRET_KEY to it."
        }
        CallError::Refused { status: 403, .. } => "Give the key the permissions that /docs/stripe lists.",
        _ => {
            "Check that this computer can open https connections to api.stripe.com, and https://status.stripe.com for \
             disturbances."
        }
    };
    Check::problem("stripe connection", format!("{}.", PaymentsError::from(error)), remedy)
}

fn clock(date: Option<Timestamp>) -> Check {
    let name = "clock";
    let Some(date) = date else {
        return Check::note(name, "Stripe's answer has no date.", "Check LATCHKEY__STRIPE__API_URL.");
    };
    let skew = skew(SystemClock.now(), date);
    let found = format!("It differs from Stripe's by {} s.", skew.as_secs());
    let remedy = "Let the computer set its clock by NTP.";
    if skew >= TOLERANCE {
        Check::problem(name, format!("{found} All webhooks are refused."), remedy)
    } else if skew >= NOTABLE_SKEW {
        Check::note(name, found, remedy)
    } else {
        Check::ok(name, found)
    }
}

/// Whether everything in the catalog can be sold.
async fn prices(service: &Service, settings: &Settings, account: &Account) -> Check {
    let name = "stripe prices";
    match missing(service, settings, account).await {
        Ok(missing) if missing.is_empty() => Check::ok(name, "All prices of the catalog are for sale at Stripe."),
        Ok(missing) => Check::problem(
            name,
            format!("Not everything in the catalog is for sale: {}.", missing.join("; ")),
            PROVISION,
        ),
        Err(error) => Check::problem(
            name,
            format!("They could not be checked: {error}."),
            "Give the key the permission to read products and prices.",
        ),
    }
}

/// Whether an event was given up.
async fn dead_events(service: &Service) -> Result<Check, Failure> {
    let name = "stripe events";
    let failed = service.admin(Operator::Host).stripe_events(Some(EventState::Failed), None, 1).await?;
    Ok(match failed.first() {
        None => Check::ok(name, "All events that arrived were handled, or wait for their turn."),
        Some(event) => Check::problem(
            name,
            format!("Events could not be handled, the last one {}.", event.id),
            "`latchkey stripe events list --state failed` lists them, `latchkey stripe events show ID` says why. When the \
             cause is gone, run `latchkey stripe events replay ID`.",
        ),
    })
}

async fn permissions(account: &Account) -> Check {
    let name = "stripe permissions";
    let mut lacking = Vec::new();
    for (path, permission) in READ_PERMISSIONS {
        match account.can_read(path).await {
            Ok(()) => {}
            Err(CallError::Refused { status: 403, .. }) => lacking.push(*permission),
            Err(error) => {
                return Check::problem(
                    name,
                    format!("They could not be checked: {}.", PaymentsError::from(error)),
                    "Run `latchkey doctor` again.",
                );
            }
        }
    }
    lacking.dedup();
    if lacking.is_empty() {
        Check::ok(name, "The key can read all that it has to.")
    } else {
        let list = lacking.join(", ");
        Check::problem(
            name,
            format!("The key cannot read: {list}."),
            "Edit the key at https://dashboard.stripe.com/apikeys and add these permissions.",
        )
    }
}

fn secret(count: Option<usize>) -> Check {
    let name = "stripe webhook secret";
    match count {
        None => Check::problem(
            name,
            "There is none, so the server does not start.",
            format!(
                "{PROVISION} It creates the endpoint and prints its secret. Stripe shows the secret of an existing endpoint \
                 only when it is rolled at https://dashboard.stripe.com/webhooks; `latchkey stripe provision \
                 --replace-endpoint` makes another endpoint with a new secret."
            ),
        ),
        Some(1) => Check::ok(name, "One secret is set."),
        Some(_) => Check::note(
            name,
            "Two secrets are set.",
            "After the rotation, remove the old one from LATCHKEY__STRIPE__WEBHOOK_SECRETS.",
        ),
    }
}

async fn endpoint(account: &Account, url: &str) -> Check {
    let name = "stripe webhook endpoint";
    let endpoints = match account.endpoints().await {
        Ok(endpoints) => endpoints,
        Err(error) => {
            return Check::problem(
                name,
                format!("It could not be checked: {}.", PaymentsError::from(error)),
                "Give the key the permission to read webhook endpoints.",
            );
        }
    };
    let same: Vec<&WebhookEndpoint> = endpoints.iter().filter(|endpoint| endpoint.url == url).collect();
    let has_version = |endpoint: &WebhookEndpoint| endpoint.api_version.as_deref() == Some(API_VERSION);
    if same.iter().any(|endpoint| is_complete(endpoint) && has_version(endpoint)) {
        return Check::ok(name, format!("Events are sent to {url} in the version {API_VERSION}."));
    }
    let Some(endpoint) = same.first() else {
        return Check::problem(name, format!("No endpoint sends events to {url}."), PROVISION);
    };
    let found = if endpoint.status != "enabled" {
        format!("{} is disabled.", endpoint.id)
    } else if has_version(endpoint) {
        format!("{} does not send all events.", endpoint.id)
    } else {
        let version = endpoint.api_version.as_deref().unwrap_or("of the account");
        format!("{} sends events in the version {version}. This program expects {API_VERSION}.", endpoint.id)
    };
    Check::problem(name, found, PROVISION)
}

/// Stripe does not show the secret of an endpoint again, but it knows which events were refused.
async fn deliveries(account: &Account) -> Check {
    let name = "stripe deliveries";
    match account.has_undelivered(SystemClock.now()).await {
        Ok(false) => Check::ok(name, "No event of the last day waits for its delivery."),
        Ok(true) => Check::note(
            name,
            "Events of the last day could not be delivered. They are fetched all the same, with a delay.",
            "Compare LATCHKEY__STRIPE__WEBHOOK_SECRETS with the secret at https://dashboard.stripe.com/webhooks, and look \
             there for the server's answers.",
        ),
        Err(error) => Check::note(
            name,
            format!("They could not be checked: {}.", PaymentsError::from(error)),
            "Give the key the permission to read events.",
        ),
    }
}
