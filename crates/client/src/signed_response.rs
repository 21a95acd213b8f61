//! Server responses. They are trusted only if they are signed by one of the embedded public keys.

use latchkey_licensing::{public_key::PublicKey, time::Timestamp};
use latchkey_wire::signature::{SignedHeaders, Target, verify};
use serde_json::Value;

use crate::transport::{Request, Response};

/// A response whose signature has been verified.
#[derive(Clone, Debug)]
pub(crate) struct SignedResponse {
    pub(crate) status: u16,
    pub(crate) body: Value,
    /// The server's time, from the signed date.
    pub(crate) at: Timestamp,
    retry_after: Option<u64>,
}

/// The response is not signed by the license server: a proxy's error page, another server's response or a
/// modified body. It is treated as no response at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the response is not signed by the license server")]
pub(crate) struct Unsigned;

impl SignedResponse {
    pub(crate) fn read(request: &Request, response: &Response, keys: &[PublicKey]) -> Result<Self, Unsigned> {
        let (host, path_and_query) = split_url(&request.url).ok_or(Unsigned)?;
        let header = |name: &str| response.header(name).map(str::to_owned);
        // Proxies replace `Date`, so the server sends a copy under another name.
        let date = header("keygen-date").or_else(|| header("date")).ok_or(Unsigned)?;
        let digest = header("keygen-digest").or_else(|| header("digest")).ok_or(Unsigned)?;
        let signed = SignedHeaders { date, digest, signature: header("keygen-signature").ok_or(Unsigned)? };
        let target = Target { method: request.method, path_and_query, host };
        if !keys.iter().any(|key| verify(key, target, &signed, &response.body)) {
            return Err(Unsigned);
        }
        let body = if response.body.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&response.body).map_err(|_| Unsigned)?
        };
        Ok(Self {
            status: response.status,
            body,
            at: Timestamp::parse_http_date(&signed.date).ok_or(Unsigned)?,
            retry_after: response.header("retry-after").and_then(|seconds| seconds.parse().ok()),
        })
    }

    /// Whether the response is a success. The status is not signed, so the signed body must not contain
    /// errors either.
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status) && self.body.get("errors").is_none()
    }

    /// The error code. Empty if there is none.
    pub(crate) fn error_code(&self) -> &str {
        self.body.pointer("/errors/0/code").and_then(Value::as_str).unwrap_or_default()
    }

    /// How many seconds to wait, if a rate limit was exceeded.
    pub(crate) fn too_many(&self) -> Option<u64> {
        (self.error_code() == "TOO_MANY_REQUESTS").then(|| self.retry_after.unwrap_or(60))
    }

    /// The error in words.
    pub(crate) fn error_detail(&self) -> String {
        self.text("/errors/0/detail").unwrap_or_else(|| format!("the server responded with {}", self.status))
    }

    pub(crate) fn text(&self, pointer: &str) -> Option<String> {
        self.body.pointer(pointer).and_then(Value::as_str).map(str::to_owned)
    }
}

/// Splits a URL into the host with port, as it is signed, and the request target.
fn split_url(url: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    let at = rest.find('/').unwrap_or(rest.len());
    let (host, target) = rest.split_at(at);
    let default_port = if scheme == "https" { ":443" } else { ":80" };
    let host = host.strip_suffix(default_port).unwrap_or(host);
    Some((host, if target.is_empty() { "/" } else { target }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::SigningKey;
    use latchkey_wire::signature::sign;

    const AT: &str = "Wed, 09 Jun 2021 16:08:15 GMT";

    fn exchange(signer: &SigningKey, body: &str) -> (Request, Response) {
        let request =
            Request { method: "GET", url: "http://localhost:3000/v1/me?".to_owned(), headers: vec![], body: None };
        let target = Target { method: "GET", path_and_query: "/v1/me?", host: "localhost:3000" };
        let signed = sign(signer, "acct", target, AT.to_owned(), body.as_bytes());
        let headers = vec![
            ("date".to_owned(), "replaced by a proxy".to_owned()),
            ("keygen-date".to_owned(), signed.date),
            ("keygen-digest".to_owned(), signed.digest),
            ("keygen-signature".to_owned(), signed.signature),
        ];
        (request, Response { status: 200, headers, body: body.as_bytes().to_vec() })
    }

    type Change = fn(&mut Request, &mut Response);

    #[test]
    fn only_signed_responses_are_trusted() {
        let signer = SigningKey::from_bytes(&[1; 32]);
        let key = PublicKey::from(&signer.verifying_key());
        let other = PublicKey::from(&SigningKey::from_bytes(&[2; 32]).verifying_key());
        let (request, response) = exchange(&signer, r#"{"data":{"id":"x"}}"#);
        let signed = SignedResponse::read(&request, &response, &[other, key]).expect("signed");
        assert_eq!(signed.text("/data/id").as_deref(), Some("x"));
        assert_eq!(signed.at.http_date(), AT);
        let changes: &[Change] = &[
            |_, response| response.body.push(b' '),
            |_, response| response.headers[1].1 = "Wed, 09 Jun 2021 16:08:16 GMT".to_owned(),
            |_, response| response.headers.truncate(3),
            |_, response| response.headers.clear(),
            |_, response| response.headers[3].1 = "signature=\"\"".to_owned(),
            |request, _| request.url = "http://localhost:3000/v1/me".to_owned(),
            |request, _| request.url = "http://localhost:3001/v1/me?".to_owned(),
            |request, _| request.method = "POST",
            |request, _| request.url = "nonsense".to_owned(),
        ];
        for (row, change) in changes.iter().enumerate() {
            let (mut request, mut response) = exchange(&signer, r#"{"data":{"id":"x"}}"#);
            change(&mut request, &mut response);
            assert_eq!(SignedResponse::read(&request, &response, &[key]).err(), Some(Unsigned), "row {row}");
        }
        assert_eq!(SignedResponse::read(&request, &response, &[other]).err(), Some(Unsigned));
        let (request, response) = exchange(&signer, "not JSON");
        assert_eq!(SignedResponse::read(&request, &response, &[key]).err(), Some(Unsigned));
    }

    #[test]
    fn urls_are_split_as_they_are_signed() {
        for (url, host, target) in [
            ("https://api.example.com/v1/me", "api.example.com", "/v1/me"),
            ("https://api.example.com:443/v1/me", "api.example.com", "/v1/me"),
            ("http://api.example.com:80", "api.example.com", "/"),
            ("http://127.0.0.1:3000/x//v1/me?a=b", "127.0.0.1:3000", "/x//v1/me?a=b"),
        ] {
            assert_eq!(split_url(url), Some((host, target)));
        }
        assert_eq!(split_url("api.example.com"), None);
    }
}
