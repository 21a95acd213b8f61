//! Durable rate limits: the generic cell rate algorithm, one conditional upsert a decision.

use latchkey_licensing::time::Timestamp;

use super::Conn;
use crate::{
    error::Result,
    rows::{self, MAX_SKEW},
};

/// Takes one token from `bucket`. A token comes back every `interval_us`; `tolerance_us` is how far
/// ahead of that pace a burst may run. `true` if there was a token. A bucket that is further ahead than
/// any burst can run, by more than [`MAX_SKEW`], was filled by a clock that has been set back since: it
/// counts as untouched.
pub(crate) async fn take_token(
    conn: &mut Conn,
    bucket: &str,
    now: Timestamp,
    interval_us: i64,
    tolerance_us: i64,
) -> Result<bool> {
    let sql = "INSERT INTO rate_limits (bucket, tat) VALUES ($1, $2 + $3)
               ON CONFLICT (bucket) DO UPDATE
               SET tat = CASE WHEN rate_limits.tat > $2 AND rate_limits.tat <= $2 + $4
                              THEN rate_limits.tat ELSE $2 END + $3
               WHERE rate_limits.tat <= $2 + $4 OR rate_limits.tat > $2 + $4 + $3 + $5";
    let done = sqlx::query(sql)
        .bind(bucket)
        .bind(now.unix_micros())
        .bind(interval_us)
        .bind(tolerance_us)
        .bind(rows::micros(MAX_SKEW))
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// When a bucket's next token is due, less the tolerance; `None` for an untouched bucket.
pub(crate) async fn find_bucket(conn: &mut Conn, bucket: &str) -> Result<Option<Timestamp>> {
    let tat: Option<i64> =
        sqlx::query_scalar("SELECT tat FROM rate_limits WHERE bucket = $1").bind(bucket).fetch_optional(conn).await?;
    Ok(tat.map(Timestamp::from_unix_micros))
}

pub(crate) async fn delete_buckets_before(conn: &mut Conn, instant: Timestamp) -> Result<u64> {
    let sql = "DELETE FROM rate_limits WHERE tat < $1";
    Ok(sqlx::query(sql).bind(instant.unix_micros()).execute(conn).await?.rows_affected())
}
