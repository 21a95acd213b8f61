//! Lists, from the fields of a query to a page. A field that is unknown, given twice or out of range is refused by name, so
//! that no list shows something else than was asked for.

pub(crate) mod accounts;
pub(crate) mod audit_log;
pub(crate) mod fields;
pub(crate) mod licenses;
pub(crate) mod machines;
pub(crate) mod mails;
pub(crate) mod orders;
pub(crate) mod stripe_events;

use std::{collections::BTreeMap, fmt::Debug};

use latchkey_licensing::{
    ids::{PolicyId, ProductId},
    time::Timestamp,
};
use latchkey_store::{Conn, Matches, PageRequest, SavedViewRow, Seek, Slice, StoreError};
use uuid::Uuid;

use crate::{
    catalog::names::CatalogNames,
    desk::{csv::Cell, lists::fields::FieldError},
    error::{Internal, internal_errors},
    identity::actors::Support,
    service::Service,
};

/// The number of rows of a page, unless the query has another.
const PAGE_SIZE: u32 = 25;

/// The most rows of a page.
const MAX_PAGE_SIZE: u32 = 100;

/// Up to this number, rows are counted exactly.
const COUNTED: u32 = 10_000;

/// The fields of every list, besides its filters.
const COMMON_FIELDS: [&str; 4] = ["sort", "page_size", "after", "before"];

/// What the values of fields may refer to.
#[derive(Clone, Debug)]
pub struct FieldContext {
    /// The current time.
    pub(crate) now: Timestamp,
    /// The policies, by code.
    pub(crate) policies: BTreeMap<String, PolicyId>,
    /// The products, by code.
    pub(crate) products: BTreeMap<String, ProductId>,
}

impl FieldContext {
    /// Without codes.
    pub(crate) fn at(now: Timestamp) -> Self {
        Self { now, policies: BTreeMap::new(), products: BTreeMap::new() }
    }
}

/// One of the lists.
pub trait List: Debug + Sized + Send + Sync + 'static {
    /// Its name in URLs, saved views and the audit log.
    const NAME: &'static str;
    /// The fields of its filter.
    const FIELDS: &'static [&'static str];
    /// Its orders by name. The first is the default.
    const SORTS: &'static [(&'static str, Self::Sort)];
    /// The columns of its export.
    const COLUMNS: &'static [&'static str];
    /// Which rows are listed.
    type Filter: Clone + Debug + Default + PartialEq + Send + Sync;
    /// An order.
    type Sort: Copy + Debug + PartialEq + Send + Sync;
    /// A row.
    type Row: Clone + Debug + Send + Sync;

    /// Sets a field of the filter.
    fn set(filter: &mut Self::Filter, field: &str, value: &str, context: &FieldContext) -> Result<(), FieldError>;

    /// Restricts the filter to rows with these ids. `false` if rows of this list are not chosen.
    fn choose(_filter: &mut Self::Filter, _ids: &[Uuid]) -> bool {
        false
    }

    /// Reads a page.
    fn page(
        conn: &mut Conn,
        filter: &Self::Filter,
        sort: Self::Sort,
        page: &PageRequest,
    ) -> impl Future<Output = Result<Slice<Self::Row>, StoreError>> + Send;

    /// Counts the rows, at most `at_most`.
    fn count(
        conn: &mut Conn,
        filter: &Self::Filter,
        at_most: u32,
    ) -> impl Future<Output = Result<u32, StoreError>> + Send;

    /// The cells of a row of the export.
    fn cells(row: &Self::Row, now: Timestamp) -> Vec<Cell>;
}

/// What is asked of a list.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ListQuery<L: List> {
    pub(crate) filter: L::Filter,
    pub(crate) sort: L::Sort,
    pub(crate) sort_name: &'static str,
    pub(crate) page_size: u32,
    pub(crate) place: Place,
}

/// Where a page is, as the query says it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Place {
    #[default]
    Start,
    After(String),
    Before(String),
}

impl<L: List> ListQuery<L> {
    /// Reads the fields of a query. Empty ones, as forms send them, count as not given.
    pub(crate) fn parse(given: &[(String, String)], context: &FieldContext) -> Result<Self, FieldError> {
        let (sort_name, sort) = *L::SORTS.first().ok_or_else(|| FieldError::unknown("sort", &[]))?;
        let (filter, place) = (L::Filter::default(), Place::Start);
        let mut query = Self { filter, sort, sort_name, page_size: PAGE_SIZE, place };
        let mut seen: Vec<&str> = Vec::new();
        for (field, value) in given {
            let field = field.as_str();
            if !COMMON_FIELDS.contains(&field) && !L::FIELDS.contains(&field) {
                return Err(FieldError::unknown(field, &[L::FIELDS, &COMMON_FIELDS].concat()));
            }
            if seen.contains(&field) {
                return Err(FieldError::Twice { field: field.to_owned() });
            }
            seen.push(field);
            let value = value.trim();
            if value.is_empty() {
                continue;
            }
            match field {
                "sort" => (query.sort_name, query.sort) = fields::choice(field, value, L::SORTS)?,
                "page_size" => query.page_size = fields::number(field, value, 1, MAX_PAGE_SIZE)?,
                "after" | "before" if query.place != Place::Start => {
                    return Err(FieldError::invalid(field, "only one of `after` and `before`"));
                }
                "after" => query.place = Place::After(value.to_owned()),
                "before" => query.place = Place::Before(value.to_owned()),
                _ => L::set(&mut query.filter, field, value, context)?,
            }
        }
        Ok(query)
    }
}

