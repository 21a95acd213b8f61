//! The events in the audit log. One type is used for writing rows and for reading them back.
//!
//! The names in the serde attributes are stored in databases. Variants may be added, but no stored name may be
//! changed. Events must not contain secrets or e-mail addresses.

use latchkey_licensing::{
    account::Role,
    ids::{
        AccountId, BulkActId, LicenseId, MachineId, NoteId, OrderId, PasskeyId, PolicyId, ProductId, SavedViewId,
        SignInRequestId, SigningKeyId,
    },
    license::Expiry,
    order::{HoldReason, OrderStatus, SubscriptionState},
    time::Timestamp,
};
use latchkey_store::EmailChangeSide;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

use crate::{
    audit::{
        change::Change,
        stored::{expiry, instant, instant_or_null, metadata, role},
    },
    identity::passkeys::verifier::PasskeyRefusal,
};

/// An event, with the record that it happened to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditEvent {
    /// An event of an account.
    Account(AccountId, AccountEvent),
    /// An event of the catalog.
    Catalog(CatalogEvent),
    /// An event of a license or one of its machines.
    License(LicenseId, LicenseEvent),
    /// An event of all licenses at once.
    AllLicenses(AllLicensesEvent),
    /// An event of a request to sign in.
    OpenSignInRequest(SignInRequestId, SignInRequestEvent),
    /// An event of an order.
    Order(OrderId, OrderEvent),
    /// An event of the payment provider's event with this id.
    Stripe(String, StripeEvent),
    /// An event of a product.
    Product(ProductId, ProductEvent),
    /// An event of a signing key.
    SigningKey(SigningKeyId, SigningKeyEvent),
    /// An event of the list with this name.
    List(String, ListEvent),
    /// An event of an act on many licenses.
    Bulk(BulkActId, BulkEvent),
    /// An event of a note. It is not one of the note's subject, whose owner may see those.
    Note(NoteId, NoteEvent),
    /// An event of a saved view of a list.
    SavedView(SavedViewId, SavedViewEvent),
    /// An event that a later version of this program wrote, or a damaged row.
    Unknown(StoredEvent),
}

/// An event of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verb", content = "detail")]
pub enum AccountEvent {
    /// The account was created.
    #[serde(rename = "account.made")]
    Created {
        /// Its role. `None` if the person signed up themselves.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        role: Option<CreatedRole>,
    },
    /// The person's name changed.
    #[serde(rename = "account.renamed")]
    Renamed,
    /// The person asked for another e-mail address.
    #[serde(rename = "account.email_change_requested")]
    EmailChangeRequested,
    /// One of the two addresses confirmed the change.
    #[serde(rename = "account.email_change_confirmed")]
    EmailChangeConfirmed {
        /// Which of them.
        by: AddressSide,
    },
    /// The change was canceled.
    #[serde(rename = "account.email_change_canceled")]
    EmailChangeCanceled,
    /// The account has another e-mail address.
    #[serde(rename = "account.email_changed")]
    EmailChanged,
    /// Everything that is kept about the person was exported.
    #[serde(rename = "account.data_exported")]
    DataExported,
    /// The account was deleted: from then on, its id is a pseudonym.
    #[serde(rename = "account.deleted")]
    Deleted {
        /// The number of licenses that became anonymous.
        licenses: u64,
        /// The number of orders that were kept.
        orders: u64,
    },
    /// The account's role changed.
    #[serde(rename = "account.role_changed")]
    RoleChanged {
        /// The old role.
        #[serde(with = "role")]
        from: Role,
        /// The new role.
        #[serde(with = "role")]
        to: Role,
    },
    /// The account was banned.
    #[serde(rename = "account.disabled")]
    Disabled,
    /// The ban of the account was ended.
    #[serde(rename = "account.enabled")]
    Enabled,
    /// The person asked for a test mail.
    #[serde(rename = "mail.tested")]
    TestMailSent,
    /// A sign-in link was created on the host.
    #[serde(rename = "sign_in.link_made")]
    SignInLinkCreated,
    /// The person signed in.
    #[serde(rename = "sign_in.confirmed")]
    SignedIn {
        /// What the person used to sign in.
        means: SignInMeans,
        /// The browser, such as `Firefox on Windows`.
        agent: String,
        /// The network that the browser is in, without the host part.
        network: String,
    },
    /// A second factor was presented in a session.
    #[serde(rename = "second_factor.presented")]
    SecondFactorPresented {
        /// What was presented.
        means: SecondFactor,
    },
    /// A passkey was created.
    #[serde(rename = "passkey.added")]
    PasskeyAdded {
        /// The passkey's id.
        passkey: PasskeyId,
    },
    /// A passkey was renamed.
    #[serde(rename = "passkey.renamed")]
    PasskeyRenamed {
        /// The passkey's id.
        passkey: PasskeyId,
    },
    /// A passkey was removed.
    #[serde(rename = "passkey.removed")]
    PasskeyRemoved {
        /// The passkey's id.
        passkey: PasskeyId,
    },
    /// All passkeys and recovery codes were removed by a command on the host.
    #[serde(rename = "passkeys.reset")]
    PasskeysReset,
    /// An authenticator's response was refused.
    #[serde(rename = "passkey.refused")]
    PasskeyRefused {
        /// Why it was refused.
        why: PasskeyRefusal,
    },
    /// The recovery codes were replaced.
    #[serde(rename = "recovery_codes.created")]
    RecoveryCodesCreated,
    /// A recovery code was refused.
    #[serde(rename = "recovery_code.refused")]
    RecoveryCodeRefused,
    /// A member of staff began to see the portal as this person does.
    #[serde(rename = "portal.viewed")]
    PortalViewed,
    /// A member of staff stopped to see the portal as this person does.
    #[serde(rename = "portal.view_ended")]
    PortalViewEnded,
    /// One session was ended.
    #[serde(rename = "session.ended")]
    SessionEnded,
    /// All sessions were ended.
    #[serde(rename = "sessions.all_ended")]
    AllSessionsEnded {
        /// The number of sessions.
        ended: u64,
    },
}

