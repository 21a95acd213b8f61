//! How long a response may take.

use std::time::Duration;

use axum::{
    extract::{Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::Response,
};
use latchkey_app::routes::AdminPage;

use crate::http::{layers::admission::RETRY_AFTER_SECONDS, static_pages::plain_pages::PlainPages};

/// Gives up on a response that takes too long. What has begun to change is finished or leaves no trace, as if the browser had left.
///
/// Acts of staff on thousands of licenses may take longer. They are finished in any case, and the response is their report.
pub(crate) async fn keep(
    State((limit, plain)): State<(Duration, PlainPages)>,
    request: Request,
    next: Next,
) -> Response {
    if *request.method() == Method::POST && AdminPage::parse(request.uri().path()).is_some() {
        return next.run(request).await;
    }
    let answered = tokio::time::timeout(limit, next.run(request)).await;
    answered.unwrap_or_else(|_| {
        tracing::error!("a request took longer than {} s and was given up", limit.as_secs());
        let mut response = plain.failed();
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_SECONDS));
        response
    })
}
