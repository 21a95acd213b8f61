//! Reads records for their pages.

use http::StatusCode;
use latchkey_licensing::{
    ids::{AccountId, LicenseId, MachineId, MailId, OrderId},
    time::Timestamp,
};
use latchkey_service::{Timeline, TimelineError, TimelineOf};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;

use crate::{
    admin::{
        acts::{self, Call, Draft, Trouble},
        model::catalog::CatalogView,
        model::diagnostics::DiagnosticsView,
        model::object_view::{ActContent, ActView, EvidenceView, ExplainFields, ExplainView, ObjectKind, ObjectView},
        present::{
            catalog::{entry, overview},
            diagnostics,
            lists::{Fields, parse},
            objects::{Around, Tab, customer, event, evidence, explain, license, machine, mail, order},
        },
        server_fns::staff,
    },
    routes::{AdminPage, CatalogEntryKind, EntryCode, ProviderId},
    server_side::{self as server, internal_error},
    shared::error::UiError,
};

/// How many entries of a history a page shows.
const TIMELINE_PAGE: u32 = 25;

/// The most licenses of an order that evidence is collected about.
const MAX_EVIDENCE: usize = 10;

/// The id in a path. One that is malformed gets the same response as one that does not exist.
fn parsed<T: std::str::FromStr>(id: &str) -> Result<T, UiError> {
    id.parse().map_err(|_| UiError::NotFound)
}

pub(crate) async fn page(kind: ObjectKind, id: &str, query: &str) -> Result<ObjectView, UiError> {
    let (backend, who) = staff::signed_in()?;
    let call = Call::new(&backend, &who)?;
    let fields = parse(query);
    let mut view = match kind {
        ObjectKind::License => license_page(&call, parsed(id)?, &fields).await,
        ObjectKind::Customer => customer_page(&call, parsed(id)?, &fields).await,
        ObjectKind::Machine => machine_page(&call, parsed(id)?, &fields).await,
        ObjectKind::Order => order_page(&call, parsed(id)?, &fields).await,
        ObjectKind::Event => event_page(&call, &parsed(id)?, &fields).await,
        ObjectKind::Mail => mail_page(&call, parsed(id)?, &fields).await,
    }?;
    view.toast = backend.cookies.take_toast(&server::parts()?.headers);
    Ok(view)
}

/// What surrounds a record, with the page of its history that the address asks for.
struct Surroundings {
    timeline: Option<Timeline>,
    is_first: bool,
    tab: Tab,
    is_admin: bool,
    now: Timestamp,
}

impl Surroundings {
    async fn read(call: &Call<'_>, fields: &Fields, of: Option<TimelineOf>) -> Result<Self, UiError> {
        let tab = if fields.get("tab") == Some("inspect") { Tab::Inspect } else { Tab::Summary };
        let after = fields.get("after");
        let timeline = match of.filter(|_| tab == Tab::Summary) {
            None => None,
            Some(of) => Some(match call.support().timeline(&of, after, TIMELINE_PAGE).await {
                Ok(timeline) => timeline,
                // A damaged cursor in the address leads to the start.
                Err(TimelineError::Field(_)) => {
                    let first = call.support().timeline(&of, None, TIMELINE_PAGE).await;
                    first.map_err(|_| UiError::Unavailable)?
                }
                Err(TimelineError::NotFound) => return Err(UiError::NotFound),
                Err(TimelineError::Internal(error)) => return Err(internal_error(&error)),
            }),
        };
        Ok(Self { timeline, is_first: after.is_none(), tab, is_admin: call.is_admin(), now: call.now })
    }

    fn around(&self) -> Around<'_> {
        let timeline = self.timeline.as_ref().map(|timeline| (timeline, self.is_first));
        Around { is_admin: self.is_admin, now: self.now, tab: self.tab, timeline }
    }
}

async fn license_page(call: &Call<'_>, id: LicenseId, fields: &Fields) -> Result<ObjectView, UiError> {
    let details = call.support().license_details(id).await.map_err(|error| internal_error(&error))?;
    let details = details.ok_or(UiError::NotFound)?;
    let around = Surroundings::read(call, fields, Some(TimelineOf::License(id))).await?;
    Ok(license::page(&details, &around.around()))
}

