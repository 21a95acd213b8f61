//! Durable rate limits: the generic cell rate algorithm (GCRA), with one conditional upsert per decision.

use latchkey_licensing::time::Timestamp;

use sqlx::QueryBuilder;

use super::super::{
    batch,
    dialect::{Connection, Db},
};
use crate::{
    error::Result,
    tables::{
        self,
        operations::rate_limits::{BucketDebit, MAX_SKEW},
    },
};

/// A token is added every `interval_us`, and `tolerance_us` is how far a burst may run ahead of that rate. A bucket
/// that is more than [`MAX_SKEW`] further ahead was used under a clock that has since been set back, so it is
/// treated as full.
pub(crate) async fn take_token(
    conn: &mut Connection,
    bucket: &str,
    now: Timestamp,
    interval_us: i64,
    tolerance_us: i64,
) -> Result<bool> {
    let sql = "INSERT INTO rate_limits (bucket, next_allowed_at) VALUES ($1, $2 + $3)
               ON CONFLICT (bucket) DO UPDATE
               SET next_allowed_at = $3 + CASE WHEN rate_limits.next_allowed_at > $2 AND rate_limits.next_allowed_at <= $2 + $4
                                               THEN rate_limits.next_allowed_at ELSE $2 END
               WHERE rate_limits.next_allowed_at <= $2 + $4 OR rate_limits.next_allowed_at > $2 + $4 + $3 + $5";
    let done = sqlx::query(sql)
        .bind(bucket)
        .bind(now.unix_micros())
        .bind(interval_us)
        .bind(tolerance_us)
        .bind(tables::micros(MAX_SKEW))
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}

pub(crate) async fn find_bucket(conn: &mut Connection, bucket: &str) -> Result<Option<Timestamp>> {
    let sql = "SELECT next_allowed_at FROM rate_limits WHERE bucket = $1";
    let next_allowed_at: Option<i64> = sqlx::query_scalar(sql).bind(bucket).fetch_optional(conn).await?;
    Ok(next_allowed_at.map(Timestamp::from_unix_micros))
}

pub(crate) async fn delete_buckets_before(conn: &mut Connection, instant: Timestamp) -> Result<u64> {
    let sql = "DELETE FROM rate_limits WHERE next_allowed_at < $1";
    Ok(sqlx::query(sql).bind(instant.unix_micros()).execute(conn).await?.rows_affected())
}

pub(crate) async fn lock_bucket(conn: &mut Connection, bucket: &str) -> Result<Timestamp> {
    let sql = "INSERT INTO rate_limits (bucket, next_allowed_at) VALUES ($1, 0)
               ON CONFLICT (bucket) DO UPDATE SET next_allowed_at = rate_limits.next_allowed_at
               RETURNING next_allowed_at";
    let stored: i64 = sqlx::query_scalar(sql).bind(bucket).fetch_one(conn).await?;
    Ok(Timestamp::from_unix_micros(stored))
}

pub(crate) async fn set_bucket(conn: &mut Connection, bucket: &str, next_allowed_at: Timestamp) -> Result<()> {
    sqlx::query("UPDATE rate_limits SET next_allowed_at = $2 WHERE bucket = $1")
        .bind(bucket)
        .bind(next_allowed_at.unix_micros())
        .execute(conn)
        .await?;
    Ok(())
}

pub(crate) async fn debit_buckets(conn: &mut Connection, debits: &[BucketDebit]) -> Result<()> {
    // A statement has one cost. The debits of a call usually belong to one limit, and then have the same cost.
    for same in debits.chunk_by(|one, other| one.cost == other.cost) {
        for batch in same.chunks(batch::ROWS) {
            let cost = batch.first().map_or(0, |debit| tables::micros(debit.cost));
            let mut query = QueryBuilder::<Db>::new("INSERT INTO rate_limits (bucket, next_allowed_at) ");
            query.push_values(batch, |mut row, debit| {
                row.push_bind(&debit.bucket).push_bind(debit.at.plus(debit.cost).unix_micros());
            });
            query.push(
                " ON CONFLICT (bucket) DO UPDATE SET next_allowed_at = CASE
                      WHEN rate_limits.next_allowed_at > excluded.next_allowed_at - ",
            );
            query.push_bind(cost).push(" THEN rate_limits.next_allowed_at + ").push_bind(cost);
            query.push(" ELSE excluded.next_allowed_at END");
            query.build().persistent(false).execute(&mut *conn).await?;
        }
    }
    Ok(())
}
