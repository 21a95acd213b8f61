//! The signed contents of a file: the license or machine, and the requested inclusions.

use std::collections::BTreeSet;

use latchkey_service::{CheckOutFacts, Internal};
use latchkey_wire::{
    document::{
        Dataset, DatasetMeta, Links, PolicyAttributes, ProductAttributes, Resource, UserAttributes, to_many, to_one,
    },
    error::ErrorCode,
};
use serde::Serialize;
use serde_json::Value;

use crate::http::api::{
    components,
    documents::resources::{self, relationships},
    error::ApiError,
};

/// What a file may include. Objects that this server does not have (groups, environments) can be requested, but add
/// nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Include {
    /// The license, in a machine file.
    License,
    /// The entitlements of the policy and the license.
    Entitlements,
    Product,
    Policy,
    Owner,
    /// The machine's components, in a machine file.
    Components,
    /// Adds nothing.
    Nothing,
}

const OF_LICENSES: &[(&str, Include)] = &[
    ("entitlements", Include::Entitlements),
    ("product", Include::Product),
    ("policy", Include::Policy),
    ("owner", Include::Owner),
    ("users", Include::Owner),
    ("group", Include::Nothing),
    ("environment", Include::Nothing),
];

const OF_MACHINES: &[(&str, Include)] = &[
    ("license", Include::License),
    ("license.entitlements", Include::Entitlements),
    ("license.product", Include::Product),
    ("license.policy", Include::Policy),
    ("license.owner", Include::Owner),
    ("license.users", Include::Owner),
    ("owner", Include::Owner),
    ("group", Include::Nothing),
    ("environment", Include::Nothing),
    ("components", Include::Components),
];

/// The names that an include list may have.
pub(crate) fn include_names(is_license: bool) -> impl Iterator<Item = &'static str> {
    let known = if is_license { OF_LICENSES } else { OF_MACHINES };
    known.iter().map(|(name, _)| *name)
}

/// Parses the names of an include list.
pub(crate) fn includes(names: &[String], is_license: bool) -> Result<BTreeSet<Include>, ApiError> {
    let known = if is_license { OF_LICENSES } else { OF_MACHINES };
    let find = |name: &String| {
        known.iter().find(|(known, _)| known == name).map(|(_, include)| *include).ok_or_else(|| {
            let all = known.iter().map(|(known, _)| *known).collect::<Vec<_>>().join(", ");
            ApiError::new(ErrorCode::CheckoutIncludeInvalid, format!("A file cannot include this: it can {all}."))
        })
    };
    names.iter().map(find).collect()
}

pub(crate) fn compose(facts: &CheckOutFacts, includes: &BTreeSet<Include>, account: &str) -> Result<Vec<u8>, Internal> {
    let license = resources::license(&facts.license, account)?;
    let mut included = Vec::new();
    // Clients expect the license in a machine file, so it is always included.
    if facts.machine.is_some() {
        included.push(value(&license)?);
    }
    for include in includes {
        match include {
            Include::License | Include::Nothing => {}
            Include::Entitlements => {
                for held in &facts.entitlements {
                    included.push(value(&resources::entitlement(held, account))?);
                }
            }
            Include::Components => {
                for component in &facts.components {
                    included.push(value(&components::resource(component, account)?)?);
                }
            }
            Include::Product => included.push(value(&product(facts, account))?),
            Include::Policy => included.push(value(&policy(facts, account))?),
            Include::Owner => included.push(value(&owner(facts, account))?),
        }
    }
    let meta = DatasetMeta { issued: facts.issued_at.rfc3339(), expiry: facts.expires_at.rfc3339(), ttl: facts.ttl };
    let bytes = match &facts.machine {
        Some(machine) => serde_json::to_vec(&Dataset { data: resources::machine(machine, account)?, included, meta }),
        None => serde_json::to_vec(&Dataset { data: license, included, meta }),
    };
    bytes.map_err(unwritable)
}

fn value(resource: &impl Serialize) -> Result<Value, Internal> {
    serde_json::to_value(resource).map_err(unwritable)
}

fn unwritable(why: serde_json::Error) -> Internal {
    Internal::Document { what: "a file's dataset cannot be serialized".to_owned(), why }
}

fn product(facts: &CheckOutFacts, account: &str) -> Resource<ProductAttributes> {
    let product = facts.license.product();
    let id = product.id.to_string();
    Resource {
        kind: "products",
        attributes: ProductAttributes {
            name: product.name.clone(),
            code: product.code.clone(),
            created: product.created_at.rfc3339(),
        },
        relationships: relationships([("account", to_one("accounts", account))]),
        links: Links { this: format!("/v1/products/{id}") },
        id,
    }
}

fn policy(facts: &CheckOutFacts, account: &str) -> Resource<PolicyAttributes> {
    let policy = facts.license.policy();
    let id = policy.id.to_string();
    Resource {
        kind: "policies",
        attributes: PolicyAttributes {
            name: policy.name.clone(),
            code: policy.code.clone(),
            duration: policy.duration.map(|duration| duration.as_secs()),
            strict: policy.is_strict,
            floating: policy.is_floating,
            expiration_strategy: policy.expiry_strategy.as_str(),
            overage_strategy: policy.overage_strategy.wire_word(),
            require_heartbeat: policy.requires_heartbeat,
            heartbeat_duration: policy.heartbeat_window.as_secs(),
            max_machines: resources::wire_limit(policy.max_machines),
            created: policy.created_at.rfc3339(),
            updated: policy.updated_at.rfc3339(),
        },
        relationships: relationships([
            ("account", to_one("accounts", account)),
            ("product", to_one("products", &policy.product.to_string())),
        ]),
        links: Links { this: format!("/v1/policies/{id}") },
        id,
    }
}

fn owner(facts: &CheckOutFacts, account: &str) -> Resource<UserAttributes> {
    let id = facts.owner.id.to_string();
    Resource {
        kind: "users",
        attributes: UserAttributes { full_name: facts.owner.name.clone(), created: facts.owner.created_at.rfc3339() },
        relationships: relationships([
            ("account", to_one("accounts", account)),
            ("licenses", to_many(&format!("/v1/users/{id}/licenses"), None)),
        ]),
        links: Links { this: format!("/v1/users/{id}") },
        id,
    }
}