async fn customer_page(call: &Call<'_>, id: AccountId, fields: &Fields) -> Result<ObjectView, UiError> {
    let details = call.support().account_details(id).await.map_err(|error| internal_error(&error))?;
    let details = details.ok_or(UiError::NotFound)?;
    let around = Surroundings::read(call, fields, Some(TimelineOf::Account(id))).await?;
    Ok(customer::page(&details, &around.around()))
}

async fn machine_page(call: &Call<'_>, id: MachineId, fields: &Fields) -> Result<ObjectView, UiError> {
    let found =
        call.support().machine_details(id).await.map_err(|error| internal_error(&error))?.ok_or(UiError::NotFound)?;
    let parts = call.support().machine_parts(id).await.map_err(|error| internal_error(&error))?;
    let timeline = TimelineOf::Machine(found.machine.license, id);
    let around = Surroundings::read(call, fields, Some(timeline)).await?;
    Ok(machine::page(&found, &parts, &around.around()))
}

async fn order_page(call: &Call<'_>, id: OrderId, fields: &Fields) -> Result<ObjectView, UiError> {
    let details = call.support().order_details(id).await.map_err(|error| internal_error(&error))?;
    let details = details.ok_or(UiError::NotFound)?;
    let around = Surroundings::read(call, fields, Some(TimelineOf::Order(id))).await?;
    Ok(order::page(&details, &around.around()))
}

async fn event_page(call: &Call<'_>, id: &ProviderId, fields: &Fields) -> Result<ObjectView, UiError> {
    let record = call.support().event_record(id.as_str()).await.map_err(|error| internal_error(&error))?;
    let record = record.ok_or(UiError::NotFound)?;
    let around = Surroundings::read(call, fields, Some(TimelineOf::StripeEvent(id.to_string()))).await?;
    Ok(event::page(id, &record, &around.around()))
}

async fn mail_page(call: &Call<'_>, id: MailId, fields: &Fields) -> Result<ObjectView, UiError> {
    let found = call.support().mail_details(id).await.map_err(|error| internal_error(&error))?;
    let (found, account) = found.ok_or(UiError::NotFound)?;
    let around = Surroundings::read(call, fields, None).await?;
    Ok(mail::page(&found, account.as_ref(), &around.around()))
}

/// The page of the catalog.
pub(crate) async fn catalog(query: &str) -> Result<CatalogView, UiError> {
    let (backend, who) = staff::signed_in()?;
    let call = Call::new(&backend, &who)?;
    let fields = parse(query);
    let around = Surroundings::read(&call, &fields, Some(TimelineOf::Catalog)).await?;
    let state = call.support().catalog_state().await.map_err(|error| internal_error(&error))?;
    let prices = backend.service.prices().await.map_err(|error| internal_error(&error))?;
    let text = state.file.to_text().map_err(|error| internal_error(&error))?;
    let is_live = backend.service.payments().map(|payments| payments.is_live());
    let known = overview::Known { state: &state, prices: &prices, is_live, text };
    let mut view = overview::page(&known, &around.around());
    view.toast = backend.cookies.take_toast(&server::parts()?.headers);
    Ok(view)
}

/// The page of an entry of the catalog.
pub(crate) async fn catalog_entry(kind: &str, code: &str, query: &str) -> Result<ObjectView, UiError> {
    let (backend, who) = staff::signed_in()?;
    let call = Call::new(&backend, &who)?;
    let (kind, code): (CatalogEntryKind, EntryCode) = (parsed(kind)?, parsed(code)?);
    let around = Surroundings::read(&call, &parse(query), None).await?;
    let state = call.support().catalog_state().await.map_err(|error| internal_error(&error))?;
    let found = entry::Entry::find(&state.file, kind, code.as_str()).map_err(|error| internal_error(&error))?;
    let found = found.ok_or(UiError::NotFound)?;
    let prices = backend.service.prices().await.map_err(|error| internal_error(&error))?;
    let price = prices.iter().find(|price| kind == CatalogEntryKind::Price && price.price.code == code.as_str());
    let is_live = backend.service.payments().map(|payments| payments.is_live());
    let mut view = entry::page(&found, &code, &state, price, is_live, &around.around());
    view.toast = backend.cookies.take_toast(&server::parts()?.headers);
    Ok(view)
}

