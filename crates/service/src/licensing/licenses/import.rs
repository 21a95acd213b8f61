//! Importing licenses from a file: all at once for every reader, and without blocking other writers for long.
//!
//! Rows are checked, encrypted and staged in short transactions. Staged rows are not visible as licenses. One last
//! transaction publishes all of them. Upkeep deletes what an interrupted import has staged.

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
    audit::event::LicenseEvent,
    error::{Internal, internal_errors},
    identity::{accounts::create::account_created, actors::Admin},
    licensing::licenses::{
        issue::PolicyNotFound,
        keys::NewKey,
        row::LicenseRow,
        terms::{MetadataTooLong, OutOfRange, in_range, metadata_text},
    },
    service::keyring::{KeyState, state},
};

/// The most rows that are staged in one transaction.
const BATCH: usize = 200;

/// The most staged rows that are deleted in one transaction.
const DELETE_BATCH: i64 = 2_000;

/// An item read from a file of licenses. `E` is the file reader's error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImportItem<E> {
    /// A row, or the reason why it cannot be parsed.
    Row {
        /// The line on which the row starts, from 1.
        line: u64,
        /// The row or the error.
        row: Result<Box<LicenseRow>, E>,
    },
    /// The file cannot be parsed from here on.
    Malformed {
        /// The line of the error, from 1.
        line: u64,
        /// The reason.
        why: E,
    },
}

/// A row that was not imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedRow<E> {
    /// The line on which the row starts, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub why: RowProblem<E>,
}

/// What is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowProblem<E> {
    /// The file reader cannot parse it.
    Unreadable(E),
    /// There is no policy with its code.
    PolicyNotFound(PolicyNotFound),
    /// Its signed key is for the license with this id, which is not the row's.
    KeyOfOtherLicense(LicenseId),
    /// Its signed key is for another product than its policy.
    KeyOfOtherProduct,
    /// Its key has the form of a signed key, but was not signed by any of this database's keys.
    KeyNotSigned(SignedKeyError),
    /// There is no entitlement with this code.
    EntitlementNotFound(String),
    /// A number is outside the range of the wire protocol.
    OutOfRange(OutOfRange),
    /// Its metadata is too long.
    Metadata(MetadataTooLong),
    /// There is a license with this id already.
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

/// What an import does with rows that it cannot simply import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImportTerms {
    /// Whether the valid rows are imported if others are rejected.
    pub is_partial: bool,
    /// Whether rows are imported that may repeat licenses: without a key of their own, for a customer who has a license under
    /// the same policy.
    pub may_repeat: bool,
}

/// The result of an import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// The number of rows in the file.
    pub rows: u64,
    /// The number of imported licenses. 0 if a row was rejected and the import was not partial.
    pub imported: u64,
    /// The number of rejected rows.
    pub rejected: u64,
    /// The number of rows that may repeat licenses. If there are any and the terms do not allow it, nothing is imported.
    pub repeated: u64,
}

/// Why an import failed. Nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError<E: std::fmt::Debug + std::fmt::Display> {
    /// The file cannot be parsed.
    #[error("line {line}: {why}")]
    Malformed {
        /// The line of the error, from 1.
        line: u64,
        /// The reason.
        why: E,
    },
    /// The catalog changed after the rows were checked.
    #[error("the catalog has changed in the meantime")]
    CatalogChanged,
    /// A signing key was replaced or retired after license keys were signed or checked with it.
    #[error("the signing keys have changed in the meantime")]
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

/// Why the staged rows cannot be published.
enum PublishError {
    CatalogChanged,
    SigningKeysChanged,
    Internal(Internal),
}

impl From<Internal> for PublishError {
    fn from(error: Internal) -> Self {
        Self::Internal(error)
    }
}

internal_errors!(PublishError);

impl<E: std::fmt::Debug + std::fmt::Display> From<PublishError> for ImportError<E> {
    fn from(why: PublishError) -> Self {
        match why {
            PublishError::CatalogChanged => Self::CatalogChanged,
            PublishError::SigningKeysChanged => Self::SigningKeysChanged,
            PublishError::Internal(error) => Self::Internal(error),
        }
    }
}

