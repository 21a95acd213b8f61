//! Searches the documentation. The index is in memory: it is a few hundred parts of pages.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Query, State},
    http::StatusCode,
    response::Response,
    routing::get,
};
use latchkey_app::static_pages::{
    docs::{self, DocsLink, DocsSection, Found, SEARCH},
    document::Look,
};
use serde::Deserialize;
use serde_json::Value;

use super::{API, API_TITLE};
use crate::{
    content::{documentation::Library, markdown::Part},
    http::static_pages::plain_pages,
};

/// The most places that are shown.
const SHOWN: usize = 20;

/// The longest query, in characters, and the most words of it that count.
const QUERY_LETTERS: usize = 100;
const QUERY_WORDS: usize = 8;

/// The length of an excerpt, in characters.
const EXCERPT: usize = 180;

/// A part of a page that can be found.
#[derive(Clone, Debug)]
struct Place {
    link: DocsLink,
    page: String,
    text: String,
    /// The title, the page's title and the text in lower case.
    lower: [String; 3],
}

impl Place {
    fn new(href: String, title: &str, page: &str, text: &str) -> Self {
        let lower = [title, page, text].map(str::to_lowercase);
        let link = DocsLink { href, title: title.to_owned() };
        Self { link, page: page.to_owned(), text: text.to_owned(), lower }
    }

    /// How well the place matches, if it contains all words. A word in a title counts more than one in the text, and the whole
    /// title most.
    fn score(&self, words: &[String]) -> Option<usize> {
        let [title, page, text] = &self.lower;
        let score = |word: &String| {
            let found = usize::from(title.contains(word)) * 20
                + usize::from(page.contains(word)) * 8
                + text.matches(word).take(5).count();
            (found > 0).then_some(found)
        };
        let found: usize = words.iter().map(score).sum::<Option<usize>>()?;
        let is_title = *title == words.join(" ");
        Some(found + if is_title { 100 } else { 0 })
    }

    /// The text around the first word that was found in it.
    fn excerpt(&self, words: &[String]) -> String {
        let [_, _, text] = &self.lower;
        let at = words.iter().filter_map(|word| text.find(word.as_str())).min().unwrap_or(0);
        // Lower case can have another length, so the place is approximate, and characters are counted.
        let before = text.get(..at).map_or(0, |before| before.chars().count()).saturating_sub(EXCERPT / 3);
        let mut excerpt: String = self.text.chars().skip(before).take(EXCERPT).collect();
        if before > 0 {
            excerpt = format!("… {}", excerpt.split_once(' ').map_or(excerpt.as_str(), |(_, rest)| rest));
        }
        if self.text.chars().count() > before + EXCERPT {
            excerpt = format!("{} …", excerpt.rsplit_once(' ').map_or(excerpt.as_str(), |(start, _)| start));
        }
        excerpt
    }
}

/// What is searched.
#[derive(Clone, Debug, Default)]
pub(super) struct Index(Vec<Place>);

impl Index {
    /// `reference` is what the API reference says before its operations.
    pub(super) fn new(library: &Library, reference: &[Part], description: &Value) -> Self {
        let pages = library.pages().map(|page| (page.path.as_str(), page.title.as_str(), page.parts.as_slice()));
        let parts = pages.chain([(API, API_TITLE, reference)]).flat_map(|(path, title, parts)| {
            parts.iter().map(move |part| match &part.heading {
                None => Place::new(path.to_owned(), title, "", &part.text),
                Some(heading) => Place::new(format!("{path}#{}", heading.id), &heading.text, title, &part.text),
            })
        });
        Self(parts.chain(operations(description)).collect())
    }

