//! The list of mails. Their contents are not read.

use latchkey_licensing::ids::MailId;
use sqlx::QueryBuilder;

use super::{
    super::dialect::{self, Connection, Db},
    count,
    keyset::{Breadth, Listed, Shape, SortOrder},
    push_prefix, push_range_of_ids,
};
use crate::{
    error::Result,
    tables::lists::{
        keyset::{PageRequest, Slice},
        name_key,
        outbox::{ListedMail, ListedMailRow, MailFilter, MailSort, MailState},
    },
};

const LISTED: Listed = Listed { table: "outbox", columns: "id, kind, recipient, sent_at, failed_at, created_at" };

fn push_filter(query: &mut QueryBuilder<Db>, filter: &MailFilter) {
    query.push(" AND kind <> 'decoy'");
    match filter.state {
        Some(MailState::Waiting) => query.push(" AND sent_at IS NULL AND failed_at IS NULL"),
        Some(MailState::Sent) => query.push(" AND sent_at IS NOT NULL"),
        Some(MailState::Failed) => query.push(" AND failed_at IS NOT NULL"),
        None => query,
    };
    if let Some(kind) = &filter.kind {
        query.push(" AND kind = ").push_bind(kind.clone());
    }
    if let Some(text) = &filter.text {
        query.push(" AND ");
        push_prefix(query, dialect::MAIL_RECIPIENT, &name_key(Some(text)));
    }
    push_range_of_ids(query, "created_at", filter.created, |at| MailId::new(at, [0; 10]).uuid());
}

pub(crate) async fn list_mails_by(
    conn: &mut Connection,
    filter: &MailFilter,
    sort: MailSort,
    page: &PageRequest,
) -> Result<Slice<ListedMail>> {
    let order = match sort {
        MailSort::Newest => SortOrder::by_id().descending(),
        MailSort::Oldest => SortOrder::by_id(),
    };
    let mut rows = Vec::new();
    for shape in Shape::of(page, Breadth::of(filter)) {
        let mut query = QueryBuilder::<Db>::new("SELECT page.id, page.kind, page.recipient, page.attempts, page.next_attempt_at, page.expires_at, page.sent_at,
             page.failed_at, page.last_error, page.created_at FROM ");
        order.push_places(&mut query, LISTED, page, *shape, |query| push_filter(query, filter));
        query.push(" JOIN outbox AS page ON page.id = place.id");
        order.push_order(&mut query, page);
        rows = query.build_query_as::<ListedMailRow>().persistent(false).fetch_all(&mut *conn).await?;
        if page.is_filled_by(rows.len()) {
            break;
        }
    }
    let rows = rows.into_iter().map(ListedMail::try_from).collect::<Result<Vec<_>>>()?;
    Ok(Slice::new(rows, page, ListedMail::position))
}

pub(crate) async fn count_mails_by(conn: &mut Connection, filter: &MailFilter, at_most: u32) -> Result<u32> {
    let mut query = QueryBuilder::<Db>::new("SELECT COUNT(*) FROM (SELECT 1 FROM outbox WHERE TRUE");
    push_filter(&mut query, filter);
    count(conn, query, at_most).await
}

pub(crate) async fn find_listed_mail(conn: &mut Connection, id: MailId) -> Result<Option<ListedMail>> {
    let sql =
        "SELECT id, kind, recipient, attempts, next_attempt_at, expires_at, sent_at, failed_at, last_error, created_at
               FROM outbox WHERE id = $1 AND kind <> 'decoy'";
    let row: Option<ListedMailRow> = sqlx::query_as(sql).bind(id.uuid()).fetch_optional(conn).await?;
    row.map(ListedMail::try_from).transpose()
}
