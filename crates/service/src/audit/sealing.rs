//! Appending rows of the audit log to its chain, shortly after they were written, and verifying it.
//!
//! Requests do not wait for it, and do not queue up at the end of the chain. In return, rows that are a few seconds old are
//! protected by triggers only.

use std::time::Duration;

use latchkey_store::AuditHead;

use crate::{
    audit::chain::{ChainCheck, ChainHead, ChainReport, next_link},
    error::Internal,
    identity::actors::Admin,
    service::Service,
};

/// How many rows are appended in one transaction, so that other writers pass in between.
const BATCH: usize = 1_000;

/// How many entries a verification reads at once.
const PAGE: i64 = 1_000;

/// How many rows without an entry are listed.
const UNCHAINED: i64 = 100;

impl Service {
    /// Appends all waiting rows of the audit log to its chain. Returns their number.
    pub async fn seal_audit_log(&self) -> Result<usize, Internal> {
        let mut sealed = 0_usize;
        loop {
            let count = self.seal_batch().await?;
            sealed = sealed.saturating_add(count);
            if count < BATCH {
                return Ok(sealed);
            }
        }
    }

    /// Waits until this process writes to the audit log, but at most for `longest`, because other processes write to it, too.
    pub async fn wait_for_audit(&self, longest: Duration) {
        let _ = tokio::time::timeout(longest, self.0.audit_written.notified()).await;
    }

    /// The end of the audit log's chain.
    pub async fn audit_head(&self) -> Result<ChainHead, Internal> {
        Ok(self.store().read().await?.get_audit_head().await?.into())
    }

    async fn seal_batch(&self) -> Result<usize, Internal> {
        if !self.store().read().await?.has_unsealed_audits().await? {
            return Ok(0);
        }
        let mut tx = self.store().write().await?;
        let mut head = tx.lock_audit_head().await?;
        let rows = tx.list_unsealed_audits(i64::try_from(BATCH).unwrap_or(i64::MAX)).await?;
        let mut links = Vec::with_capacity(rows.len());
        for row in &rows {
            let link = next_link(&self.0.vault, head, row);
            head = AuditHead { position: link.position, mac: link.mac };
            links.push(link);
        }
        tx.append_audit_links(&links).await?;
        tx.commit().await?;
        Ok(links.len())
    }
}

impl Admin<'_> {
    /// Checks that the audit log is complete and unchanged. `kept` is an earlier end of its chain, kept outside the
    /// database. Rows that wait for their entry get it first.
    pub async fn verify_audit_log(&self, kept: Option<ChainHead>) -> Result<ChainReport, Internal> {
        self.service.seal_audit_log().await?;
        let mut reader = self.service.store().read().await?;
        let head = reader.get_audit_head().await?;
        let mut check = ChainCheck::new(&self.service.0.vault, kept);
        let mut after = 0;
        loop {
            let entries = reader.list_audit_chain(after, PAGE).await?;
            let Some(last) = entries.last() else { break };
            after = last.link.position;
            for entry in &entries {
                check.add(entry);
            }
        }
        let unchained = reader.list_unchained_audits(UNCHAINED).await?;
        Ok(check.finish(head, unchained))
    }
}
