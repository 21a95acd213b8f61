//! Licenses in bulk: read out page by page; looked at row by row, then taken in, in one transaction.

use std::collections::{BTreeMap, BTreeSet};

use latchkey_licensing::{
    account::{Account, Role},
    email::EmailAddress,
    ids::{EntitlementId, LicenseId, SigningKeyId},
    license::{End, License, MAX_USES, Standing},
    license_key::LicenseKey,
    policy::{KeyScheme, Policy},
    product::Product,
    signed_key::{self, KeyClaims},
    time::Timestamp,
};
use latchkey_store::{AuditRow, Reader, Tx};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    audit::event::{AuditEvent, LicenseEvent, LicensesEvent},
    error::Internal,
    licenses::{
        decisions::{Admin, AdminError},
        terms::metadata_text,
    },
};

/// How many licenses are read at once.
const PAGE: i64 = 500;

/// How many lines of the audit log are written at once.
const EVENTS: usize = 200;

const KEY_TAKEN: &str = "key: another license has this key";

/// A license as a line of a file. On the way in, `email` and `policy` are enough.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LicenseRow {
    /// Its id; empty makes one.
    #[serde(default)]
    pub id: Option<String>,
    /// Its owner's address; an account is made where there is none.
    #[serde(default)]
    pub email: String,
    /// Its policy's code.
    #[serde(default)]
    pub policy: String,
    /// Its key; empty makes one.
    #[serde(default)]
    pub key: Option<String>,
    /// `ACTIVE`, `SUSPENDED` or `REVOKED`.
    #[serde(default)]
    pub status: Option<String>,
    /// When it ends, RFC 3339; `never`; `after-first-use`; empty follows the policy.
    #[serde(default)]
    pub expires_at: Option<String>,
    /// A machine limit of its own.
    #[serde(default)]
    pub max_machines: Option<u32>,
    /// A core limit of its own.
    #[serde(default)]
    pub max_cores: Option<u32>,
    /// A limit of uses of its own.
    #[serde(default)]
    pub max_uses: Option<u32>,
    /// Where its usage counter stands.
    #[serde(default)]
    pub uses: Option<u32>,
    /// What is attached to it.
    #[serde(default)]
    pub metadata: Option<Map<String, Value>>,
    /// Its own entitlements, by code; those of its policy are not among them.
    #[serde(default)]
    pub entitlements: Option<Vec<String>>,
    /// When it was issued, RFC 3339; empty is now.
    #[serde(default)]
    pub created_at: Option<String>,
    /// When an app last checked in, RFC 3339.
    #[serde(default)]
    pub last_check_in_at: Option<String>,
}

/// A row that was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RowRefusal {
    /// The line, or the row, that it stands on.
    pub line: u64,
    /// What is wrong, with the column's name.
    pub why: String,
}

/// What comes of reading a file of licenses.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "all but one are rows, and few are held at once")]
pub enum ImportItem {
    /// A row, or why it is none.
    Row {
        /// The line on which it begins, from 1.
        line: u64,
        /// The row.
        row: Result<LicenseRow, String>,
    },
    /// The file breaks off: what follows is not known.
    Broken {
        /// The line where it does.
        line: u64,
        /// Why.
        why: String,
    },
}

/// What became of an import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// How many rows there were.
    pub rows: u64,
    /// How many licenses were made; nought if it was all or nothing and a row was refused.
    pub imported: u64,
    /// How many rows were refused.
    pub refused: u64,
}

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file breaks off.
    #[error("line {}: {}", .0.line, .0.why)]
    Broken(RowRefusal),
    /// The server failed.
    #[error(transparent)]
    Admin(#[from] AdminError),
}

impl From<latchkey_store::StoreError> for ImportError {
    fn from(error: latchkey_store::StoreError) -> Self {
        Self::Admin(error.into())
    }
}

impl From<Internal> for ImportError {
    fn from(error: Internal) -> Self {
        Self::Admin(error.into())
    }
}

/// What is known of the catalog while rows are taken in.
struct Terms {
    policies: BTreeMap<String, (Policy, Product)>,
    entitlements: BTreeMap<String, EntitlementId>,
}

