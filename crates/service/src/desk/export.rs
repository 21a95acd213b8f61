//! Exports of lists as CSV files, with the same filters.

use std::{future::Future, pin::Pin, sync::Arc};

use latchkey_licensing::time::Timestamp;
use latchkey_store::{Matches, PageRequest, Reader, Seek};
use tokio::sync::OwnedSemaphorePermit;
use uuid::Uuid;

use crate::{
    audit::event::{AuditEvent, ListEvent},
    desk::{
        csv::{BYTE_ORDER_MARK, Cell, line},
        lists::{FieldContext, List, ListQuery, Place, fields::FieldError},
    },
    error::{Internal, internal_errors},
    identity::actors::{Admin, Fresh},
};

/// How many rows are read at once.
const ROWS: u32 = 500;

/// How many lists a process exports at the same time. Each keeps a connection to the database for as long as its reader takes.
pub const MAX_EXPORTS: usize = 4;

/// Why no export began.
#[derive(Debug, thiserror::Error)]
pub enum ExportListError {
    /// A field is invalid.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// As many exports as possible have not ended yet.
    #[error("{MAX_EXPORTS} exports are being downloaded: try again when one of them has ended")]
    TooMany,
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

internal_errors!(ExportListError);

/// The field that stands for chosen rows in the audit log.
const CHOSEN: &str = "id";

/// A list as a CSV file, which is read part by part: a byte order mark and a line of titles, and then a line for each row.
/// All rows belong to the same state of the database, which is kept until this is dropped.
pub struct ListExport {
    /// The name of the list.
    pub list: &'static str,
    parts: Box<dyn Parts>,
    /// Its place among the exports of this process.
    _place: OwnedSemaphorePermit,
}

impl std::fmt::Debug for ListExport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ListExport").field("list", &self.list).finish_non_exhaustive()
    }
}

impl ListExport {
    /// The next part of the file. `None` after the last one.
    pub async fn next_part(&mut self) -> Result<Option<String>, Internal> {
        self.parts.next().await
    }
}

type NextPart<'a> = Pin<Box<dyn Future<Output = Result<Option<String>, Internal>> + Send + 'a>>;

/// The parts of a file, whatever the list is.
trait Parts: Send {
    fn next(&mut self) -> NextPart<'_>;
}

/// The rows of a list that are left to read.
struct Rows<L: List> {
    reader: Reader,
    query: ListQuery<L>,
    now: Timestamp,
    /// The line of titles, until it is passed on.
    titles: String,
    /// Where the next rows are. `None` after the last ones.
    seek: Option<Seek>,
}

impl<L: List> Rows<L> {
    async fn read(&mut self) -> Result<Option<String>, Internal> {
        let Some(seek) = self.seek.take() else {
            return Ok(None);
        };
        let page = PageRequest { seek, limit: ROWS, matches: Matches::Unknown };
        let slice = L::page(&mut self.reader, &self.query.filter, self.query.sort, &page).await?;
        self.seek = slice.next.map(Seek::After);
        let mut part = std::mem::take(&mut self.titles);
        part.extend(slice.items.iter().map(|row| line(&L::cells(row, self.now))));
        Ok(Some(part))
    }
}

impl<L: List> Parts for Rows<L> {
    fn next(&mut self) -> NextPart<'_> {
        Box::pin(self.read())
    }
}

impl Admin<'_> {
    /// Begins the export of the rows that match the fields and, if rows are `chosen`, are among those. The export is in the
    /// audit log before the first row leaves the server.
    pub async fn export_list<L: List>(
        &self,
        fields: &[(String, String)],
        chosen: &[Uuid],
        _fresh: &Fresh,
    ) -> Result<ListExport, ExportListError> {
        let place = Arc::clone(&self.service.0.exports).try_acquire_owned();
        let place = place.map_err(|_| ExportListError::TooMany)?;
        let mut reader = self.service.store().read().await?;
        let context: FieldContext = self.service.field_context(&mut reader, fields).await?;
        let mut query = ListQuery::<L>::parse(fields, &context)?;
        // An export is of all rows, so it has no pages.
        match query.place {
            Place::Start => {}
            Place::After(_) => {
                return Err(FieldError::invalid("after", "no cursor: an export contains all rows").into());
            }
            Place::Before(_) => {
                return Err(FieldError::invalid("before", "no cursor: an export contains all rows").into());
            }
        }
        if !chosen.is_empty() && !L::choose(&mut query.filter, chosen) {
            return Err(FieldError::unknown(CHOSEN, L::FIELDS).into());
        }
        drop(reader);
        self.record_list_export::<L>(fields, !chosen.is_empty()).await?;
        let reader = self.service.store().read().await?;
        let titles: Vec<Cell> = L::COLUMNS.iter().map(|title| Cell::text(Some(title))).collect();
        let titles = format!("{BYTE_ORDER_MARK}{}", line(&titles));
        let rows = Rows::<L> { reader, query, now: self.service.now(), titles, seek: Some(Seek::Start) };
        Ok(ListExport { list: L::NAME, parts: Box::new(rows), _place: place })
    }

    async fn record_list_export<L: List>(&self, fields: &[(String, String)], are_chosen: bool) -> Result<(), Internal> {
        let given = fields.iter().filter(|(_, value)| !value.trim().is_empty()).map(|(field, _)| field.clone());
        let fields = given.chain(are_chosen.then(|| CHOSEN.to_owned())).collect();
        let event = AuditEvent::List(L::NAME.to_owned(), ListEvent::Exported { fields });
        let mut tx = self.service.store().write().await?;
        self.service.record(&mut tx, self.service.now(), self.cause(), event).await?;
        Ok(tx.commit().await?)
    }
}