/// One of the two addresses that confirm a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressSide {
    /// The address that the account had.
    Old,
    /// The address that it gets.
    New,
}

impl From<EmailChangeSide> for AddressSide {
    fn from(side: EmailChangeSide) -> Self {
        match side {
            EmailChangeSide::Old => Self::Old,
            EmailChangeSide::New => Self::New,
        }
    }
}

/// The role that an account was created with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CreatedRole(#[serde(with = "role")] pub Role);

/// What a person used to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SignInMeans {
    /// A link from an e-mail.
    #[serde(rename = "link")]
    Link,
    /// A code from an e-mail.
    #[serde(rename = "code")]
    Code,
    /// A link that was created on the host.
    #[serde(rename = "host link")]
    HostLink,
    /// A passkey.
    #[serde(rename = "passkey")]
    Passkey,
}

/// What was presented as a second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SecondFactor {
    /// A passkey.
    #[serde(rename = "passkey")]
    Passkey,
    /// A recovery code.
    #[serde(rename = "recovery code")]
    RecoveryCode,
}

/// An event of the catalog.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verb", content = "detail")]
pub enum CatalogEvent {
    /// A catalog file was applied.
    #[serde(rename = "catalog.applied")]
    Applied {
        /// The changes, as they are shown to people.
        changes: Vec<String>,
    },
}

/// An event of all licenses at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verb", content = "detail")]
pub enum AllLicensesEvent {
    /// All licenses were exported, with their keys.
    #[serde(rename = "licenses.exported")]
    Exported,
}

/// An event of a request to sign in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verb", content = "detail")]
pub enum SignInRequestEvent {
    /// A person asked to sign in.
    #[serde(rename = "sign_in.requested")]
    Requested {
        /// The browser, such as `Firefox on Windows`.
        agent: String,
        /// The network that the browser is in, without the host part.
        network: String,
    },
}

/// An event of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verb", content = "detail")]
pub enum OrderEvent {
    /// A checkout was opened.
    #[serde(rename = "order.opened")]
    Opened {
        /// The code of the price.
        price: String,
        /// How many licenses.
        quantity: u32,
    },
    /// The status changed.
    #[serde(rename = "order.status_changed")]
    StatusChanged {
        /// The old status.
        from: OrderStatus,
        /// The new status.
        to: OrderStatus,
        /// Why it is held.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        held: Option<HoldReason>,
    },
    /// The buyer received what was ordered.
    #[serde(rename = "order.delivered")]
    Delivered,
    /// The amount that was refunded changed.
    #[serde(rename = "order.refunded")]
    Refunded {
        /// All refunds together, in the currency's smallest unit.
        refunded_minor: i64,
        /// The currency.
        currency: String,
    },
    /// The card's network suspects fraud.
    #[serde(rename = "order.fraud_suspected")]
    FraudSuspected,
    /// The state of the subscription changed.
    #[serde(rename = "order.subscription_changed")]
    SubscriptionChanged {
        /// The new state.
        to: SubscriptionState,
    },
    /// An admin asked for a refund.
    #[serde(rename = "order.refund_requested")]
    RefundRequested,
    /// An admin released the order.
    #[serde(rename = "order.released")]
    Released {
        /// Why it was held.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        held: Option<HoldReason>,
        /// The account that the admin named.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account: Option<AccountId>,
    },
    /// Something else that the provider knows about it changed.
    #[serde(rename = "order.updated")]
    Updated,
}

