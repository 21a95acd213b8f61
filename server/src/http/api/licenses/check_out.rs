//! Check-out: license files and machine files, as documents and as the text itself.

use std::collections::BTreeSet;

use axum::{
    extract::{FromRequest, Request, State},
    http::header,
    response::{IntoResponse, Response},
};
use latchkey_licensing::certificate::FileAlgorithm;
use latchkey_service::{CheckOut, CheckOutError, FileSubject, FileTtl, KeyHolder, SignedFile};
use latchkey_wire::{
    document::{File, FileAttributes, FileResource, to_one},
    error::{ErrorCode, ErrorDocument},
    request,
};
use serde_json::{Map, Value};

use crate::http::{
    api::{
        auth::Authenticated,
        documents::{
            dataset::{self, Include},
            resources::{Document, relationships},
        },
        error::ApiError,
        input::{Json, PathParam},
    },
    download::Download,
    state::AppState,
};

/// How a file is asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    ttl: Option<FileTtl>,
    is_encrypted: bool,
    /// As asked, for the echo.
    asked_includes: Vec<String>,
    includes: BTreeSet<Include>,
}

/// Checks out a license file, for any machine.
#[utoipa::path(
    post,
    path = "/v1/licenses/{license}/actions/check-out",
    tag = "Files",
    operation_id = "checkOutLicense",
    params(("license" = String, Path, description = "The license's id or key"), ("ttl" = Option<String>, Query, description = "How long the file lasts, in seconds, at least 3600; `null` or nothing for as long as clients can read; without it as the policy says"), ("encrypt" = Option<bool>, Query, description = "Whether the file is encrypted"), ("algorithm" = Option<String>, Query, description = "`base64+ed25519` or `aes-256-gcm+ed25519`; not together with `encrypt`"), ("include" = Option<String>, Query, description = "Comma-separated: `entitlements`, `product`, `policy`, `owner`")),
    request_body(content = Option<request::CheckOut>, content_type = "application/vnd.api+json", description = "The same options may stand under `meta`"),
    responses(
        (status = 200, description = "The file in `data.attributes.certificate`", body = File, content_type = "application/vnd.api+json"),
        (status = 400, description = "`CHECKOUT_TTL_INVALID`, `CHECKOUT_INCLUDE_INVALID`, `CHECKOUT_ALGORITHM_INVALID`; `source.parameter` names which", body = ErrorDocument, content_type = "application/vnd.api+json"),
        (status = 401, description = "`TOKEN_MISSING`, `TOKEN_INVALID`, `TOKEN_FORMAT_INVALID`, `LICENSE_INVALID`", body = ErrorDocument, content_type = "application/vnd.api+json"),
        (status = 403, description = "`LICENSE_SUSPENDED` (revoked too), `LICENSE_BANNED`, `LICENSE_EXPIRED`", body = ErrorDocument, content_type = "application/vnd.api+json"),
        (status = 404, description = "`NOT_FOUND`: nothing that this license may see", body = ErrorDocument, content_type = "application/vnd.api+json"),
        (status = 422, description = "`CHECKOUT_TOO_LARGE`: the file would be longer than 64 KiB", body = ErrorDocument, content_type = "application/vnd.api+json"),
        (status = 429, description = "`TOO_MANY_REQUESTS`: too many with this key or from this network. `Retry-After` says when to come back.", body = ErrorDocument, content_type = "application/vnd.api+json")
    ),
    security(("license_key" = [])),
)]
pub(crate) async fn check_out_license(
    State(state): State<AppState>,
    Authenticated(app): Authenticated,
    PathParam(license): PathParam,
    Asked(options): Asked<true>,
) -> Result<Document<File>, ApiError> {
    let (file, options) = make(&state, &app, Wanted::License(&license), options).await?;
    document(&state, file, options)
}

