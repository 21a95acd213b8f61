//! Timelines: everything that happened to a record, the newest first: changes, mails and notes.

use latchkey_licensing::{
    email::EmailAddress,
    ids::{AccountId, LicenseId, MachineId, OrderId},
    time::Timestamp,
};
use latchkey_store::{AuditRow, Conn, ListedMail, NoteRow, Position, RowId, SortKey};
use uuid::Uuid;

use crate::{
    audit::{
        event::{ACCOUNT, AccountEvent, AuditEvent, CATALOG, LICENSE, LicenseEvent, ORDER, OrderEvent, STRIPE_EVENT},
        log::AuditEntry,
    },
    desk::lists::fields::{self, FieldError},
    error::{Internal, internal_errors},
    identity::actors::Support,
};

/// The most licenses and orders of an account whose entries are part of its timeline: the newest.
const MAX_SUBJECTS: usize = 1_000;

/// The most entries of a page.
const MAX_PAGE_SIZE: u32 = 100;

/// The record whose timeline is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TimelineOf {
    /// An account, with its licenses, orders and mails.
    Account(AccountId),
    /// A license, with its order and the mails to its owner.
    License(LicenseId),
    /// A machine of a license.
    Machine(LicenseId, MachineId),
    /// An order, with the mails to the account that received it.
    Order(OrderId),
    /// An event of the payment provider.
    StripeEvent(String),
    /// The catalog.
    Catalog,
}

impl TimelineOf {
    /// What cursors are bound to.
    fn name(&self) -> String {
        match self {
            Self::Account(id) => format!("timeline/account/{id}"),
            Self::License(id) => format!("timeline/license/{id}"),
            Self::Machine(_, id) => format!("timeline/machine/{id}"),
            Self::Order(id) => format!("timeline/order/{id}"),
            Self::StripeEvent(id) => format!("timeline/event/{id}"),
            Self::Catalog => "timeline/catalog".to_owned(),
        }
    }
}

/// What an entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// An order was placed, paid or delivered, or a license was issued.
    Purchase,
    /// Money was returned, or is disputed.
    Refund,
    /// A machine was activated, deactivated or renamed, or got a file.
    Activation,
    /// A person signed in or out.
    SignIn,
    /// Anything else changed.
    Change,
    /// A mail.
    Mail,
    /// A note.
    Note,
}

/// What an entry says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryBody {
    /// An event of the audit log.
    Event(AuditEntry),
    /// A mail.
    Mail(ListedMail),
    /// A note.
    Note(NoteRow),
}

/// An entry of a timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimelineEntry {
    /// When it happened.
    pub at: Timestamp,
    /// What it is about.
    pub kind: EntryKind,
    /// What it says.
    pub body: EntryBody,
    id: Uuid,
}

impl TimelineEntry {
    fn of_event(row: AuditRow) -> Result<Self, Internal> {
        let id = row.id.uuid();
        let entry = AuditEntry::read(row)?;
        Ok(Self { at: entry.at, kind: kind(&entry.event), body: EntryBody::Event(entry), id })
    }

    fn of_mail(mail: ListedMail) -> Self {
        Self { at: mail.created_at, kind: EntryKind::Mail, id: mail.id.uuid(), body: EntryBody::Mail(mail) }
    }

    fn of_note(note: NoteRow) -> Self {
        Self { at: note.created_at, kind: EntryKind::Note, id: note.id.uuid(), body: EntryBody::Note(note) }
    }
}

fn kind(event: &AuditEvent) -> EntryKind {
    match event {
        AuditEvent::Order(_, event) => match event {
            OrderEvent::Opened { .. }
            | OrderEvent::StatusChanged { .. }
            | OrderEvent::Delivered
            | OrderEvent::SubscriptionChanged { .. } => EntryKind::Purchase,
            OrderEvent::Refunded { .. } | OrderEvent::RefundRequested | OrderEvent::FraudSuspected => EntryKind::Refund,
            _ => EntryKind::Change,
        },
        AuditEvent::License(_, event) => match event {
            LicenseEvent::Issued { .. } => EntryKind::Purchase,
            LicenseEvent::MachineActivated { .. }
            | LicenseEvent::MachineDeactivated { .. }
            | LicenseEvent::MachineRenamed { .. }
            | LicenseEvent::MachineCheckedOut { .. }
            | LicenseEvent::CheckedOut { .. } => EntryKind::Activation,
            _ => EntryKind::Change,
        },
        AuditEvent::Account(
            _,
            AccountEvent::SignInLinkCreated
            | AccountEvent::SignedIn { .. }
            | AccountEvent::SessionEnded
            | AccountEvent::AllSessionsEnded { .. },
        )
        | AuditEvent::OpenSignInRequest(..) => EntryKind::SignIn,
        _ => EntryKind::Change,
    }
}

/// A page of a timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeline {
    /// The entries, the newest first.
    pub entries: Vec<TimelineEntry>,
    /// The value of `after` for the entries that follow, if there are others.
    pub next: Option<String>,
}