    fn find(&self, query: &str) -> Vec<Found> {
        let words: Vec<String> = query.split_whitespace().take(QUERY_WORDS).map(str::to_lowercase).collect();
        if words.is_empty() {
            return Vec::new();
        }
        let mut found: Vec<(usize, &Place)> =
            self.0.iter().filter_map(|place| Some((place.score(&words)?, place))).collect();
        found.sort_by(|(one, _), (other, _)| other.cmp(one));
        let shown = found.into_iter().take(SHOWN).map(|(_, place)| Found {
            link: place.link.clone(),
            page: place.page.clone(),
            excerpt: place.excerpt(&words),
        });
        shown.collect()
    }
}

/// The operations of the API.
fn operations(description: &Value) -> Vec<Place> {
    let paths = description.get("paths").and_then(Value::as_object);
    let operations = paths.into_iter().flatten().flat_map(|(path, methods)| {
        methods.as_object().into_iter().flatten().filter_map(move |(method, operation)| {
            let text = |key: &str| operation.get(key).and_then(Value::as_str).unwrap_or_default();
            let href = format!("{API}#{}", operation.get("operationId").and_then(Value::as_str)?);
            let title = format!("{} {path}", method.to_uppercase());
            Some(Place::new(href, &title, API_TITLE, &format!("{} {}", text("summary"), text("description"))))
        })
    });
    operations.collect()
}

/// What the page of results needs.
#[derive(Clone, Debug)]
pub(crate) struct SearchState {
    index: Arc<Index>,
    sections: Arc<Vec<DocsSection>>,
    look: Look,
}

impl SearchState {
    pub(super) fn new(index: Index, sections: Vec<DocsSection>, look: Look) -> Self {
        Self { index: Arc::new(index), sections: Arc::new(sections), look }
    }
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    q: String,
}

pub(crate) fn router<S: Clone + Send + Sync + 'static>(state: SearchState) -> Router<S> {
    Router::new().route(SEARCH, get(search)).with_state(state)
}

async fn search(State(state): State<SearchState>, Query(asked): Query<Asked>) -> Response {
    let query: String = asked.q.trim().chars().take(QUERY_LETTERS).collect();
    let found = state.index.find(&query);
    let html = docs::search(state.look, state.sections.to_vec(), query, found);
    plain_pages::page(StatusCode::OK, &html.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titles(query: &str) -> Vec<String> {
        let library = Library::read(None, "", "").expect("the documentation");
        let description = crate::http::api::description();
        let (_, parts) = super::super::reference::reference(&description).expect("the reference");
        let index = Index::new(&library, &parts, &description);
        index.find(query).into_iter().map(|found| found.link.title).collect()
    }

    #[test]
    fn parts_are_found_by_all_words_with_titles_first() {
        assert_eq!(titles("move to another computer").first().map(String::as_str), Some("Move to another computer"));
        assert!(titles("HEARTBEAT_DEAD").iter().any(|title| title.contains("license is not valid")));
        assert!(titles("content.folder").iter().any(|title| title == "content"));
        assert!(titles("CHECKOUT_TOO_LARGE").contains(&"Errors".to_owned()));
        assert!(titles("validate-key").iter().any(|title| title.starts_with("POST /v1/licenses/actions/validate-key")));
        assert_eq!(titles("license issue").first().map(String::as_str), Some("license issue"));
        assert_eq!(titles("xyzzy computer"), Vec::<String>::new());
        assert_eq!(titles("  "), Vec::<String>::new());
        assert!(titles("license").len() <= SHOWN);
    }

    #[test]
    fn excerpts_are_around_what_was_found() {
        let text = format!("{} needle {}", "hay ".repeat(100), "straw ".repeat(100));
        let place = Place::new(String::new(), "T", "P", &text);
        let excerpt = place.excerpt(&["needle".to_owned()]);
        assert!(
            excerpt.starts_with("… hay") && excerpt.contains("needle straw") && excerpt.ends_with("straw …"),
            "{excerpt}"
        );
        let short = Place::new(String::new(), "T", "P", "İstanbul needle");
        assert_eq!(short.excerpt(&["needle".to_owned()]), "İstanbul needle");
    }
}
