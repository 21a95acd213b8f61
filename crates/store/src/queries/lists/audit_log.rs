//! The list of the audit log's entries.

use latchkey_licensing::ids::AuditId;
use sqlx::QueryBuilder;

use super::{
    super::dialect::{Connection, Db},
    count,
    keyset::{Breadth, Listed, Shape, SortOrder},
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

const LISTED: Listed =
    Listed { table: "audit_log", columns: "id, at, actor_kind, actor_id, verb, subject_kind, subject_id" };

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
    let mut rows = Vec::new();
    for shape in Shape::of(page, Breadth::of(filter)) {
        let mut query = QueryBuilder::<Db>::new(
            "SELECT page.id, page.at, page.actor_kind, page.actor_id, page.network, page.verb, page.subject_kind,
             page.subject_id, page.detail FROM ",
        );
        order.push_places(&mut query, LISTED, page, *shape, |query| push_filter(query, filter));
        query.push(" JOIN audit_log AS page ON page.id = place.id");
        order.push_order(&mut query, page);
        rows = query.build_query_as::<AuditColumns>().persistent(false).fetch_all(&mut *conn).await?;
        if page.is_filled_by(rows.len()) {
            break;
        }
    }
    Ok(Slice::new(rows.into_iter().map(AuditRow::from).collect(), page, position))
}

pub(crate) async fn count_audits_by(conn: &mut Connection, filter: &AuditFilter, at_most: u32) -> Result<u32> {
    let mut query = QueryBuilder::<Db>::new("SELECT COUNT(*) FROM (SELECT 1 FROM audit_log WHERE TRUE");
    push_filter(&mut query, filter);
    count(conn, query, at_most).await
}
