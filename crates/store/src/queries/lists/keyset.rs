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
    /// By the filter, and then sorted. For few rows.
    Gathered,
    /// In the order of the list, as long as there are enough among the first. For many rows.
    Walked,
}

/// How many rows are looked at in the order of the list, until the page is full.
const WALKED: u32 = 1_000;

impl Shape {
    /// The shape for a page. `is_searched` says whether the filter is about other tables, so that databases misjudge it.
    pub(super) fn of(page: &PageRequest, is_searched: bool) -> Self {
        match page.matches {
            Matches::Few => Self::Gathered,
            Matches::Many if is_searched => Self::Walked,
            Matches::Many | Matches::Unknown => Self::Any,
        }
    }
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

    /// Adds the table of the inner statement with the filter, and ends it as [`Self::push_page`] does. A limit in a subquery
    /// keeps databases from looking for the rows in another way than the shape says.
    pub(super) fn push_rows(
        self,
        query: &mut QueryBuilder<Db>,
        table: &str,
        page: &PageRequest,
        shape: Shape,
        push_filter: impl FnOnce(&mut QueryBuilder<Db>),
    ) {
        match shape {
            Shape::Any => {
                query.push(format_args!(" FROM {table} WHERE TRUE"));
                push_filter(query);
                self.push_page(query, page);
            }
            Shape::Gathered => {
                query.push(format_args!(" FROM (SELECT * FROM {table} WHERE TRUE"));
                push_filter(query);
                query.push(format_args!(" LIMIT {}) AS {table} WHERE TRUE", Matches::FEW));
                self.push_page(query, page);
            }
            Shape::Walked => {
                query.push(format_args!(" FROM (SELECT * FROM {table} WHERE TRUE"));
                self.push_seek(query, &page.seek);
                self.push_inner_order(query, page);
                query.push(format_args!(" LIMIT {WALKED}) AS {table} WHERE TRUE"));
                push_filter(query);
                self.push_inner_order(query, page);
                query.push(" LIMIT ").push_bind(page.rows()).push(") AS page");
            }
        }
    }

    /// Adds the condition under which rows belong to the page or follow it, the order and the limit, and ends the inner
    /// statement, which is called `page`.
    pub(super) fn push_page(self, query: &mut QueryBuilder<Db>, page: &PageRequest) {
        self.push_seek(query, &page.seek);
        self.push_inner_order(query, page);
        query.push(" LIMIT ").push_bind(page.rows()).push(") AS page");
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
            Key::Id => query.push(format_args!(" ORDER BY page.id{direction}")),
            Key::Column(_) | Key::Expression(_) => {
                query.push(format_args!(" ORDER BY page.sort_key{direction}, page.id{direction}"))
            }
        };
    }

    /// The column of the inner statement by which the outer one sorts.
    pub(super) fn column(self) -> String {
        match self.key {
            Key::Id => String::new(),
            Key::Column(key) | Key::Expression(key) => format!(", {key} AS sort_key"),
        }
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
