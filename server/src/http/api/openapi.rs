//! The parts of the API description that do not belong to a route, or apply to all routes.

mod exact;
pub(crate) mod responses;

use latchkey_wire::{document::MEDIA_TYPE, error::ErrorDocument};
use serde_json::{Map, Value, json};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder, ServerBuilder,
        security::{ApiKey, ApiKeyValue, SecurityScheme},
        tag::TagBuilder,
    },
};

const ABOUT: &str = "The API for desktop apps: JSON:API documents, with every response signed with Ed25519. `/v1/accounts/{anything}/…` has the same paths. Errors are documents with one error, whose `code` is for programs and whose `detail` is for people. The signature is in `Keygen-Signature`, over four lines: `(request-target)`, `host`, `date` and `digest`; `Keygen-Date` and `Keygen-Digest` repeat the last two in case proxies change them. A request can set `Keygen-Version`, from 1.0 to 1.8.";

/// Errors that every path may respond with in addition to its own.
const ANYWHERE: &str = "On any path: `INVALID_API_VERSION` (400), `METHOD_NOT_ALLOWED` (405), `PAYLOAD_TOO_LARGE` (413, more than 16 KiB), `URL_TOO_LONG` (414, more than 4 KiB), `MEDIA_TYPE_UNSUPPORTED` (415), `HEADER_TOO_LARGE` (431, more than 16 KiB or 64 fields), `INTERNAL_SERVER_ERROR` (500), `SERVICE_UNAVAILABLE` (503, `Retry-After` says when to retry)";

const KEY: &str = "The word `License`, a space, and the license key: `Authorization: License KEY`. Basic with the user `license` and the key as password is accepted as well.";

/// Title, authentication and groups.
pub(super) fn about() -> OpenApi {
    // Neither of the schemes of HTTP has this form, so users of generated clients set the header.
    let scheme = ApiKey::Header(ApiKeyValue::with_description("Authorization", KEY));
    let tag = |name: &str, text: &str| TagBuilder::new().name(name).description(Some(text)).build();
    // The endpoints refer to this document only in the error sets that they share.
    let mut schemas = vec![(ErrorDocument::name().into_owned(), ErrorDocument::schema())];
    ErrorDocument::schemas(&mut schemas);
    let components = ComponentsBuilder::new()
        .schemas_from_iter(schemas)
        .security_scheme("license_key", SecurityScheme::ApiKey(scheme))
        .build();
    OpenApiBuilder::new()
        .info(InfoBuilder::new().title("Activation API").version("1.8").description(Some(ABOUT)).build())
        .servers(Some([ServerBuilder::new().url("/").description(Some("The server with this document")).build()]))
        .components(Some(components))
        .tags(Some([
            tag("Licenses", "Validate a license and read what it grants."),
            tag("Machines", "Activate machines, send heartbeats, and deactivate machines."),
            tag("Processes", "Limit how often an app runs at the same time."),
            tag("Files", "Signed files for offline use."),
            tag("Releases", "Releases and their files. Without a license key, there are those that are public."),
            tag("Updates", "Feeds in the forms that the updaters of apps expect."),
            tag("Server", "Check whether the server is reachable."),
        ]))
        .build()
}

/// Adds to a description what is the same for all routes, and what the route macros cannot express.
pub(super) fn complete(description: &mut Value) {
    let error = json!({
        "description": ANYWHERE,
        "content": { MEDIA_TYPE: { "schema": { "$ref": "#/components/schemas/ErrorDocument" } } },
    });
    let paths = description.get_mut("paths").and_then(Value::as_object_mut);
    let operations = paths.into_iter().flatten().filter_map(|(path, methods)| Some((path, methods.as_object_mut()?)));
    let operations = operations.flat_map(|(path, methods)| methods.values_mut().map(move |method| (path, method)));
    for (path, operation) in operations {
        // Feeds have the types that their updaters expect.
        let is_feed = path.starts_with("/v1/updates/");
        if let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) {
            if !is_feed {
                responses.values_mut().for_each(use_media_type);
            }
            responses.insert("default".to_owned(), error.clone());
        }
        operation.get_mut("requestBody").into_iter().for_each(use_media_type);
        if let Some(body) = operation.get_mut("requestBody").and_then(Value::as_object_mut) {
            let is_needed =
                body.get("description").and_then(Value::as_str).is_some_and(|text| text.contains("required"));
            body.insert("required".to_owned(), Value::Bool(is_needed));
        }
    }
    let schemas = description.pointer_mut("/components/schemas").and_then(Value::as_object_mut);
    for (name, schema) in schemas.into_iter().flatten() {
        // The server always sends all members, with null if there is no value, except for these.
        let left_out: &[&str] = match name.as_str() {
            "ValidationMeta" => &["nonce"],
            "ErrorObject" => &["source", "links", "meta"],
            _ => &[],
        };
        if REQUESTS.contains(&name.as_str()) {
            continue;
        }
        require_all(schema, left_out);
    }
    exact::refine(description);
}

/// All JSON documents of the API have the same media type, so that the route macros need not repeat it.
fn use_media_type(part: &mut Value) {
    if let Some(content) = part.get_mut("content").and_then(Value::as_object_mut)
        && let Some(document) = content.remove("application/json")
    {
        content.insert(MEDIA_TYPE.to_owned(), document);
    }
}

/// The documents that clients send. Their optional members remain optional.
const REQUESTS: [&str; 26] = [
    "Validate",
    "ValidateMeta",
    "ValidateKey",
    "ValidateKeyMeta",
    "Scope",
    "Activate",
    "ActivateData",
    "ActivateAttributes",
    "ActivateRelationships",
    "ActivateComponents",
    "ActivateComponent",
    "ActivateComponentAttributes",
    "ChangeMachine",
    "ChangeMachineData",
    "ChangeMachineAttributes",
    "CheckOut",
    "CheckOutMeta",
    "CheckOutMachine",
    "CheckOutMachineMeta",
    "IncrementUsage",
    "IncrementMeta",
    "ToOne",
    "Spawn",
    "SpawnData",
    "SpawnAttributes",
    "SpawnRelationships",
];

fn require_all(schema: &mut Value, but: &[&str]) {
    let Some(schema) = schema.as_object_mut() else {
        return;
    };
    for inner in schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut) {
        require_all(inner, &[]);
    }
    if let Some(items) = schema.get_mut("items") {
        require_all(items, &[]);
    }
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        let names = properties.keys().filter(|name| !but.contains(&name.as_str())).cloned().map(Value::String);
        let names: Vec<Value> = names.collect();
        schema.insert("required".to_owned(), Value::Array(names));
    }
}