/// The parts of the catalog that rows are checked against.
#[derive(PartialEq)]
struct Catalog {
    policies: BTreeMap<String, (Policy, Product)>,
    entitlements: BTreeMap<String, EntitlementId>,
}

impl Catalog {
    /// Reads the catalog. When publishing, the caller holds the instance's lock, so that it cannot change.
    async fn read(conn: &mut Conn) -> Result<Self, Internal> {
        let products = conn.list_products().await?;
        let products: BTreeMap<_, _> = products.into_iter().map(|product| (product.id, product)).collect();
        let mut policies = BTreeMap::new();
        for policy in conn.list_policies().await? {
            let product = products.get(&policy.product).cloned();
            let product = product.ok_or(Internal::Invariant("a policy has no product"))?;
            policies.insert(policy.code.clone(), (policy, product));
        }
        let entitlements = conn.list_all_entitlements().await?;
        let entitlements = entitlements.into_iter().map(|one| (one.code.as_str().to_owned(), one.id)).collect();
        Ok(Self { policies, entitlements })
    }
}

/// A row with valid fields.
struct CheckedRow<'c> {
    number: i64,
    line: u64,
    row: LicenseRow,
    policy: &'c Policy,
    product: &'c Product,
    /// The license's id, from the row or its signed key. `None` creates one.
    id: Option<LicenseId>,
    signed_by: Option<SigningKeyId>,
    metadata: String,
    entitlements: Vec<EntitlementId>,
}

/// The rows of the current batch.
struct Batch<'c, E> {
    rows: Vec<CheckedRow<'c>>,
    rejected: Vec<RejectedRow<E>>,
}

impl<E> Batch<'_, E> {
    fn len(&self) -> usize {
        self.rows.len() + self.rejected.len()
    }
}