/// Checks out a license file and answers with its text.
#[utoipa::path(
    get,
    path = "/v1/licenses/{license}/actions/check-out",
    tag = "Files",
    operation_id = "downloadLicenseFile",
    params(("license" = String, Path, description = "The license's id or key"), ("ttl" = Option<String>, Query, description = "How long the file lasts, in seconds, at least 3600; `null` or nothing for as long as clients can read; without it as the policy says"), ("encrypt" = Option<bool>, Query, description = "Whether the file is encrypted"), ("algorithm" = Option<String>, Query, description = "`base64+ed25519` or `aes-256-gcm+ed25519`; not together with `encrypt`"), ("include" = Option<String>, Query, description = "Comma-separated: `entitlements`, `product`, `policy`, `owner`")),
    responses(
        (status = 200, description = "The file itself", body = String, content_type = "application/octet-stream"),
        (status = 400, description = "`CHECKOUT_TTL_INVALID`, `CHECKOUT_INCLUDE_INVALID`, `CHECKOUT_ALGORITHM_INVALID`; `source.parameter` names which", body = ErrorDocument, content_type = "application/vnd.api+json"),
        (status = 401, description = "`TOKEN_MISSING`, `TOKEN_INVALID`, `TOKEN_FORMAT_INVALID`, `LICENSE_INVALID`", body = ErrorDocument, content_type = "application/vnd.api+json"),
        (status = 403, description = "`LICENSE_SUSPENDED` (revoked too), `LICENSE_BANNED`, `LICENSE_EXPIRED`", body = ErrorDocument, content_type = "application/vnd.api+json"),
        (status = 404, description = "`NOT_FOUND`: nothing that this license may see", body = ErrorDocument, content_type = "application/vnd.api+json"),
        (status = 422, description = "`CHECKOUT_TOO_LARGE`: the file would be longer than 64 KiB", body = ErrorDocument, content_type = "application/vnd.api+json"),
        (status = 429, description = "`TOO_MANY_REQUESTS`: too many with this key or from this network. `Retry-After` says when to come back.", body = ErrorDocument, content_type = "application/vnd.api+json")
    ),
    security(("license_key" = [])),
)]
pub(crate) async fn download_license(
    State(state): State<AppState>,
    Authenticated(app): Authenticated,
    PathParam(license): PathParam,
    Asked(options): Asked<true>,
) -> Result<Response, ApiError> {
    let (file, _) = make(&state, &app, Wanted::License(&license), options).await?;
    Ok(Download::of_file(&file).into_response())
}

/// Checks out a machine file, for one machine.
#[utoipa::path(
    post,
    path = "/v1/machines/{machine}/actions/check-out",
    tag = "Files",
    operation_id = "checkOutMachine",
    params(("machine" = String, Path, description = "The machine's id or fingerprint"), ("ttl" = Option<String>, Query, description = "How long the file lasts, in seconds, at least 3600; `null` or nothing for as long as clients can read; without it as the policy says"), ("encrypt" = Option<bool>, Query, description = "Whether the file is encrypted"), ("algorithm" = Option<String>, Query, description = "`base64+ed25519` or `aes-256-gcm+ed25519`; not together with `encrypt`"), ("include" = Option<String>, Query, description = "Comma-separated: `license`, `license.entitlements`, `license.product`, `license.policy`, `license.owner`; the license is always there")),
    request_body(content = Option<request::CheckOut>, content_type = "application/vnd.api+json", description = "The same options may stand under `meta`"),
    responses(
        (status = 200, description = "The file in `data.attributes.certificate`", body = File, content_type = "application/vnd.api+json"),
        (status = 400, description = "`CHECKOUT_TTL_INVALID`, `CHECKOUT_INCLUDE_INVALID`, `CHECKOUT_ALGORITHM_INVALID`; `source.parameter` names which", body = ErrorDocument, content_type = "application/vnd.api+json"),
        (status = 401, description = "`TOKEN_MISSING`, `TOKEN_INVALID`, `TOKEN_FORMAT_INVALID`, `LICENSE_INVALID`", body = ErrorDocument, content_type = "application/vnd.api+json"),
        (status = 403, description = "`LICENSE_SUSPENDED` (revoked too), `LICENSE_BANNED`, `LICENSE_EXPIRED`", body = ErrorDocument, content_type = "application/vnd.api+json"),
        (status = 404, description = "`NOT_FOUND`: nothing that this license may see", body = ErrorDocument, content_type = "application/vnd.api+json"),
        (status = 422, description = "`CHECKOUT_TOO_LARGE`: the file would be longer than 64 KiB", body = ErrorDocument, content_type = "application/vnd.api+json"),
        (status = 429, description = "`TOO_MANY_REQUESTS`: too many with this key or from this network. `Retry-After` says when to come back.", body = ErrorDocument, content_type = "application/vnd.api+json")
    ),
    security(("license_key" = [])),
)]
pub(crate) async fn check_out_machine(
    State(state): State<AppState>,
    Authenticated(app): Authenticated,
    PathParam(machine): PathParam,
    Asked(options): Asked<false>,
) -> Result<Document<File>, ApiError> {
    let (file, options) = make(&state, &app, Wanted::Machine(&machine), options).await?;
    document(&state, file, options)
}

