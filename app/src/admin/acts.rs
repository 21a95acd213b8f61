//! Acts on records: what their pages ask, and what happens to a submitted form.
//!
//! A form is sent to the path of its page. If something is wrong with it, the same page is rendered again with everything that
//! was entered, which works without script and for texts of any length. Nobody but the service decides who may do what.

mod catalog;
mod customer;
mod diagnostics;
mod event;
mod form;
mod license;
mod lists;
mod machine;
mod note;
mod order;

use http::{HeaderValue, StatusCode};
use latchkey_licensing::{license_key::LicenseKey, time::Timestamp};
use latchkey_service::{Admin, Fresh, Internal, ListExport, SignedIn, Staff, Support};
use serde_json::Value;

use crate::{
    admin::{
        model::{
            bulk::BulkView,
            object_view::{ActContent, ActView},
            objects::Toast,
        },
        present::objects::{Around, Needs, Tab},
    },
    routes::{AdminPage, CustomerActName, NewName, Page, confirm_for},
    server_side::Backend,
    shared::error::UiError,
};

pub(crate) use form::{Ask, Draft, Problem, Submission};

/// The most that a form contains: metadata of 8 KiB, each byte of which may be escaped, and a note.
pub const MAX_FORM_BYTES: usize = 128 * 1024;

/// The most of a longer form that its page gives back to the person.
pub const MAX_KEPT_BYTES: usize = 1024 * 1024;

/// A person who does something.
pub(crate) struct Call<'a> {
    pub(crate) who: &'a SignedIn,
    pub(crate) staff: Staff<'a>,
    pub(crate) now: Timestamp,
}

impl<'a> Call<'a> {
    /// For everyone but staff, the admin portal does not exist.
    pub(crate) fn new(backend: &'a Backend, who: &'a SignedIn) -> Result<Self, UiError> {
        let staff = backend.service.staff(who).map_err(|_| UiError::NotFound)?;
        Ok(Self { who, staff, now: backend.service.now() })
    }

    pub(crate) fn support(&self) -> &Support<'a> {
        self.staff.support()
    }

    pub(crate) fn is_admin(&self) -> bool {
        self.staff.admin().is_ok()
    }

    /// What pages of records need, without a history.
    pub(crate) fn around(&self) -> Around<'static> {
        Around { is_admin: self.is_admin(), now: self.now, tab: Tab::Summary, timeline: None }
    }

    fn admin(&self) -> Result<&Admin<'a>, Trouble> {
        self.staff.admin().map_err(|_| Trouble::Locked)
    }

    fn fresh(&self) -> Result<Fresh, Trouble> {
        self.support().fresh().map_err(|_| Trouble::NotFresh)
    }
}

/// Why an act was not done.
pub(crate) enum Trouble {
    /// Something is wrong with what was entered.
    Problems(Vec<Problem>),
    /// There is no such record.
    NotFound,
    /// The role does not allow it.
    Locked,
    /// The second factor was presented too long ago.
    NotFresh,
    /// The record was changed while the form was open.
    Changed,
    /// The form asks for its page again, for example to see what it would do.
    Review,
    /// It was not done because of the record's state, which the page explains.
    Obstacle(String),
    /// The server does as much of it as it can at the same time.
    Busy(String),
    /// The page shows a secret once.
    Secret(LicenseKey),
    /// The browser saves a file.
    File(Value),
    /// The server failed.
    Internal(Internal),
}

impl From<Internal> for Trouble {
    fn from(error: Internal) -> Self {
        Self::Internal(error)
    }
}

impl From<Problem> for Trouble {
    fn from(problem: Problem) -> Self {
        Self::Problems(vec![problem])
    }
}

/// What was done, and the page that shows it.
pub(crate) struct Completed {
    pub(crate) toast: Toast,
    pub(crate) page: AdminPage,
}

impl Completed {
    /// The message, and the address of the page.
    fn shown(self) -> (Toast, String) {
        (self.toast, self.page.path())
    }
}

/// What a form led to.
enum Performed {
    /// A page that shows the message.
    Shown(Toast, String),
    /// A report, which the response shows.
    Reported(BulkView),
    /// A file, which is the response.
    Exported(ListExport),
}

