//! Exports of lists, which are read while they are sent.

use std::{io, time::Duration};

use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use futures_util::stream;
use latchkey_service::ListExport;
use tokio::{
    sync::mpsc,
    time::{Instant, timeout_at},
};

/// How many parts of a file wait for the browser. Further parts are read when it has taken these.
const WAITING: usize = 2;

/// How long a browser may take for a file. An export keeps a state of the database, which cannot clean up behind it.
const AT_MOST: Duration = Duration::from_mins(10);

/// The file as it is read. `date` is part of its name.
pub(super) fn respond(export: ListExport, date: &str) -> Response {
    let name = format!("attachment; filename=\"{}-{date}.csv\"", export.list.replace('_', "-"));
    let (parts, waiting) = mpsc::channel(WAITING);
    tokio::spawn(send(export, parts));
    let body = stream::unfold(waiting, |mut waiting| async move { Some((waiting.recv().await?, waiting)) });
    let mut response = Body::from_stream(body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    response
}

/// Reads part by part until the browser has all or has left. If something fails, the response ends without its end, so that
/// nobody takes a part for the whole.
async fn send(mut export: ListExport, parts: mpsc::Sender<io::Result<Bytes>>) {
    let until = Instant::now() + AT_MOST;
    loop {
        let part = match export.next_part().await {
            Ok(Some(part)) => Ok(Bytes::from(part)),
            Ok(None) => return,
            Err(error) => {
                tracing::error!(%error, "the list {} could not be exported: {error}", export.list);
                Err(io::Error::other("the list could not be read"))
            }
        };
        let is_last = part.is_err();
        match timeout_at(until, parts.send(part)).await {
            Ok(Ok(())) if !is_last => {}
            Ok(_) => return,
            Err(_) => {
                tracing::warn!("an export of the list {} was ended, because the browser took too long", export.list);
                // The channel is full, so the error takes the place of the next part once there is room.
                drop(export);
                let _ = parts.send(Err(io::Error::other("the browser took too long"))).await;
                return;
            }
        }
    }
}
