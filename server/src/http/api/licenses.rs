//! The license itself, its machines and its entitlements.

use axum::{
    extract::{OriginalUri, State},
    response::IntoResponse,
};
use latchkey_wire::document::One;

use super::{
    Fault,
    credential::Authenticated,
    documents::{self, Document},
    input::Segment,
    paging::{self, Paging},
};
use crate::http::Edge;

/// `GET /v1/me`: with a license key, the license.
pub(crate) async fn me(
    State(edge): State<Edge>,
    Authenticated(app): Authenticated,
) -> Result<impl IntoResponse, Fault> {
    Ok(Document(One { data: documents::license(&app.license().await?, edge.signing.account()) }))
}

/// `GET /v1/licenses/{id or key}`
pub(crate) async fn show(
    edge: State<Edge>,
    Authenticated(app): Authenticated,
    Segment(license): Segment,
) -> Result<impl IntoResponse, Fault> {
    if !app.is_named(&license) {
        return Err(Fault::not_found());
    }
    me(edge, Authenticated(app)).await
}

/// `GET /v1/licenses/{id or key}/machines`
pub(crate) async fn machines(
    State(edge): State<Edge>,
    Authenticated(app): Authenticated,
    Segment(license): Segment,
    uri: OriginalUri,
    paging: Paging,
) -> Result<impl IntoResponse, Fault> {
    if !app.is_named(&license) {
        return Err(Fault::not_found());
    }
    let page = app.machines(paging.after(), paging.reach()).await?;
    let next = page.next.map(|id| id.to_string());
    let items = page.items.iter().map(|machine| documents::machine(machine, edge.signing.account()));
    Ok(Document(paging::many(items.collect(), next, &paging, &uri)))
}

/// `GET /v1/licenses/{id or key}/entitlements`
pub(crate) async fn entitlements(
    State(edge): State<Edge>,
    Authenticated(app): Authenticated,
    Segment(license): Segment,
    uri: OriginalUri,
    paging: Paging,
) -> Result<impl IntoResponse, Fault> {
    if !app.is_named(&license) {
        return Err(Fault::not_found());
    }
    let page = app.entitlements(paging.after(), paging.reach()).await?;
    let next = page.next.map(|id| id.to_string());
    let items = page.items.iter().map(|held| documents::entitlement(held, edge.signing.account()));
    Ok(Document(paging::many(items.collect(), next, &paging, &uri)))
}