/// What becomes of a submitted form.
#[derive(Debug)]
pub enum Submitted {
    /// It was done. The browser goes to the page with the result, which shows the message in the cookie.
    Completed { location: String, cookie: Option<HeaderValue> },
    /// The browser saves everything that is kept about a person.
    PersonalData(Value),
    /// The page is shown again, with the draft as its context.
    Again(Draft),
    /// The response is a file.
    Export(ListExport),
    /// There is no such page, record or permission to see it.
    NotFound,
}

/// Does what a form asks for.
pub async fn submit(backend: &Backend, who: &SignedIn, path: &str, body: &[u8]) -> Submitted {
    let (Ok(call), Some(page)) = (Call::new(backend, who), AdminPage::parse(path)) else {
        return Submitted::NotFound;
    };
    let form = Submission::parse(body);
    if body.len() > MAX_FORM_BYTES {
        return Submitted::Again(too_long(form));
    }
    let again = |status, problems| Draft { form: form.clone(), problems, status, ..Draft::default() };
    let draft = match perform(&call, &page, &form).await {
        // A member of staff who sees the portal as a customer does goes there, where a banner says so.
        Ok(Performed::Shown(..)) if matches!(page, AdminPage::CustomerAct(_, CustomerActName::ViewPortal)) => {
            return Submitted::Completed { location: Page::Overview.path(), cookie: None };
        }
        Ok(Performed::Shown(toast, location)) => {
            return Submitted::Completed { location, cookie: backend.cookies.toast_cookie(&toast) };
        }
        Ok(Performed::Exported(export)) => return Submitted::Export(export),
        Ok(Performed::Reported(report)) => Draft { report: Some(report), ..again(StatusCode::OK, Vec::new()) },
        Err(Trouble::NotFound) => return Submitted::NotFound,
        Err(Trouble::File(data)) => return Submitted::PersonalData(data),
        Err(Trouble::Problems(problems)) => again(StatusCode::UNPROCESSABLE_ENTITY, problems),
        Err(Trouble::Obstacle(text)) => again(StatusCode::CONFLICT, vec![Problem::general(text)]),
        Err(Trouble::Busy(text)) => again(StatusCode::SERVICE_UNAVAILABLE, vec![Problem::general(text)]),
        Err(Trouble::Review) => again(StatusCode::OK, Vec::new()),
        Err(Trouble::Locked) => again(StatusCode::FORBIDDEN, Vec::new()),
        Err(Trouble::NotFresh) => Draft { needs_confirmation: true, ..again(StatusCode::FORBIDDEN, Vec::new()) },
        Err(Trouble::Changed) => Draft { is_outdated: true, ..again(StatusCode::CONFLICT, Vec::new()) },
        Err(Trouble::Secret(secret)) => Draft { secret: Some(secret), ..again(StatusCode::OK, Vec::new()) },
        Err(Trouble::Internal(error)) => {
            tracing::error!(%error, "an act of staff failed: {error}");
            let text = "The server could not do this. Nothing was changed. Try again in a moment.".to_owned();
            again(StatusCode::SERVICE_UNAVAILABLE, vec![Problem::general(text)])
        }
    };
    Submitted::Again(draft)
}

/// A form of which nothing is left, because it is too long even to be given back.
pub fn far_too_long(backend: &Backend, who: &SignedIn, path: &str) -> Submitted {
    match (Call::new(backend, who), AdminPage::parse(path)) {
        (Ok(_), Some(_)) => {
            let text = format!(
                "This is too long: a form takes at most {} KiB. Go back with your browser, which may still have what you \
                 entered, and enter less at once.",
                MAX_FORM_BYTES / 1024
            );
            let problems = vec![Problem::general(text)];
            Submitted::Again(Draft { problems, status: StatusCode::PAYLOAD_TOO_LARGE, ..Draft::default() })
        }
        _ => Submitted::NotFound,
    }
}

/// The fields for texts of any length.
const LONG_FIELDS: [&str; 3] = [lists::issue::LINES, license::terms::METADATA, form::NOTE];

