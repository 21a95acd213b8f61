//! The query of a list's address: its fields, and the addresses of lists with other fields.

use crate::routes::AdminPage;

/// The fields that say where in a list a page is.
const PLACE: [&str; 2] = ["after", "before"];

/// The fields that are no filters.
const COMMON: [&str; 4] = ["sort", "page_size", "after", "before"];

/// The fields of a list's address that are not empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fields(Vec<(String, String)>);

/// Reads a query string. Forms send empty values for what is not chosen.
pub(crate) fn parse(query: &str) -> Fields {
    let fields: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap_or_default();
    Fields(fields.into_iter().filter(|(_, value)| !value.trim().is_empty()).collect())
}

/// The address of a list with these fields.
pub(crate) fn link(page: &AdminPage, fields: &Fields) -> String {
    match fields.query() {
        query if query.is_empty() => page.path(),
        query => format!("{}?{query}", page.path()),
    }
}

impl Fields {
    /// All fields.
    pub(crate) fn all(&self) -> &[(String, String)] {
        &self.0
    }

    /// The query string.
    pub(crate) fn query(&self) -> String {
        serde_urlencoded::to_string(&self.0).unwrap_or_default()
    }

    /// Whether these are the same fields, in any order.
    pub(crate) fn same_as(&self, other: &Self) -> bool {
        let sorted = |fields: &Self| {
            let mut fields = fields.0.clone();
            fields.sort();
            fields
        };
        sorted(self) == sorted(other)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// The fields that choose rows.
    pub(crate) fn filters(&self) -> impl Iterator<Item = (&str, &str)> {
        let fields = self.0.iter().map(|(field, value)| (field.as_str(), value.as_str()));
        fields.filter(|(field, _)| !COMMON.contains(field))
    }

    /// The same list from its start, without a field.
    pub(crate) fn without(&self, name: &str) -> Self {
        self.keep(|field| field != name && !PLACE.contains(&field))
    }

    /// The same list from its start.
    pub(crate) fn start(&self) -> Self {
        self.keep(|field| !PLACE.contains(&field))
    }

    /// The list without filters, in the same order.
    pub(crate) fn only_sort(&self) -> Self {
        self.keep(|field| matches!(field, "sort" | "page_size"))
    }

    /// The same list in another order.
    pub(crate) fn sorted(&self, order: &str) -> Self {
        self.without("sort").with("sort", order)
    }

    /// Another page of the same list.
    pub(crate) fn at(&self, place: &str, cursor: &str) -> Self {
        self.start().with(place, cursor)
    }

    /// The fields that a form with others for `is_shown` has to repeat.
    pub(crate) fn kept(&self, is_shown: impl Fn(&str) -> bool) -> Vec<(String, String)> {
        self.keep(|field| !is_shown(field) && !PLACE.contains(&field)).0
    }

    pub(crate) fn with(mut self, field: &str, value: &str) -> Self {
        self.0.push((field.to_owned(), value.to_owned()));
        self
    }

    fn keep(&self, is_kept: impl Fn(&str) -> bool) -> Self {
        Self(self.0.iter().filter(|(field, _)| is_kept(field)).cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_written() {
        let fields = parse("q=a%26b+c&status=&sort=expiry&after=x%2By&page_size=50");
        assert_eq!((fields.get("q"), fields.get("status"), fields.get("after")), (Some("a&b c"), None, Some("x+y")));
        let at = |fields: &Fields| link(&AdminPage::Licenses, fields);
        assert_eq!(at(&fields.without("q")), "/admin/licenses?sort=expiry&page_size=50");
        assert_eq!(at(&fields.sorted("oldest")), "/admin/licenses?q=a%26b+c&page_size=50&sort=oldest");
        assert_eq!(
            at(&fields.at("before", "ä=")),
            "/admin/licenses?q=a%26b+c&sort=expiry&page_size=50&before=%C3%A4%3D"
        );
        assert_eq!(at(&fields.only_sort()), "/admin/licenses?sort=expiry&page_size=50");
        assert_eq!(at(&Fields::default()), "/admin/licenses");
        assert_eq!(fields.kept(|field| field == "q"), parse("sort=expiry&page_size=50").0);
        assert_eq!(parse("&&=&q=").0, []);
        assert!(parse("q=a&sort=expiry").same_as(&parse("sort=expiry&status=&q=a")));
        assert!(!parse("q=a").same_as(&parse("q=b")));
    }
}
