//! Pages of lists. They use a cursor instead of an offset, and read one row more than requested, to learn whether
//! there is a next page.

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T, C> {
    pub items: Vec<T>,
    /// The cursor of the next page, if there is one.
    pub next: Option<C>,
}

impl<T, C> Page<T, C> {
    /// The number of rows to read for a page of `limit` items.
    pub fn rows(limit: u32) -> i64 {
        i64::from(limit) + 1
    }

    /// Takes the first `limit` of `rows`, of which there are at most [`Page::rows`].
    pub fn new(mut rows: Vec<T>, limit: u32, cursor: impl FnOnce(&T) -> C) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let next = if has_more { rows.last().map(cursor) } else { None };
        Self { items: rows, next }
    }

    /// The same page with converted items.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U, C> {
        Page { items: self.items.into_iter().map(change).collect(), next: self.next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_knows_whether_there_is_more() {
        let page = |rows: &[u32]| Page::new(rows.to_vec(), 2, |row| *row);
        assert_eq!(page(&[1, 2, 3]), Page { items: vec![1, 2], next: Some(2) });
        assert_eq!(page(&[1, 2]), Page { items: vec![1, 2], next: None });
        assert_eq!(page(&[]), Page { items: vec![], next: None });
        assert_eq!(Page::<(), ()>::rows(u32::MAX), 4_294_967_296);
    }
}