/// A page of a list.
#[derive(Clone, Debug)]
pub struct ListPage<L: List> {
    /// The rows, in the order of the list.
    pub rows: Vec<L::Row>,
    /// The value of `before` for the page before this one, if there is one.
    pub previous: Option<String>,
    /// The value of `after` for the page after this one, if there is one.
    pub next: Option<String>,
    /// How many rows match the filter, on all pages.
    pub count: RowCount,
    /// The most rows of a page.
    pub page_size: u32,
    /// The name of the order.
    pub sort: &'static str,
    /// When the page was read.
    pub now: Timestamp,
}

/// How many rows there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowCount {
    /// This many.
    Exactly(u32),
    /// More than this. Counting all would take long.
    MoreThan(u32),
}

/// A page of a list, and what a person may choose from around it.
#[derive(Clone, Debug)]
pub struct ListDesk<L: List> {
    /// The page, or why there is none.
    pub page: Result<ListPage<L>, FieldError>,
    /// The names of what is in the catalog.
    pub names: CatalogNames,
    /// The views of this list that the person saved, by name.
    pub views: Vec<SavedViewRow>,
}

/// Why no page is shown.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// A field is invalid.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

internal_errors!(ListError);

impl Support<'_> {
    /// A page of a list. The fields are those of [`List::FIELDS`], `sort`, `page_size`, and `after` or `before` with a
    /// cursor of another page.
    pub async fn list<L: List>(&self, fields: &[(String, String)]) -> Result<ListPage<L>, ListError> {
        let mut reader = self.service.store().read().await?;
        let context = self.service.field_context(&mut reader, fields).await?;
        self.read_page(&mut reader, fields, context).await
    }

    /// The same with what is shown around it. The catalog is read once.
    pub async fn list_desk<L: List>(&self, fields: &[(String, String)]) -> Result<ListDesk<L>, Internal> {
        let mut reader = self.service.store().read().await?;
        let (policies, products) = (reader.list_policies().await?, reader.list_products().await?);
        let names = CatalogNames::of(&policies, &products);
        let context = FieldContext {
            now: self.service.now(),
            policies: policies.into_iter().map(|policy| (policy.code, policy.id)).collect(),
            products: products.into_iter().map(|product| (product.code, product.id)).collect(),
        };
        let mut views = match self.own_account() {
            Some(account) => reader.list_saved_views_of(account).await?,
            None => Vec::new(),
        };
        views.retain(|view| view.list == L::NAME);
        let page = match self.read_page::<L>(&mut reader, fields, context).await {
            Ok(page) => Ok(page),
            Err(ListError::Field(error)) => Err(error),
            Err(ListError::Internal(error)) => return Err(error),
        };
        Ok(ListDesk { page, names, views })
    }

    async fn read_page<L: List>(
        &self,
        reader: &mut Conn,
        fields: &[(String, String)],
        context: FieldContext,
    ) -> Result<ListPage<L>, ListError> {
        let query = ListQuery::<L>::parse(fields, &context)?;
        let seek = self.service.seek(&query)?;
        let count = L::count(reader, &query.filter, COUNTED + 1).await?;
        let page = PageRequest { seek, limit: query.page_size, matches: Matches::of(count) };
        let slice = if count == 0 {
            Slice { items: Vec::new(), previous: None, next: None }
        } else {
            L::page(reader, &query.filter, query.sort, &page).await?
        };
        let count = if count > COUNTED { RowCount::MoreThan(COUNTED) } else { RowCount::Exactly(count) };
        let name = cursor_name(&query);
        let seal = |position| self.service.seal_cursor(&name, &position);
        Ok(ListPage {
            rows: slice.items,
            previous: slice.previous.map(seal).transpose()?,
            next: slice.next.map(seal).transpose()?,
            count,
            page_size: query.page_size,
            sort: query.sort_name,
            now: context.now,
        })
    }
}

/// What cursors of a query are bound to.
fn cursor_name<L: List>(query: &ListQuery<L>) -> String {
    format!("{}/{}", L::NAME, query.sort_name)
}

