//! Taking licenses in from a file: all or nothing to every reader, and other writers pass meanwhile.
//!
//! Rows are checked, sealed and staged in short transactions. What is staged is no license to anyone. One
//! last transaction makes all of it real. What a crashed import has staged is removed by upkeep.

use std::collections::{BTreeMap, BTreeSet};

use latchkey_licensing::{
    account::Role,
    ids::{AccountId, AuditId, EntitlementId, ImportId, LicenseId, SigningKeyId},
    license::{Expiry, License},
    license_key::LicenseKey,
    policy::{KeyScheme, Policy},
    product::Product,
    signed_key::{self, KeyClaims, SignedKeyError},
};
use latchkey_store::{Conn, ImportRow, Tx};

use crate::{
    accounts::create::account_made,
    actors::Admin,
    audit::event::LicenseEvent,
    error::{Internal, internal_errors},
    licenses::{
        issue::PolicyNotFound,
        keys::NewKey,
        row::LicenseRow,
        terms::{MetadataTooLong, OutOfRange, in_range, metadata_text},
    },
    service::keyring::{KeyState, state},
};

/// How many rows are staged in one transaction.
const BATCH: usize = 200;

/// How many staged rows are removed in one transaction.
const SWEEP: i64 = 2_000;

/// What comes of reading a file of licenses. `E` is why the reader of the file could not make a row of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImportItem<E> {
    /// A row, or why it is none.
    Row {
        /// The line on which it begins, from 1.
        line: u64,
        /// The row.
        row: Result<Box<LicenseRow>, E>,
    },
    /// The file breaks off: what follows is not known.
    Broken {
        /// The line where it does.
        line: u64,
        /// Why.
        why: E,
    },
}

/// A row that was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowRefusal<E> {
    /// The line, or the row, that it stands on.
    pub line: u64,
    /// What is wrong.
    pub why: RowProblem<E>,
}

/// What is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowProblem<E> {
    /// The reader of the file could not make a row of it.
    Unreadable(E),
    /// There is no such policy.
    PolicyNotFound(PolicyNotFound),
    /// The key is signed for another license than the row's id says.
    KeyOfLicense(LicenseId),
    /// The key is signed for another product than the policy's.
    KeyOfOtherProduct,
    /// The key is of a signed key's form, and none of this database's keys made it.
    KeyNotSigned(SignedKeyError),
    /// There is no such entitlement.
    EntitlementNotFound(String),
    /// A number that the wire protocol does not carry.
    OutOfRange(OutOfRange),
    /// The metadata is too long.
    Metadata(MetadataTooLong),
    /// There is a license with this id.
    LicenseExists(LicenseId),
    /// Another license has this key.
    KeyTaken,
}

impl<E> From<OutOfRange> for RowProblem<E> {
    fn from(problem: OutOfRange) -> Self {
        Self::OutOfRange(problem)
    }
}

impl<E> From<MetadataTooLong> for RowProblem<E> {
    fn from(problem: MetadataTooLong) -> Self {
        Self::Metadata(problem)
    }
}

