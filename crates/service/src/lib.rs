//! The use cases. Each runs in one transaction, which also writes the audit log.
//!
//! The type that a caller holds determines what it may do: [`Customer`] manages its own account, [`KeyHolder`] is
//! an app that presented a license key, [`Support`] reads everything, [`Admin`] manages everything. Code for customers
//! that calls an admin's use case does not compile.

mod audit;
mod billing;
mod catalog;
mod desk;
mod error;
mod identity;
mod licensing;
mod mail;
mod operation;
pub mod ports;
mod service;

pub use latchkey_licensing::{
    account::{Account, Role},
    product::Product,
};
pub use latchkey_store::{
    Attention, AuditRow, DatabaseFacts, DeactivatedBy, EmailChangeSide, EventState, Gauges, ListedAccount,
    ListedLicense, ListedMachine, ListedMail, MailState, NoteRow, OpenDispute, Page, PostgresMode, QueueState,
    QueueStates, RecordId, SavedViewRow, Store, StoreError, StoredDispute, StoredPayment, StoredRefund, StripeEventRow,
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
    file::{
        CatalogFile, ComponentsEntry, EntitlementEntry, HeartbeatEntry, PolicyEntry, ProcessesEntry, ProductEntry,
        SwapsEntry,
    },
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
pub use error::Internal;
pub use identity::accounts::{
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
pub use identity::actors::{
    Admin, Customer, CustomerView, Fresh, NotFresh, Operator, SeenCustomer, SignedIn, Staff, StaffRefusal, Support,
};
pub use identity::passkeys::{
    ceremony::PasskeyError,
    confirm::RaisedSession,
    enroll::Enrolled,
    manage::{PasskeySummary, SecondFactorState},
    recovery::RecoveryCode,
    verifier::PasskeyRefusal,
};
pub use identity::sign_in::{
    email::{
        ConfirmError, ConfirmedSignIn, PendingSignIn, Proof, RequestSignInError, SignInLink, SignInOrigin,
        SignInRequest,
    },
    known_browser::KnownBrowser,
    secrets::{BrowserSecret, HostLink, SessionToken},
    sessions::{ENDED_SESSION_KEPT, SessionSummary},
};
pub use licensing::builds::{BuildLinkError, LinkedBuild};
pub use licensing::licenses::{
    customer::CustomerError,
    customer_record::CustomerRecord,
    import::{ImportError, ImportItem, ImportReport, ImportTerms, RejectedRow, RowProblem},
    issue::{IssueError, PolicyNotFound},
    row::{LicenseRow, RowStanding},
    standing::StandingError,
    terms::{ChangeError, LicenseChange, MetadataTooLong, OutOfRange, RenewError},
    view::{IssuedLicense, LicenseError, LicenseView},
};
pub use licensing::machines::{
    activate::{ActivateError, NewMachine},
    components::NewComponent,
    customer::FreedMachine,
    key_holder::{HeartbeatError, MachineRenameError},
    parts::{MachineParts, SHOWN_PROCESSES},
    processes::{NewProcess, SpawnError},
};
pub use licensing::offline::{
    air_gap::{AirGapMatch, AirGapOutcome, AirGapRefusal, CustomerFileError, file_days},
    check_out::{CheckOutError, CheckOutFacts, CheckOutRequest, FileSubject, FileTtl, SignedFile},
};
pub use licensing::validation::{
    facts::{AuthRefusal, ComponentDocument, LicenseDocument, MachineDocument, ProcessDocument},
    key_holder::{Apps, HeartbeatOf, KeyHolder, KeyRequest, KeyRequestError, PageStart},
    usage::UseError,
};
pub use mail::{
    colors::{AccentColors, MailColors},
    kind::MailKind,
    notify::Notify,
    outbox::Delivery,
    preview::{MailPreview, PreviewError},
};
pub use operation::diagnostics::{
    Diagnostics,
    check::{Check, Health},
    workers::{Worker, WorkerFailure, WorkerState},
};
pub use operation::rate_limit::{
    bucket::ClientAddress,
    gcra::Throttled,
    limits::{ApiLimits, RateLimit},
};
pub use operation::signing::{first_key::AdoptError, rotation::RetireError};
pub use operation::startup::{OpenError, claim::ClaimError, demo::Demo};
pub use operation::vault::{self, Vault};
pub use ports::{Clock, Entropy, Mail, MailError, Mailer, Ports};
pub use service::{
    Options, Service,
    keyring::{KeyState, Keyring, SigningKeyInfo},
    write_behind::WRITE_BEHIND_DELAY,
};
