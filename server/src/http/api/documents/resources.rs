//! Licenses, machines and entitlements as documents.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use latchkey_licensing::{entitlement::Entitlement, license::Standing, policy::KeyScheme, time::Timestamp};
use latchkey_service::{Internal, LicenseDocument, MachineDocument};
use latchkey_wire::document::{
    EntitlementAttributes, LicenseAttributes, Links, MEDIA_TYPE, MachineAttributes, One, Resource, instant, to_many,
    to_none, to_one,
};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::http::{api::error::ApiError, api_address::ApiAddress};

/// A response with a JSON:API document.
pub(crate) struct Document<T>(pub(crate) T);

impl<T: Serialize> IntoResponse for Document<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => ([(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE))], body).into_response(),
            Err(error) => {
                tracing::error!(%error, "a document cannot be serialized");
                ApiError::internal().into_response()
            }
        }
    }
}

/// The response to a request that made a resource, with its URL.
pub(crate) fn created<A: Serialize>(resource: Resource<A>, address: &ApiAddress) -> impl IntoResponse + use<A> {
    // Apps may reach the API under a path prefix, with which the URL must start.
    let location = format!("{}{}", address.path_prefix(), resource.links.this);
    (StatusCode::CREATED, [(header::LOCATION, location)], Document(One { data: resource }))
}

pub(crate) fn relationships(entries: impl IntoIterator<Item = (&'static str, Value)>) -> Map<String, Value> {
    entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// A limit in the form that clients parse: a signed 32-bit number.
pub(crate) fn wire_limit(limit: Option<u32>) -> Option<i32> {
    limit.map(|limit| i32::try_from(limit).unwrap_or(i32::MAX))
}

/// Parses stored metadata. Invalid metadata is an error, because an app must not mistake it for empty
/// metadata.
pub(crate) fn read_metadata(text: &str, kind: &str, id: &str) -> Result<Map<String, Value>, Internal> {
    let invalid = |why| Internal::Document { what: format!("the metadata of {kind} {id} cannot be read"), why };
    serde_json::from_str(text).map_err(invalid)
}

pub(crate) fn license(document: &LicenseDocument, account: &str) -> Result<Resource<LicenseAttributes>, Internal> {
    let (license, policy) = (&document.license, document.policy());
    let id = license.id.to_string();
    let metadata = read_metadata(&license.metadata, "license", &id)?;
    let path = format!("/v1/licenses/{id}");
    let machines = json!({
        "links": { "related": format!("{path}/machines") },
        "meta": { "count": document.machine_count, "cores": document.core_count },
    });
    Ok(Resource {
        kind: "licenses",
        attributes: LicenseAttributes {
            name: None,
            key: document.key.expose().to_owned(),
            expiry: instant(license.expiry.at()),
            status: document.status.as_str(),
            uses: i64::from(license.uses),
            suspended: license.standing != Standing::Good,
            expiry_strategy: policy.expiry_strategy.as_str(),
            scheme: (document.key.scheme() == KeyScheme::Ed25519Sign).then(|| KeyScheme::Ed25519Sign.as_str()),
            encrypted: false,
            strict: policy.is_strict,
            floating: policy.is_floating,
            protected: true,
            version: None,
            max_machines: wire_limit(license.machine_limit(policy)),
            max_processes: wire_limit(policy.processes.max),
            max_users: None,
            max_cores: wire_limit(license.core_limit(policy)),
            max_memory: None,
            max_disk: None,
            max_uses: wire_limit(license.use_limit(policy)),
            require_heartbeat: policy.requires_heartbeat,
            require_check_in: policy.check_in_interval.is_some(),
            last_validated: instant(license.last_validated_at),
            last_check_in: instant(license.last_check_in_at),
            next_check_in: instant(license.next_check_in_at(policy)),
            last_check_out: instant(license.last_check_out_at),
            metadata,
            created: license.created_at.rfc3339(),
            updated: license.updated_at.rfc3339(),
        },
        relationships: relationships([
            ("account", to_one("accounts", account)),
            ("product", to_one("products", &license.product.to_string())),
            ("policy", to_one("policies", &license.policy.to_string())),
            ("group", to_none()),
            ("owner", to_one("users", &license.account.to_string())),
            ("users", to_many(&format!("{path}/users"), Some(1))),
            ("machines", machines),
            ("entitlements", to_many(&format!("{path}/entitlements"), None)),
        ]),
        links: Links { this: path },
        id,
    })
}

pub(crate) fn machine(document: &MachineDocument, account: &str) -> Result<Resource<MachineAttributes>, Internal> {
    let (machine, policy) = (&document.machine, document.policy());
    let id = machine.id.to_string();
    let metadata = read_metadata(&machine.metadata, "machine", &id)?;
    Ok(Resource {
        kind: "machines",
        attributes: MachineAttributes {
            fingerprint: machine.fingerprint.as_str().to_owned(),
            name: machine.facts.name.clone(),
            platform: machine.facts.platform.clone(),
            hostname: machine.facts.hostname.clone(),
            ip: machine.facts.ip.map(|ip| ip.to_string()),
            cores: machine.facts.cores,
            memory: machine.facts.memory,
            disk: machine.facts.disk,
            require_heartbeat: policy.requires_heartbeat,
            heartbeat_status: document.heartbeat.as_str(),
            heartbeat_duration: policy.heartbeat_window.as_secs(),
            last_heartbeat: instant(machine.last_heartbeat_at),
            next_heartbeat: instant(document.next_heartbeat_at),
            last_check_out: instant(machine.last_check_out_at),
            max_processes: wire_limit(policy.processes.max),
            metadata,
            created: machine.created_at.rfc3339(),
            updated: machine.updated_at.rfc3339(),
        },
        relationships: relationships([
            ("account", to_one("accounts", account)),
            ("product", to_one("products", &policy.product.to_string())),
            ("license", to_one("licenses", &machine.license.to_string())),
            ("group", to_none()),
            ("owner", to_one("users", &document.owner.to_string())),
        ]),
        links: Links { this: format!("/v1/machines/{id}") },
        id,
    })
}

pub(crate) fn entitlement(entitlement: &Entitlement, account: &str) -> Resource<EntitlementAttributes> {
    let id = entitlement.id.to_string();
    Resource {
        kind: "entitlements",
        attributes: EntitlementAttributes {
            name: entitlement.name.clone(),
            code: entitlement.code.as_str().to_owned(),
            metadata: Map::new(),
            created: entitlement.created_at.rfc3339(),
            updated: entitlement.updated_at.rfc3339(),
        },
        relationships: relationships([("account", to_one("accounts", account))]),
        links: Links { this: format!("/v1/entitlements/{id}") },
        id,
    }
}

/// The machines that occupy the slots, so that the app can show them to its user.
pub(crate) fn holders(machines: &[latchkey_licensing::machine::Machine]) -> Value {
    let describe = |machine: &latchkey_licensing::machine::Machine| {
        let seen: Timestamp = machine.last_seen_at;
        json!({ "id": machine.id.to_string(), "name": machine.label(), "lastSeen": seen.rfc3339() })
    };
    json!({ "machines": machines.iter().take(10).map(describe).collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damaged_metadata_is_an_error() {
        assert_eq!(read_metadata(r#"{"a":1}"#, "license", "x").ok().map(|map| map.len()), Some(1));
        for damaged in ["", "{", "null", "[]", "{} {}"] {
            assert!(read_metadata(damaged, "license", "x").is_err(), "{damaged}");
        }
    }
}
