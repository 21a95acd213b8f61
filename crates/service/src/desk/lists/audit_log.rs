//! The audit log, and the part of it that is about machines.

use latchkey_licensing::time::Timestamp;
use latchkey_store::{AuditFilter, AuditRow, AuditSort, Conn, PageRequest, Slice, StoreError};

use crate::{
    audit::actor::KINDS,
    desk::{
        csv::Cell,
        lists::{
            FieldContext, List,
            fields::{self, FieldError},
        },
    },
};

/// The audit log.
#[derive(Clone, Copy, Debug)]
pub struct AuditLog;

/// The entries of the audit log about machines: activations, deactivations, names and files.
#[derive(Clone, Copy, Debug)]
pub struct Activations;

const SORTS: &[(&str, AuditSort)] = &[("newest", AuditSort::Newest), ("oldest", AuditSort::Oldest)];

const COLUMNS: &[&str] = &["id", "at", "actor", "actor_id", "network", "event", "subject", "subject_id", "detail"];

fn set(filter: &mut AuditFilter, field: &str, value: &str, known: &[&'static str]) -> Result<(), FieldError> {
    match field {
        "actor" => {
            let find = |word: &str| KINDS.into_iter().find(|kind| *kind == word);
            filter.actor_kind = fields::word(field, value, find, KINDS)?.map(str::to_owned);
        }
        "actor_id" => filter.actor_id = fields::text(field, value)?,
        "event" => filter.verb = fields::text(field, value)?,
        "subject" => filter.subject_kind = fields::text(field, value)?,
        "subject_id" => filter.subject_id = fields::text(field, value)?,
        "license" => {
            let license: Option<latchkey_licensing::ids::LicenseId> = fields::id(field, value)?;
            filter.subject_kind = license.map(|_| crate::audit::event::LICENSE.to_owned());
            filter.subject_id = license.map(|license| license.to_string());
        }
        "from" => fields::from(field, value, &mut filter.at)?,
        "to" => fields::to(field, value, &mut filter.at)?,
        _ => return Err(FieldError::unknown(field, known)),
    }
    Ok(())
}

fn cells(row: &AuditRow) -> Vec<Cell> {
    vec![
        Cell::Text(row.id.to_string()),
        Cell::Time(row.at),
        Cell::text(Some(&row.actor_kind)),
        Cell::text(row.actor_id.as_deref()),
        Cell::text(row.network.as_deref()),
        Cell::text(Some(&row.verb)),
        Cell::text(Some(&row.subject_kind)),
        Cell::text(Some(&row.subject_id)),
        Cell::text(Some(&row.detail)),
    ]
}

impl List for AuditLog {
    const NAME: &'static str = "audit";
    const FIELDS: &'static [&'static str] = &["actor", "actor_id", "event", "subject", "subject_id", "from", "to"];
    const SORTS: &'static [(&'static str, AuditSort)] = SORTS;
    const COLUMNS: &'static [&'static str] = COLUMNS;
    type Filter = AuditFilter;
    type Sort = AuditSort;
    type Row = AuditRow;

    fn set(filter: &mut AuditFilter, field: &str, value: &str, _: &FieldContext) -> Result<(), FieldError> {
        set(filter, field, value, Self::FIELDS)
    }

    async fn page(
        conn: &mut Conn,
        filter: &AuditFilter,
        sort: AuditSort,
        page: &PageRequest,
    ) -> Result<Slice<AuditRow>, StoreError> {
        conn.list_audits_by(filter, sort, page).await
    }

    async fn count(conn: &mut Conn, filter: &AuditFilter, at_most: u32) -> Result<u32, StoreError> {
        conn.count_audits_by(filter, at_most).await
    }

    fn cells(row: &AuditRow, _: Timestamp) -> Vec<Cell> {
        cells(row)
    }
}

/// A filter of the audit log with only what is about machines.
fn about_machines(filter: &AuditFilter) -> AuditFilter {
    AuditFilter { is_about_machines: true, ..filter.clone() }
}

impl List for Activations {
    const NAME: &'static str = "activations";
    const FIELDS: &'static [&'static str] = &["actor", "event", "license", "from", "to"];
    const SORTS: &'static [(&'static str, AuditSort)] = SORTS;
    const COLUMNS: &'static [&'static str] = COLUMNS;
    type Filter = AuditFilter;
    type Sort = AuditSort;
    type Row = AuditRow;

    fn set(filter: &mut AuditFilter, field: &str, value: &str, _: &FieldContext) -> Result<(), FieldError> {
        set(filter, field, value, Self::FIELDS)
    }

    async fn page(
        conn: &mut Conn,
        filter: &AuditFilter,
        sort: AuditSort,
        page: &PageRequest,
    ) -> Result<Slice<AuditRow>, StoreError> {
        conn.list_audits_by(&about_machines(filter), sort, page).await
    }

    async fn count(conn: &mut Conn, filter: &AuditFilter, at_most: u32) -> Result<u32, StoreError> {
        conn.count_audits_by(&about_machines(filter), at_most).await
    }

    fn cells(row: &AuditRow, _: Timestamp) -> Vec<Cell> {
        cells(row)
    }
}