/// An event of the payment provider's events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verb", content = "detail")]
pub enum StripeEvent {
    /// An admin made it wait for the worker again.
    #[serde(rename = "stripe_event.replayed")]
    Replayed,
}

/// An event of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verb", content = "detail")]
pub enum ListEvent {
    /// The rows that match a filter were exported.
    #[serde(rename = "list.exported")]
    Exported {
        /// The fields of the filter. Their values may be addresses, so they are left out.
        fields: Vec<String>,
    },
}

/// An event of an act on many licenses. What becomes of each license is an event of that license.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verb", content = "detail")]
pub enum BulkEvent {
    /// The act began.
    #[serde(rename = "bulk_act.begun")]
    Begun {
        /// What is done.
        act: String,
        /// To how many licenses.
        licenses: u64,
    },
}

/// An event of a note.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verb", content = "detail")]
pub enum NoteEvent {
    /// The note was written.
    #[serde(rename = "note.added")]
    Added {
        /// The kind of record that it is about.
        kind: String,
        /// The record's id.
        about: String,
    },
}

/// An event of a saved view of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verb", content = "detail")]
pub enum SavedViewEvent {
    /// The view was saved.
    #[serde(rename = "saved_view.saved")]
    Saved {
        /// The list.
        list: String,
        /// The view's name.
        name: String,
    },
    /// The view was deleted.
    #[serde(rename = "saved_view.deleted")]
    Deleted {
        /// The list.
        list: String,
        /// The view's name.
        name: String,
    },
}

/// An event of a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verb", content = "detail")]
pub enum ProductEvent {
    /// The product was installed in a new database with the default catalog.
    #[serde(rename = "catalog.installed")]
    Installed,
}

/// An event of a signing key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verb", content = "detail")]
pub enum SigningKeyEvent {
    /// The key was created.
    #[serde(rename = "signing_key.made")]
    Created,
    /// The key began to sign.
    #[serde(rename = "signing_key.rotated")]
    Rotated {
        /// The key that signed before.
        from: SigningKeyId,
    },
    /// The key was retired, which invalidated everything that it signed.
    #[serde(rename = "signing_key.retired")]
    Retired,
}

/// An event of a license or one of its machines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verb", content = "detail")]
pub enum LicenseEvent {
    /// The license was issued.
    #[serde(rename = "license.issued")]
    Issued {
        /// The policy's code.
        policy: String,
        /// Whether it was imported from a file.
        #[serde(default, skip_serializing_if = "is_false")]
        imported: bool,
    },
    /// The license was suspended.
    #[serde(rename = "license.suspended")]
    Suspended,
    /// The license was reinstated.
    #[serde(rename = "license.reinstated")]
    Reinstated,
    /// The license was revoked.
    #[serde(rename = "license.revoked")]
    Revoked,
    /// The license's duration started with its first use.
    #[serde(rename = "license.begun")]
    Started {
        /// When the license expires. `None` if it never does.
        #[serde(with = "instant_or_null")]
        until: Option<Timestamp>,
    },
    /// The license was renewed.
    #[serde(rename = "license.renewed")]
    Renewed {
        /// The old expiry.
        #[serde(with = "instant_or_null")]
        from: Option<Timestamp>,
        /// The new expiry.
        #[serde(with = "instant")]
        to: Timestamp,
    },
    /// The license's terms changed.
    #[serde(rename = "license.changed")]
    Changed(Box<LicenseDiff>),
    /// The license key was replaced.
    #[serde(rename = "license.key_replaced")]
    KeyReplaced,
    /// The license key was shown to an admin.
    #[serde(rename = "license.key_shown")]
    KeyShown,
    /// The license key was mailed to the owner again.
    #[serde(rename = "license.key_mailed")]
    KeyMailed,
    /// A license file was checked out.
    #[serde(rename = "license.checked_out")]
    CheckedOut {
        /// The file's time to live, in seconds.
        ttl: u32,
        /// When the file expires.
        #[serde(with = "instant")]
        until: Timestamp,
    },
    /// A machine file was checked out.
    #[serde(rename = "machine.checked_out")]
    MachineCheckedOut {
        /// The file's time to live, in seconds.
        ttl: u32,
        /// When the file expires.
        #[serde(with = "instant")]
        until: Timestamp,
        /// The machine's name at that time.
        name: String,
    },
    /// A machine was activated.
    #[serde(rename = "machine.activated")]
    MachineActivated {
        /// The machine's id.
        machine: MachineId,
        /// The slot that it occupies.
        slot: u32,
        /// The machine's name at that time.
        name: String,
    },
    /// A machine was deactivated.
    #[serde(rename = "machine.deactivated")]
    MachineDeactivated {
        /// The machine's id.
        machine: MachineId,
        /// The slot that it occupied.
        slot: u32,
        /// The machine's name at that time.
        name: String,
        /// Why it was deactivated.
        #[serde(rename = "why")]
        reason: DeactivationReason,
    },
    /// A machine was renamed.
    #[serde(rename = "machine.renamed")]
    MachineRenamed {
        /// The machine's id.
        machine: MachineId,
        /// The old name.
        from: String,
        /// The new name.
        name: String,
    },
}

