//! What tables hold, and its reading back into the domain's types. A row that breaks an invariant is
//! an error that names its table, never a guess.

use std::time::Duration;

use latchkey_licensing::{
    email::EmailAddress,
    entitlement::{Entitlement, EntitlementCode},
    ids::{AccountId, LicenseId, LoginRequestId, MachineId, MailId, ProductId, SessionId, SigningKeyId},
    license::{End, License, Standing},
    license_key::KeyPrefix,
    machine::{Fingerprint, Machine, MachineFacts},
    policy::{
        ExpiryBasis, ExpiryStrategy, HeartbeatCull, HeartbeatResurrection, KeyScheme, OverageStrategy, Policy,
        RenewalBasis, SwapAllowance,
    },
    time::Timestamp,
};
use uuid::Uuid;

use crate::error::{Result, StoreError};

macro_rules! stored_words {
    ($($(#[$doc:meta])* $name:ident in $table:literal { $($(#[$case_doc:meta])* $case:ident = $word:literal,)+ })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$case_doc])* $case,)+ }

        impl $name {
            /// The stored word.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$case => $word),+ }
            }

            fn read(text: &str) -> Result<Self> {
                match text {
                    $($word => Ok(Self::$case),)+
                    other => Err(StoreError::corrupt($table, format!("unknown {}: {other}", stringify!($name)))),
                }
            }
        }
    )+};
}

stored_words! {
    /// What an account may do.
    Role in "accounts" {
        /// Sees and manages its own licenses.
        Customer = "customer",
        /// Reads everything and helps customers.
        Support = "support",
        /// Does everything.
        Admin = "admin",
    }

    /// How a sign-in was asked for.
    LoginKind in "login_requests" {
        /// By a browser, to which it is bound.
        Browser = "browser",
        /// By a command on the host.
        Host = "host",
    }
}

/// Who ended a machine's activation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MachineEnd {
    /// The app on it.
    App,
    /// The license's owner in the portal.
    Customer,
    /// An admin.
    Admin,
    /// The server, for a lost heartbeat.
    Server,
}

impl MachineEnd {
    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Customer => "customer",
            Self::Admin => "admin",
            Self::Server => "server",
        }
    }
}

/// A person who can sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Where its mail goes; unique.
    pub email: EmailAddress,
    /// What to call the person.
    pub name: Option<String>,
    /// What it may do.
    pub role: Role,
    /// Since when it is banned.
    pub disabled_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A product of the catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// Its id.
    pub id: ProductId,
    /// The name that commands and apps use, such as `chartgpt`.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// The prefix of its license keys.
    pub key_prefix: KeyPrefix,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A license's key as it is kept.
#[derive(Clone, Copy, Debug)]
pub struct StoredKey<'a> {
    /// The key, encrypted.
    pub ciphertext: &'a [u8],
    /// The keyed hash by which it is found.
    pub lookup: &'a [u8; 32],
    /// Which key signed it, if it is a signed key.
    pub signed_by: Option<SigningKeyId>,
}

/// A key that signs, with its private part encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKeyRow {
    /// Its id.
    pub id: SigningKeyId,
    /// The public part.
    pub public_key: [u8; 32],
    /// The private part, encrypted.
    pub seed_ciphertext: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it began to sign; `None` while it waits.
    pub activated_at: Option<Timestamp>,
    /// When the next one took over.
    pub replaced_at: Option<Timestamp>,
    /// When it stopped verifying.
    pub retired_at: Option<Timestamp>,
    /// Until when files that it signed are good, rounded up to a day.
    pub files_until: Option<Timestamp>,
}

/// A request to sign in, to insert.
#[derive(Clone, Debug)]
pub struct NewLoginRequest<'a> {
    /// Its id.
    pub id: LoginRequestId,
    /// How it was asked for.
    pub kind: LoginKind,
    /// The account it is for, if there is one.
    pub account: Option<AccountId>,
    /// The address it is for.
    pub email: &'a EmailAddress,
    /// SHA-256 of the link's token.
    pub token_hash: [u8; 32],
    /// Keyed hash of the code.
    pub code_hash: Option<[u8; 32]>,
    /// SHA-256 of the asking browser's cookie.
    pub browser_hash: Option<[u8; 32]>,
    /// Where to go afterwards.
    pub next_path: Option<&'a str>,
    /// Now.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// An open request to sign in.