impl Admin<'_> {
    /// Hands every license with its key to `take`, the oldest first, page by page, and notes that it did.
    pub async fn export_licenses<E: From<AdminError>>(
        &self,
        mut take: impl FnMut(LicenseRow) -> Result<(), E> + Send,
    ) -> Result<u64, E> {
        self.note_export().await?;
        let mut after = None;
        let mut count = 0;
        loop {
            let page = self.export_page(after).await?;
            let Some((last, _)) = page.last() else {
                return Ok(count);
            };
            after = Some(*last);
            for (_, row) in page {
                take(row)?;
                count += 1;
            }
        }
    }

    /// Every key leaves the server: that is written down before it does.
    async fn note_export(&self) -> Result<(), AdminError> {
        let now = self.service.now();
        let mut tx = self.service.store().write().await?;
        self.service.record(&mut tx, now, self.actor, AuditEvent::Licenses(LicensesEvent::Exported)).await?;
        Ok(tx.commit().await?)
    }

    async fn export_page(&self, after: Option<LicenseId>) -> Result<Vec<(LicenseId, LicenseRow)>, AdminError> {
        let mut reader = self.service.store().read().await?;
        let page = reader.list_licenses(after, PAGE).await?;
        let policies: BTreeMap<_, _> =
            reader.list_policies().await?.into_iter().map(|policy| (policy.id, policy.code)).collect();
        let mut rows = Vec::with_capacity(page.len());
        for license in page {
            let owner =
                reader.find_account(license.account).await?.ok_or(Internal::Broken("a license has no owner"))?;
            let sealed = reader.get_key_ciphertext(license.id).await?;
            let key = self.service.0.vault.open_key(license.id, &sealed).map_err(Internal::from)?;
            let policy = policies.get(&license.policy).cloned().unwrap_or_default();
            let held = reader.list_license_entitlements(license.id).await?;
            let mut row = row(&license, &owner, policy, &key);
            row.entitlements = Some(held.into_iter().map(|held| held.code.as_str().to_owned()).collect());
            rows.push((license.id, row));
        }
        Ok(rows)
    }

    /// Takes licenses in, in one transaction. With `is_partial` the good rows are kept although others
    /// are refused; without, one refused row leaves everything as it was. A file that breaks off always
    /// does.
    ///
    /// `looked_at` and `taken` are the same rows, read twice: what can be seen to be wrong without the
    /// database's lock is, so that nobody waits for a file that is not taken. Every refusal goes to `tell`
    /// as it is found.
    pub async fn import_licenses(
        &self,
        looked_at: impl Iterator<Item = ImportItem> + Send,
        taken: impl Iterator<Item = ImportItem> + Send,
        is_partial: bool,
        mut tell: impl FnMut(RowRefusal) + Send,
    ) -> Result<ImportReport, ImportError> {
        let mut reader = self.service.store().read().await?;
        let terms = Terms::read(&mut reader).await?;
        drop(reader);
        let now = self.service.now();
        let mut report = ImportReport::default();
        let mut refused = BTreeSet::new();
        for item in looked_at {
            let (line, row) = item.into_row()?;
            report.rows += 1;
            if let Err(why) = row.and_then(|row| self.read_row(&terms, &row, now).map(drop)) {
                refused.insert(report.rows);
                tell(RowRefusal { line, why });
            }
        }
        report.refused = refused.len() as u64;
        if report.refused > 0 && !is_partial {
            return Ok(report);
        }
        let mut tx = self.service.store().write().await?;
        let terms = Terms::read_in(&mut tx).await?;
        let mut events = Vec::new();
        let mut rows = 0;
        for (number, item) in (1..).zip(taken) {
            let (line, row) = item.into_row()?;
            rows = number;
            if refused.contains(&number) {
                continue;
            }
            let result = match row {
                Ok(row) => self.import_row(&mut tx, &terms, row, &mut events).await?,
                Err(why) => Err(why),
            };
            if events.len() >= EVENTS {
                tx.insert_audits(&std::mem::take(&mut events)).await?;
            }
            match result {
                Ok(()) => report.imported += 1,
                Err(why) => {
                    report.refused += 1;
                    tell(RowRefusal { line, why });
                }
            }
        }
        if rows != report.rows {
            return Err(AdminError::Invalid(format!(
                "the file had {} rows when it was looked at and {rows} when they were taken: nothing was taken",
                report.rows
            ))
            .into());
        }
        if report.refused > 0 && !is_partial {
            report.imported = 0;
            return Ok(report);
        }
        tx.insert_audits(&events).await?;
        tx.commit().await?;
        Ok(report)
    }

    /// Takes one row in. The outer error is the server's, the inner one the row's; a refused row has
    /// made no license. What is to be written down comes to `events`.
    async fn import_row(
        &self,
        tx: &mut Tx,
        terms: &Terms,
        row: LicenseRow,
        events: &mut Vec<AuditRow>,
    ) -> Result<Result<(), String>, AdminError> {
        let now = self.service.now();
        let read = match self.read_row(terms, &row, now) {
            Ok(read) => read,
            Err(why) => return Ok(Err(why)),
        };
        let (policy, product) = read.terms;
        let id = match read.id {
            Some(id) => id,
            None => LicenseId::new(now, self.service.random()?),
        };
        // Before anything is written: the account of a refused row is not made either.
        let taken = |is_known: bool| {
            if is_known { format!("id: there is a license {id} already") } else { KEY_TAKEN.to_owned() }
        };
        if (read.id.is_some() || read.key.is_some()) && tx.find_license(id).await?.is_some() {
            return Ok(Err(taken(true)));
        }
        if let Some(key) = &read.key
            && tx.find_license_by_key(&self.service.0.vault.key_lookup(key.expose())).await?.is_some()
        {
            return Ok(Err(taken(false)));
        }
        let key = match read.key {
            Some(key) => self.service.keep_key(id, key, read.signed_by)?,
            None => self.service.new_license_key(tx, id, policy, product, read.end).await?,
        };
        let (owner, is_new) = self.find_or_insert_account(tx, &read.email, None, Role::Customer).await?;
        if is_new {
            events.push(self.service.audit_row(now, self.actor, &Self::account_made(&owner))?);
        }
        let license = License {
            id,
            account: owner.id,
            product: product.id,
            policy: policy.id,
            key_prefix: key.text.prefix().to_owned(),
            key_tail: key.text.tail().to_owned(),
            standing: read.standing,
            end: read.end,
            max_machines: row.max_machines,
            max_cores: row.max_cores,
            max_uses: row.max_uses,
            uses: row.uses.unwrap_or(0),
            metadata: read.metadata,
            last_validated_at: None,
            last_check_in_at: read.last_check_in_at,
            last_check_out_at: None,
            created_at: read.created_at,
            updated_at: now,
        };
        if !tx.insert_license_if_free(&license, key.kept()).await? {
            // Somebody else was a moment earlier.
            return Ok(Err(taken(tx.find_license(id).await?.is_some())));
        }
        for entitlement in read.entitlements {
            tx.add_license_entitlement(id, entitlement).await?;
        }
        let event = LicenseEvent::Issued { policy: policy.code.clone(), imported: true }.of(id);
        events.push(self.service.audit_row(now, self.actor, &event)?);
        Ok(Ok(()))
    }

    fn read_row<'t>(&self, terms: &'t Terms, row: &LicenseRow, now: Timestamp) -> Result<ReadRow<'t>, String> {
        let email = EmailAddress::parse(&row.email).map_err(|error| format!("email: {error}"))?;
        let (policy, product) = terms.policies.get(&row.policy).ok_or_else(|| {
            let known: Vec<&str> = terms.policies.keys().map(String::as_str).collect();
            format!("policy: there is no policy `{}`: the catalog has {}", row.policy, known.join(", "))
        })?;
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let id = match given(&row.id) {
            Some(text) => {
                let id: Option<LicenseId> = text.parse().ok().filter(|id: &LicenseId| !id.uuid().is_nil());
                Some(id.ok_or_else(|| "id: not a UUID; leave it empty to have one made".to_owned())?)
            }
            None => None,
        };
        let (key, claims) = match given(&row.key) {
            Some(text) => {
                let (key, claims) = self.read_key(&text)?;
                (Some(key), claims)
            }
            None => (None, None),
        };
        let id = match (&claims, id) {
            (Some((claims, _)), Some(id)) if claims.license != id => {
                return Err(format!("key: it is signed for the license {}", claims.license));
            }
            (Some((claims, _)), _) if claims.product != product.id => {
                return Err("key: it is signed for another product than the policy's".to_owned());
            }
            (Some((claims, _)), _) => Some(claims.license),
            (None, id) => id,
        };
        let entitlements = row.entitlements.iter().flatten().filter(|code| !code.is_empty()).map(|code| {
            let found = terms.entitlements.get(code).copied();
            found.ok_or_else(|| format!("entitlements: there is no entitlement `{code}`"))
        });
        let entitlements = entitlements.collect::<Result<Vec<_>, _>>()?;
        let instant = |name: &str, text: &str| {
            Timestamp::parse_rfc3339(text).ok_or_else(|| format!("{name}: not a time; write 2027-01-31T00:00:00Z"))
        };
        let created_at = match given(&row.created_at) {
            Some(text) => instant("created_at", &text)?,
            None => now,
        };
        let end = match given(&row.expires_at).as_deref() {
            None => End::on_issue(policy, created_at),
            Some("never") => End::Never,
            Some("after-first-use") => End::AfterFirstUse,
            Some(text) => End::At(instant("expires_at", text)?),
        };
        let standing = match given(&row.status).as_deref() {
            None | Some("ACTIVE") => Standing::Good,
            Some("SUSPENDED") => Standing::Suspended(now),
            Some("REVOKED") => Standing::Revoked(now),
            Some(other) => return Err(format!("status: `{other}` is none of ACTIVE, SUSPENDED, REVOKED")),
        };
        for (name, value, least) in [
            ("max_machines", row.max_machines, 0),
            ("max_cores", row.max_cores, 1),
            ("max_uses", row.max_uses, 0),
            ("uses", row.uses, 0),
        ] {
            if value.is_some_and(|value| !(least..=MAX_USES).contains(&value)) {
                return Err(format!("{name}: must be from {least} to {MAX_USES}"));
            }
        }
        let metadata =
            metadata_text(row.metadata.clone().unwrap_or_default()).map_err(|error| format!("metadata: {error}"))?;
        let last_check_in_at = match given(&row.last_check_in_at) {
            Some(text) => Some(instant("last_check_in_at", &text)?),
            None => None,
        };
        Ok(ReadRow {
            email,
            terms: (policy, product),
            id,
            key,
            signed_by: claims.map(|(_, signer)| signer),
            created_at,
            last_check_in_at,
            end,
            standing,
            metadata,
            entitlements,
        })
    }

    /// A key, and what it says and who signed it, if it is a signed one.
    fn read_key(&self, text: &str) -> Result<(LicenseKey, Option<(KeyClaims, SigningKeyId)>), String> {
        let key = LicenseKey::parse(text).map_err(|error| format!("key: {error}; leave it empty to have one made"))?;
        // A key made otherwise than its policy makes them now is as good as it was.
        if key.scheme() == KeyScheme::Random {
            return Ok((key, None));
        }
        // A key that this instance did not sign would pass for one that it did.
        let keyring = self.service.keyring().map_err(|_| "key: the signing keys are not read".to_owned())?;
        let good = keyring.verifying();
        let claims = signed_key::verify(key.expose(), &good).map_err(|error| format!("key: {error}"))?;
        let signer = keyring.keys().iter().find(|one| signed_key::verify(key.expose(), &[one.public_key]).is_ok());
        let signer = signer.ok_or_else(|| "key: its signing key is not known".to_owned())?.id;
        Ok((key, Some((claims, signer))))
    }
}