/// The page of the instance's state.
pub(crate) async fn diagnostics(query: &str) -> Result<DiagnosticsView, UiError> {
    let (backend, who) = staff::signed_in()?;
    let call = Call::new(&backend, &who)?;
    let Ok(admin) = call.staff.admin() else {
        if let Some(response) = use_context::<ResponseOptions>().filter(|_| is_document()) {
            response.set_status(StatusCode::FORBIDDEN);
        }
        return Ok(DiagnosticsView::Refused(
            "Only admins may see the state of the server. Ask one of them.".to_owned(),
        ));
    };
    let state = admin.diagnostics().await.map_err(|error| internal_error(&error))?;
    let is_all = parse(query).get("checks") == Some("all");
    let mut checks = state.checks();
    if is_all {
        checks.extend(backend.host.checks().await);
    }
    let host = backend.host.facts();
    let known = diagnostics::Known { state: &state, host: &host, checks: &checks, is_all };
    let mut content = diagnostics::page(&known);
    content.toast = backend.cookies.take_toast(&server::parts()?.headers);
    Ok(DiagnosticsView::Shown(Box::new(content)))
}

/// The page of an act: as it was submitted, if this response is to a submission.
pub(crate) async fn act(path: &str, query: &str) -> Result<ActView, UiError> {
    let (backend, who) = staff::signed_in()?;
    let call = Call::new(&backend, &who)?;
    let page = AdminPage::parse(path).ok_or(UiError::NotFound)?;
    let draft = use_context::<Draft>();
    let view = acts::view(&call, &page, query, draft.as_ref()).await.map_err(|trouble| match trouble {
        Trouble::Internal(error) => internal_error(&error),
        _ => UiError::NotFound,
    })?;
    respond(&view.content, draft.as_ref());
    Ok(view)
}

/// Whether the response is a document. The script takes a response with another status than that of success for a failure.
fn is_document() -> bool {
    server::parts().is_ok_and(|parts| !parts.uri.path().starts_with("/fn/"))
}

/// Sets the response's status, and leads to the page that asks for the second factor.
fn respond(content: &ActContent, draft: Option<&Draft>) {
    let Some(response) = use_context::<ResponseOptions>().filter(|_| is_document() || server::is_plain_form()) else {
        return;
    };
    match (content, draft) {
        (ActContent::Confirm(path), None) if server::is_plain_form() => server::see_other(path),
        (ActContent::Refused(_), None) => response.set_status(StatusCode::FORBIDDEN),
        (_, Some(draft)) => response.set_status(draft.status()),
        _ => {}
    }
}

pub(crate) async fn explain(id: &str, fields: ExplainFields) -> Result<ExplainView, UiError> {
    let (backend, who) = staff::signed_in()?;
    let call = Call::new(&backend, &who)?;
    let id: LicenseId = parsed(id)?;
    let details = call.support().license_details(id).await.map_err(|error| internal_error(&error))?;
    let details = details.ok_or(UiError::NotFound)?;
    let explanation = call.support().explain_validation(id, &explain::scope(&fields)).await;
    let explanation = explanation.map_err(|error| internal_error(&error))?.ok_or(UiError::NotFound)?;
    Ok(explain::page(&details, &explanation, fields))
}

pub(crate) async fn evidence(id: &str) -> Result<EvidenceView, UiError> {
    let (backend, who) = staff::signed_in()?;
    let call = Call::new(&backend, &who)?;
    let support = call.support();
    let details = support.order_details(parsed(id)?).await.map_err(|error| internal_error(&error))?;
    let details = details.ok_or(UiError::NotFound)?;
    let account = match &details.account {
        None => None,
        Some(account) => {
            let found = support.account_details(account.id).await.map_err(|error| internal_error(&error))?;
            let timeline = support.timeline(&TimelineOf::Account(account.id), None, 100).await;
            found.zip(timeline.ok())
        }
    };
    let mut licenses = Vec::new();
    let ids = details.view.lines.iter().flat_map(|line| &line.licenses);
    for id in ids.take(MAX_EVIDENCE) {
        licenses.extend(support.license_details(*id).await.map_err(|error| internal_error(&error))?);
    }
    Ok(evidence::page(&evidence::Known {
        order: &details,
        account: account.as_ref().map(|(account, timeline)| (account, timeline)),
        licenses: &licenses,
    }))
}
