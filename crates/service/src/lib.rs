//! The use cases. Each runs in one transaction, which also writes the audit log.
//!
//! The type that a caller holds determines what it may do: [`Customer`] manages its own account, [`KeyHolder`] is
//! an app that presented a license key, [`Support`] reads everything, [`Admin`] manages everything. Code for customers
//! that calls an admin's use case does not compile.

mod accounts;
mod actors;
mod audit;
mod billing;
mod catalog;
mod desk;
mod diagnostics;
mod error;
mod licenses;
mod machines;
mod mail;
mod offline;
mod passkeys;
pub mod ports;
mod rate_limit;
mod service;
mod sign_in;
mod signing;
mod startup;
mod upkeep;
mod validation;
pub mod vault;

pub use latchkey_licensing::{
    account::{Account, Role},
    product::Product,
};
pub use latchkey_store::{
    Attention, AuditRow, DatabaseFacts, DeactivatedBy, EmailChangeSide, EventState, Gauges, ListedAccount,
    ListedLicense, ListedMachine, ListedMail, MailState, NoteRow, OpenDispute, Page, QueueState, QueueStates, RecordId,
    SavedViewRow, Store, StoreError, StoredDispute, StoredPayment, StoredRefund, StripeEventRow,
};

pub use accounts::{
    admins::{AddAdminError, SignInLinkError, StaffError, StaffRole},
    customers::AccountError,
    deletion::{DeleteAccountError, DeletedAccount, DeletionPlan, Unfinished, UnfinishedWhy},
    email_change::{
        EmailChangeError, EmailChangeLinkError, EmailChangeProgress, EmailChangeState, PendingEmailChange,
        SetEmailError,
    },
    name::{InvalidName, RenameError},
    personal_data::ExportDataError,
    viewing::{VIEW_LIFETIME, ViewPortalError},
};
pub use actors::{
    Admin, Customer, CustomerView, Fresh, NotFresh, Operator, SeenCustomer, SignedIn, Staff, StaffRefusal, Support,
};
pub use audit::{
    actor::Actor,
    chain::{ChainHead, ChainProblem, ChainReport, InvalidChainHead},
    change::Change,
    event::{
        AccountEvent, AddressSide, AllLicensesEvent, AuditEvent, BulkEvent, CatalogEvent, CreatedRole,
        DeactivationReason, LicenseDiff, LicenseEvent, ListEvent, NoteEvent, OrderEvent, ProductEvent, SavedViewEvent,
        SecondFactor, SignInMeans, SignInRequestEvent, SigningKeyEvent, StoredEvent, StripeEvent,
    },
    log::AuditEntry,
    reason::{InvalidReason, MAX_REASON_NOTE, Reason, ReasonCode},
};
pub use billing::{
    BillingOptions,
    checkout::{Buyer, StartCheckoutError, StartedCheckout, Wanted},
    customer::CustomerOrderError,
    events::{EventDetails, EventHandling},
    placed::{PlacedKey, PlacedLicense, PlacedOrder, PlacedOrderError},
    reconcile::{ReconcileError, Reconciliation},
    refresh::{RefreshError, Refreshed},
    refund::RefundError,
    release::{ReleaseError, Released},
    view::{OrderLineView, OrderView},
};
pub use catalog::{
    file::{CatalogFile, EntitlementEntry, HeartbeatEntry, PolicyEntry, ProductEntry, SwapsEntry},
    file_error::{CatalogFileError, CatalogProblem},
    human_duration::HumanDuration,
    impact::NewlyInvalid,
    names::CatalogNames,
    obstacle::CatalogObstacle,
    plan::{CatalogAction, CatalogError, CatalogKind, CatalogPlan, CatalogPreview, CatalogState, CatalogStep},
    price_entry::PriceEntry,
    prices::{CatalogPrice, PriceNotFound},
    warnings::CatalogWarning,
};
pub use desk::{
    bulk::{
        ApprovedPlan, BulkAct, BulkError, BulkItem, BulkOutcome, BulkPlan, BulkReport, MAX_BULK, Selection,
        issue::{IssueOutcome, IssuePlan, IssuePlanItem, NewLicense},
    },
    csv::Cell,
    explain::Explanation,
    export::{ExportListError, ListExport, MAX_EXPORTS},
    find::{Found, FoundEntry, FoundGroup, FoundRecord, RecordKind},
    lists::{
        FieldContext, List, ListDesk, ListError, ListPage, RowCount,
        accounts::Accounts,
        audit_log::{Activations, AuditLog},
        fields::FieldError,
        licenses::{Licenses, listed_status},
        machines::Machines,
        mails::Mails,
        orders::Orders,
        stripe_events::StripeEvents,
    },
    notes::{MAX_NOTE, NoteError, NoteSubject},
    overview::{DailySeries, MoneySeries, Overview, OverviewRange},
    records::{AccountDetails, EventRecord, LicenseDetails, OrderDetails, Related, SHOWN_RELATED},
    saved_views::{MAX_VIEW_NAME, SaveViewError},
    timeline::{EntryBody, EntryKind, Timeline, TimelineEntry, TimelineError, TimelineOf},
};
pub use diagnostics::{
    Diagnostics,
    check::{Check, Health},
    workers::{Worker, WorkerFailure, WorkerState},
};
pub use error::Internal;
pub use licenses::{
    customer::CustomerError,
    customer_record::CustomerRecord,
    import::{ImportError, ImportItem, ImportReport, RejectedRow, RowProblem},
    issue::{IssueError, PolicyNotFound},
    row::{LicenseRow, RowStanding},
    standing::StandingError,
    terms::{ChangeError, LicenseChange, MetadataTooLong, OutOfRange, RenewError},
    view::{IssuedLicense, LicenseError, LicenseView},
};
pub use machines::{
    activate::{ActivateError, NewMachine},
    customer::FreedMachine,
    key_holder::HeartbeatError,
};
pub use mail::{
    colors::{AccentColors, MailColors},
    kind::MailKind,
    notify::Notify,
    outbox::Delivery,
    preview::{MailPreview, PreviewError},
};
pub use offline::{
    air_gap::{AirGapMatch, AirGapOutcome, AirGapRefusal, CustomerFileError, file_days},
    check_out::{CheckOutError, CheckOutFacts, CheckOutRequest, FileSubject, FileTtl, SignedFile},
};
pub use passkeys::{
    ceremony::PasskeyError,
    confirm::RaisedSession,
    enroll::Enrolled,
    manage::{PasskeySummary, SecondFactorState},
    recovery::RecoveryCode,
    verifier::PasskeyRefusal,
};
pub use ports::{Clock, Entropy, Mail, MailError, Mailer, Ports};
pub use rate_limit::{
    bucket::ClientAddress,
    gcra::Throttled,
    limits::{ApiLimits, RateLimit},
};
pub use service::{
    Options, Service,
    keyring::{KeyState, Keyring, SigningKeyInfo},
    write_behind::WRITE_BEHIND_DELAY,
};
pub use sign_in::{
    email::{ConfirmError, ConfirmedSignIn, PendingSignIn, Proof, RequestSignInError, SignInOrigin, SignInRequest},
    secrets::{BrowserSecret, HostLink, SessionToken},
    sessions::{ENDED_SESSION_KEPT, SessionSummary},
};
pub use signing::{first_key::AdoptError, rotation::RetireError};
pub use startup::{OpenError, claim::ClaimError, demo::Demo};
pub use validation::{
    facts::{AuthRefusal, LicenseDocument, MachineDocument},
    key_holder::{Apps, KeyHolder, KeyRequest, KeyRequestError, PageStart},
    usage::UseError,
};
pub use vault::Vault;