/// Checks out a machine file and answers with its text.
#[utoipa::path(
    get,
    path = "/v1/machines/{machine}/actions/check-out",
    tag = "Files",
    operation_id = "downloadMachineFile",
    params(("machine" = String, Path, description = "The machine's id or fingerprint"), ("ttl" = Option<String>, Query, description = "How long the file lasts, in seconds, at least 3600; `null` or nothing for as long as clients can read; without it as the policy says"), ("encrypt" = Option<bool>, Query, description = "Whether the file is encrypted"), ("algorithm" = Option<String>, Query, description = "`base64+ed25519` or `aes-256-gcm+ed25519`; not together with `encrypt`"), ("include" = Option<String>, Query, description = "Comma-separated: `license`, `license.entitlements`, `license.product`, `license.policy`, `license.owner`; the license is always there")),
    responses(
        (status = 200, description = "The file itself", body = String, content_type = "application/octet-stream"),
        (status = 400, description = "`CHECKOUT_TTL_INVALID`, `CHECKOUT_INCLUDE_INVALID`, `CHECKOUT_ALGORITHM_INVALID`; `source.parameter` names which", body = ErrorDocument, content_type = "application/vnd.api+json"),
        (status = 401, description = "`TOKEN_MISSING`, `TOKEN_INVALID`, `TOKEN_FORMAT_INVALID`, `LICENSE_INVALID`", body = ErrorDocument, content_type = "application/vnd.api+json"),
        (status = 403, description = "`LICENSE_SUSPENDED` (revoked too), `LICENSE_BANNED`, `LICENSE_EXPIRED`", body = ErrorDocument, content_type = "application/vnd.api+json"),
        (status = 404, description = "`NOT_FOUND`: nothing that this license may see", body = ErrorDocument, content_type = "application/vnd.api+json"),
        (status = 422, description = "`CHECKOUT_TOO_LARGE`: the file would be longer than 64 KiB", body = ErrorDocument, content_type = "application/vnd.api+json"),
        (status = 429, description = "`TOO_MANY_REQUESTS`: too many with this key or from this network. `Retry-After` says when to come back.", body = ErrorDocument, content_type = "application/vnd.api+json")
    ),
    security(("license_key" = [])),
)]
pub(crate) async fn download_machine(
    State(state): State<AppState>,
    Authenticated(app): Authenticated,
    PathParam(machine): PathParam,
    Asked(options): Asked<false>,
) -> Result<Response, ApiError> {
    let (file, _) = make(&state, &app, Wanted::Machine(&machine), options).await?;
    Ok(Download::of_file(&file).into_response())
}

