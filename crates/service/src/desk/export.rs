//! Exports of lists as CSV files, with the same filters.

use latchkey_licensing::time::Timestamp;
use latchkey_store::{Conn, PageRequest, Seek};

use crate::{
    actors::{Admin, Fresh},
    audit::event::{AuditEvent, ListEvent},
    desk::{
        csv::{BYTE_ORDER_MARK, Cell, line},
        lists::{FieldContext, List, ListError, ListQuery, Place, fields::FieldError},
    },
    error::Internal,
};

/// How many rows are read at once.
const ROWS: u32 = 500;

impl Admin<'_> {
    /// Passes a list as a CSV file to `emit`, in parts: a byte order mark and a line of titles, and a line for each row. All
    /// rows belong to the same state of the database. The export is in the audit log before the first row leaves the
    /// server. Returns the number of rows.
    pub async fn export_list<L: List, E: From<ListError>>(
        &self,
        fields: &[(String, String)],
        _fresh: &Fresh,
        mut emit: impl FnMut(&str) -> Result<(), E> + Send,
    ) -> Result<u64, E> {
        let query = self.export_query::<L>(fields).await?;
        self.record_list_export::<L>(fields).await.map_err(ListError::from)?;
        let mut reader = self.service.store().read().await.map_err(ListError::from)?;
        let titles: Vec<Cell> = L::COLUMNS.iter().map(|title| Cell::text(Some(title))).collect();
        emit(&format!("{BYTE_ORDER_MARK}{}", line(&titles)))?;
        let (now, mut count, mut seek) = (self.service.now(), 0, Seek::Start);
        loop {
            let (lines, rows, next) = page_of_lines(&mut reader, &query, seek, now).await?;
            count += rows;
            emit(&lines)?;
            match next {
                Some(next) => seek = next,
                None => return Ok(count),
            }
        }
    }

    /// An export is of all rows, so it has no pages.
    async fn export_query<L: List>(&self, fields: &[(String, String)]) -> Result<ListQuery<L>, ListError> {
        let mut reader = self.service.store().read().await?;
        let context: FieldContext = self.service.field_context(&mut reader, fields).await?;
        let query = ListQuery::<L>::parse(fields, &context)?;
        match query.place {
            Place::Start => Ok(query),
            Place::After(_) => Err(FieldError::invalid("after", "no cursor: an export contains all rows").into()),
            Place::Before(_) => Err(FieldError::invalid("before", "no cursor: an export contains all rows").into()),
        }
    }

    async fn record_list_export<L: List>(&self, fields: &[(String, String)]) -> Result<(), Internal> {
        let given = fields.iter().filter(|(_, value)| !value.trim().is_empty());
        let fields = given.map(|(field, _)| field.clone()).collect();
        let event = AuditEvent::List(L::NAME.to_owned(), ListEvent::Exported { fields });
        let mut tx = self.service.store().write().await?;
        self.service.record(&mut tx, self.service.now(), self.actor, event).await?;
        Ok(tx.commit().await?)
    }
}

/// The lines of some rows, their number, and where the next ones are.
async fn page_of_lines<L: List>(
    conn: &mut Conn,
    query: &ListQuery<L>,
    seek: Seek,
    now: Timestamp,
) -> Result<(String, u64, Option<Seek>), ListError> {
    let page = PageRequest { seek, limit: ROWS };
    let slice = L::page(conn, &query.filter, query.sort, &page).await?;
    let lines = slice.items.iter().map(|row| line(&L::cells(row, now))).collect();
    let count = u64::try_from(slice.items.len()).unwrap_or(u64::MAX);
    Ok((lines, count, slice.next.map(Seek::After)))
}
