//! Pages of lists: `limit`, or `page[size]` with `page[cursor]` or `page[number]`.

use axum::{
    extract::{FromRequestParts, OriginalUri},
    http::request::Parts,
};
use latchkey_service::{Internal, Page, PageStart};
use latchkey_wire::{
    document::{Many, PageLinks, Resource},
    error::ErrorCode,
};
use utoipa::IntoParams;
use uuid::Uuid;

use crate::http::api::{documents::resources::Document, error::ApiError};

const DEFAULT_SIZE: u32 = 10;
const MAX_SIZE: u32 = 100;
/// The largest number of a page.
pub(crate) const MAX_NUMBER: u32 = 1_000;

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the parameters are parsed individually, because two of them mean the same")]
pub(crate) struct PageParams {
    /// Items per page, 10 by default
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// The same as `limit`
    #[param(rename = "page[size]", minimum = 1, maximum = 100)]
    page_size: Option<u32>,
    /// Where the page starts; empty for the first page
    #[param(rename = "page[cursor]")]
    page_cursor: Option<String>,
    /// The page's number, from 1
    #[param(rename = "page[number]", minimum = 1)]
    page_number: Option<u32>,
}

/// The requested page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Paging {
    size: u32,
    start: Start,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Start {
    /// After this id. `None` for the first page.
    Cursor(Option<Uuid>),
    /// The n-th page, from 1.
    Number(u32),
}

impl<S: Send + Sync> FromRequestParts<S> for Paging {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        Self::parse(parts.uri.query().unwrap_or_default())
    }
}

impl Paging {
    fn parse(query: &str) -> Result<Self, ApiError> {
        let mut paging = Self { size: DEFAULT_SIZE, start: Start::Cursor(None) };
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "limit" | "page[size]" => paging.size = number(&name, &value, MAX_SIZE)?,
                "page[number]" => paging.start = Start::Number(number(&name, &value, MAX_NUMBER)?),
                "page[cursor]" if value.is_empty() => paging.start = Start::Cursor(None),
                "page[cursor]" => {
                    let id = Uuid::parse_str(&value)
                        .map_err(|_| invalid(&name, "is not a cursor: copy it from the link to the next page"))?;
                    paging.start = Start::Cursor(Some(id));
                }
                _ => {}
            }
        }
        Ok(paging)
    }

    pub(crate) fn size(&self) -> u32 {
        self.size
    }

    pub(crate) fn start<T: From<Uuid>>(&self) -> PageStart<T> {
        match self.start {
            Start::Cursor(after) => PageStart::After(after.map(T::from)),
            Start::Number(number) => PageStart::Skip(self.size.saturating_mul(number.saturating_sub(1))),
        }
    }

    pub(crate) fn document<T, C: ToString, A>(
        &self,
        page: Page<T, C>,
        describe: impl Fn(&T) -> Result<Resource<A>, Internal>,
        uri: &OriginalUri,
    ) -> Result<Document<Many<A>>, ApiError> {
        let data = page.items.iter().map(describe).collect::<Result<_, _>>()?;
        let links = self.links(page.next.map(|next| next.to_string()), uri);
        Ok(Document(Many { data, links }))
    }

    /// `next` is where reading stopped, if it did not reach the end.
    fn links(&self, next: Option<String>, uri: &OriginalUri) -> PageLinks {
        let path = uri.path();
        let link = |key: &str, value: &str| format!("{path}?page[{key}]={value}&page[size]={}", self.size);
        match self.start {
            Start::Cursor(after) => {
                let this = after.map(|id| id.to_string()).unwrap_or_default();
                PageLinks { this: link("cursor", &this), next: next.map(|next| link("cursor", &next)) }
            }
            Start::Number(number) => {
                // Beyond the largest page number there are only cursors.
                let follow = |next: String| match number {
                    MAX_NUMBER.. => link("cursor", &next),
                    _ => link("number", &(number + 1).to_string()),
                };
                PageLinks { this: link("number", &number.to_string()), next: next.map(follow) }
            }
        }
    }
}

fn number(name: &str, text: &str, most: u32) -> Result<u32, ApiError> {
    let value = text.parse().ok().filter(|value| (1..=most).contains(value));
    value.ok_or_else(|| invalid(name, &format!("must be a number from 1 to {most}")))
}

fn invalid(name: &str, what: &str) -> ApiError {
    ApiError::new(ErrorCode::ParameterInvalid, format!("{name} {what}.")).in_parameter(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every link to a next page works.
    #[test]
    fn after_the_last_page_number_a_cursor_follows() {
        let uri = OriginalUri(http::Uri::from_static("/v1/machines"));
        for (number, next) in [(999, "page[number]=1000"), (1_000, "page[cursor]=id")] {
            let paging = Paging { size: 1, start: Start::Number(number) };
            let links = paging.links(Some("id".to_owned()), &uri);
            assert_eq!(links.next, Some(format!("/v1/machines?{next}&page[size]=1")), "{number}");
        }
    }

    #[test]
    fn parameters_are_parsed() {
        let cursor = Paging { size: 10, start: Start::Cursor(None) };
        assert_eq!(Paging::parse("").ok(), Some(cursor.clone()));
        assert_eq!(Paging::parse("page[cursor]=").ok(), Some(cursor));
        assert_eq!(Paging::parse("limit=100").map(|paging| paging.size).ok(), Some(100));
        let fourth = Paging::parse("page%5Bsize%5D=3&page%5Bnumber%5D=4").expect("good");
        assert_eq!((fourth.size(), fourth.start::<Uuid>()), (3, PageStart::Skip(9)));
        for bad in
            ["limit=0", "limit=101", "limit=-1", "limit=x", "page[size]=2147483648", "page[number]=0", "page[cursor]=x"]
        {
            assert_eq!(Paging::parse(bad).map_err(|fault| fault.status().as_u16()), Err(400), "{bad}");
        }
    }
}
