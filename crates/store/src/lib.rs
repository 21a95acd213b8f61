//! Storage on SQLite and PostgreSQL: the only place with SQL.
//!
//! Queries are written once, in SQL that both databases accept, and compiled once for each database with sqlx's
//! native types. The `dialect` modules contain the differences. A [`Reader`] reads a snapshot, and a [`Tx`] reads
//! and writes in one transaction. Both have the reading methods of [`Conn`]. This crate makes no decisions: rules
//! are in `latchkey-licensing`, use cases in `latchkey-service`.

mod connection;
mod error;
mod license_lookups;
mod methods;
mod page;
mod postgres;
mod sqlite;
mod sqlx_errors;
mod stats;
mod store;
mod tables;

pub use connection::{Conn, Reader, Tx};
pub use error::{Constraint, DatabaseError, Result, StoreError};
pub use page::Page;
pub use stats::{Counters, DURATION_BOUNDS_US, QueryStats};
pub use store::{PostgresMode, StartupLock, Store};
pub use tables::{
    accounts::{
        email_changes::{EmailChangeRow, EmailChangeSide},
        passkeys::{CeremonyBinding, NewCeremony, PasskeyRow},
        sessions::{NewSession, SessionRow},
        sign_in_requests::{NewSignInRequest, SignInRequestKind, StoredSignInRequest},
    },
    billing::{
        order_payments::{StoredDispute, StoredPayment, StoredRefund},
        orders::OrderSearch,
        stripe_events::{EventState, NewStripeEvent, StripeEventRow},
    },
    licenses::{
        StoredKey,
        imports::{ImportRow, TakenRow},
        license_notices::{EndingLicense, EndingSearch},
        license_records::{KeyLookup, KnownLicense, LicenseRecord},
    },
    lists::{
        TimeRange,
        accounts::{AccountFilter, AccountSort, ListedAccount},
        audit_log::{AuditFilter, AuditSort},
        keyset::{Matches, PageRequest, Position, RowId, Seek, Slice, SortKey},
        licenses::{LicenseFilter, LicenseSort, ListedLicense, ListedStanding},
        machines::{ListedMachine, MachineFilter, MachineSort},
        orders::{OrderFilter, OrderSort},
        outbox::{ListedMail, MailFilter, MailSort, MailState},
        stripe_events::{StripeEventFilter, StripeEventSort},
    },
    machines::{DeactivatedBy, MachineCount, processes::ProcessCount},
    operations::{
        audit_chain::{AuditHead, AuditLink, ChainedAudit},
        audit_log::AuditRow,
        diagnostics::{DatabaseFacts, QueueState, QueueStates},
        outbox::{LeasedMail, NewMail},
        rate_limits::{BucketDebit, MAX_SKEW},
        signing_keys::SigningKeyRow,
    },
    support::{
        notes::NoteRow,
        overview::{Attention, AttentionTimes, DailyCount, DailyMoney, Gauges, OpenDispute},
        saved_views::SavedViewRow,
        search::{RecordId, SearchHit, SearchTerms},
    },
};
