//! Records events: snapshots of an object at the moment of a change, and the raw bytes that endpoints receive.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::{Pending, State};
use crate::stripe::{
    API_VERSION, Endpoint,
    wire::fields::{previous, text},
};

impl State {
    /// Records that something happened to an object.
    pub(crate) fn emit(&mut self, kind: &str, object: &str) -> String {
        let snapshot = self.objects.get(object).clone();
        self.record(kind, json!({ "object": snapshot }))
    }

    /// Records that an object changed.
    pub(crate) fn emit_change(&mut self, kind: &str, object: &str, before: &Value) -> String {
        let snapshot = self.objects.get(object).clone();
        let previous = previous(before, &snapshot);
        self.record(kind, json!({ "object": snapshot, "previous_attributes": previous }))
    }

    /// Changes an object and records this.
    pub(crate) fn change_and_emit(&mut self, kind: &str, object: &str, fields: Value) {
        let before = self.change(object, fields);
        self.emit_change(kind, object, &before);
    }

    fn record(&mut self, kind: &str, data: Value) -> String {
        let id = self.new_id("evt_");
        let receivers: Vec<String> = self.receivers(kind);
        let (request, key) = self.request.clone().map_or((None, None), |(id, key)| (Some(id), key));
        self.create(
            "event",
            id.clone(),
            json!({
                "api_version": API_VERSION,
                "created": self.now().min(self.clock.real()),
                "data": data,
                "pending_webhooks": receivers.len(),
                "request": { "id": request, "idempotency_key": key },
                "type": kind,
            }),
        );
        let body = self.body_for(&id, API_VERSION);
        self.bodies.insert(id.clone(), Arc::new(body));
        for endpoint in receivers {
            self.queue.push(Pending { event: id.clone(), endpoint, attempts: 0, due_at: Instant::now() });
        }
        self.wake.notify_one();
        id
    }

    /// The endpoints that subscribe to a type of event.
    pub(crate) fn receivers(&self, kind: &str) -> Vec<String> {
        let takes = |endpoint: &&Value| {
            let types = endpoint["enabled_events"].as_array().map(Vec::as_slice).unwrap_or_default();
            text(endpoint, "status") == "enabled" && types.iter().any(|one| one == "*" || one == kind)
        };
        let mut ids: Vec<String> =
            self.objects.newest("webhook_endpoint").filter(takes).map(|e| text(e, "id").to_owned()).collect();
        ids.reverse();
        ids
    }

    /// The bytes that an endpoint receives. They are the same for each attempt.
    pub(crate) fn body_of(&self, event: &str, endpoint: &str) -> Arc<Vec<u8>> {
        let version = self.objects.find("webhook_endpoint", endpoint).map_or("", |e| text(e, "api_version"));
        let stored = self.bodies.get(event).cloned().unwrap_or_default();
        if version.is_empty() || version == API_VERSION { stored } else { Arc::new(self.body_for(event, version)) }
    }

    fn body_for(&self, event: &str, version: &str) -> Vec<u8> {
        let mut body = self.objects.get(event).clone();
        body["api_version"] = version.into();
        serde_json::to_vec_pretty(&body).expect("JSON")
    }

    pub(crate) fn add_endpoint(&mut self, endpoint: &Endpoint) -> String {
        let id = self.new_id("we_");
        self.create(
            "webhook_endpoint",
            id.clone(),
            json!({
                "url": endpoint.url,
                "enabled_events": endpoint.enabled_events,
                "description": null,
                "api_version": API_VERSION,
                "status": "enabled",
            }),
        );
        self.secrets.insert(id.clone(), vec![endpoint.secret.clone()]);
        id
    }
}
