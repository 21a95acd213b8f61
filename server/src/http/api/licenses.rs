//! The license itself, what belongs to it, and what an app tells about its use.

use axum::extract::{OriginalUri, State};
use latchkey_service::{Licensee, Page, UseError};
use latchkey_wire::{
    document::{EntitlementAttributes, LicenseAttributes, MachineAttributes, Many, One, Resource},
    error::ErrorCode,
    request::IncrementUsage,
};

use super::{
    Fault,
    credential::Authenticated,
    documents::{self, Document},
    input::{Json, Segment},
    paging::{self, Paging},
};
use crate::http::Edge;

/// The license that the path names, which must be the one whose key was shown.
fn named(app: &Licensee, license: &str) -> Result<(), Fault> {
    if app.is_named(license) { Ok(()) } else { Err(Fault::not_found()) }
}

/// `GET /v1/me`: with a license key, the license.
pub(crate) async fn me(
    State(edge): State<Edge>,
    Authenticated(app): Authenticated,
) -> Result<Document<One<LicenseAttributes>>, Fault> {
    Ok(Document(One { data: documents::license(&app.license().await?, &edge.account()?) }))
}

/// `GET /v1/licenses/{id or key}`
pub(crate) async fn show(
    edge: State<Edge>,
    Authenticated(app): Authenticated,
    Segment(license): Segment,
) -> Result<Document<One<LicenseAttributes>>, Fault> {
    named(&app, &license)?;
    me(edge, Authenticated(app)).await
}

/// `GET /v1/licenses/{id or key}/machines`
pub(crate) async fn machines(
    State(edge): State<Edge>,
    Authenticated(app): Authenticated,
    Segment(license): Segment,
    uri: OriginalUri,
    paging: Paging,
) -> Result<Document<Many<MachineAttributes>>, Fault> {
    named(&app, &license)?;
    let page = app.machines(paging.after(), paging.reach()).await?;
    let account = edge.account()?;
    Ok(list(page, |machine| documents::machine(machine, &account), &paging, &uri))
}

/// `GET /v1/licenses/{id or key}/entitlements`
pub(crate) async fn entitlements(
    State(edge): State<Edge>,
    Authenticated(app): Authenticated,
    Segment(license): Segment,
    uri: OriginalUri,
    paging: Paging,
) -> Result<Document<Many<EntitlementAttributes>>, Fault> {
    named(&app, &license)?;
    let page = app.entitlements(paging.after(), paging.reach()).await?;
    let account = edge.account()?;
    Ok(list(page, |held| documents::entitlement(held, &account), &paging, &uri))
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

/// `POST /v1/licenses/{id or key}/actions/check-in`
pub(crate) async fn check_in(
    State(edge): State<Edge>,
    Authenticated(app): Authenticated,
    Segment(license): Segment,
) -> Result<Document<One<LicenseAttributes>>, Fault> {
    named(&app, &license)?;
    Ok(Document(One { data: documents::license(&app.check_in().await?, &edge.account()?) }))
}

/// `POST /v1/licenses/{id or key}/actions/increment-usage`
pub(crate) async fn increment_usage(
    State(edge): State<Edge>,
    Authenticated(app): Authenticated,
    Segment(license): Segment,
    Json(body): Json<IncrementUsage>,
) -> Result<Document<One<LicenseAttributes>>, Fault> {
    named(&app, &license)?;
    let by = body.meta.increment.unwrap_or(1);
    if by == 0 {
        return Err(Fault::new(ErrorCode::AttributeInvalid, "The increment is at least 1.").at("/meta/increment"));
    }
    let license = app.increment_uses(by).await.map_err(|error| match error {
        UseError::LimitExceeded { limit } => {
            let detail = format!("The license allows {limit} uses, and this would pass them; none was counted.");
            Fault::new(ErrorCode::UsesLimitExceeded, detail).at("/data/attributes/uses")
        }
        UseError::Refused(refusal) => refusal.into(),
        UseError::Internal(error) => error.into(),
    })?;
    Ok(Document(One { data: documents::license(&license, &edge.account()?) }))
}
