//! The license itself, what belongs to it, and what an app tells about its use.

use axum::extract::{OriginalUri, State};
use latchkey_service::{KeyHolder, Page, UseError};
use latchkey_wire::{
    document::{EntitlementAttributes, LicenseAttributes, MachineAttributes, Many, One, Resource},
    error::{ErrorCode, ErrorDocument},
    request::IncrementUsage,
};

use crate::http::{
    api::{
        auth::Authenticated,
        documents::resources::{self, Document},
        error::ApiError,
        input::{Json, PathParam},
        paging::{self, Paging},
    },
    state::AppState,
};

/// The license that the path names, which must be the one whose key was shown.
fn named(app: &KeyHolder, license: &str) -> Result<(), ApiError> {
    if app.is_named(license) { Ok(()) } else { Err(ApiError::not_found()) }
}

/// Shows the license whose key is the credential.
#[utoipa::path(
    get,
    path = "/v1/me",
    tag = "Licenses",
    operation_id = "me",
    responses(
        (status = 200, description = "The license whose key was shown", body = One<LicenseAttributes>, content_type = "application/vnd.api+json"),
        (status = 401, description = "`TOKEN_MISSING`, `TOKEN_INVALID`, `TOKEN_FORMAT_INVALID`, `LICENSE_INVALID`", body = ErrorDocument, content_type = "application/vnd.api+json"),
        (status = 403, description = "`LICENSE_SUSPENDED` (revoked too), `LICENSE_BANNED`, `LICENSE_EXPIRED`", body = ErrorDocument, content_type = "application/vnd.api+json"),
        (status = 429, description = "`TOO_MANY_REQUESTS`: too many with this key or from this network. `Retry-After` says when to come back.", body = ErrorDocument, content_type = "application/vnd.api+json")
    ),
    security(("license_key" = [])),
)]
pub(crate) async fn me(
    State(state): State<AppState>,
    Authenticated(app): Authenticated,
) -> Result<Document<One<LicenseAttributes>>, ApiError> {
    Ok(Document(One { data: resources::license(&app.license().await?, &state.account()?) }))
}

/// Shows the license.
#[utoipa::path(
    get,
    path = "/v1/licenses/{license}",
    tag = "Licenses",
    operation_id = "showLicense",
    params(("license" = String, Path, description = "The license's id or key")),
    responses(
        (status = 200, description = "The license", body = One<LicenseAttributes>, content_type = "application/vnd.api+json"),
        (status = 401, description = "`TOKEN_MISSING`, `TOKEN_INVALID`, `TOKEN_FORMAT_INVALID`, `LICENSE_INVALID`", body = ErrorDocument, content_type = "application/vnd.api+json"),
        (status = 403, description = "`LICENSE_SUSPENDED` (revoked too), `LICENSE_BANNED`, `LICENSE_EXPIRED`", body = ErrorDocument, content_type = "application/vnd.api+json"),
        (status = 404, description = "`NOT_FOUND`: nothing that this license may see", body = ErrorDocument, content_type = "application/vnd.api+json"),
        (status = 429, description = "`TOO_MANY_REQUESTS`: too many with this key or from this network. `Retry-After` says when to come back.", body = ErrorDocument, content_type = "application/vnd.api+json")
    ),
    security(("license_key" = [])),
)]
pub(crate) async fn show(
    state: State<AppState>,
    Authenticated(app): Authenticated,
    PathParam(license): PathParam,
) -> Result<Document<One<LicenseAttributes>>, ApiError> {
    named(&app, &license)?;
    me(state, Authenticated(app)).await
}