/// What became of an import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// How many rows there were.
    pub rows: u64,
    /// How many licenses were made; 0 if it was all or nothing and a row was refused.
    pub imported: u64,
    /// How many rows were refused.
    pub refused: u64,
}

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError<E: std::fmt::Debug + std::fmt::Display> {
    /// The file breaks off.
    #[error("line {line}: {why}")]
    Broken {
        /// The line where it does.
        line: u64,
        /// Why.
        why: E,
    },
    /// The catalog was changed after the rows were checked.
    #[error("the catalog was changed meanwhile")]
    CatalogChanged,
    /// A signing key was replaced or retired after keys were made or checked with it.
    #[error("the signing keys were changed meanwhile")]
    SigningKeysChanged,
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

impl<E: std::fmt::Debug + std::fmt::Display> From<latchkey_store::StoreError> for ImportError<E> {
    fn from(error: latchkey_store::StoreError) -> Self {
        Self::Internal(error.into())
    }
}

/// Why what is staged cannot be made real.
enum NotPublished {
    CatalogChanged,
    SigningKeysChanged,
    Internal(Internal),
}

impl From<Internal> for NotPublished {
    fn from(error: Internal) -> Self {
        Self::Internal(error)
    }
}

internal_errors!(NotPublished);

impl<E: std::fmt::Debug + std::fmt::Display> From<NotPublished> for ImportError<E> {
    fn from(why: NotPublished) -> Self {
        match why {
            NotPublished::CatalogChanged => Self::CatalogChanged,
            NotPublished::SigningKeysChanged => Self::SigningKeysChanged,
            NotPublished::Internal(error) => Self::Internal(error),
        }
    }
}

/// What rows are checked against.
#[derive(PartialEq)]
struct Catalog {
    policies: BTreeMap<String, (Policy, Product)>,
    entitlements: BTreeMap<String, EntitlementId>,
}

impl Catalog {
    /// Under the instance's lock in the end, so that no file is applied to the catalog until it is done.
    async fn read(conn: &mut Conn) -> Result<Self, Internal> {
        let products = conn.list_products().await?;
        let products: BTreeMap<_, _> = products.into_iter().map(|product| (product.id, product)).collect();
        let mut policies = BTreeMap::new();
        for policy in conn.list_policies().await? {
            let product = products.get(&policy.product).cloned();
            let product = product.ok_or(Internal::Broken("a policy has no product"))?;
            policies.insert(policy.code.clone(), (policy, product));
        }
        let entitlements = conn.list_all_entitlements().await?;
        let entitlements = entitlements.into_iter().map(|one| (one.code.as_str().to_owned(), one.id)).collect();
        Ok(Self { policies, entitlements })
    }
}

/// A row whose fields are what they should be.
struct CheckedRow<'c> {
    number: i64,
    line: u64,
    row: LicenseRow,
    policy: &'c Policy,
    product: &'c Product,
    /// The license that the row names, or its key does.
    id: Option<LicenseId>,
    signed_by: Option<SigningKeyId>,
    metadata: String,
    entitlements: Vec<EntitlementId>,
}

/// The rows that are staged next, and what is refused among them.
struct Batch<'c, E> {
    rows: Vec<CheckedRow<'c>>,
    refusals: Vec<RowRefusal<E>>,
}

impl<E> Batch<'_, E> {
    fn len(&self) -> usize {
        self.rows.len() + self.refusals.len()
    }
}