impl Service {
    /// Reads what the fields may refer to.
    pub(crate) async fn field_context(
        &self,
        conn: &mut Conn,
        fields: &[(String, String)],
    ) -> Result<FieldContext, Internal> {
        let mut context = FieldContext::at(self.now());
        if fields.iter().any(|(field, _)| field == "policy") {
            context.policies = conn.list_policies().await?.into_iter().map(|policy| (policy.code, policy.id)).collect();
        }
        if fields.iter().any(|(field, _)| field == "product") {
            context.products =
                conn.list_products().await?.into_iter().map(|product| (product.code, product.id)).collect();
        }
        Ok(context)
    }

    fn seek<L: List>(&self, query: &ListQuery<L>) -> Result<Seek, FieldError> {
        let name = cursor_name(query);
        let open = |field: &str, cursor: &str| {
            let expected = "a cursor of this list and order: open the list from its start";
            self.open_cursor(&name, cursor).ok_or_else(|| FieldError::invalid(field, expected))
        };
        Ok(match &query.place {
            Place::Start => Seek::Start,
            Place::After(cursor) => Seek::After(open("after", cursor)?),
            Place::Before(cursor) => Seek::Before(open("before", cursor)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use latchkey_store::{LicenseFilter, LicenseSort, ListedStanding, TimeRange};

    use super::{licenses::Licenses, *};

    const NOW: Timestamp = Timestamp::from_unix_micros(1_795_435_200_000_000);

    fn context() -> FieldContext {
        let policy = PolicyId::new(NOW, [1; 10]);
        FieldContext { policies: BTreeMap::from([("pro".to_owned(), policy)]), ..FieldContext::at(NOW) }
    }

    fn parse(fields: &[(&str, &str)]) -> Result<ListQuery<Licenses>, FieldError> {
        let fields: Vec<_> = fields.iter().map(|(field, value)| ((*field).to_owned(), (*value).to_owned())).collect();
        ListQuery::parse(&fields, &context())
    }

    #[test]
    fn fields_are_read() {
        let query = parse(&[
            ("q", " ada "),
            ("status", "expired"),
            ("policy", "pro"),
            ("machines", "no"),
            ("from", "2026-01-01"),
            ("to", "2026-01-31"),
            ("sort", "expiry"),
            ("page_size", "100"),
            ("after", "x"),
            ("product", ""),
        ]);
        let day = |text| Timestamp::parse_rfc3339(text);
        let filter = LicenseFilter {
            text: Some("ada".to_owned()),
            standing: Some(ListedStanding::Expired(NOW)),
            policy: Some(PolicyId::new(NOW, [1; 10])),
            has_machines: Some(false),
            // The last day is included.
            created: TimeRange { from: day("2026-01-01T00:00:00Z"), until: day("2026-02-01T00:00:00Z") },
            ..LicenseFilter::default()
        };
        let place = Place::After("x".to_owned());
        let expected = ListQuery { filter, sort: LicenseSort::Expiry, sort_name: "expiry", page_size: 100, place };
        assert_eq!(query, Ok(expected));
        let empty = parse(&[]).expect("valid");
        assert_eq!((empty.sort, empty.page_size, empty.place), (LicenseSort::Newest, 25, Place::Start));
    }

    /// A refusal names the field and what it may be.
    #[test]
    fn wh_20_hostile_fields_are_refused_by_name() {
        let long = "x".repeat(300);
        for (field, value, expected) in [
            ("page_size", "0", "1 to 100"),
            ("page_size", "-1", "1 to 100"),
            ("page_size", "101", "1 to 100"),
            ("page_size", "2147483648", "1 to 100"),
            ("page_size", "99999999999999999999", "1 to 100"),
            ("page_size", "ten", "1 to 100"),
            ("sort", "key_ciphertext", "newest, oldest, expiry"),
            ("sort", "id;DROP TABLE licenses", "newest, oldest, expiry"),
            ("status", "EXPIRED", "active, expired, suspended, revoked"),
            ("policy", "gold", "pro"),
            ("offset", "1000000000", "status"),
            ("machines", "maybe", "yes, no"),
            ("from", "yesterday", "2027-01-31"),
            ("from", "2026-02-30", "2027-01-31"),
            ("account", "x", "id"),
            ("q", long.as_str(), "at most"),
        ] {
            let refusal = parse(&[(field, value)]).expect_err(field).to_string();
            assert!(refusal.starts_with(field) && refusal.contains(expected), "{field}={value}: {refusal}");
        }
        let twice = parse(&[("q", "a"), ("q", "b")]).expect_err("refused").to_string();
        assert!(twice.starts_with("q:") && twice.contains("twice"), "{twice}");
        assert!(parse(&[("after", "x"), ("before", "y")]).is_err());
    }
}
