//! Use cases: each is one sentence that a user would say, in one transaction with its audit row.
//!
//! What a caller may do follows from the type it holds: [`Customer`] sees its own licenses,
//! [`KeyHolder`] is an app that showed a license key, [`Admin`] decides. A customer path cannot call an
//! admin verb, because it does not compile.

mod accounts;
mod actors;
mod audit;
mod catalog;
mod error;
mod licenses;
mod machines;
mod mail;
mod offline;
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
pub use latchkey_store::{Page, Store, StoreError};

pub use accounts::{
    admins::{AddAdminError, SignInLinkError},
    customers::AccountError,
    name::{NameInvalid, RenameError},
};
pub use actors::{Admin, Customer, Operator, SignedIn};
pub use audit::{
    actor::Actor,
    change::Change,
    event::{
        AccountEvent, AuditEvent, CatalogEvent, DeactivationReason, LicenseDiff, LicenseEvent, LicensesEvent,
        LoginRequestEvent, MadeAs, ProductEvent, SignInMeans, SigningKeyEvent, StoredEvent,
    },
    log::AuditEntry,
};
pub use catalog::{
    file::{CatalogFile, EntitlementEntry, HeartbeatEntry, PolicyEntry, ProductEntry, SwapsEntry},
    file_error::{CatalogFault, CatalogProblem},
    human_duration::Span,
    impact::NewlyInvalid,
    plan::{CatalogAction, CatalogError, CatalogKind, CatalogPlan, CatalogStep},
};
pub use error::Internal;
pub use licenses::{
    customer::CustomerError,
    customer_record::CustomerRecord,
    import::{ImportError, ImportItem, ImportReport, RowProblem, RowRefusal},
    issue::{IssueError, PolicyNotFound},
    row::{LicenseRow, RowStanding},
    standing::StandingError,
    terms::{ChangeError, LicenseChange, MetadataTooLong, OutOfRange, RenewError},
    view::{IssuedLicense, LicenseError, LicenseView},
};
pub use machines::{
    activate::{ActivateError, NewMachine},
    customer::Freed,
    key_holder::HeartbeatError,
};
pub use mail::outbox::Delivery;
pub use offline::{
    air_gap::{AirGapDone, AirGapMatch, AirGapRefusal, file_days},
    check_out::{CheckOut, CheckOutError, CheckOutFacts, FileSubject, FileTtl, SignedFile},
};
pub use ports::{Clock, Entropy, Mail, MailError, Mailer};
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
    email::{ConfirmError, Confirmed, PendingSignIn, Proof, RequestSignInError, SignInOrigin, SignInRequest},
    secrets::{BrowserSecret, HostLink, SessionToken},
    sessions::SessionSummary,
};
pub use signing::{first_key::AdoptError, rotation::RetireError};
pub use startup::{OpenError, claim::ClaimError, demo::Demo};
pub use validation::{
    facts::{AuthRefusal, LicenseDocument, MachineDocument},
    key_holder::{Apps, KeyHolder, KeyRequest, NotAdmitted, PageStart},
    usage::UseError,
};
pub use vault::Vault;