enum Wanted<'a> {
    License(&'a str),
    Machine(&'a str),
}

async fn make(
    state: &AppState,
    app: &KeyHolder,
    wanted: Wanted<'_>,
    options: Options,
) -> Result<(SignedFile, Options), ApiError> {
    let subject = match wanted {
        Wanted::License(name) if !app.is_named(name) => return Err(ApiError::not_found()),
        Wanted::License(_) => FileSubject::License,
        Wanted::Machine(name) => FileSubject::Machine(name),
    };
    let account = state.account()?;
    let asked = CheckOut { subject, ttl: options.ttl.unwrap_or(FileTtl::Default), is_encrypted: options.is_encrypted };
    let compose = |facts: &_| dataset::compose(facts, &options.includes, &account);
    let file = app.check_out(asked, compose).await.map_err(|error| match error {
        CheckOutError::NotFound => ApiError::not_found(),
        CheckOutError::TtlTooShort => ttl_invalid(),
        CheckOutError::TooLong(_) => ApiError::new(
            ErrorCode::CheckoutTooLarge,
            "The file would be longer than 64 KiB, which clients refuse: include less.",
        )
        .in_parameter("include"),
        CheckOutError::Refused(refusal) => refusal.into(),
        CheckOutError::Internal(error) => error.into(),
    })?;
    Ok((file, options))
}

fn document(state: &AppState, file: SignedFile, options: Options) -> Result<Document<File>, ApiError> {
    let account = state.account()?;
    let license = ("license", to_one("licenses", &file.facts.license.license.id.to_string()));
    let machine =
        file.facts.machine.as_ref().map(|document| ("machine", to_one("machines", &document.machine.id.to_string())));
    let kind = if machine.is_some() { "machine-files" } else { "license-files" };
    let all = [Some(("account", to_one("accounts", &account))), Some(license), machine];
    let data = FileResource {
        id: state.new_id()?.to_string(),
        kind,
        attributes: FileAttributes {
            certificate: file.text,
            algorithm: file.algorithm.as_str(),
            includes: options.asked_includes,
            ttl: file.facts.ttl,
            issued: file.facts.issued_at.rfc3339(),
            expiry: file.facts.expires_at.rfc3339(),
        },
        relationships: relationships(all.into_iter().flatten()),
    };
    Ok(Document(File { data }))
}

/// The options of a request: those of the query, then those under `meta` in a body. Some clients send
/// both, some send bodies of their own making; what is no option is ignored. `LICENSE` tells which
/// kind of file it is, because the two include different things.
pub(crate) struct Asked<const LICENSE: bool>(Options);

impl<const LICENSE: bool> FromRequest<AppState> for Asked<LICENSE> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, ApiError> {
        if request.method() == http::Method::HEAD {
            // It would make a file that nobody gets, begin a trial and hold a signing key.
            return Err(ApiError::method_not_allowed());
        }
        let query = request.uri().query().unwrap_or_default().to_owned();
        let has_json = request.method() == http::Method::POST
            && request
                .headers()
                .get(header::CONTENT_TYPE)
                .is_some_and(|value| value.to_str().is_ok_and(|text| text.to_ascii_lowercase().contains("json")));
        let mut meta = Map::new();
        if has_json {
            // A body that is no document has no options; clients exist that send such.
            if let Ok(Json(body)) = Json::<request::CheckOut>::from_request(request, state).await {
                meta = body.meta;
            }
        }
        let from_query: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let is_in_query = |name: &str| from_query.iter().any(|(given, _)| given == name);
        // These two say one thing in two ways: what the query says of it, if anything, stands for both.
        let form = ["encrypt", "algorithm"];
        let tells_form = from_query
            .iter()
            .any(|(name, value)| form.contains(&name.as_str()) && !matches!(value.as_str(), "" | "null" | "ed25519"));
        let is_overruled = |name: &str| is_in_query(name) || (tells_form && form.contains(&name));
        meta.retain(|name, _| !is_overruled(name));
        let from_body = meta.into_iter().map(|(name, value)| (name, plain(value)));
        let options = read(from_body.chain(from_query.iter().cloned()), LICENSE);
        options.map(Self).map_err(|fault| match fault.parameter() {
            Some(name) if !is_in_query(name) => {
                let pointer = format!("/meta/{name}");
                fault.at(pointer)
            }
            _ => fault,
        })
    }
}

