//! The list of the audit log's entries.

use latchkey_licensing::ids::AuditId;
use sqlx::QueryBuilder;

use super::{
    super::dialect::{Connection, Db},
    count,
    keyset::SortOrder,
    push_range_of_ids,
};
use crate::{
    error::Result,
    tables::{
        lists::{
            audit_log::{AuditFilter, AuditSort, position},
            keyset::{PageRequest, Slice},
        },
        operations::audit_log::{AuditColumns, AuditRow},
    },
};

fn push_filter(query: &mut QueryBuilder<Db>, filter: &AuditFilter) {
    let columns = [
        ("actor_kind", &filter.actor_kind),
        ("actor_id", &filter.actor_id),
        ("verb", &filter.verb),
        ("subject_kind", &filter.subject_kind),
        ("subject_id", &filter.subject_id),
    ];
    for (column, wanted) in columns {
        if let Some(wanted) = wanted {
            query.push(format_args!(" AND {column} = ")).push_bind(wanted.clone());
        }
    }
    if filter.is_about_machines {
        // As the index says it.
        query.push(" AND verb LIKE 'machine.%'");
    }
    push_range_of_ids(query, "at", filter.at, |at| AuditId::new(at, [0; 10]).uuid());
}

pub(crate) async fn list_audits_by(
    conn: &mut Connection,
    filter: &AuditFilter,
    sort: AuditSort,
    page: &PageRequest,
) -> Result<Slice<AuditRow>> {
    let order = match sort {
        AuditSort::Newest => SortOrder::by_id().descending(),
        AuditSort::Oldest => SortOrder::by_id(),
    };
    let mut query = QueryBuilder::<Db>::new(
        "SELECT page.* FROM (SELECT id, at, actor_kind, actor_id, network, verb, subject_kind, subject_id, detail
         FROM audit_log WHERE TRUE",
    );
    push_filter(&mut query, filter);
    order.push_page(&mut query, page);
    order.push_order(&mut query, page);
    let rows: Vec<AuditColumns> = query.build_query_as().persistent(false).fetch_all(conn).await?;
    Ok(Slice::new(rows.into_iter().map(AuditRow::from).collect(), page, position))
}

pub(crate) async fn count_audits_by(conn: &mut Connection, filter: &AuditFilter, at_most: u32) -> Result<u32> {
    let mut query = QueryBuilder::<Db>::new("SELECT COUNT(*) FROM (SELECT 1 FROM audit_log WHERE TRUE");
    push_filter(&mut query, filter);
    count(conn, query, at_most).await
}