/// A form that is given back because it is too long. The longest field is to blame.
fn too_long(form: Submission) -> Draft {
    let text =
        format!("This is too long: the whole form takes at most {} KiB. Enter less at once.", MAX_FORM_BYTES / 1024);
    let longest = form.all().iter().max_by_key(|(_, value)| value.len()).map(|(name, _)| name.as_str());
    let field = LONG_FIELDS.into_iter().find(|field| longest == Some(*field));
    let problems = vec![Problem { field, text }];
    Draft { form, problems, status: StatusCode::PAYLOAD_TOO_LARGE, ..Draft::default() }
}

async fn perform(call: &Call<'_>, page: &AdminPage, form: &Submission) -> Result<Performed, Trouble> {
    let done = match page {
        AdminPage::LicenseAct(id, act) => license::perform(call, *id, *act, form).await.map(Completed::shown),
        AdminPage::MachineAct(id, act) => machine::perform(call, *id, *act, form).await.map(Completed::shown),
        AdminPage::CustomerAct(id, act) => customer::perform(call, *id, *act, form).await.map(Completed::shown),
        AdminPage::OrderAct(id, act) => order::perform(call, *id, *act, form).await.map(Completed::shown),
        AdminPage::EventAct(id, act) => event::perform(call, id, *act, form).await.map(Completed::shown),
        AdminPage::ViewAct(list, act) => lists::views::perform(call, *list, *act, form).await,
        AdminPage::BulkAct(act) => return lists::bulk::perform(call, *act, form).await.map(Performed::Reported),
        AdminPage::New(NewName::Licenses) => return lists::issue::perform(call, form).await.map(Performed::Reported),
        AdminPage::Export(list) => return lists::export::perform(call, *list, form).await.map(Performed::Exported),
        AdminPage::DiagnosticsAct(act) => diagnostics::perform(call, *act).await.map(Completed::shown),
        page => match catalog::Target::of(page) {
            Some(target) => catalog::perform(call, &target, form).await.map(Completed::shown),
            None => Err(Trouble::NotFound),
        },
    };
    done.map(|(toast, location)| Performed::Shown(toast, location))
}

/// The page of an act. `query` is the query of its address, and `draft` is what was submitted before.
pub(crate) async fn view(
    call: &Call<'_>,
    page: &AdminPage,
    query: &str,
    draft: Option<&Draft>,
) -> Result<ActView, Trouble> {
    match page {
        AdminPage::LicenseAct(id, act) => license::view(call, *id, *act, draft).await,
        AdminPage::MachineAct(id, act) => machine::view(call, *id, *act, draft).await,
        AdminPage::CustomerAct(id, act) => customer::view(call, *id, *act, draft).await,
        AdminPage::OrderAct(id, act) => order::view(call, *id, *act, draft).await,
        AdminPage::EventAct(id, act) => event::view(call, id, *act, draft).await,
        AdminPage::BulkAct(act) => lists::bulk::view(call, *act, query, draft).await,
        AdminPage::New(NewName::Licenses) => lists::issue::view(call, draft).await,
        AdminPage::Export(list) => lists::export::view(call, *list, query, draft).await,
        AdminPage::ViewAct(list, act) => lists::views::view(call, *list, *act, query, draft).await,
        AdminPage::DiagnosticsAct(act) => diagnostics::view(call, *act, draft).await,
        page => match catalog::Target::of(page) {
            Some(target) => catalog::view(call, &target, draft).await,
            None => Err(Trouble::NotFound),
        },
    }
}

/// What stands in the way of an act, before its form is shown.
struct Gate {
    needs: Needs,
    /// Whether it needs a recent second factor.
    is_sensitive: bool,
    /// Why it is not possible in the record's state.
    obstacle: Option<String>,
}

impl Gate {
    /// What is shown in place of the form. A form that was submitted is shown again in any case, unless the role does not
    /// allow it, so that nothing that was entered is lost.
    fn closed(&self, call: &Call<'_>, page: &AdminPage, draft: Option<&Draft>) -> Option<ActContent> {
        if self.needs == Needs::Admin && !call.is_admin() {
            return Some(ActContent::Refused("Only admins may do this. Ask one of them.".to_owned()));
        }
        if draft.is_some() {
            return None;
        }
        if let Some(obstacle) = &self.obstacle {
            return Some(ActContent::Refused(obstacle.clone()));
        }
        let is_confirmed = !self.is_sensitive || call.support().fresh().is_ok();
        (!is_confirmed).then(|| ActContent::Confirm(confirm_for(&page.path())))
    }
}
