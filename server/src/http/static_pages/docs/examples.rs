//! The examples of the API reference, which a test records (`server/tests/it/api/examples.rs`).

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::content::markdown;

const RECORDED: &str = include_str!("../../../../../content/api/examples.json");

/// What was sent and answered.
#[derive(Debug, Deserialize)]
pub(super) struct Examples {
    pub(super) public_key: String,
    /// An answer with all headers of its signature.
    pub(super) signed: Exchange,
    operations: BTreeMap<String, Example>,
}

#[derive(Debug, Deserialize)]
struct Example {
    success: Exchange,
    error: Exchange,
}

/// A request as a command and as it is sent, and its answer, line by line.
#[derive(Debug, Deserialize)]
pub(super) struct Exchange {
    about: String,
    curl: Vec<String>,
    request: Vec<String>,
    response: Vec<String>,
}

impl Examples {
    pub(super) fn read() -> Result<Self, serde_json::Error> {
        serde_json::from_str(RECORDED)
    }

    /// The examples of all operations as HTML.
    pub(super) fn html(&self) -> BTreeMap<String, String> {
        self.operations.iter().map(|(id, example)| (id.clone(), example.html(id))).collect()
    }

    /// An answer that is an error, as HTML.
    pub(super) fn error(&self, operation: &str) -> String {
        self.operations.get(operation).map(|example| example.error.answer()).unwrap_or_default()
    }
}

impl Example {
    fn html(&self, id: &str) -> String {
        let Self { success, error } = self;
        let request = [("curl".to_owned(), success.command()), ("HTTP".to_owned(), success.sent())];
        let failing = format!("<p class=\"small text-2\">{}</p>{}{}", error.about, error.command(), error.answer());
        let note = if success.about.is_empty() {
            String::new()
        } else {
            format!("<p class=\"small text-2\">{}</p>", success.about)
        };
        let answers = [("Response".to_owned(), note + &success.answer()), ("Error".to_owned(), failing)];
        markdown::tabs(&format!("{id}-request"), "Request", &request)
            + &markdown::tabs(&format!("{id}-answer"), "Response", &answers)
    }
}

impl Exchange {
    fn command(&self) -> String {
        markdown::code("sh", None, &lines(&self.curl))
    }

    fn sent(&self) -> String {
        markdown::code("http", None, &lines(&self.request))
    }

    pub(super) fn answer(&self) -> String {
        markdown::code("http", None, &lines(&self.response))
    }
}

fn lines(lines: &[String]) -> String {
    lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_shows_a_command_a_request_a_response_and_an_error() {
        let examples = Examples::read().expect("the examples");
        let html = examples.html();
        let described = crate::http::api::description_text().matches("\"operationId\"").count();
        assert_eq!(html.len(), described);
        for (id, html) in html {
            for part in ["curl", ">HTTP</span>/", ">Host</span>:", ">Response<", ">Error<", "data-copy"] {
                assert!(html.contains(part), "{id} lacks {part}: {html}");
            }
        }
        assert!(examples.error("activate").contains("MACHINE_LIMIT_EXCEEDED"));
    }
}