impl Admin<'_> {
    /// Takes licenses in. With `is_partial` the good rows are kept although others are refused; without, one
    /// refused row leaves everything as it was. A file that breaks off always does. Every refusal goes to
    /// `tell`, in the order of the lines as far as it is found while rows are read.
    pub async fn import_licenses<E: std::fmt::Debug + std::fmt::Display + Send>(
        &self,
        rows: impl Iterator<Item = ImportItem<E>> + Send,
        is_partial: bool,
        tell: impl FnMut(RowRefusal<E>) + Send,
    ) -> Result<ImportReport, ImportError<E>> {
        let import = ImportId::new(self.service.now(), self.service.random()?);
        let report = self.stage_and_publish(import, rows, is_partial, tell).await;
        // In steps of its own: whether it is done is decided, and nobody has to wait for this.
        if let Err(error) = self.sweep(import).await {
            tracing::warn!(%error, "the staged rows of an import are left to upkeep");
        }
        report
    }

    async fn stage_and_publish<E: std::fmt::Debug + std::fmt::Display + Send>(
        &self,
        import: ImportId,
        rows: impl Iterator<Item = ImportItem<E>> + Send,
        is_partial: bool,
        mut tell: impl FnMut(RowRefusal<E>) + Send,
    ) -> Result<ImportReport, ImportError<E>> {
        let catalog = Catalog::read(&mut *self.service.store().read().await?).await?;
        let mut report = ImportReport::default();
        let mut batch = Batch { rows: Vec::new(), refusals: Vec::new() };
        for (number, item) in (1..).zip(rows) {
            let (line, row) = match item {
                ImportItem::Row { line, row } => (line, row),
                ImportItem::Broken { line, why } => return Err(ImportError::Broken { line, why }),
            };
            report.rows += 1;
            let row = row.map_err(RowProblem::Unreadable);
            match row.and_then(|row| self.check_row(&catalog, number, line, *row)) {
                Ok(row) => batch.rows.push(row),
                Err(why) => batch.refusals.push(RowRefusal { line, why }),
            }
            if batch.len() >= BATCH {
                self.stage_batch(import, &mut batch, &mut report, is_partial, &mut tell).await?;
            }
        }
        self.stage_batch(import, &mut batch, &mut report, is_partial, &mut tell).await?;
        if report.refused > 0 && !is_partial {
            return Ok(report);
        }
        self.publish(import, &catalog, &mut report, is_partial, &mut tell).await?;
        Ok(report)
    }

    /// Stages the good rows of a batch, unless the import has failed already, and reports rejected rows.
    async fn stage_batch<E: Send>(
        &self,
        import: ImportId,
        batch: &mut Batch<'_, E>,
        report: &mut ImportReport,
        is_partial: bool,
        tell: &mut (impl FnMut(RowRefusal<E>) + Send),
    ) -> Result<(), Internal> {
        let is_lost = report.refused > 0 && !is_partial;
        if !batch.rows.is_empty() {
            let mut tx = self.service.store().write().await?;
            let taken = self.stage(&mut tx, import, std::mem::take(&mut batch.rows), is_lost).await?;
            if !is_lost {
                tx.commit().await?;
            }
            batch.refusals.extend(taken);
        }
        batch.refusals.sort_by_key(|refusal| refusal.line);
        report.refused += batch.refusals.len() as u64;
        batch.refusals.drain(..).for_each(tell);
        Ok(())
    }

    /// Stages rows, all but those whose id or key is taken, which it gives back.
    async fn stage<E>(
        &self,
        tx: &mut Tx,
        import: ImportId,
        rows: Vec<CheckedRow<'_>>,
        is_lost: bool,
    ) -> Result<Vec<RowRefusal<E>>, Internal> {
        let vault = &self.service.0.vault;
        let lookup = |row: &CheckedRow<'_>| row.row.key.as_ref().map(|key| vault.key_lookup(key.expose()));
        let ids: Vec<LicenseId> = rows.iter().filter_map(|row| row.id).collect();
        let lookups: Vec<[u8; 32]> = rows.iter().filter_map(lookup).collect();
        let mut ids: BTreeSet<LicenseId> = tx.list_taken_ids(import, &ids).await?.into_iter().collect();
        let mut lookups: BTreeSet<[u8; 32]> = tx.list_taken_keys(import, &lookups).await?.into_iter().collect();
        let mut refusals = Vec::new();
        let mut staged = Vec::new();
        for row in rows {
            let line = row.line;
            if let Some(id) = row.id
                && !ids.insert(id)
            {
                refusals.push(RowRefusal { line, why: RowProblem::LicenseExists(id) });
                continue;
            }
            if let Some(lookup) = lookup(&row)
                && !lookups.insert(lookup)
            {
                refusals.push(RowRefusal { line, why: RowProblem::KeyTaken });
                continue;
            }
            if !is_lost {
                staged.push(self.staged_row(tx, row).await?);
            }
        }
        tx.insert_import_rows(import, &staged).await?;
        Ok(refusals)
    }

    /// A row as it is staged, with its key.
    async fn staged_row(&self, tx: &mut Tx, checked: CheckedRow<'_>) -> Result<ImportRow, Internal> {
        let CheckedRow { number, line, row, policy, product, id, signed_by, metadata, entitlements } = checked;
        let service = self.service;
        let now = service.now();
        let id = match id {
            Some(id) => id,
            None => LicenseId::new(now, in_order(number, service.random()?)),
        };
        let created_at = row.created_at.unwrap_or(now);
        let expiry = row.expiry.unwrap_or_else(|| Expiry::on_issue(policy, created_at));
        let is_key_made = row.key.is_none();
        let key = match row.key {
            Some(key) => service.keep_key(id, key, signed_by)?,
            None => service.new_license_key(tx, id, policy, product, expiry).await?,
        };
        let mut account = service.new_account(&row.email, None, Role::Customer, now)?;
        account.id = AccountId::new(now, in_order(number, service.random()?));
        let license = License {
            standing: row.standing.since(now),
            expiry,
            max_machines: row.max_machines,
            max_cores: row.max_cores,
            max_uses: row.max_uses,
            uses: row.uses,
            metadata,
            last_check_in_at: row.last_check_in_at,
            created_at,
            ..License::issue(id, account.id, policy, key.hint(), now)
        };
        let issued = LicenseEvent::Issued { policy: policy.code.clone(), imported: true }.of(id);
        let mut issued = service.audit_row(now, self.actor, &issued)?;
        issued.id = AuditId::new(now, in_order(number, service.random()?));
        let mut made = service.audit_row(now, self.actor, &account_made(&account))?;
        made.id = AuditId::new(now, in_order(number, service.random()?));
        let NewKey { ciphertext, lookup, signed_by, .. } = key;
        Ok(ImportRow {
            number,
            line,
            account,
            license,
            key_ciphertext: ciphertext,
            key_lookup: lookup,
            signed_by,
            is_key_made,
            entitlements,
            issued,
            made,
        })
    }

    /// Makes what is staged real, in one transaction.
    async fn publish<E: Send>(
        &self,
        import: ImportId,
        catalog: &Catalog,
        report: &mut ImportReport,
        is_partial: bool,
        tell: &mut (impl FnMut(RowRefusal<E>) + Send),
    ) -> Result<(), NotPublished> {
        let mut tx = self.service.store().write().await?;
        tx.lock_instance().await?;
        if Catalog::read(&mut tx).await? != *catalog {
            return Err(NotPublished::CatalogChanged);
        }
        check_signers(&mut tx, import).await?;
        // Most were found when they were staged: what is left was issued or imported since.
        let taken = tx.list_taken_rows(import).await?;
        report.refused += taken.len() as u64;
        for row in &taken {
            let why = if row.is_id_taken { RowProblem::LicenseExists(row.license) } else { RowProblem::KeyTaken };
            tell(RowRefusal { line: row.line, why });
        }
        if report.refused > 0 && !is_partial {
            return Ok(());
        }
        for row in taken {
            tx.delete_import_row(import, row.number).await?;
        }
        report.imported = tx.publish_import(import).await?;
        Ok(tx.commit().await?)
    }

    /// Removes what is left of an import.
    async fn sweep(&self, import: ImportId) -> Result<(), Internal> {
        loop {
            let mut tx = self.service.store().write().await?;
            let removed = tx.delete_import_rows(import, SWEEP).await?;
            tx.commit().await?;
            if removed == 0 {
                return Ok(());
            }
        }
    }

    fn check_row<'c, E>(
        &self,
        catalog: &'c Catalog,
        number: i64,
        line: u64,
        mut row: LicenseRow,
    ) -> Result<CheckedRow<'c>, RowProblem<E>> {
        let (policy, product) = catalog.policies.get(&row.policy).ok_or_else(|| {
            let known = catalog.policies.keys().cloned().collect();
            RowProblem::<E>::PolicyNotFound(PolicyNotFound { wanted: row.policy.clone(), known })
        })?;
        let claims = row.key.as_ref().map(|key| self.read_claims::<E>(key)).transpose()?.flatten();
        let id = match &claims {
            Some((claims, _)) if row.id.is_some_and(|id| id != claims.license) => {
                return Err(RowProblem::KeyOfLicense(claims.license));
            }
            Some((claims, _)) if claims.product != product.id => return Err(RowProblem::KeyOfOtherProduct),
            Some((claims, _)) => Some(claims.license),
            None => row.id,
        };
        let entitlements = row.entitlements.iter().map(|code| {
            let found = catalog.entitlements.get(code).copied();
            found.ok_or_else(|| RowProblem::<E>::EntitlementNotFound(code.clone()))
        });
        let entitlements = entitlements.collect::<Result<BTreeSet<_>, _>>()?.into_iter().collect();
        in_range(row.max_machines, "max_machines", 0)?;
        in_range(row.max_cores, "max_cores", 1)?;
        in_range(row.max_uses, "max_uses", 0)?;
        in_range(Some(row.uses), "uses", 0)?;
        let metadata = metadata_text(std::mem::take(&mut row.metadata))?;
        let signed_by = claims.map(|(_, signer)| signer);
        Ok(CheckedRow { number, line, row, policy, product, id, signed_by, metadata, entitlements })
    }

    /// What a key says and who signed it, if it is a signed one.
    fn read_claims<E>(&self, key: &LicenseKey) -> Result<Option<(KeyClaims, SigningKeyId)>, RowProblem<E>> {
        // A key made otherwise than its policy makes them now is as good as it was.
        if key.scheme() == KeyScheme::Random {
            return Ok(None);
        }
        // A key that this instance did not sign would pass for one that it did.
        let not_signed = RowProblem::<E>::KeyNotSigned;
        let keyring = self.service.keyring();
        let claims = signed_key::verify(key.expose(), &keyring.verifying()).map_err(not_signed)?;
        let signer = keyring.keys().iter().find(|one| signed_key::verify(key.expose(), &[one.public_key]).is_ok());
        let signer = signer.ok_or(not_signed(SignedKeyError::Signature))?;
        Ok(Some((claims, signer.id)))
    }
}

