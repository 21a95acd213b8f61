//! Places in sorted lists, and the pages between them.

use uuid::Uuid;

/// What a list is sorted by, before the id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SortKey {
    /// By nothing else: the ids are in the order of the list.
    None,
    Number(i64),
    Text(String),
}

/// The id of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowId {
    Uuid(Uuid),
    Text(String),
}

/// The place of a row in a sorted list. It remains valid if the row is deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    pub key: SortKey,
    pub id: RowId,
}

impl Position {
    pub(crate) fn of_id(id: Uuid) -> Self {
        Self { key: SortKey::None, id: RowId::Uuid(id) }
    }

    pub(crate) fn of_number(number: i64, id: Uuid) -> Self {
        Self { key: SortKey::Number(number), id: RowId::Uuid(id) }
    }

    pub(crate) fn of_text(text: impl Into<String>, id: Uuid) -> Self {
        Self { key: SortKey::Text(text.into()), id: RowId::Uuid(id) }
    }
}

/// Where a page is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Seek {
    /// At the start of the list.
    #[default]
    Start,
    /// After this row.
    After(Position),
    /// Before this row.
    Before(Position),
}

/// How many rows match the filter, as far as the caller knows. It decides how a page is found, and not what is on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Matches {
    #[default]
    Unknown,
    /// At most [`Matches::FEW`].
    Few,
    /// At most [`Matches::SOME`].
    Some,
    Many,
}

impl Matches {
    /// The most rows that are few: sorting them costs less than reading rows in the order of the list until enough of them match.
    pub(crate) const FEW: u32 = 1_000;

    /// The most rows that are gathered and sorted.
    pub(crate) const SOME: u32 = 10_000;

    /// What a count of all matching rows says.
    pub fn of(count: u32) -> Self {
        if count <= Self::FEW {
            Self::Few
        } else if count <= Self::SOME {
            Self::Some
        } else {
            Self::Many
        }
    }
}

/// A page to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    pub seek: Seek,
    /// The most rows of the page.
    pub limit: u32,
    pub matches: Matches,
}

impl PageRequest {
    /// The number of rows to read: one more than the page has, to learn whether there are others.
    pub(crate) fn rows(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// Whether this is as many rows as are read.
    pub(crate) fn is_filled_by(&self, rows: usize) -> bool {
        i64::try_from(rows).is_ok_and(|rows| rows >= self.rows())
    }

    /// Whether the rows are read in the opposite direction of the list.
    pub(crate) fn is_backward(&self) -> bool {
        matches!(self.seek, Seek::Before(_))
    }
}

/// The rows of a page, in the order of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice<T> {
    pub items: Vec<T>,
    /// The first row, if there are rows before it.
    pub previous: Option<Position>,
    /// The last row, if there are rows after it.
    pub next: Option<Position>,
}

impl<T> Slice<T> {
    /// Makes a page of rows in the order in which they were read.
    pub(crate) fn new(mut rows: Vec<T>, page: &PageRequest, position: impl Fn(&T) -> Position) -> Self {
        let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        if page.is_backward() {
            rows.reverse();
        }
        let (first, last) = (rows.first().map(&position), rows.last().map(&position));
        let (previous, next) = match page.seek {
            Seek::Start => (None, last.filter(|_| has_more)),
            Seek::After(_) => (first, last.filter(|_| has_more)),
            Seek::Before(_) => (first.filter(|_| has_more), last),
        };
        Self { items: rows, previous, next }
    }

    /// The same page with converted rows.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Slice<U> {
        Slice { items: self.items.into_iter().map(change).collect(), previous: self.previous, next: self.next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(number: i64) -> Position {
        Position::of_number(number, Uuid::nil())
    }

    fn slice(seek: Seek, rows: &[i64]) -> (Vec<i64>, Option<Position>, Option<Position>) {
        let page = PageRequest { seek, limit: 2, matches: Matches::Unknown };
        let slice = Slice::new(rows.to_vec(), &page, |row| at(*row));
        (slice.items, slice.previous, slice.next)
    }

    #[test]
    fn a_page_knows_what_is_before_and_after_it() {
        assert_eq!(slice(Seek::Start, &[1, 2]), (vec![1, 2], None, None));
        assert_eq!(slice(Seek::Start, &[1, 2, 3]), (vec![1, 2], None, Some(at(2))));
        assert_eq!(slice(Seek::After(at(2)), &[3, 4, 5]), (vec![3, 4], Some(at(3)), Some(at(4))));
        assert_eq!(slice(Seek::After(at(2)), &[3]), (vec![3], Some(at(3)), None));
        assert_eq!(slice(Seek::After(at(2)), &[]), (vec![], None, None));
        // Rows before a place are read from it backward.
        assert_eq!(slice(Seek::Before(at(5)), &[4, 3, 2]), (vec![3, 4], Some(at(3)), Some(at(4))));
        assert_eq!(slice(Seek::Before(at(3)), &[2, 1]), (vec![1, 2], None, Some(at(2))));
    }
}
