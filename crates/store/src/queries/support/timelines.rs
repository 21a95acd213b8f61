//! The newest entries about records: of the audit log, mails and notes. Their ids are in the order of time, so that they can
//! be merged and continued by their ids.

use latchkey_licensing::{
    email::EmailAddress,
    ids::{AccountId, MachineId},
};
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::super::dialect::{self, Connection, Db};
use crate::{
    error::Result,
    tables::{
        lists::outbox::{ListedMail, ListedMailRow},
        operations::audit_log::{AuditColumns, AuditRow},
        support::notes::{NoteColumns, NoteRow},
    },
};

/// Adds an arm for each kind of subject, so that each uses the index of subjects in the order of ids.
fn push_subjects(
    query: &mut QueryBuilder<Db>,
    select: &str,
    subjects: &[(&str, Vec<String>)],
    before: Uuid,
    more: impl Fn(&mut QueryBuilder<Db>),
    limit: i64,
) {
    for (number, (kind, ids)) in subjects.iter().enumerate() {
        query.push(if number == 0 { "SELECT * FROM (" } else { " UNION ALL SELECT * FROM (" });
        query.push(select).push(" WHERE subject_kind = ").push_bind((*kind).to_owned()).push(" AND subject_id IN (");
        let mut list = query.separated(", ");
        for id in ids {
            list.push_bind(id.clone());
        }
        query.push(") AND id < ").push_bind(before);
        more(query);
        query.push(" ORDER BY id DESC LIMIT ").push_bind(limit).push(format_args!(") AS arm{number}"));
    }
    query.push(" ORDER BY id DESC LIMIT ").push_bind(limit);
}

pub(crate) async fn list_audits_about(
    conn: &mut Connection,
    subjects: &[(&str, Vec<String>)],
    machine: Option<MachineId>,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<AuditRow>> {
    if subjects.is_empty() || subjects.iter().any(|(_, ids)| ids.is_empty()) {
        return Ok(Vec::new());
    }
    let select = "SELECT id, at, actor_kind, actor_id, network, verb, subject_kind, subject_id, detail FROM audit_log";
    let of_machine = |query: &mut QueryBuilder<Db>| {
        if let Some(machine) = machine {
            query.push(" AND detail LIKE ").push_bind(format!("%\"machine\":\"{machine}\"%"));
        }
    };
    let mut query = QueryBuilder::new("");
    push_subjects(&mut query, select, subjects, before.unwrap_or(Uuid::max()), of_machine, limit);
    let rows: Vec<AuditColumns> = query.build_query_as().persistent(false).fetch_all(conn).await?;
    Ok(rows.into_iter().map(AuditRow::from).collect())
}

pub(crate) async fn list_notes_about(
    conn: &mut Connection,
    subjects: &[(&str, Vec<String>)],
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<NoteRow>> {
    if subjects.is_empty() || subjects.iter().any(|(_, ids)| ids.is_empty()) {
        return Ok(Vec::new());
    }
    let select = "SELECT id, subject_kind, subject_id, author_id, body, created_at FROM notes";
    let mut query = QueryBuilder::new("");
    push_subjects(&mut query, select, subjects, before.unwrap_or(Uuid::max()), |_| {}, limit);
    let rows: Vec<NoteColumns> = query.build_query_as().persistent(false).fetch_all(conn).await?;
    Ok(rows.into_iter().map(NoteRow::from).collect())
}

pub(crate) async fn list_mails_of(
    conn: &mut Connection,
    account: AccountId,
    address: &EmailAddress,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<ListedMail>> {
    let mut query = QueryBuilder::<Db>::new(
        "SELECT id, kind, recipient, attempts, next_attempt_at, expires_at, sent_at, failed_at, last_error, created_at
         FROM outbox WHERE kind <> 'decoy' AND (account_id = ",
    );
    query.push_bind(account.uuid()).push(" OR (account_id IS NULL AND ");
    query.push(dialect::MAIL_RECIPIENT).push(" = ").push_bind(address.as_str().to_owned());
    query.push(")) AND id < ").push_bind(before.unwrap_or(Uuid::max()));
    query.push(" ORDER BY id DESC LIMIT ").push_bind(limit);
    let rows: Vec<ListedMailRow> = query.build_query_as().fetch_all(conn).await?;
    rows.into_iter().map(ListedMail::try_from).collect()
}

pub(crate) async fn list_mails_to(
    conn: &mut Connection,
    recipient: &EmailAddress,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<ListedMail>> {
    let mut query = QueryBuilder::<Db>::new(
        "SELECT id, kind, recipient, attempts, next_attempt_at, expires_at, sent_at, failed_at, last_error, created_at
         FROM outbox WHERE kind <> 'decoy' AND ",
    );
    query.push(dialect::MAIL_RECIPIENT).push(" = ").push_bind(recipient.as_str().to_owned());
    query.push(" AND id < ").push_bind(before.unwrap_or(Uuid::max()));
    query.push(" ORDER BY id DESC LIMIT ").push_bind(limit);
    let rows: Vec<ListedMailRow> = query.build_query_as().fetch_all(conn).await?;
    rows.into_iter().map(ListedMail::try_from).collect()
}
