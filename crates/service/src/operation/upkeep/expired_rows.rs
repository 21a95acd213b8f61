//! Deleting expired rows.

use std::time::Duration;

use crate::{error::Internal, identity::sign_in::sessions::ENDED_SESSION_KEPT, service::Service};

/// How long an expired sign-in request is kept, so that complaints can be investigated.
const KEEP_SIGN_IN_REQUESTS: Duration = Duration::from_hours(24);

/// How long an expired change of an e-mail address is kept.
const KEEP_EMAIL_CHANGES: Duration = Duration::from_hours(24);

/// How long a browser is known after it was last used to sign in.
const KEEP_BROWSERS: Duration = Duration::from_hours(180 * 24);

/// How long a bucket is kept after its last use. Every bucket is full again before that.
const KEEP_BUCKETS: Duration = Duration::from_hours(24);

/// How long a sent mail's row is kept, so that complaints can be investigated.
const KEEP_MAILS: Duration = Duration::from_hours(7 * 24);

/// How long the row of a mail with a deduplication key is kept, so that the key is still taken. Stripe retries a failed
/// payment for at most two months and repeats an event for at most 30 days.
const KEEP_MAIL_KEYS: Duration = Duration::from_hours(90 * 24);

/// How long the staged rows of an interrupted import are kept, which is longer than any import takes.
const KEEP_IMPORT_ROWS: Duration = Duration::from_hours(24);

/// The most staged rows that are deleted at once.
const IMPORT_ROWS: i64 = 2_000;

impl Service {
    /// Deletes expired sessions, old sign-in requests, old changes of addresses, browsers that are no longer used, old mails,
    /// full rate-limit buckets and rows that interrupted imports have staged. Returns the number of deleted rows.
    pub async fn remove_expired_rows(&self) -> Result<u64, Internal> {
        let now = self.now();
        let mut tx = self.store().write().await?;
        let deleted = tx.delete_sessions_before(now.minus(ENDED_SESSION_KEPT)).await?
            + tx.delete_ceremonies_before(now).await?
            + tx.delete_sign_in_requests_before(now.minus(KEEP_SIGN_IN_REQUESTS)).await?
            + tx.delete_email_changes_before(now.minus(KEEP_EMAIL_CHANGES)).await?
            + tx.delete_known_browsers_before(now.minus(KEEP_BROWSERS)).await?
            + tx.delete_mails_before(now.minus(KEEP_MAILS), now.minus(KEEP_MAIL_KEYS)).await?
            + tx.delete_buckets_before(now.minus(KEEP_BUCKETS)).await?
            + tx.delete_import_rows_before(now.minus(KEEP_IMPORT_ROWS), IMPORT_ROWS).await?;
        tx.commit().await?;
        Ok(deleted)
    }
}