/// A row whose fields are what they should be.
struct ReadRow<'t> {
    email: EmailAddress,
    terms: (&'t Policy, &'t Product),
    id: Option<LicenseId>,
    key: Option<LicenseKey>,
    signed_by: Option<SigningKeyId>,
    created_at: Timestamp,
    last_check_in_at: Option<Timestamp>,
    end: End,
    standing: Standing,
    metadata: String,
    entitlements: Vec<EntitlementId>,
}

/// The same reading for what reads alone and for what also writes.
macro_rules! read_terms {
    ($($name:ident: $conn:ty;)+) => {
        impl Terms {$(
            async fn $name(conn: &mut $conn) -> Result<Self, Internal> {
                let products = conn.list_products().await?;
                let mut policies = BTreeMap::new();
                for policy in conn.list_policies().await? {
                    let product = products.iter().find(|product| product.id == policy.product);
                    let product = product.ok_or(Internal::Broken("a policy has no product"))?.clone();
                    policies.insert(policy.code.clone(), (policy, product));
                }
                let entitlements = conn.list_all_entitlements().await?;
                let entitlements = entitlements.into_iter().map(|one| (one.code.as_str().to_owned(), one.id)).collect();
                Ok(Self { policies, entitlements })
            }
        )+}
    };
}

read_terms! {
    read: Reader;
    read_in: Tx;
}

