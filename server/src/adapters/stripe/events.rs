//! Events, as they are listed or delivered.

use latchkey_licensing::time::Timestamp;
use latchkey_service::ports::payments::{IncomingEvent, ObjectKind, ObjectRef, ProviderPage};
use latchkey_stripe::{
    event::{Envelope, EventObject, Problem, Resource, named_objects},
    objects::List,
};
use serde_json::value::RawValue;

use super::{
    api::{Api, CallError},
    since_query,
};

/// The event in a body, which was received at an instant.
pub(crate) fn incoming_event(body: Vec<u8>, received_at: Timestamp) -> IncomingEvent {
    let envelope = Envelope::read(&body, received_at);
    IncomingEvent {
        id: envelope.id,
        kind: envelope.kind,
        created_at: envelope.created_at,
        is_live: envelope.is_live,
        api_version: envelope.api_version,
        object: envelope.object.map(object_ref),
        is_of_known_kind: envelope.problem != Some(Problem::UnknownType),
        problem: envelope.problem.map(|problem| problem.to_string()),
        named_objects: named_objects(&body).into_iter().collect(),
        body,
    }
}

fn object_ref(object: EventObject) -> ObjectRef {
    let kind = match object.resource {
        Resource::CheckoutSession => ObjectKind::Checkout,
        Resource::PaymentIntent => ObjectKind::Payment,
        Resource::Charge => ObjectKind::Charge,
        Resource::Refund => ObjectKind::Refund,
        Resource::Dispute => ObjectKind::Dispute,
        Resource::Invoice => ObjectKind::Invoice,
        Resource::Subscription => ObjectKind::Subscription,
        Resource::EarlyFraudWarning => ObjectKind::FraudWarning,
        Resource::Customer => ObjectKind::Customer,
    };
    ObjectRef { kind, id: object.id }
}

/// One page of events. Stripe filters by at most 20 types, which are fewer than we act on, so the others are left out
/// here.
pub(super) async fn list(
    api: &Api,
    since: Timestamp,
    after: Option<&str>,
) -> Result<ProviderPage<IncomingEvent>, CallError> {
    let page: List<Box<RawValue>> = api.page(&["events"], &since_query(since), after).await?;
    let all = page.data.iter().map(|event| incoming_event(event.get().as_bytes().to_vec(), since));
    let all: Vec<IncomingEvent> = all.collect();
    let next = match all.last() {
        Some(last) if page.has_more && last.id.starts_with("evt_") => Some(last.id.clone()),
        _ if page.has_more => return Err(CallError::unreadable("a page of events has no end")),
        _ => None,
    };
    let items = all.into_iter().filter(|event| Resource::of_event(&event.kind).is_some()).collect();
    Ok(ProviderPage { items, next })
}