#[derive(Clone, Debug)]
pub struct LoginRequest {
    /// Its id.
    pub id: LoginRequestId,
    /// How it was asked for.
    pub kind: LoginKind,
    /// The account it is for, if there was one when it was made.
    pub account: Option<AccountId>,
    /// The address it is for.
    pub email: EmailAddress,
    /// SHA-256 of the link's token.
    pub token_hash: [u8; 32],
    /// Keyed hash of the code.
    pub code_hash: Option<[u8; 32]>,
    /// Where to go afterwards.
    pub next_path: Option<String>,
}

/// A session to insert.
#[derive(Clone, Copy, Debug)]
pub struct NewSession<'a> {
    /// Its id, which lists show.
    pub id: SessionId,
    /// SHA-256 of the cookie's value.
    pub token_hash: [u8; 32],
    /// Whose it is.
    pub account: AccountId,
    /// 1 for a mail link, 2 with a second factor.
    pub assurance: u8,
    /// The browser in words.
    pub agent: &'a str,
    /// The network it came from, coarse.
    pub network: &'a str,
    /// Now.
    pub now: Timestamp,
    /// When it ends whatever happens.
    pub expires_at: Timestamp,
}

/// A session as stored.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct SessionRow {
    id: Uuid,
    account_id: Uuid,
    assurance: i64,
    /// The browser in words.
    pub agent: String,
    /// The network it came from, coarse.
    pub network: String,
    authenticated_at: i64,
    last_seen_at: i64,
    expires_at: i64,
}

impl SessionRow {
    /// Its id, which lists show.
    pub fn id(&self) -> SessionId {
        SessionId::from(self.id)
    }

    /// Whose it is.
    pub fn account(&self) -> AccountId {
        AccountId::from(self.account_id)
    }

    /// 1 for a mail link, 2 with a second factor.
    pub fn assurance(&self) -> u8 {
        u8::try_from(self.assurance).unwrap_or(1)
    }

    /// When it was opened.
    pub fn authenticated_at(&self) -> Timestamp {
        Timestamp::from_unix_micros(self.authenticated_at)
    }

    /// When it was last used, to the minute.
    pub fn last_seen_at(&self) -> Timestamp {
        Timestamp::from_unix_micros(self.last_seen_at)
    }

    /// When it ends whatever happens.
    pub fn expires_at(&self) -> Timestamp {
        Timestamp::from_unix_micros(self.expires_at)
    }
}

/// A mail to queue.
#[derive(Clone, Copy, Debug)]
pub struct NewMail<'a> {
    /// Its id.
    pub id: MailId,
    /// What it is about, a fixed word.
    pub kind: &'a str,
    /// Who gets it.
    pub recipient: &'a EmailAddress,
    /// Subject and bodies, encrypted.
    pub payload: &'a [u8],
    /// Now, which is also when it is first due.
    pub now: Timestamp,
    /// When there is no more sense in sending it.
    pub expires_at: Timestamp,
}

/// A mail that this worker alone holds until its lease ends.
#[derive(Clone, Debug)]
pub struct ClaimedMail {
    /// Its id.
    pub id: MailId,
    /// What it is about.
    pub kind: String,
    /// Who gets it.
    pub recipient: EmailAddress,
    /// Subject and bodies, encrypted.
    pub payload: Vec<u8>,
    /// How many tries there were, this one included.
    pub attempts: u32,
    /// When there is no more sense in sending it.
    pub expires_at: Timestamp,
    /// When it was queued.
    pub created_at: Timestamp,
}

/// A row of the audit log.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct AuditRow {
    /// Its id.
    pub id: Uuid,
    /// When, in microseconds since the epoch.
    pub at: i64,
    /// What kind of actor.
    pub actor_kind: String,
    /// Which actor.
    pub actor_id: Option<String>,
    /// What was done.
    pub verb: String,
    /// To what kind of record.
    pub subject_kind: String,
    /// To which record.
    pub subject_id: String,
    /// More, as a JSON object.
    pub detail: String,
}

#[derive(sqlx::FromRow)]
pub(crate) struct AccountRow {
    id: Uuid,
    email: String,
    name: Option<String>,
    role: String,
    disabled_at: Option<i64>,
    created_at: i64,
}

impl TryFrom<AccountRow> for Account {
    type Error = StoreError;

    fn try_from(row: AccountRow) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            email: email("accounts", &row.email)?,
            name: row.name,
            role: Role::read(&row.role)?,
            disabled_at: row.disabled_at.map(Timestamp::from_unix_micros),
            created_at: Timestamp::from_unix_micros(row.created_at),
        })
    }
}