impl Admin<'_> {
    /// Imports licenses. If rows are rejected, the valid ones are imported if the terms say so, and none otherwise. If the
    /// file is malformed, none are imported. Each rejected row is passed to `report_rejected`, in the order of lines
    /// except for those that are rejected when the import is published.
    pub async fn import_licenses<E: std::fmt::Debug + std::fmt::Display + Send>(
        &self,
        rows: impl Iterator<Item = ImportItem<E>> + Send,
        terms: ImportTerms,
        report_rejected: impl FnMut(RejectedRow<E>) + Send,
    ) -> Result<ImportReport, ImportError<E>> {
        let import = ImportId::new(self.service.now(), self.service.random()?);
        let report = self.stage_and_publish(import, rows, terms, report_rejected).await;
        // Cleaning up cannot change the result any more, so an error is only logged.
        if let Err(error) = self.delete_staged_rows(import).await {
            tracing::warn!(%error, "the staged rows of an import could not be deleted; upkeep will delete them");
        }
        report
    }

    async fn stage_and_publish<E: std::fmt::Debug + std::fmt::Display + Send>(
        &self,
        import: ImportId,
        rows: impl Iterator<Item = ImportItem<E>> + Send,
        terms: ImportTerms,
        mut report_rejected: impl FnMut(RejectedRow<E>) + Send,
    ) -> Result<ImportReport, ImportError<E>> {
        let catalog = Catalog::read(&mut *self.service.store().read().await?).await?;
        let mut report = ImportReport::default();
        let mut batch = Batch { rows: Vec::new(), rejected: Vec::new() };
        for (number, item) in (1..).zip(rows) {
            let (line, row) = match item {
                ImportItem::Row { line, row } => (line, row),
                ImportItem::Malformed { line, why } => return Err(ImportError::Malformed { line, why }),
            };
            report.rows += 1;
            let row = row.map_err(RowProblem::Unreadable);
            match row.and_then(|row| self.check_row(&catalog, number, line, *row)) {
                Ok(row) => batch.rows.push(row),
                Err(why) => batch.rejected.push(RejectedRow { line, why }),
            }
            if batch.len() >= BATCH {
                self.stage_batch(import, &mut batch, &mut report, terms, &mut report_rejected).await?;
            }
        }
        self.stage_batch(import, &mut batch, &mut report, terms, &mut report_rejected).await?;
        if report.rejected > 0 && !terms.is_partial {
            return Ok(report);
        }
        self.publish(import, &catalog, &mut report, terms, &mut report_rejected).await?;
        Ok(report)
    }

    /// Stages the valid rows of a batch and reports the rejected ones. After the import has failed, rows are only
    /// checked.
    async fn stage_batch<E: Send>(
        &self,
        import: ImportId,
        batch: &mut Batch<'_, E>,
        report: &mut ImportReport,
        terms: ImportTerms,
        report_rejected: &mut (impl FnMut(RejectedRow<E>) + Send),
    ) -> Result<(), Internal> {
        let has_failed = report.rejected > 0 && !terms.is_partial;
        if !batch.rows.is_empty() {
            let mut tx = self.service.store().write().await?;
            let taken = self.stage(&mut tx, import, std::mem::take(&mut batch.rows), has_failed).await?;
            if !has_failed {
                tx.commit().await?;
            }
            batch.rejected.extend(taken);
        }
        batch.rejected.sort_by_key(|row| row.line);
        report.rejected += batch.rejected.len() as u64;
        batch.rejected.drain(..).for_each(report_rejected);
        Ok(())
    }

    /// Stages rows, unless the import `has_failed`. Returns those whose id or key is taken.
    async fn stage<E>(
        &self,
        tx: &mut Tx,
        import: ImportId,
        rows: Vec<CheckedRow<'_>>,
        has_failed: bool,
    ) -> Result<Vec<RejectedRow<E>>, Internal> {
        let vault = &self.service.0.vault;
        let lookup = |row: &CheckedRow<'_>| row.row.key.as_ref().map(|key| vault.key_lookup(key.expose()));
        let ids: Vec<LicenseId> = rows.iter().filter_map(|row| row.id).collect();
        let lookups: Vec<[u8; 32]> = rows.iter().filter_map(lookup).collect();
        let mut ids: BTreeSet<LicenseId> = tx.list_taken_ids(import, &ids).await?.into_iter().collect();
        let mut lookups: BTreeSet<[u8; 32]> = tx.list_taken_keys(import, &lookups).await?.into_iter().collect();
        let mut rejected = Vec::new();
        let mut staged = Vec::new();
        for row in rows {
            let line = row.line;
            if let Some(id) = row.id
                && !ids.insert(id)
            {
                rejected.push(RejectedRow { line, why: RowProblem::LicenseExists(id) });
                continue;
            }
            if let Some(lookup) = lookup(&row)
                && !lookups.insert(lookup)
            {
                rejected.push(RejectedRow { line, why: RowProblem::KeyTaken });
                continue;
            }
            if !has_failed {
                staged.push(self.staged_row(tx, row).await?);
            }
        }
        tx.insert_import_rows(import, &staged).await?;
        Ok(rejected)
    }

    /// A row with its license key, ready to be staged.
    async fn staged_row(&self, tx: &mut Tx, checked: CheckedRow<'_>) -> Result<ImportRow, Internal> {
        let CheckedRow { number, line, row, policy, product, id, signed_by, metadata, entitlements } = checked;
        let service = self.service;
        let now = service.now();
        let id = match id {
            Some(id) => id,
            None => LicenseId::new(now, ordered_by_row(number, service.random()?)),
        };
        let created_at = row.created_at.unwrap_or(now);
        let expiry = row.expiry.unwrap_or_else(|| Expiry::on_issue(policy, created_at));
        let is_key_generated = row.key.is_none();
        let key = match row.key {
            Some(key) => service.seal_license_key(id, key, signed_by)?,
            None => service.new_license_key(tx, id, policy, product, expiry).await?,
        };
        let mut account = service.new_account(&row.email, None, Role::Customer, now)?;
        account.id = AccountId::new(now, ordered_by_row(number, service.random()?));
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
        let license_audit = LicenseEvent::Issued { policy: policy.code.clone(), imported: true }.of(id);
        let mut license_audit = service.audit_row(now, self.actor, &license_audit)?;
        license_audit.id = AuditId::new(now, ordered_by_row(number, service.random()?));
        let mut account_audit = service.audit_row(now, self.actor, &account_created(&account))?;
        account_audit.id = AuditId::new(now, ordered_by_row(number, service.random()?));
        let NewKey { ciphertext, lookup, signed_by, .. } = key;
        Ok(ImportRow {
            number,
            line,
            account,
            license,
            key_ciphertext: ciphertext,
            key_lookup: lookup,
            signed_by,
            is_key_generated,
            entitlements,
            license_audit,
            account_audit,
        })
    }

    /// Publishes the staged rows in one transaction.
    async fn publish<E: Send>(
        &self,
        import: ImportId,
        catalog: &Catalog,
        report: &mut ImportReport,
        terms: ImportTerms,
        report_rejected: &mut (impl FnMut(RejectedRow<E>) + Send),
    ) -> Result<(), PublishError> {
        let mut tx = self.service.store().write().await?;
        tx.lock_instance().await?;
        if Catalog::read(&mut tx).await? != *catalog {
            return Err(PublishError::CatalogChanged);
        }
        check_signers(&mut tx, import).await?;
        // Ids and keys that were taken before the rows were staged are rejected already. These were taken since.
        let taken = tx.list_taken_rows(import).await?;
        report.rejected += taken.len() as u64;
        for row in &taken {
            let why = if row.is_id_taken { RowProblem::LicenseExists(row.license) } else { RowProblem::KeyTaken };
            report_rejected(RejectedRow { line: row.line, why });
        }
        if report.rejected > 0 && !terms.is_partial {
            return Ok(());
        }
        report.repeated = u64::try_from(tx.count_repeated_rows(import).await?).unwrap_or_default();
        if report.repeated > 0 && !terms.may_repeat {
            return Ok(());
        }
        for row in taken {
            tx.delete_import_row(import, row.number).await?;
        }
        report.imported = tx.publish_import(import).await?;
        Ok(tx.commit().await?)
    }

    /// Deletes the staged rows of an import.
    async fn delete_staged_rows(&self, import: ImportId) -> Result<(), Internal> {
        loop {
            let mut tx = self.service.store().write().await?;
            let removed = tx.delete_import_rows(import, DELETE_BATCH).await?;
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
                return Err(RowProblem::KeyOfOtherLicense(claims.license));
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

    /// The claims of a signed key and the id of the signing key. `None` for a random key.
    fn read_claims<E>(&self, key: &LicenseKey) -> Result<Option<(KeyClaims, SigningKeyId)>, RowProblem<E>> {
        // A key is valid even if its policy generates keys by another scheme.
        if key.scheme() == KeyScheme::Random {
            return Ok(None);
        }
        // Importing a key that this instance did not sign would make it look genuine.
        let not_signed = RowProblem::<E>::KeyNotSigned;
        let keyring = self.service.keyring();
        let claims = signed_key::verify(key.expose(), &keyring.verifying()).map_err(not_signed)?;
        let signer = keyring.keys().iter().find(|one| signed_key::verify(key.expose(), &[one.public_key]).is_ok());
        let signer = signer.ok_or(not_signed(SignedKeyError::Signature))?;
        Ok(Some((claims, signer.id)))
    }
}

/// Checks the signing keys of the staged rows. License keys that were created by the import must be signed by the key
/// that signs now, which is locked until the rows are published. Those that came with the rows must be signed by a key
/// that is not retired.
async fn check_signers(tx: &mut Tx, import: ImportId) -> Result<(), PublishError> {
    let signers = tx.list_import_signers(import).await?;
    if signers.is_empty() {
        return Ok(());
    }
    let keys = tx.list_signing_keys().await?;
    for (signer, is_key_generated) in signers {
        let is_valid = if is_key_generated {
            tx.lock_signer(signer).await?
        } else {
            keys.iter().any(|key| key.id == signer && state(key) != KeyState::Retired)
        };
        if !is_valid {
            return Err(PublishError::SigningKeysChanged);
        }
    }
    Ok(())
}

/// The random part of an id, with its first 26 bits replaced by the row's number. Ids are then in the order of the
/// file, so that indexes grow at one end, which halves the time of the last transaction. 48 random bits remain.
fn ordered_by_row(number: i64, random: [u8; 10]) -> [u8; 10] {
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
        let id = |number: i64| LicenseId::new(now, ordered_by_row(number, [0xff; 10]));
        for number in (1..26).map(|bit| 1_i64 << bit) {
            for number in [number - 1, number, number + 1] {
                let next = LicenseId::new(now, ordered_by_row(number + 1, [0; 10]));
                assert!(id(number) < next && next.uuid().get_version_num() == 7, "{number}");
            }
        }
    }
}
