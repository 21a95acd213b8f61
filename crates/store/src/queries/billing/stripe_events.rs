//! The provider's events. Leases prevent two workers from handling the same event at the same time.

use latchkey_licensing::time::Timestamp;
use sqlx::QueryBuilder;

use super::super::{
    batch,
    dialect::{self, Connection, Db},
};
use crate::{
    error::Result,
    tables::billing::stripe_events::{EventColumns, EventState, NewStripeEvent, StripeEventRow},
};

macro_rules! columns {
    () => {
        "id, kind, is_live, api_version, object_kind, object_id, source, state, attempts, next_attempt_at, last_error,
         created_at, received_at, done_at"
    };
}

pub(crate) async fn insert_stripe_event(conn: &mut Connection, event: &NewStripeEvent<'_>) -> Result<bool> {
    let sql = "INSERT INTO stripe_events (id, kind, is_live, api_version, object_kind, object_id, body, source, state,
                   last_error, attempts, next_attempt_at, created_at, received_at, done_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, $11, $12, $11, $13) ON CONFLICT DO NOTHING";
    let done_at = (event.state != EventState::Waiting).then(|| event.now.unix_micros());
    let done = sqlx::query(sql)
        .bind(event.id)
        .bind(event.kind)
        .bind(event.is_live)
        .bind(event.api_version)
        .bind(event.object.map(|(kind, _)| kind))
        .bind(event.object.map(|(_, id)| id))
        .bind(event.body)
        .bind(if event.is_from_sync { "sync" } else { "webhook" })
        .bind(event.state.as_str())
        .bind(event.problem)
        .bind(event.now.unix_micros())
        .bind(event.created_at.unix_micros())
        .bind(done_at)
        .execute(&mut *conn)
        .await?;
    if done.rows_affected() != 1 {
        return Ok(false);
    }
    for batch in event.named_objects.chunks(batch::ROWS) {
        let mut query = QueryBuilder::<Db>::new("INSERT INTO stripe_event_objects (object_id, event_id) ");
        query.push_values(batch, |mut row, object| {
            row.push_bind(object.as_str()).push_bind(event.id);
        });
        query.build().persistent(false).execute(&mut *conn).await?;
    }
    Ok(true)
}

pub(crate) async fn lease_stripe_event(
    conn: &mut Connection,
    now: Timestamp,
    leased_until: Timestamp,
) -> Result<Option<StripeEventRow>> {
    let row: Option<EventColumns> = sqlx::query_as(dialect::LEASE_STRIPE_EVENT)
        .bind(now.unix_micros())
        .bind(leased_until.unix_micros())
        .fetch_optional(conn)
        .await?;
    row.map(StripeEventRow::try_from).transpose()
}

pub(crate) async fn set_stripe_event_done(
    conn: &mut Connection,
    id: &str,
    state: EventState,
    problem: Option<&str>,
    now: Timestamp,
) -> Result<()> {
    let sql = "UPDATE stripe_events SET state = $2, last_error = $3, done_at = $4 WHERE id = $1 AND state = 'waiting'";
    sqlx::query(sql).bind(id).bind(state.as_str()).bind(problem).bind(now.unix_micros()).execute(conn).await?;
    Ok(())
}

pub(crate) async fn set_stripe_event_retry(
    conn: &mut Connection,
    id: &str,
    at: Timestamp,
    problem: &str,
) -> Result<()> {
    let sql = "UPDATE stripe_events SET next_attempt_at = $2, last_error = $3 WHERE id = $1 AND state = 'waiting'";
    sqlx::query(sql).bind(id).bind(at.unix_micros()).bind(problem).execute(conn).await?;
    Ok(())
}

pub(crate) async fn replay_stripe_event(conn: &mut Connection, id: &str, now: Timestamp) -> Result<bool> {
    let sql = "UPDATE stripe_events SET state = 'waiting', attempts = 0, next_attempt_at = $2, done_at = NULL
               WHERE id = $1 AND object_id IS NOT NULL";
    Ok(sqlx::query(sql).bind(id).bind(now.unix_micros()).execute(conn).await?.rows_affected() == 1)
}

pub(crate) async fn next_stripe_event_due_at(conn: &mut Connection) -> Result<Option<Timestamp>> {
    let sql = "SELECT MIN(next_attempt_at) FROM stripe_events WHERE state = 'waiting'";
    let due: Option<i64> = sqlx::query_scalar(sql).fetch_one(conn).await?;
    Ok(due.map(Timestamp::from_unix_micros))
}

pub(crate) async fn find_stripe_event(conn: &mut Connection, id: &str) -> Result<Option<(StripeEventRow, Vec<u8>)>> {
    let sql = concat!("SELECT ", columns!(), " FROM stripe_events WHERE id = $1");
    let row: Option<EventColumns> = sqlx::query_as(sql).bind(id).fetch_optional(&mut *conn).await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let body = sqlx::query_scalar("SELECT body FROM stripe_events WHERE id = $1").bind(id).fetch_one(conn).await?;
    Ok(Some((row.try_into()?, body)))
}

pub(crate) async fn list_stripe_events(
    conn: &mut Connection,
    state: Option<EventState>,
    before: Option<Timestamp>,
    limit: i64,
) -> Result<Vec<StripeEventRow>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM stripe_events WHERE ($1 = '' OR state = $1) AND received_at < $2 ORDER BY received_at DESC, id DESC LIMIT $3"
    );
    let rows: Vec<EventColumns> = sqlx::query_as(sql)
        .bind(state.map_or("", EventState::as_str))
        .bind(before.map_or(i64::MAX, Timestamp::unix_micros))
        .bind(limit)
        .fetch_all(conn)
        .await?;
    rows.into_iter().map(StripeEventRow::try_from).collect()
}

pub(crate) async fn list_known_stripe_events(conn: &mut Connection, ids: &[&str]) -> Result<Vec<String>> {
    let mut known = Vec::new();
    for ids in ids.chunks(batch::IDS) {
        let mut query = QueryBuilder::<Db>::new("SELECT id FROM stripe_events WHERE id IN (");
        let mut list = query.separated(", ");
        for id in ids {
            list.push_bind(*id);
        }
        query.push(")");
        known.extend(query.build_query_scalar::<String>().persistent(false).fetch_all(&mut *conn).await?);
    }
    Ok(known)
}

/// Takes the place of a body that was erased.
const ERASED: &[u8] = br#"{"erased":true}"#;

pub(crate) async fn erase_stripe_event_bodies(conn: &mut Connection, objects: &[String]) -> Result<u64> {
    let mut erased = 0;
    for ids in objects.chunks(batch::IDS / 2) {
        let mut query = QueryBuilder::<Db>::new("UPDATE stripe_events SET body = ");
        query.push_bind(ERASED).push(" WHERE id IN (SELECT id FROM stripe_events WHERE object_id IN (");
        push_list(&mut query, ids);
        // No order has the id of a charge, and events that are not acted on have none. But each names its payment or customer.
        query.push(") UNION SELECT event_id FROM stripe_event_objects WHERE object_id IN (");
        push_list(&mut query, ids);
        query.push("))");
        erased += query.build().persistent(false).execute(&mut *conn).await?.rows_affected();
    }
    Ok(erased)
}

fn push_list(query: &mut QueryBuilder<Db>, ids: &[String]) {
    let mut list = query.separated(", ");
    for id in ids {
        list.push_bind(id.clone());
    }
}
