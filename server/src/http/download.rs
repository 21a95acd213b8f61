//! Files that browsers and apps save under a fixed name and never display (WH-22).

use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use latchkey_service::SignedFile;
use serde_json::Value;

/// Text to save.
#[derive(Debug)]
pub(crate) struct Download {
    name: String,
    text: String,
}

impl Download {
    /// Everything that is kept about a person.
    pub(crate) fn of_data(data: &Value) -> Self {
        Self { name: "my-data.json".to_owned(), text: format!("{data:#}\n") }
    }

    /// A license file or machine file, named after its subject.
    pub(crate) fn of_file(file: &SignedFile) -> Self {
        let id = match &file.facts.machine {
            Some(document) => document.machine.id.to_string(),
            None => file.facts.license.license.id.to_string(),
        };
        Self { name: format!("{id}.lic"), text: file.text.clone() }
    }
}

impl IntoResponse for Download {
    fn into_response(self) -> Response {
        let mut response = self.text.into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{}\"", self.name)) {
            headers.insert(header::CONTENT_DISPOSITION, value);
        }
        response
    }
}