/// Lists the active machines.
#[utoipa::path(
    get,
    path = "/v1/licenses/{license}/machines",
    tag = "Licenses",
    operation_id = "listMachines",
    params(("license" = String, Path, description = "The license's id or key"), ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "Items on a page, 10 without"), ("page[size]" = Option<u32>, Query, minimum = 1, maximum = 100, description = "The same as `limit`"), ("page[cursor]" = Option<String>, Query, description = "Where the page starts; empty for the first"), ("page[number]" = Option<u32>, Query, minimum = 1, description = "The page by its number, from 1")),
    responses(
        (status = 200, description = "A page of active machines", body = Many<MachineAttributes>, content_type = "application/vnd.api+json"),
        (status = 400, description = "`PARAMETER_INVALID`", body = ErrorDocument, content_type = "application/vnd.api+json"),
        (status = 401, description = "`TOKEN_MISSING`, `TOKEN_INVALID`, `TOKEN_FORMAT_INVALID`, `LICENSE_INVALID`", body = ErrorDocument, content_type = "application/vnd.api+json"),
        (status = 403, description = "`LICENSE_SUSPENDED` (revoked too), `LICENSE_BANNED`, `LICENSE_EXPIRED`", body = ErrorDocument, content_type = "application/vnd.api+json"),
        (status = 404, description = "`NOT_FOUND`: nothing that this license may see", body = ErrorDocument, content_type = "application/vnd.api+json"),
        (status = 429, description = "`TOO_MANY_REQUESTS`: too many with this key or from this network. `Retry-After` says when to come back.", body = ErrorDocument, content_type = "application/vnd.api+json")
    ),
    security(("license_key" = [])),
)]
pub(crate) async fn machines(
    State(state): State<AppState>,
    Authenticated(app): Authenticated,
    PathParam(license): PathParam,
    uri: OriginalUri,
    paging: Paging,
) -> Result<Document<Many<MachineAttributes>>, ApiError> {
    named(&app, &license)?;
    let page = app.machines(paging.after(), paging.reach()).await?;
    let account = state.account()?;
    Ok(list(page, |machine| resources::machine(machine, &account), &paging, &uri))
}

/// Lists the entitlements, from policy and license.
#[utoipa::path(
    get,
    path = "/v1/licenses/{license}/entitlements",
    tag = "Licenses",
    operation_id = "listEntitlements",
    params(("license" = String, Path, description = "The license's id or key"), ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "Items on a page, 10 without"), ("page[size]" = Option<u32>, Query, minimum = 1, maximum = 100, description = "The same as `limit`"), ("page[cursor]" = Option<String>, Query, description = "Where the page starts; empty for the first"), ("page[number]" = Option<u32>, Query, minimum = 1, description = "The page by its number, from 1")),
    responses(
        (status = 200, description = "A page of entitlements, from policy and license", body = Many<EntitlementAttributes>, content_type = "application/vnd.api+json"),
        (status = 400, description = "`PARAMETER_INVALID`", body = ErrorDocument, content_type = "application/vnd.api+json"),
        (status = 401, description = "`TOKEN_MISSING`, `TOKEN_INVALID`, `TOKEN_FORMAT_INVALID`, `LICENSE_INVALID`", body = ErrorDocument, content_type = "application/vnd.api+json"),
        (status = 403, description = "`LICENSE_SUSPENDED` (revoked too), `LICENSE_BANNED`, `LICENSE_EXPIRED`", body = ErrorDocument, content_type = "application/vnd.api+json"),
        (status = 404, description = "`NOT_FOUND`: nothing that this license may see", body = ErrorDocument, content_type = "application/vnd.api+json"),
        (status = 429, description = "`TOO_MANY_REQUESTS`: too many with this key or from this network. `Retry-After` says when to come back.", body = ErrorDocument, content_type = "application/vnd.api+json")
    ),
    security(("license_key" = [])),
)]
pub(crate) async fn entitlements(
    State(state): State<AppState>,
    Authenticated(app): Authenticated,
    PathParam(license): PathParam,
    uri: OriginalUri,
    paging: Paging,
) -> Result<Document<Many<EntitlementAttributes>>, ApiError> {
    named(&app, &license)?;
    let page = app.entitlements(paging.after(), paging.reach()).await?;
    let account = state.account()?;
    Ok(list(page, |held| resources::entitlement(held, &account), &paging, &uri))
}

/// A page of a list as a document.
fn list<T, C: ToString, A>(
    page: Page<T, C>,
    describe: impl Fn(&T) -> Resource<A>,
    paging: &Paging,
    uri: &OriginalUri,
) -> Document<Many<A>> {
    let next = page.next.map(|cursor| cursor.to_string());
    Document(paging::many(page.items.iter().map(describe).collect(), next, paging, uri))
}