/// Why a machine was deactivated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeactivationReason {
    /// An app or a person asked for it.
    Asked,
    /// Its heartbeat stopped.
    Heartbeat,
}

/// What changed in the terms of a license.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LicenseDiff {
    /// The owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<Change<AccountId>>,
    /// The policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<Change<PolicyId>>,
    /// The expiry.
    #[serde(rename = "end", with = "expiry", skip_serializing_if = "Option::is_none")]
    pub expiry: Option<Change<Expiry>>,
    /// The machine limit of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_machines: Option<Change<Option<u32>>>,
    /// The core limit of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_cores: Option<Change<Option<u32>>>,
    /// The license's own use limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_uses: Option<Change<Option<u32>>>,
    /// The usage counter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uses: Option<Change<u32>>,
    /// Whether the metadata changed.
    #[serde(with = "metadata", skip_serializing_if = "is_false")]
    pub metadata: bool,
    /// Entitlements that were added to its own, by code.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub entitlements_added: Vec<String>,
    /// Entitlements that were removed from its own, by code.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub entitlements_removed: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes the field")]
fn is_false(flag: &bool) -> bool {
    !*flag
}

impl LicenseEvent {
    /// This event, of the given license.
    pub(crate) fn of(self, license: LicenseId) -> AuditEvent {
        AuditEvent::License(license, self)
    }
}

impl OrderEvent {
    /// This event, of the given order.
    pub(crate) fn of(self, order: OrderId) -> AuditEvent {
        AuditEvent::Order(order, self)
    }
}

impl AccountEvent {
    /// This event, of the given account.
    pub(crate) fn of(self, account: AccountId) -> AuditEvent {
        AuditEvent::Account(account, self)
    }
}

impl SigningKeyEvent {
    /// This event, of the given key.
    pub(crate) fn of(self, key: SigningKeyId) -> AuditEvent {
        AuditEvent::SigningKey(key, self)
    }
}

/// An event as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    /// The kind of event.
    pub verb: String,
    /// The kind of record that it happened to.
    pub subject_kind: String,
    /// The id of that record.
    pub subject_id: String,
    /// The event's data: a JSON object as text.
    pub detail: String,
}

/// The kind of subject of events of a license.
pub(crate) const LICENSE: &str = "license";

/// The verb of [`LicenseEvent::KeyReplaced`].
pub(crate) const KEY_REPLACED: &str = "license.key_replaced";

/// The kind of subject of events of an account.
pub(crate) const ACCOUNT: &str = "account";

/// The kind of subject of events of acts on many licenses.
pub(crate) const BULK_ACT: &str = "bulk_act";

const LIST: &str = "list";
const NOTE: &str = "note";
const SAVED_VIEW: &str = "saved_view";
pub(crate) const CATALOG: &str = "catalog";
const LICENSES: &str = "licenses";
/// An older name, which the log keeps: its rows are never changed.
const SIGN_IN_REQUEST: &str = "login_request";
/// The kind of subject of events of an order.
pub(crate) const ORDER: &str = "order";
const PRODUCT: &str = "product";
const SIGNING_KEY: &str = "signing_key";
/// The kind of subject of events of the provider's events.
pub(crate) const STRIPE_EVENT: &str = "stripe_event";

/// The subject's id for events of all licenses.
const ALL: &str = "all";

impl AuditEvent {
    /// The kind of event, as it is stored.
    pub fn verb(&self) -> String {
        self.stored().verb
    }

