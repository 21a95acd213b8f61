//! `stripe events list | show | replay`

use latchkey_licensing::time::Timestamp;
use latchkey_service::{Operator, Service};
use latchkey_store::{EventState, StripeEventRow};
use latchkey_stripe::event::Problem;
use serde_json::{Value, json};

use crate::{cli::StripeEvents, commands::terminal::describe::with, console, startup::Failure};

pub(crate) async fn events(service: &Service, command: StripeEvents, as_json: bool) -> Result<(), Failure> {
    match command {
        StripeEvents::List { state, before, limit } => {
            let state = state.as_deref().map(parse_state).transpose()?;
            let before = before.as_deref().map(parse_time).transpose()?;
            list(service, state, before, limit, as_json).await
        }
        StripeEvents::Show { id } => show(service, &id, as_json).await,
        StripeEvents::Replay { id } => replay(service, &id, as_json).await,
    }
}

fn parse_state(text: &str) -> Result<EventState, Failure> {
    EventState::parse(text).ok_or_else(|| {
        let known = EventState::ALL.map(EventState::as_str).join(", ");
        Failure::Usage(format!("{text:?} is not a state of an event: use one of {known}"))
    })
}

fn parse_time(text: &str) -> Result<Timestamp, Failure> {
    Timestamp::parse_rfc3339(text)
        .ok_or_else(|| Failure::Usage(format!("{text:?} is not a time: use one such as 2027-01-31T00:00:00Z")))
}

async fn list(
    service: &Service,
    state: Option<EventState>,
    before: Option<Timestamp>,
    limit: u32,
    as_json: bool,
) -> Result<(), Failure> {
    let events = service.admin(Operator::Host).stripe_events(state, before, limit).await?;
    if as_json {
        console::json(&events.iter().map(event_json).collect::<Value>());
        return Ok(());
    }
    for event in &events {
        console::line(&event_line(event));
    }
    match events.last() {
        None => console::line("No events."),
        Some(last) if u32::try_from(events.len()).is_ok_and(|count| count == limit) => {
            let received_at = last.received_at.rfc3339();
            console::line(&format!("There may be older ones: `latchkey stripe events list --before {received_at}`"));
        }
        Some(_) => {}
    }
    Ok(())
}

async fn show(service: &Service, id: &str, as_json: bool) -> Result<(), Failure> {
    let found = service.admin(Operator::Host).stripe_event(id).await?.ok_or_else(|| no_event(id))?;
    // A body that is not JSON is shown as text.
    let body = serde_json::from_slice(&found.body)
        .unwrap_or_else(|_| Value::from(String::from_utf8_lossy(&found.body).into_owned()));
    if as_json {
        console::json(&with(event_json(&found.event), [("body", body)]));
        return Ok(());
    }
    let event = &found.event;
    console::line(&event_line(event));
    console::line(&format!("  happened at   {}", event.created_at.rfc3339()));
    let source = if event.is_from_sync { "found by comparing with Stripe" } else { "received as a webhook" };
    console::line(&format!("  received at   {}, {source}", event.received_at.rfc3339()));
    if event.state == EventState::Waiting {
        console::line(&format!("  next attempt  {}", event.next_attempt_at.rfc3339()));
    }
    console::line(&format!("  attempts      {}", event.attempts));
    console::line(&format!("  API version   {}", event.api_version.as_deref().unwrap_or("unknown")));
    if let Some(problem) = &event.last_error {
        console::line(&format!("  problem       {problem}"));
    }
    console::line("");
    console::line(&match body {
        Value::String(text) => text,
        body => serde_json::to_string_pretty(&body).unwrap_or_default(),
    });
    Ok(())
}

async fn replay(service: &Service, id: &str, as_json: bool) -> Result<(), Failure> {
    let admin = service.admin(Operator::Host);
    if !admin.replay_stripe_event(id, &Operator::Host.fresh()).await? {
        return Err(match admin.stripe_event(id).await? {
            None => no_event(id),
            Some(_) => {
                Failure::Refused(format!("{id} is about nothing that this version acts on, so it cannot be replayed"))
            }
        });
    }
    if as_json {
        console::json(&json!({ "id": id, "replayed": true }));
    } else {
        console::line(&format!("{id} waits to be handled again by the running server, or by `latchkey stripe sync`."));
    }
    Ok(())
}

fn no_event(id: &str) -> Failure {
    Failure::Refused(format!("there is no event {id:?}: `latchkey stripe events list` lists the events with their ids"))
}

fn event_line(event: &StripeEventRow) -> String {
    let object = event.object.as_ref().map(|(_, id)| format!("  {id}")).unwrap_or_default();
    let mode = if event.is_live { "" } else { "  test" };
    let (at, state) = (event.received_at.rfc3339(), event.state.as_str());
    let reason = reason(event).map(|reason| format!("  ({reason})")).unwrap_or_default();
    format!("{at}  {state:<14}  {}  {}{object}{mode}{reason}", event.id, event.kind)
}

/// Why an event was not understood, in two words.
fn reason(event: &StripeEventRow) -> Option<&'static str> {
    let is_unused = event.last_error.as_deref() == Some(Problem::UnknownType.to_string().as_str());
    let reason = if is_unused { "kind not used" } else { "could not be parsed" };
    (event.state == EventState::NotUnderstood).then_some(reason)
}

fn event_json(event: &StripeEventRow) -> Value {
    json!({
        "id": event.id,
        "type": event.kind,
        "live": event.is_live,
        "state": event.state.as_str(),
        "object": event.object.as_ref().map(|(kind, id)| json!({ "kind": kind, "id": id })),
        "api_version": event.api_version,
        "from_sync": event.is_from_sync,
        "attempts": event.attempts,
        "problem": event.last_error,
        "reason": reason(event),
        "created_at": event.created_at.rfc3339(),
        "received_at": event.received_at.rfc3339(),
        "done_at": event.done_at.map(Timestamp::rfc3339),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn st_07_a_kind_that_is_not_used_differs_from_what_could_not_be_parsed() {
        let at = Timestamp::from_unix_micros(0);
        let event = |state, problem: Option<&str>| StripeEventRow {
            id: "evt_1".to_owned(),
            kind: "balance.available".to_owned(),
            is_live: true,
            api_version: None,
            object: None,
            is_from_sync: false,
            state,
            attempts: 0,
            next_attempt_at: at,
            last_error: problem.map(str::to_owned),
            created_at: at,
            received_at: at,
            done_at: None,
        };
        let unused = Problem::UnknownType.to_string();
        let unused = event(EventState::NotUnderstood, Some(&unused));
        assert_eq!(reason(&unused), Some("kind not used"));
        assert!(event_line(&unused).ends_with("not_understood  evt_1  balance.available  (kind not used)"));
        let broken = Problem::NotJson.to_string();
        assert_eq!(reason(&event(EventState::NotUnderstood, Some(&broken))), Some("could not be parsed"));
        assert_eq!(reason(&event(EventState::Failed, Some(&broken))), None);
    }
}
