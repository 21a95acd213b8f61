//! Pages of lists: `limit`, or `page[size]` with `page[cursor]` or `page[number]`.

use axum::{
    extract::{FromRequestParts, OriginalUri},
    http::request::Parts,
};
use latchkey_wire::{
    document::{Many, PageLinks, Resource},
    error::ErrorCode,
};
use uuid::Uuid;

use crate::http::api::error::ApiError;

const DEFAULT_SIZE: u32 = 10;
const MAX_SIZE: u32 = 100;
const MAX_NUMBER: u32 = 1_000;

/// Which page is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Paging {
    size: u32,
    start: Start,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Start {
    /// After this id; the first page has none.
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
                        .map_err(|_| invalid(&name, "is no cursor: take it from the link to the next page"))?;
                    paging.start = Start::Cursor(Some(id));
                }
                _ => {}
            }
        }
        Ok(paging)
    }

    /// The id after which to read.
    pub(crate) fn after<T: From<Uuid>>(&self) -> Option<T> {
        match self.start {
            Start::Cursor(after) => after.map(T::from),
            Start::Number(_) => None,
        }
    }

    /// How many items to read: a numbered page is the end of a longer reading.
    pub(crate) fn reach(&self) -> u32 {
        match self.start {
            Start::Cursor(_) => self.size,
            Start::Number(number) => self.size.saturating_mul(number),
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

/// The page as a document. `next` is where the reading stopped, if it did not reach the end.
pub(crate) fn many<A>(
    mut items: Vec<Resource<A>>,
    next: Option<String>,
    paging: &Paging,
    uri: &OriginalUri,
) -> Many<A> {
    let path = uri.path();
    let link = |key: &str, value: &str| format!("{path}?page[{key}]={value}&page[size]={}", paging.size);
    let (this, next) = match paging.start {
        Start::Cursor(after) => {
            let this = after.map(|id| id.to_string()).unwrap_or_default();
            (link("cursor", &this), next.map(|next| link("cursor", &next)))
        }
        Start::Number(number) => {
            let before = usize::try_from(paging.size.saturating_mul(number - 1)).unwrap_or(usize::MAX);
            items.drain(..before.min(items.len()));
            // Beyond the last number there are only cursors.
            let follow = |next: String| match number {
                MAX_NUMBER.. => link("cursor", &next),
                _ => link("number", &(number + 1).to_string()),
            };
            (link("number", &number.to_string()), next.map(follow))
        }
    };
    Many { data: items, links: PageLinks { this, next } }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A link to a next page works.
    #[test]
    fn numbers_end() {
        let uri = OriginalUri(http::Uri::from_static("/v1/machines"));
        for (number, next) in [(999, "page[number]=1000"), (1_000, "page[cursor]=id")] {
            let paging = Paging { size: 1, start: Start::Number(number) };
            let page = many(Vec::<Resource<()>>::new(), Some("id".to_owned()), &paging, &uri);
            assert_eq!(page.links.next, Some(format!("/v1/machines?{next}&page[size]=1")), "{number}");
        }
    }

    #[test]
    fn forms() {
        let cursor = Paging { size: 10, start: Start::Cursor(None) };
        assert_eq!(Paging::parse("").ok(), Some(cursor.clone()));
        assert_eq!(Paging::parse("page[cursor]=").ok(), Some(cursor));
        assert_eq!(Paging::parse("limit=100").map(|paging| paging.size).ok(), Some(100));
        assert_eq!(Paging::parse("page%5Bsize%5D=3&page%5Bnumber%5D=4").map(|paging| paging.reach()).ok(), Some(12));
        for bad in
            ["limit=0", "limit=101", "limit=-1", "limit=x", "page[size]=2147483648", "page[number]=0", "page[cursor]=x"]
        {
            assert_eq!(Paging::parse(bad).map_err(|fault| fault.status().as_u16()), Err(400), "{bad}");
        }
    }
}
