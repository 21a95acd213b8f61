//! Mails waiting to be sent. Leases prevent two workers from sending the same mail.
//!
//! Rows of the kind `decoy` are mails that are never sent: a request to sign in to an address without an account writes one, so
//! that it costs as much as a request that causes a mail (ML-10). Everything that shows or counts mails leaves them out.

use latchkey_licensing::{
    email::EmailAddress,
    ids::{AccountId, MailId},
    time::Timestamp,
};

use sqlx::QueryBuilder;

use super::super::{
    batch,
    dialect::{Connection, Db},
};
use crate::{
    error::Result,
    tables::{
        Origin,
        operations::outbox::{LeasedMail, MailRow, NewMail},
    },
};

pub(crate) async fn insert_mails(conn: &mut Connection, mails: &[NewMail<'_>]) -> Result<u64> {
    let sql = "INSERT INTO outbox (id, kind, recipient, payload, attempts, next_attempt_at, expires_at, created_at,
                   dedupe_key, account_id) ";
    let mut inserted = 0;
    for batch in mails.chunks(batch::ROWS) {
        let mut query = QueryBuilder::<Db>::new(sql);
        query.push_values(batch, |mut row, mail| {
            row.push_bind(mail.id.uuid())
                .push_bind(mail.kind)
                .push_bind(mail.recipient.as_str())
                .push_bind(mail.payload)
                .push_bind(0_i64)
                .push_bind(mail.now.unix_micros())
                .push_bind(mail.expires_at.unix_micros())
                .push_bind(mail.now.unix_micros())
                .push_bind(mail.dedupe_key)
                .push("COALESCE(")
                .push_bind_unseparated(mail.account.map(AccountId::uuid))
                .push_unseparated(", (SELECT accounts.id FROM accounts WHERE accounts.email = ")
                .push_bind_unseparated(mail.recipient.as_str())
                .push_unseparated("))");
        });
        query.push(" ON CONFLICT (dedupe_key) DO NOTHING");
        inserted += query.build().persistent(batch.len() == 1).execute(&mut *conn).await?.rows_affected();
    }
    Ok(inserted)
}

pub(crate) async fn list_recipients_of(conn: &mut Connection, causes: &[String]) -> Result<Vec<EmailAddress>> {
    if causes.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = QueryBuilder::<Db>::new("SELECT DISTINCT recipient FROM outbox WHERE ");
    for (at, cause) in causes.iter().enumerate() {
        let start = format!("{cause}:");
        let letters = i64::try_from(start.chars().count()).unwrap_or(i64::MAX);
        query.push(if at == 0 { "dedupe_key = " } else { " OR dedupe_key = " }).push_bind(cause.clone());
        query.push(format!(" OR SUBSTR(dedupe_key, 1, {letters}) = ")).push_bind(start);
    }
    query.push(" ORDER BY recipient");
    let found: Vec<String> = query.build_query_scalar().persistent(false).fetch_all(conn).await?;
    let origin = Origin::new("outbox", causes.join(" "));
    found.iter().map(|text| origin.email(text)).collect()
}

/// The outer condition repeats the inner one because PostgreSQL evaluates it again after waiting for another
/// worker's row lock.
pub(crate) async fn lease_mail(
    conn: &mut Connection,
    now: Timestamp,
    leased_until: Timestamp,
) -> Result<Option<LeasedMail>> {
    let sql = "UPDATE outbox SET next_attempt_at = $2, attempts = attempts + 1
               WHERE id = (SELECT id FROM outbox WHERE sent_at IS NULL AND failed_at IS NULL AND next_attempt_at <= $1
                           ORDER BY next_attempt_at, id LIMIT 1)
                 AND sent_at IS NULL AND failed_at IS NULL AND next_attempt_at <= $1
               RETURNING id, kind, recipient, payload, attempts, expires_at, created_at";
    let row: Option<MailRow> =
        sqlx::query_as(sql).bind(now.unix_micros()).bind(leased_until.unix_micros()).fetch_optional(conn).await?;
    row.map(LeasedMail::try_from).transpose()
}

pub(crate) async fn set_mail_sent(conn: &mut Connection, id: MailId, now: Timestamp) -> Result<bool> {
    let done = sqlx::query(
        "UPDATE outbox SET sent_at = $2, payload = NULL, last_error = NULL WHERE id = $1 AND failed_at IS NULL",
    )
    .bind(id.uuid())
    .bind(now.unix_micros())
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(crate) async fn set_mail_retry(conn: &mut Connection, id: MailId, at: Timestamp, error: &str) -> Result<bool> {
    let done = sqlx::query("UPDATE outbox SET next_attempt_at = $2, last_error = $3 WHERE id = $1 AND sent_at IS NULL")
        .bind(id.uuid())
        .bind(at.unix_micros())
        .bind(error)
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}

pub(crate) async fn set_mail_failed(conn: &mut Connection, id: MailId, now: Timestamp, error: &str) -> Result<bool> {
    let done = sqlx::query(
        "UPDATE outbox SET failed_at = $2, payload = NULL, last_error = $3 WHERE id = $1 AND sent_at IS NULL",
    )
    .bind(id.uuid())
    .bind(now.unix_micros())
    .bind(error)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(crate) async fn delete_mails_of(conn: &mut Connection, account: AccountId, address: &EmailAddress) -> Result<u64> {
    let sql = "DELETE FROM outbox WHERE account_id = $1 OR (account_id IS NULL AND recipient = $2)";
    Ok(sqlx::query(sql).bind(account.uuid()).bind(address.as_str()).execute(conn).await?.rows_affected())
}

pub(crate) async fn delete_mails_before(conn: &mut Connection, instant: Timestamp, with_key: Timestamp) -> Result<u64> {
    let sql = "DELETE FROM outbox
               WHERE (dedupe_key IS NULL AND (sent_at < $1 OR failed_at < $1)) OR sent_at < $2 OR failed_at < $2
                   OR (kind = 'decoy' AND (sent_at IS NOT NULL OR failed_at IS NOT NULL))";
    let done = sqlx::query(sql).bind(instant.unix_micros()).bind(with_key.unix_micros()).execute(conn).await?;
    Ok(done.rows_affected())
}

pub(crate) async fn next_mail_due_at(conn: &mut Connection) -> Result<Option<Timestamp>> {
    let sql = "SELECT MIN(next_attempt_at) FROM outbox WHERE sent_at IS NULL AND failed_at IS NULL";
    let due: Option<i64> = sqlx::query_scalar(sql).fetch_one(conn).await?;
    Ok(due.map(Timestamp::from_unix_micros))
}