impl ImportItem {
    /// The row with its line; an error where the file breaks off.
    fn into_row(self) -> Result<(u64, Result<LicenseRow, String>), ImportError> {
        match self {
            Self::Row { line, row } => Ok((line, row)),
            Self::Broken { line, why } => Err(ImportError::Broken(RowRefusal { line, why })),
        }
    }
}

fn row(license: &License, owner: &Account, policy: String, key: &LicenseKey) -> LicenseRow {
    let status = match license.standing {
        Standing::Good => "ACTIVE",
        Standing::Suspended(_) => "SUSPENDED",
        Standing::Revoked(_) => "REVOKED",
    };
    let expires_at = match license.end {
        End::Never => "never".to_owned(),
        End::AfterFirstUse => "after-first-use".to_owned(),
        End::At(at) => at.rfc3339(),
    };
    LicenseRow {
        id: Some(license.id.to_string()),
        email: owner.email.as_str().to_owned(),
        policy,
        key: Some(key.expose().to_owned()),
        status: Some(status.to_owned()),
        expires_at: Some(expires_at),
        max_machines: license.max_machines,
        max_cores: license.max_cores,
        max_uses: license.max_uses,
        uses: Some(license.uses),
        metadata: Some(serde_json::from_str(&license.metadata).unwrap_or_default()),
        entitlements: None,
        created_at: Some(license.created_at.rfc3339()),
        last_check_in_at: license.last_check_in_at.map(Timestamp::rfc3339),
    }
}