/// Why no timeline is shown.
#[derive(Debug, thiserror::Error)]
pub enum TimelineError {
    /// A field is invalid.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// The record does not exist.
    #[error("there is no such record")]
    NotFound,
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

internal_errors!(TimelineError);

/// Where the entries of a timeline are.
#[derive(Default)]
struct Sources {
    subjects: Vec<(&'static str, Vec<String>)>,
    machine: Option<MachineId>,
    mails_to: Option<EmailAddress>,
}

impl Sources {
    fn add(&mut self, kind: &'static str, ids: impl IntoIterator<Item = String>) {
        let ids: Vec<String> = ids.into_iter().collect();
        if !ids.is_empty() {
            self.subjects.push((kind, ids));
        }
    }
}

impl Support<'_> {
    /// A page of a record's timeline: the newest entries, or those after a cursor.
    pub async fn timeline(
        &self,
        of: &TimelineOf,
        after: Option<&str>,
        page_size: u32,
    ) -> Result<Timeline, TimelineError> {
        fields::number("page_size", &page_size.to_string(), 1, MAX_PAGE_SIZE)?;
        let before = match after {
            None => None,
            Some(cursor) => match self.service.open_cursor(&of.name(), cursor) {
                Some(Position { id: RowId::Uuid(id), .. }) => Some(id),
                _ => return Err(FieldError::invalid("after", "a cursor of this timeline").into()),
            },
        };
        let mut reader = self.service.store().read().await?;
        let sources = sources(&mut reader, of).await?.ok_or(TimelineError::NotFound)?;
        let mut entries = read(&mut reader, &sources, before, i64::from(page_size) + 1).await?;
        let limit = usize::try_from(page_size).unwrap_or(usize::MAX);
        let has_more = entries.len() > limit;
        entries.truncate(limit);
        let last = entries.last().filter(|_| has_more);
        let position = last.map(|last| Position { key: SortKey::None, id: RowId::Uuid(last.id) });
        let next = position.map(|position| self.service.seal_cursor(&of.name(), &position)).transpose()?;
        Ok(Timeline { entries, next })
    }
}

/// The newest entries of all sources, merged. Ids are in the order of time.
async fn read(
    conn: &mut Conn,
    sources: &Sources,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<TimelineEntry>, Internal> {
    let events = conn.list_audits_about(&sources.subjects, sources.machine, before, limit).await?;
    let mut entries = events.into_iter().map(TimelineEntry::of_event).collect::<Result<Vec<_>, _>>()?;
    if sources.machine.is_none() {
        let notes = conn.list_notes_about(&sources.subjects, before, limit).await?;
        entries.extend(notes.into_iter().map(TimelineEntry::of_note));
    }
    if let Some(recipient) = &sources.mails_to {
        let mails = conn.list_mails_to(recipient, before, limit).await?;
        entries.extend(mails.into_iter().map(TimelineEntry::of_mail));
    }
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.id));
    entries.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(entries)
}

/// Where the entries of a record are. `None` if the record does not exist.
async fn sources(conn: &mut Conn, of: &TimelineOf) -> Result<Option<Sources>, Internal> {
    let mut sources = Sources::default();
    match of {
        TimelineOf::Account(id) => {
            let Some(account) = conn.find_account(*id).await? else {
                return Ok(None);
            };
            sources.add(ACCOUNT, [id.to_string()]);
            let licenses = conn.list_licenses_of(*id).await?;
            sources.add(LICENSE, licenses.iter().rev().take(MAX_SUBJECTS).map(|license| license.id.to_string()));
            let orders = conn.list_orders_of(*id).await?;
            sources.add(ORDER, orders.iter().take(MAX_SUBJECTS).map(|order| order.id.to_string()));
            sources.mails_to = Some(account.email);
        }
        TimelineOf::License(id) => {
            let Some(license) = conn.find_license(*id).await? else {
                return Ok(None);
            };
            sources.add(LICENSE, [id.to_string()]);
            sources.add(ORDER, conn.find_order_license(*id).await?.map(|ordered| ordered.order.to_string()));
            sources.mails_to = conn.find_account(license.account).await?.map(|owner| owner.email);
        }
        TimelineOf::Machine(license, machine) => {
            if conn.find_license(*license).await?.is_none() {
                return Ok(None);
            }
            sources.add(LICENSE, [license.to_string()]);
            sources.machine = Some(*machine);
        }
        TimelineOf::Order(id) => {
            let Some(order) = conn.find_order(*id).await? else {
                return Ok(None);
            };
            sources.add(ORDER, [id.to_string()]);
            if let Some(account) = order.account {
                sources.mails_to = conn.find_account(account).await?.map(|account| account.email);
            }
        }
        TimelineOf::StripeEvent(id) => {
            if conn.find_stripe_event(id).await?.is_none() {
                return Ok(None);
            }
            sources.add(STRIPE_EVENT, [id.clone()]);
        }
        TimelineOf::Catalog => sources.add(CATALOG, [CATALOG.to_owned()]),
    }
    Ok(Some(sources))
}