/// Checks in, where the policy asks for it every so often.
#[utoipa::path(
    post,
    path = "/v1/licenses/{license}/actions/check-in",
    tag = "Licenses",
    operation_id = "checkIn",
    params(("license" = String, Path, description = "The license's id or key")),
    responses(
        (status = 200, description = "The license", body = One<LicenseAttributes>, content_type = "application/vnd.api+json"),
        (status = 401, description = "`TOKEN_MISSING`, `TOKEN_INVALID`, `TOKEN_FORMAT_INVALID`, `LICENSE_INVALID`", body = ErrorDocument, content_type = "application/vnd.api+json"),
        (status = 403, description = "`LICENSE_SUSPENDED` (revoked too), `LICENSE_BANNED`, `LICENSE_EXPIRED`", body = ErrorDocument, content_type = "application/vnd.api+json"),
        (status = 404, description = "`NOT_FOUND`: nothing that this license may see", body = ErrorDocument, content_type = "application/vnd.api+json"),
        (status = 429, description = "`TOO_MANY_REQUESTS`: too many with this key or from this network. `Retry-After` says when to come back.", body = ErrorDocument, content_type = "application/vnd.api+json")
    ),
    security(("license_key" = [])),
)]
pub(crate) async fn check_in(
    State(state): State<AppState>,
    Authenticated(app): Authenticated,
    PathParam(license): PathParam,
) -> Result<Document<One<LicenseAttributes>>, ApiError> {
    named(&app, &license)?;
    Ok(Document(One { data: resources::license(&app.check_in().await?, &state.account()?) }))
}

/// Counts uses against the limit, exactly, under any number of callers.
#[utoipa::path(
    post,
    path = "/v1/licenses/{license}/actions/increment-usage",
    tag = "Licenses",
    operation_id = "incrementUsage",
    params(("license" = String, Path, description = "The license's id or key")),
    request_body(content = IncrementUsage, content_type = "application/vnd.api+json", description = "Without a body the counter moves by one"),
    responses(
        (status = 200, description = "The license", body = One<LicenseAttributes>, content_type = "application/vnd.api+json"),
        (status = 400, description = "`DOCUMENT_INVALID`: the body cannot be read; `source.pointer` names the place", body = ErrorDocument, content_type = "application/vnd.api+json"),
        (status = 401, description = "`TOKEN_MISSING`, `TOKEN_INVALID`, `TOKEN_FORMAT_INVALID`, `LICENSE_INVALID`", body = ErrorDocument, content_type = "application/vnd.api+json"),
        (status = 403, description = "`LICENSE_SUSPENDED` (revoked too), `LICENSE_BANNED`, `LICENSE_EXPIRED`", body = ErrorDocument, content_type = "application/vnd.api+json"),
        (status = 404, description = "`NOT_FOUND`: nothing that this license may see", body = ErrorDocument, content_type = "application/vnd.api+json"),
        (status = 422, description = "`USES_LIMIT_EXCEEDED`: nothing was counted; `ATTRIBUTE_INVALID`", body = ErrorDocument, content_type = "application/vnd.api+json"),
        (status = 429, description = "`TOO_MANY_REQUESTS`: too many with this key or from this network. `Retry-After` says when to come back.", body = ErrorDocument, content_type = "application/vnd.api+json")
    ),
    security(("license_key" = [])),
)]
pub(crate) async fn increment_usage(
    State(state): State<AppState>,
    Authenticated(app): Authenticated,
    PathParam(license): PathParam,
    Json(body): Json<IncrementUsage>,
) -> Result<Document<One<LicenseAttributes>>, ApiError> {
    named(&app, &license)?;
    let by = body.meta.increment.unwrap_or(1);
    if by == 0 {
        return Err(ApiError::new(ErrorCode::AttributeInvalid, "The increment is at least 1.").at("/meta/increment"));
    }
    let license = app.increment_uses(by).await.map_err(|error| match error {
        UseError::LimitExceeded { limit } => {
            let detail = format!("The license allows {limit} uses, and this would pass them; none was counted.");
            ApiError::new(ErrorCode::UsesLimitExceeded, detail).at("/data/attributes/uses")
        }
        UseError::Refused(refusal) => refusal.into(),
        UseError::Internal(error) => error.into(),
    })?;
    Ok(Document(One { data: resources::license(&license, &state.account()?) }))
}
