//! Versions of the protocol. A client may ask for an older one, in which some members have other names.

use axum::{
    body::{Body, to_bytes},
    extract::Request,
    http::{HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use latchkey_wire::{document::MEDIA_TYPE, error::ErrorCode};
use serde_json::Value;

use crate::http::api::{error::ApiError, signing::RESPONSE_LIMIT};

/// The protocol version of this server.
pub(crate) const VERSION: &str = "1.8";

/// The last version in which validations have `meta.constant`, and the last in which resources have a `user`.
const LAST_WITH_CONSTANT: u8 = 1;
const LAST_WITH_USER: u8 = 5;

/// Answers in the version that the request asks for, and rejects unknown versions. Without a version the current one is
/// assumed.
pub(crate) async fn follow(request: Request, next: Next) -> Response {
    let Some(asked) = request.headers().get("keygen-version").cloned() else {
        return next.run(request).await;
    };
    let [b'1', b'.', minor @ b'0'..=b'8'] = asked.as_bytes() else {
        let detail = format!("This server supports the versions 1.0 to {VERSION}.");
        return ApiError::new(ErrorCode::InvalidApiVersion, detail).in_header("Keygen-Version").into_response();
    };
    let minor = minor - b'0';
    let response = next.run(request).await;
    let mut response = if minor <= LAST_WITH_USER { in_version(response, minor).await } else { response };
    response.headers_mut().insert("keygen-version", asked);
    response
}

async fn in_version(response: Response, minor: u8) -> Response {
    let is_document = response.headers().get(header::CONTENT_TYPE) == Some(&HeaderValue::from_static(MEDIA_TYPE));
    if !is_document || !response.status().is_success() {
        return response;
    }
    let (parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, RESPONSE_LIMIT).await else {
        return ApiError::internal().into_response();
    };
    let Ok(mut document) = serde_json::from_slice::<Value>(&bytes) else {
        return Response::from_parts(parts, Body::from(bytes));
    };
    add_old_names(&mut document, minor);
    Response::from_parts(parts, Body::from(document.to_string()))
}

/// Adds the members under their old names. The new names stay, because clients ignore what they do not know.
fn add_old_names(document: &mut Value, minor: u8) {
    if minor <= LAST_WITH_CONSTANT
        && let Some(meta) = document.get_mut("meta").and_then(Value::as_object_mut)
        && let Some(code) = meta.get("code").cloned()
    {
        meta.insert("constant".to_owned(), code);
    }
    let Some(data) = document.get_mut("data") else {
        return;
    };
    let resources = match data {
        Value::Array(several) => several.as_mut_slice(),
        one => std::slice::from_mut(one),
    };
    for resource in resources {
        if let Some(relationships) = resource.get_mut("relationships").and_then(Value::as_object_mut)
            && let Some(owner) = relationships.get("owner").cloned()
        {
            relationships.insert("user".to_owned(), owner);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn old_clients_find_the_names_that_they_know() {
        let owner = json!({ "data": { "type": "users", "id": "u" } });
        let current = json!({
            "data": { "type": "licenses", "relationships": { "owner": owner } },
            "meta": { "code": "VALID" },
        });
        for (minor, has_constant, has_user) in [(0, true, true), (1, true, true), (2, false, true), (5, false, true)] {
            let mut document = current.clone();
            add_old_names(&mut document, minor);
            assert_eq!(document.pointer("/meta/constant").is_some(), has_constant, "1.{minor}");
            assert_eq!(document.pointer("/data/relationships/user") == Some(&owner), has_user, "1.{minor}");
            assert_eq!(document.pointer("/meta/code"), Some(&json!("VALID")), "1.{minor}");
        }
        let mut list = json!({ "data": [current["data"], current["data"]] });
        add_old_names(&mut list, 5);
        assert_eq!(list.pointer("/data/1/relationships/user"), Some(&owner));
        let mut nothing = json!({ "data": null, "meta": { "code": "NOT_FOUND" } });
        add_old_names(&mut nothing, 0);
        assert_eq!(nothing.pointer("/meta/constant"), Some(&json!("NOT_FOUND")));
    }
}
