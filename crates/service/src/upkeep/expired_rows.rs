//! Removing what has run out.

use std::time::Duration;

use crate::{error::Internal, service::Service};

/// How long an ended sign-in request is kept, for looking into complaints.
const KEEP_LOGIN_REQUESTS: Duration = Duration::from_hours(24);

/// How long an untouched rate limit is kept; longer than any limit's full refill.
const KEEP_BUCKETS: Duration = Duration::from_hours(24);

/// How long it is kept to whom a mail went, for looking into complaints.
const KEEP_MAILS: Duration = Duration::from_hours(7 * 24);

/// How long staged rows are kept of an import that never ended; longer than any import takes.
const KEEP_IMPORT_ROWS: Duration = Duration::from_hours(24);

/// How many staged rows are removed at once.
const IMPORT_ROWS: i64 = 2_000;

impl Service {
    /// Removes ended sessions, old sign-in requests, mails long gone, full rate-limit buckets and what crashed
    /// imports have staged. Returns how many rows went.
    pub async fn remove_what_has_run_out(&self) -> Result<u64, Internal> {
        let now = self.now();
        let mut tx = self.store().write().await?;
        let removed = tx.delete_sessions_before(now).await?
            + tx.delete_login_requests_before(now.minus(KEEP_LOGIN_REQUESTS)).await?
            + tx.delete_mails_before(now.minus(KEEP_MAILS)).await?
            + tx.delete_buckets_before(now.minus(KEEP_BUCKETS)).await?
            + tx.delete_import_rows_before(now.minus(KEEP_IMPORT_ROWS), IMPORT_ROWS).await?;
        tx.commit().await?;
        Ok(removed)
    }
}
