//! Components of machines: what clients send at an activation, and the endpoints, one per file.

pub(crate) mod given;
pub(crate) mod list;
pub(crate) mod show;

use latchkey_service::{ComponentDocument, Internal};
use latchkey_wire::{
    document::{Links, Resource, to_one},
    parts::ComponentAttributes,
};

use crate::http::api::documents::resources::{read_metadata, relationships};

pub(crate) fn resource(document: &ComponentDocument, account: &str) -> Result<Resource<ComponentAttributes>, Internal> {
    let component = &document.component;
    let id = component.id.to_string();
    let created = component.created_at.rfc3339();
    Ok(Resource {
        kind: "components",
        attributes: ComponentAttributes {
            fingerprint: component.fingerprint.as_str().to_owned(),
            name: component.name.clone(),
            metadata: read_metadata(&component.metadata, "component", &id)?,
            created: created.clone(),
            updated: created,
        },
        relationships: relationships([
            ("account", to_one("accounts", account)),
            ("product", to_one("products", &document.policy().product.to_string())),
            ("license", to_one("licenses", &component.license.to_string())),
            ("machine", to_one("machines", &component.machine.to_string())),
        ]),
        links: Links { this: format!("/v1/components/{id}") },
        id,
    })
}