    /// Whether the event may have changed the owner of a license. An unknown event may have.
    pub(crate) fn may_change_owner(&self) -> bool {
        match self {
            Self::License(_, LicenseEvent::Changed(diff)) => diff.owner.is_some(),
            Self::Unknown(_) => true,
            _ => false,
        }
    }

    /// The event as it is stored.
    pub fn stored(&self) -> StoredEvent {
        match self {
            Self::Account(id, event) => store(ACCOUNT, id.to_string(), event),
            Self::Catalog(event) => store(CATALOG, CATALOG.to_owned(), event),
            Self::License(id, event) => store(LICENSE, id.to_string(), event),
            Self::AllLicenses(event) => store(LICENSES, ALL.to_owned(), event),
            Self::OpenSignInRequest(id, event) => store(SIGN_IN_REQUEST, id.to_string(), event),
            Self::Order(id, event) => store(ORDER, id.to_string(), event),
            Self::Stripe(id, event) => store(STRIPE_EVENT, id.clone(), event),
            Self::Product(id, event) => store(PRODUCT, id.to_string(), event),
            Self::SigningKey(id, event) => store(SIGNING_KEY, id.to_string(), event),
            Self::List(name, event) => store(LIST, name.clone(), event),
            Self::Bulk(id, event) => store(BULK_ACT, id.to_string(), event),
            Self::Note(id, event) => store(NOTE, id.to_string(), event),
            Self::SavedView(id, event) => store(SAVED_VIEW, id.to_string(), event),
            Self::Unknown(stored) => stored.clone(),
        }
    }

    /// Parses a stored event. One that cannot be parsed is kept as [`Unknown`](Self::Unknown).
    pub(crate) fn read(stored: StoredEvent) -> Self {
        let id = stored.subject_id.as_str();
        let read = match stored.subject_kind.as_str() {
            ACCOUNT => id.parse().ok().zip(event(&stored)).map(|(id, event)| Self::Account(id, event)),
            CATALOG => event(&stored).map(Self::Catalog),
            LICENSE => id.parse().ok().zip(event(&stored)).map(|(id, event)| Self::License(id, event)),
            LICENSES => event(&stored).map(Self::AllLicenses),
            SIGN_IN_REQUEST => {
                id.parse().ok().zip(event(&stored)).map(|(id, event)| Self::OpenSignInRequest(id, event))
            }
            ORDER => id.parse().ok().zip(event(&stored)).map(|(id, event)| Self::Order(id, event)),
            STRIPE_EVENT => event(&stored).map(|event| Self::Stripe(stored.subject_id.clone(), event)),
            PRODUCT => id.parse().ok().zip(event(&stored)).map(|(id, event)| Self::Product(id, event)),
            BULK_ACT => id.parse().ok().zip(event(&stored)).map(|(id, event)| Self::Bulk(id, event)),
            NOTE => id.parse().ok().zip(event(&stored)).map(|(id, event)| Self::Note(id, event)),
            SAVED_VIEW => id.parse().ok().zip(event(&stored)).map(|(id, event)| Self::SavedView(id, event)),
            LIST => event(&stored).map(|event| Self::List(stored.subject_id.clone(), event)),
            SIGNING_KEY => id.parse().ok().zip(event(&stored)).map(|(id, event)| Self::SigningKey(id, event)),
            _ => None,
        };
        read.unwrap_or(Self::Unknown(stored))
    }
}

/// Serializes an event. This cannot fail, because the members of these enums are strings, numbers and lists of them.
fn store(subject_kind: &str, subject_id: String, event: &impl Serialize) -> StoredEvent {
    let mut written = match serde_json::to_value(event) {
        Ok(Value::Object(written)) => written,
        _ => Map::new(),
    };
    let verb = match written.remove("verb") {
        Some(Value::String(verb)) => verb,
        _ => String::new(),
    };
    let detail = written.remove("detail").unwrap_or_else(|| json!({})).to_string();
    StoredEvent { verb, subject_kind: subject_kind.to_owned(), subject_id, detail }
}

fn event<E: DeserializeOwned>(stored: &StoredEvent) -> Option<E> {
    let detail: Map<String, Value> = serde_json::from_str(&stored.detail).ok()?;
    let is_empty = detail.is_empty();
    let with_detail = serde_json::from_value(json!({ "verb": stored.verb, "detail": detail }));
    // serde expects no detail for a variant without data.
    with_detail.ok().or_else(|| is_empty.then(|| serde_json::from_value(json!({ "verb": stored.verb })).ok()).flatten())
}

#[cfg(test)]
mod tests;