#[derive(sqlx::FromRow)]
pub(crate) struct ProductRow {
    id: Uuid,
    code: String,
    name: String,
    key_prefix: String,
    created_at: i64,
}

impl TryFrom<ProductRow> for Product {
    type Error = StoreError;

    fn try_from(row: ProductRow) -> Result<Self> {
        let key_prefix = KeyPrefix::parse(&row.key_prefix)
            .ok_or_else(|| StoreError::corrupt("products", "key_prefix is not a prefix"))?;
        let created_at = Timestamp::from_unix_micros(row.created_at);
        Ok(Self { id: row.id.into(), code: row.code, name: row.name, key_prefix, created_at })
    }
}

#[derive(sqlx::FromRow)]
#[expect(clippy::struct_excessive_bools, reason = "the columns of the table")]
pub(crate) struct PolicyRow {
    id: Uuid,
    product_id: Uuid,
    code: String,
    name: String,
    duration_us: Option<i64>,
    expiry_basis: String,
    renewal_basis: String,
    max_machines: Option<i64>,
    max_cores: Option<i64>,
    max_uses: Option<i64>,
    is_floating: bool,
    is_strict: bool,
    expiry_strategy: String,
    overage_strategy: String,
    requires_heartbeat: bool,
    heartbeat_us: i64,
    heartbeat_cull: String,
    heartbeat_resurrection: String,
    check_in_us: Option<i64>,
    key_scheme: String,
    offline_file_us: i64,
    swap_count: Option<i64>,
    swap_window_us: Option<i64>,
    customer_rotates_key: bool,
    created_at: i64,
    updated_at: i64,
}

pub(crate) fn policy(row: PolicyRow) -> Result<Policy> {
    let word = |what| StoreError::corrupt("policies", format!("unknown {what}"));
    let limit = |limit: Option<i64>| limit.map(|limit| count("policies", limit)).transpose();
    let swaps = match (row.swap_count, row.swap_window_us) {
        (Some(times), Some(window)) => {
            Some(SwapAllowance { count: count("policies", times)?, window: duration("policies", window)? })
        }
        (None, None) => None,
        _ => return Err(StoreError::corrupt("policies", "half a swap allowance")),
    };
    Ok(Policy {
        id: row.id.into(),
        product: row.product_id.into(),
        code: row.code,
        name: row.name,
        duration: row.duration_us.map(|us| duration("policies", us)).transpose()?,
        expiry_basis: ExpiryBasis::parse(&row.expiry_basis).ok_or_else(|| word("expiry_basis"))?,
        renewal: RenewalBasis::parse(&row.renewal_basis).ok_or_else(|| word("renewal_basis"))?,
        max_machines: limit(row.max_machines)?,
        max_cores: limit(row.max_cores)?,
        max_uses: limit(row.max_uses)?,
        is_floating: row.is_floating,
        is_strict: row.is_strict,
        expiry: ExpiryStrategy::parse(&row.expiry_strategy).ok_or_else(|| word("expiry_strategy"))?,
        overage: OverageStrategy::parse(&row.overage_strategy).ok_or_else(|| word("overage_strategy"))?,
        requires_heartbeat: row.requires_heartbeat,
        heartbeat: duration("policies", row.heartbeat_us)?,
        cull: HeartbeatCull::parse(&row.heartbeat_cull).ok_or_else(|| word("heartbeat_cull"))?,
        resurrection: HeartbeatResurrection::parse(&row.heartbeat_resurrection)
            .ok_or_else(|| word("heartbeat_resurrection"))?,
        check_in: row.check_in_us.map(|us| duration("policies", us)).transpose()?,
        scheme: KeyScheme::parse(&row.key_scheme).ok_or_else(|| word("key_scheme"))?,
        offline_file: duration("policies", row.offline_file_us)?,
        swaps,
        customer_rotates_key: row.customer_rotates_key,
        created_at: Timestamp::from_unix_micros(row.created_at),
        updated_at: Timestamp::from_unix_micros(row.updated_at),
    })
}

#[derive(sqlx::FromRow)]
pub(crate) struct EntitlementRow {
    id: Uuid,
    code: String,
    name: String,
    created_at: i64,
    updated_at: i64,
}

