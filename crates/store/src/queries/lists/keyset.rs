//! The conditions and the order by which a page is found.

use sqlx::QueryBuilder;

use super::super::dialect::Db;
use crate::tables::lists::keyset::{Matches, PageRequest, Position, RowId, Seek, SortKey};

/// The order of a list.
#[derive(Clone, Copy)]
pub(super) struct SortOrder {
    key: Key,
    is_descending: bool,
}

#[derive(Clone, Copy)]
enum Key {
    /// The ids are in the order of the list.
    Id,
    Column(&'static str),
    /// An indexed expression. SQLite finds its place in the index only by a comparison of the expression alone.
    Expression(&'static str),
}

/// How the rows of a page are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// As the database sees fit.
    Any,
    /// By the filter, and then sorted.
    Gathered,
    /// In the order of the list, as long as there are enough among the first.
    Walked,
}

/// How many rows are looked at in the order of the list, until the page is full.
const WALKED: u32 = 1_000;

impl Shape {
    /// The shapes to try for a page until one fills it. The last one finds all of its rows.
    pub(super) fn of(page: &PageRequest, filter: Breadth) -> &'static [Self] {
        match (page.matches, filter) {
            (Matches::Unknown, _) | (Matches::Many, Breadth::All) => &[Self::Any],
            // Looking up another table's row for each row that is walked costs more than gathering.
            (Matches::Few, _) | (Matches::Some, Breadth::OtherTables) => &[Self::Gathered],
            (Matches::Some, Breadth::All | Breadth::OwnColumns) => &[Self::Walked, Self::Gathered],
            (Matches::Many, Breadth::OwnColumns | Breadth::OtherTables) => &[Self::Walked, Self::Any],
        }
    }
}

/// What a filter is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Breadth {
    /// Nothing: all rows match.
    All,
    /// Columns of the table itself.
    OwnColumns,
    /// Rows of other tables.
    OtherTables,
}

impl Breadth {
    /// The breadth of a filter about columns of the table itself.
    pub(super) fn of<F: Default + PartialEq>(filter: &F) -> Self {
        if *filter == F::default() { Self::All } else { Self::OwnColumns }
    }
}

/// A table whose rows are listed.
#[derive(Clone, Copy)]
pub(super) struct Listed {
    pub(super) table: &'static str,
    /// The columns that its filters compare, and its id. With few of them, an index has all that is walked.
    pub(super) columns: &'static str,
}

impl SortOrder {
    pub(super) const fn by_id() -> Self {
        Self { key: Key::Id, is_descending: false }
    }

    pub(super) const fn by(column: &'static str) -> Self {
        Self { key: Key::Column(column), is_descending: false }
    }

    pub(super) const fn by_expression(expression: &'static str) -> Self {
        Self { key: Key::Expression(expression), is_descending: false }
    }

    pub(super) const fn descending(self) -> Self {
        Self { is_descending: true, ..self }
    }

    /// Adds the places of the page's rows: a subquery called `place`, which has their ids and what they are sorted by. It reads
    /// no other columns, so that an index can have all of them. Limits in inner subqueries keep databases from looking for
    /// the rows in another way than the shape says.
    pub(super) fn push_places(
        self,
        query: &mut QueryBuilder<Db>,
        listed: Listed,
        page: &PageRequest,
        shape: Shape,
        push_filter: impl FnOnce(&mut QueryBuilder<Db>),
    ) {
        let Listed { table, columns } = listed;
        let key = self.key();
        match shape {
            Shape::Any => {
                query.push(format_args!("(SELECT id, {key} AS sort_key FROM {table} WHERE TRUE"));
                push_filter(query);
                self.push_seek(query, &page.seek);
                self.push_inner_order(query, page);
            }
            Shape::Gathered => {
                query.push("(SELECT id, sort_key FROM ");
                query.push(format_args!("(SELECT id, {key} AS sort_key FROM {table} WHERE TRUE"));
                push_filter(query);
                query.push(format_args!(" LIMIT {}) AS gathered WHERE TRUE", Matches::SOME));
                self.sorted().push_seek(query, &page.seek);
                self.sorted().push_inner_order(query, page);
            }
            Shape::Walked => {
                query.push("(SELECT id, sort_key FROM ");
                query.push(format_args!("(SELECT {columns}, {key} AS sort_key FROM {table} WHERE TRUE"));
                self.push_seek(query, &page.seek);
                self.push_inner_order(query, page);
                query.push(format_args!(" LIMIT {WALKED}) AS {table} WHERE TRUE"));
                push_filter(query);
                self.sorted().push_inner_order(query, page);
            }
        }
        query.push(" LIMIT ").push_bind(page.rows()).push(") AS place");
    }

    fn key(self) -> &'static str {
        match self.key {
            Key::Id => "id",
            Key::Column(key) | Key::Expression(key) => key,
        }
    }

    /// The same order of rows that have their key in a column.
    fn sorted(self) -> Self {
        let key = match self.key {
            Key::Id => Key::Id,
            Key::Column(_) | Key::Expression(_) => Key::Column("sort_key"),
        };
        Self { key, ..self }
    }

    fn push_inner_order(self, query: &mut QueryBuilder<Db>, page: &PageRequest) {
        let direction = if self.is_descending == page.is_backward() { "" } else { " DESC" };
        match self.key {
            Key::Id => query.push(format_args!(" ORDER BY id{direction}")),
            Key::Column(key) | Key::Expression(key) => {
                query.push(format_args!(" ORDER BY {key}{direction}, id{direction}"))
            }
        };
    }

    /// Adds the order of the outer statement.
    pub(super) fn push_order(self, query: &mut QueryBuilder<Db>, page: &PageRequest) {
        let direction = if self.is_descending == page.is_backward() { "" } else { " DESC" };
        match self.key {
            Key::Id => query.push(format_args!(" ORDER BY place.id{direction}")),
            Key::Column(_) | Key::Expression(_) => {
                query.push(format_args!(" ORDER BY place.sort_key{direction}, place.id{direction}"))
            }
        };
    }

    fn push_seek(self, query: &mut QueryBuilder<Db>, seek: &Seek) {
        let (position, is_descending) = match seek {
            Seek::Start => return,
            Seek::After(position) => (position, self.is_descending),
            Seek::Before(position) => (position, !self.is_descending),
        };
        let sign = if is_descending { "<" } else { ">" };
        match self.key {
            Key::Id => {
                query.push(format_args!(" AND id {sign} "));
            }
            Key::Column(key) => {
                query.push(format_args!(" AND ({key}, id) {sign} ("));
            }
            Key::Expression(key) => {
                query.push(format_args!(" AND {key} {sign}= "));
                push_key(query, position);
                query.push(format_args!(" AND ({key}, id) {sign} ("));
            }
        }
        if !matches!(self.key, Key::Id) {
            push_key(query, position);
            query.push(", ");
        }
        match &position.id {
            RowId::Uuid(id) => query.push_bind(*id),
            RowId::Text(id) => query.push_bind(id.clone()),
        };
        if !matches!(self.key, Key::Id) {
            query.push(")");
        }
    }
}

fn push_key(query: &mut QueryBuilder<Db>, position: &Position) {
    match &position.key {
        // The place of a row in another order. The caller checks that it belongs to this one.
        SortKey::None => query.push("NULL"),
        SortKey::Number(number) => query.push_bind(*number),
        SortKey::Text(text) => query.push_bind(text.clone()),
    };
}
