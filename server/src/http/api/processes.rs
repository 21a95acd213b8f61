//! Endpoints of processes, one per file.

pub(crate) mod end;
pub(crate) mod list;
pub(crate) mod ping;
pub(crate) mod show;
pub(crate) mod spawn;

use latchkey_service::{Internal, ProcessDocument};
use latchkey_wire::{
    document::{Links, Resource, to_one},
    parts::ProcessAttributes,
};

use crate::http::api::documents::resources::{read_metadata, relationships};

/// The type of processes in a request, in the plural and the singular, which clients also send.
pub(crate) const TYPE: [&str; 2] = ["processes", "process"];

fn resource(document: &ProcessDocument, account: &str) -> Result<Resource<ProcessAttributes>, Internal> {
    let (process, policy) = (&document.process, document.policy());
    let id = process.id.to_string();
    let last_heartbeat = process.last_heartbeat_at.rfc3339();
    Ok(Resource {
        kind: "processes",
        attributes: ProcessAttributes {
            pid: process.pid.clone(),
            status: document.status.as_str(),
            interval: policy.processes.window.as_secs(),
            last_heartbeat: last_heartbeat.clone(),
            next_heartbeat: process.next_heartbeat_at(&policy.processes).rfc3339(),
            metadata: read_metadata(&process.metadata, "process", &id)?,
            created: process.created_at.rfc3339(),
            updated: last_heartbeat,
        },
        relationships: relationships([
            ("account", to_one("accounts", account)),
            ("product", to_one("products", &policy.product.to_string())),
            ("license", to_one("licenses", &process.license.to_string())),
            ("machine", to_one("machines", &process.machine.to_string())),
        ]),
        links: Links { this: format!("/v1/processes/{id}") },
        id,
    })
}