/// Keys that were made for the rows must be signed by the key that signs now, and it goes on signing until
/// they are real; keys that came with the rows by one that is not retired.
async fn check_signers(tx: &mut Tx, import: ImportId) -> Result<(), NotPublished> {
    let signers = tx.list_import_signers(import).await?;
    if signers.is_empty() {
        return Ok(());
    }
    let keys = tx.list_signing_keys().await?;
    for (signer, is_key_made) in signers {
        let is_good = if is_key_made {
            tx.lock_signer(signer).await?
        } else {
            keys.iter().any(|key| key.id == signer && state(key) != KeyState::Retired)
        };
        if !is_good {
            return Err(NotPublished::SigningKeysChanged);
        }
    }
    Ok(())
}

/// Random bits for an id whose first ones are the row's number, so that ids are in the order of the file and
/// the indexes of many rows grow at one end, which halves the time of the last transaction. An id has 26
/// bits here between those that are fixed; 48 random ones are left.
fn in_order(number: i64, random: [u8; 10]) -> [u8; 10] {
    let bits = |shift: u32, mask: i64| u8::try_from((number >> shift) & mask).unwrap_or_default();
    let mut ordered = random;
    for (byte, bits) in ordered.iter_mut().zip([bits(22, 0x0f), bits(14, 0xff), bits(8, 0x3f), bits(0, 0xff)]) {
        *byte = bits;
    }
    ordered
}

#[cfg(test)]
mod tests {
    use latchkey_licensing::time::Timestamp;

    use super::*;

    #[test]
    fn ids_are_in_the_order_of_rows() {
        let now = Timestamp::from_unix_micros(0);
        let id = |number: i64| LicenseId::new(now, in_order(number, [0xff; 10]));
        for number in (1..26).map(|bit| 1_i64 << bit) {
            for number in [number - 1, number, number + 1] {
                let next = LicenseId::new(now, in_order(number + 1, [0; 10]));
                assert!(id(number) < next && next.uuid().get_version_num() == 7, "{number}");
            }
        }
    }
}
