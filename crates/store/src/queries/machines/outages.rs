//! Periods in which no heartbeats could be received.

use latchkey_licensing::{outage::Outage, time::Timestamp};

use super::super::dialect::Connection;
use crate::{error::Result, tables::Origin};

/// Records an outage once, even if two processes detect that it has ended.
pub(crate) async fn insert_outage(conn: &mut Connection, outage: Outage) -> Result<()> {
    let sql = "INSERT INTO outages (began_at, ended_at) VALUES ($1, $2)
               ON CONFLICT (began_at) DO UPDATE SET ended_at = excluded.ended_at WHERE excluded.ended_at > outages.ended_at";
    sqlx::query(sql).bind(outage.began_at().unix_micros()).bind(outage.ended_at().unix_micros()).execute(conn).await?;
    Ok(())
}

pub(crate) async fn list_outages(conn: &mut Connection) -> Result<Vec<Outage>> {
    let rows: Vec<(i64, i64)> =
        sqlx::query_as("SELECT began_at, ended_at FROM outages ORDER BY began_at").fetch_all(conn).await?;
    let outage = |(began, ended)| {
        Outage::new(Timestamp::from_unix_micros(began), Timestamp::from_unix_micros(ended))
            .ok_or_else(|| Origin::new("outages", began).corrupt("an outage ends before it begins"))
    };
    rows.into_iter().map(outage).collect()
}

pub(crate) async fn truncate_outages(conn: &mut Connection, limit: Timestamp, now: Timestamp) -> Result<()> {
    let (limit, now) = (limit.unix_micros(), now.unix_micros());
    let sql = "DELETE FROM outages WHERE ended_at > $1 AND began_at >= $2";
    sqlx::query(sql).bind(limit).bind(now).execute(&mut *conn).await?;
    sqlx::query("UPDATE outages SET ended_at = $2 WHERE ended_at > $1").bind(limit).bind(now).execute(conn).await?;
    Ok(())
}

pub(crate) async fn delete_outages_before(conn: &mut Connection, instant: Timestamp) -> Result<u64> {
    let sql = "DELETE FROM outages WHERE ended_at < $1";
    Ok(sqlx::query(sql).bind(instant.unix_micros()).execute(conn).await?.rows_affected())
}