pub(crate) fn entitlement(row: EntitlementRow) -> Result<Entitlement> {
    Ok(Entitlement {
        id: row.id.into(),
        code: EntitlementCode::parse(&row.code)
            .ok_or_else(|| StoreError::corrupt("entitlements", "code is not a code"))?,
        name: row.name,
        created_at: Timestamp::from_unix_micros(row.created_at),
        updated_at: Timestamp::from_unix_micros(row.updated_at),
    })
}

#[derive(sqlx::FromRow)]
pub(crate) struct LicenseRow {
    id: Uuid,
    account_id: Uuid,
    product_id: Uuid,
    policy_id: Uuid,
    key_prefix: String,
    key_tail: String,
    suspended_at: Option<i64>,
    revoked_at: Option<i64>,
    expires_at: Option<i64>,
    ends_after_first_use: bool,
    max_machines: Option<i64>,
    max_cores: Option<i64>,
    max_uses: Option<i64>,
    uses: i64,
    metadata: String,
    last_validated_at: Option<i64>,
    last_check_in_at: Option<i64>,
    last_check_out_at: Option<i64>,
    created_at: i64,
    updated_at: i64,
}

pub(crate) fn license(row: LicenseRow) -> Result<License> {
    let standing = match (row.suspended_at, row.revoked_at) {
        (None, None) => Standing::Good,
        (Some(at), None) => Standing::Suspended(Timestamp::from_unix_micros(at)),
        (None, Some(at)) => Standing::Revoked(Timestamp::from_unix_micros(at)),
        (Some(_), Some(_)) => return Err(StoreError::corrupt("licenses", "both suspended and revoked")),
    };
    let end = match (row.expires_at, row.ends_after_first_use) {
        (None, false) => End::Never,
        (None, true) => End::AfterFirstUse,
        (Some(at), false) => End::At(Timestamp::from_unix_micros(at)),
        (Some(_), true) => return Err(StoreError::corrupt("licenses", "an end before the first use")),
    };
    let limit = |limit: Option<i64>| limit.map(|limit| count("licenses", limit)).transpose();
    Ok(License {
        id: LicenseId::from(row.id),
        account: row.account_id.into(),
        product: row.product_id.into(),
        policy: row.policy_id.into(),
        key_prefix: row.key_prefix,
        key_tail: row.key_tail,
        standing,
        end,
        max_machines: limit(row.max_machines)?,
        max_cores: limit(row.max_cores)?,
        max_uses: limit(row.max_uses)?,
        uses: count("licenses", row.uses)?,
        metadata: row.metadata,
        last_validated_at: row.last_validated_at.map(Timestamp::from_unix_micros),
        last_check_in_at: row.last_check_in_at.map(Timestamp::from_unix_micros),
        last_check_out_at: row.last_check_out_at.map(Timestamp::from_unix_micros),
        created_at: Timestamp::from_unix_micros(row.created_at),
        updated_at: Timestamp::from_unix_micros(row.updated_at),
    })
}

/// The columns `suspended_at` and `revoked_at` of a standing.
pub(crate) fn standing_columns(standing: Standing) -> (Option<i64>, Option<i64>) {
    match standing {
        Standing::Good => (None, None),
        Standing::Suspended(at) => (Some(at.unix_micros()), None),
        Standing::Revoked(at) => (None, Some(at.unix_micros())),
    }
}

/// The columns `expires_at` and `ends_after_first_use` of an end.
pub(crate) fn end_columns(end: End) -> (Option<i64>, bool) {
    match end {
        End::Never => (None, false),
        End::At(at) => (Some(at.unix_micros()), false),
        End::AfterFirstUse => (None, true),
    }
}

#[derive(sqlx::FromRow)]
pub(crate) struct MachineRow {
    id: Uuid,
    license_id: Uuid,
    slot: i64,
    fingerprint: String,
    name: Option<String>,
    hostname: Option<String>,
    platform: Option<String>,
    cores: Option<i64>,
    app_version: Option<String>,
    metadata: String,
    last_heartbeat_at: Option<i64>,
    is_resurrected: bool,
    last_check_out_at: Option<i64>,
    last_seen_at: i64,
    created_at: i64,
    updated_at: i64,
}