/// A JSON value as the query would spell it.
fn plain(value: Value) -> String {
    match value {
        Value::String(text) => text,
        Value::Array(items) => items.into_iter().map(plain).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

fn read(pairs: impl Iterator<Item = (String, String)>, is_license: bool) -> Result<Options, ApiError> {
    let mut options = Options::default();
    let mut encrypt = None;
    let mut algorithm = None;
    for (name, value) in pairs {
        match name.as_str() {
            "ttl" => {
                options.ttl = Some(match value.as_str() {
                    "" | "null" => FileTtl::Perpetual,
                    text => FileTtl::Seconds(text.parse().map_err(|_| ttl_invalid())?),
                });
            }
            "encrypt" => {
                encrypt = match value.to_ascii_lowercase().as_str() {
                    "1" | "true" => Some(true),
                    "0" | "false" => Some(false),
                    "" | "null" => None,
                    _ => return Err(algorithm_invalid("encrypt must be 1, true, 0 or false.", "encrypt")),
                };
            }
            "algorithm" => {
                algorithm = match value.as_str() {
                    // The last names the signature alone: whether a file is encrypted is another option.
                    "" | "null" | "ed25519" => None,
                    text => Some(FileAlgorithm::parse(text).ok_or_else(|| {
                        let all: Vec<_> = FileAlgorithm::ALL.iter().map(|algorithm| algorithm.as_str()).collect();
                        algorithm_invalid(&format!("This server makes files as {}.", all.join(" or ")), "algorithm")
                    })?),
                };
            }
            "include" => {
                let names = value.split(',').map(str::trim).filter(|name| !name.is_empty() && *name != "null");
                options.asked_includes = names.map(str::to_owned).collect();
            }
            _ => {}
        }
    }
    options.includes = dataset::includes(&options.asked_includes, is_license)?;
    options.is_encrypted = match (encrypt, algorithm) {
        (Some(false), Some(FileAlgorithm::Encrypted)) | (Some(true), Some(FileAlgorithm::Plain)) => {
            return Err(algorithm_invalid("encrypt and algorithm say different things: give one.", "algorithm"));
        }
        (_, Some(algorithm)) => algorithm == FileAlgorithm::Encrypted,
        (encrypt, None) => encrypt.unwrap_or(false),
    };
    Ok(options)
}

fn ttl_invalid() -> ApiError {
    let detail = "ttl is a number of seconds, at least 3600, or null for as long as clients can read.";
    ApiError::new(ErrorCode::CheckoutTtlInvalid, detail).in_parameter("ttl")
}

fn algorithm_invalid(detail: &str, name: &str) -> ApiError {
    ApiError::new(ErrorCode::CheckoutAlgorithmInvalid, detail).in_parameter(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(query: &str, is_license: bool) -> Result<Options, u16> {
        let pairs = url::form_urlencoded::parse(query.as_bytes()).into_owned();
        read(pairs, is_license).map_err(|fault| fault.status().as_u16())
    }

    #[test]
    fn options_as_clients_send_them() {
        for (query, ttl, is_encrypted, includes) in [
            ("", None, false, 0),
            ("ttl=86400", Some(FileTtl::Seconds(86_400)), false, 0),
            ("encrypt=true&include=entitlements&ttl=86400", Some(FileTtl::Seconds(86_400)), true, 1),
            ("ttl=null", Some(FileTtl::Perpetual), false, 0),
            ("ttl=", Some(FileTtl::Perpetual), false, 0),
            ("encrypt=0", None, false, 0),
            ("algorithm=aes-256-gcm%2Bed25519", None, true, 0),
            ("algorithm=base64%2Bed25519&encrypt=false", None, false, 0),
            ("algorithm=ed25519&encrypt=1", None, true, 0),
            ("include=entitlements,product, policy", None, false, 3),
            ("include=&nonsense=1", None, false, 0),
        ] {
            let read = options(query, true).expect(query);
            assert_eq!((read.ttl, read.is_encrypted, read.includes.len()), (ttl, is_encrypted, includes), "{query}");
        }
        let machine = options("encrypt=1&include=license.entitlements&ttl=86400", false).expect("good");
        assert_eq!(machine.asked_includes, ["license.entitlements"]);
        assert!(machine.is_encrypted);
    }

    #[test]
    fn what_cannot_be_made_is_refused() {
        for (query, is_license) in [
            ("ttl=-1", true),
            ("ttl=1.5", true),
            ("ttl=soon", true),
            ("ttl=99999999999999999999999", true),
            ("encrypt=maybe", true),
            ("algorithm=aes-256-gcm%2Brsa-sha256", true),
            ("algorithm=none", true),
            ("algorithm=base64%2Bed25519&encrypt=1", true),
            ("algorithm=aes-256-gcm%2Bed25519&encrypt=0", true),
            ("include=secrets", true),
            ("include=license", true),
            ("include=entitlements", false),
            ("include=license.secrets", false),
        ] {
            assert_eq!(options(query, is_license), Err(400), "{query}");
        }
    }
}
