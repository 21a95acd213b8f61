//! The upper bound for a server of this kind: axum without any logic, responding with the same bytes.

use std::{path::PathBuf, sync::Arc};

use anyhow::{Context, Result};
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use clap::Args;
use ed25519_dalek::{Signer, SigningKey};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::{io::AsyncReadExt, net::TcpListener};

const SIGNATURE: &str = "keygen-signature";

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// A captured response to a validation, which is returned for every POST, hashed and signed again
    #[arg(long)]
    signed: PathBuf,
    /// A captured page, which is returned for every GET
    #[arg(long)]
    page: PathBuf,
}

/// A response of the real server.
#[derive(Debug, Deserialize)]
struct Captured {
    headers: Vec<(String, String)>,
    body: String,
}

#[derive(Clone, Debug)]
struct Stored {
    headers: HeaderMap,
    body: Bytes,
}

#[derive(Debug)]
struct Floor {
    signed: Stored,
    page: Stored,
    key: SigningKey,
}

/// Serves until standard input is closed, which happens when the parent process ends.
pub(crate) async fn run(options: Options) -> Result<()> {
    let floor =
        Floor { signed: read(&options.signed)?, page: read(&options.page)?, key: SigningKey::from_bytes(&[7; 32]) };
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("{}", json!({ "address": listener.local_addr()?.to_string() }));
    let router = Router::new()
        .route("/hello", get(async || "hello"))
        .route("/v1/licenses/{id}/actions/validate", post(signed))
        .fallback(page)
        .with_state(Arc::new(floor));
    let over = async {
        let mut input = tokio::io::stdin();
        while input.read(&mut [0; 64]).await.is_ok_and(|count| count > 0) {}
    };
    tokio::select! {
        served = axum::serve(listener, router) => served?,
        () = over => {}
    }
    Ok(())
}

fn read(path: &PathBuf) -> Result<Stored> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let captured: Captured = serde_json::from_str(&text)?;
    let mut headers = HeaderMap::new();
    for (name, value) in captured.headers {
        let name = HeaderName::try_from(name)?;
        // Set by the server library itself.
        if ![header::DATE, header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION].contains(&name) {
            headers.append(name, HeaderValue::try_from(value)?);
        }
    }
    Ok(Stored { headers, body: captured.body.into() })
}

/// The minimum cost of a signed response: hashing the body and signing once.
async fn signed(State(floor): State<Arc<Floor>>, _asked: Bytes) -> Response {
    let Stored { headers, body } = &floor.signed;
    let mut headers = headers.clone();
    let digest = STANDARD.encode(Sha256::digest(body));
    let text = format!("(request-target): post /v1\nhost: localhost\ndate: now\ndigest: sha-256={digest}");
    let signature = STANDARD.encode(floor.key.sign(text.as_bytes()).to_bytes());
    let signature = replace_signature(headers.get(SIGNATURE), &signature);
    for (name, text) in [("digest", format!("sha-256={digest}")), (SIGNATURE, signature)] {
        if let Ok(value) = HeaderValue::try_from(text) {
            headers.insert(name, value);
        }
    }
    (headers, body.clone()).into_response()
}

/// The captured response's header with another signature, so that it has the same length.
fn replace_signature(captured: Option<&HeaderValue>, signature: &str) -> String {
    let captured = captured.and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (before, rest) = captured.split_once("signature=\"").unwrap_or_default();
    let (_, after) = rest.split_once('"').unwrap_or_default();
    format!("{before}signature=\"{signature}\"{after}")
}

async fn page(State(floor): State<Arc<Floor>>) -> Response {
    (floor.page.headers.clone(), floor.page.body.clone()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_captured_signature_is_replaced() {
        let captured = HeaderValue::from_static(r#"keyid="a", signature="old", headers="date""#);
        assert_eq!(replace_signature(Some(&captured), "new"), r#"keyid="a", signature="new", headers="date""#);
        assert_eq!(replace_signature(None, "new"), r#"signature="new""#);
    }
}