pub(crate) fn machine(row: MachineRow) -> Result<Machine> {
    Ok(Machine {
        id: MachineId::from(row.id),
        license: row.license_id.into(),
        slot: count("machines", row.slot)?,
        fingerprint: Fingerprint::parse(&row.fingerprint)
            .ok_or_else(|| StoreError::corrupt("machines", "fingerprint is not a fingerprint"))?,
        facts: MachineFacts {
            name: row.name,
            hostname: row.hostname,
            platform: row.platform,
            cores: row.cores.map(|cores| count("machines", cores)).transpose()?,
            app_version: row.app_version,
        },
        metadata: row.metadata,
        last_heartbeat_at: row.last_heartbeat_at.map(Timestamp::from_unix_micros),
        is_resurrected: row.is_resurrected,
        last_check_out_at: row.last_check_out_at.map(Timestamp::from_unix_micros),
        last_seen_at: Timestamp::from_unix_micros(row.last_seen_at),
        created_at: Timestamp::from_unix_micros(row.created_at),
        updated_at: Timestamp::from_unix_micros(row.updated_at),
    })
}

#[derive(sqlx::FromRow)]
pub(crate) struct KeyRow {
    id: Uuid,
    public_key: Vec<u8>,
    seed_ciphertext: Vec<u8>,
    created_at: i64,
    activated_at: Option<i64>,
    replaced_at: Option<i64>,
    retired_at: Option<i64>,
    files_until: Option<i64>,
}

pub(crate) fn signing_key(row: KeyRow) -> Result<SigningKeyRow> {
    Ok(SigningKeyRow {
        id: row.id.into(),
        public_key: hash("signing_keys", &row.public_key)?,
        seed_ciphertext: row.seed_ciphertext,
        created_at: Timestamp::from_unix_micros(row.created_at),
        activated_at: row.activated_at.map(Timestamp::from_unix_micros),
        replaced_at: row.replaced_at.map(Timestamp::from_unix_micros),
        retired_at: row.retired_at.map(Timestamp::from_unix_micros),
        files_until: row.files_until.map(Timestamp::from_unix_micros),
    })
}

#[derive(sqlx::FromRow)]
pub(crate) struct LoginRow {
    id: Uuid,
    kind: String,
    account_id: Option<Uuid>,
    email: String,
    token_hash: Vec<u8>,
    code_hash: Option<Vec<u8>>,
    next_path: Option<String>,
}

pub(crate) fn login(row: LoginRow) -> Result<LoginRequest> {
    Ok(LoginRequest {
        id: row.id.into(),
        kind: LoginKind::read(&row.kind)?,
        account: row.account_id.map(AccountId::from),
        email: email("login_requests", &row.email)?,
        token_hash: hash("login_requests", &row.token_hash)?,
        code_hash: row.code_hash.map(|code| hash("login_requests", &code)).transpose()?,
        next_path: row.next_path,
    })
}

#[derive(sqlx::FromRow)]
pub(crate) struct MailRow {
    id: Uuid,
    kind: String,
    recipient: String,
    payload: Option<Vec<u8>>,
    attempts: i64,
    expires_at: i64,
    created_at: i64,
}

pub(crate) fn mail(row: MailRow) -> Result<ClaimedMail> {
    Ok(ClaimedMail {
        id: row.id.into(),
        kind: row.kind,
        recipient: email("outbox", &row.recipient)?,
        payload: row.payload.ok_or_else(|| StoreError::corrupt("outbox", "a waiting mail has no payload"))?,
        attempts: count("outbox", row.attempts)?,
        expires_at: Timestamp::from_unix_micros(row.expires_at),
        created_at: Timestamp::from_unix_micros(row.created_at),
    })
}

/// How far the clocks of instances on one database may differ.
pub const MAX_SKEW: Duration = Duration::from_hours(1);

/// A duration as stored.
pub(crate) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

fn duration(table: &'static str, micros: i64) -> Result<Duration> {
    let micros = u64::try_from(micros).map_err(|_| StoreError::corrupt(table, "a duration is negative"))?;
    Ok(Duration::from_micros(micros))
}

fn count(table: &'static str, number: i64) -> Result<u32> {
    u32::try_from(number).map_err(|_| StoreError::corrupt(table, format!("{number} is not a count")))
}

fn email(table: &'static str, text: &str) -> Result<EmailAddress> {
    EmailAddress::parse(text).map_err(|_| StoreError::corrupt(table, "an e-mail address is not one"))
}

pub(crate) fn hash(table: &'static str, bytes: &[u8]) -> Result<[u8; 32]> {
    bytes.try_into().map_err(|_| StoreError::corrupt(table, "a hash is not 32 bytes"))
}
