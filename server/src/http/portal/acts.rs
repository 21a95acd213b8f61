//! The forms of acts in the admin portal. They are sent to the paths of their pages. If something is wrong with a form, the
//! response is the page again, with everything that was entered.

use axum::{
    Extension, Router,
    body::Body,
    extract::{DefaultBodyLimit, OriginalUri, Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::post,
};
use futures_util::StreamExt;
use latchkey_app::{
    Branding,
    acts::{self, MAX_KEPT_BYTES, Submitted},
    routes::AdminPage,
    server_side::{Backend, Identity, provide_backend},
    shell,
};
use leptos::{config::LeptosOptions, prelude::provide_context};

use crate::http::{
    download::Download, layers::content_length::content_length, portal::exports, static_pages::plain_pages::PlainPages,
};

/// The most that is read of a form.
const MAX_READ_BYTES: usize = 16 * MAX_KEPT_BYTES;

/// When to try again what the server could not do, in seconds.
const RETRY_AFTER_SECONDS: &str = "15";

/// What the response to a form needs.
#[derive(Clone)]
pub(crate) struct ActState {
    pub(crate) backend: Backend,
    pub(crate) branding: Branding,
    pub(crate) options: LeptosOptions,
    pub(crate) plain: PlainPages,
}

pub(crate) fn router(state: ActState) -> Router {
    let routes = AdminPage::patterns_of_forms()
        .fold(Router::new(), |router, pattern| router.route(&in_axum(pattern), post(submit)));
    routes.layer(DefaultBodyLimit::max(MAX_KEPT_BYTES)).with_state(state)
}

/// A page's path in axum's syntax.
fn in_axum(pattern: &str) -> String {
    let segment = |segment: &str| match segment.strip_prefix(':') {
        Some(name) => format!("{{{name}}}"),
        None => segment.to_owned(),
    };
    pattern.split('/').map(segment).collect::<Vec<_>>().join("/")
}

/// Does what the form asks for. The guard has made sure that the person is staff.
async fn submit(
    State(state): State<ActState>,
    Extension(identity): Extension<Identity>,
    OriginalUri(uri): OriginalUri,
    request: Request,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let is_far_too_long = content_length(&parts.headers).is_some_and(|length| length > MAX_READ_BYTES);
    let body = if is_far_too_long { None } else { read(body).await };
    let submitted = match body {
        // An act that has begun is finished, even if the browser leaves.
        Some(body) => {
            let backend = state.backend.clone();
            tokio::spawn(async move { acts::submit(&backend, &identity.0, uri.path(), &body).await }).await
        }
        None => Ok(acts::far_too_long(&state.backend, &identity.0, uri.path())),
    };
    let Ok(submitted) = submitted else {
        return state.plain.failed();
    };
    let draft = match submitted {
        Submitted::Completed { location, cookie } => {
            let mut response = Redirect::to(&location).into_response();
            if let Some(cookie) = cookie {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
            return response;
        }
        Submitted::PersonalData(data) => return Download::of_data(&data).into_response(),
        Submitted::NotFound => return state.plain.not_found(),
        Submitted::Export(export) => {
            let date = state.backend.service.now().rfc3339();
            return exports::respond(export, date.get(..10).unwrap_or_default());
        }
        Submitted::Again(draft) => draft,
    };
    // The page is rendered as if it had been opened, with the draft as its context.
    parts.method = Method::GET;
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.remove(header::CONTENT_TYPE);
    let ActState { backend, branding, options, .. } = state;
    let context = move || {
        provide_backend(backend.clone());
        provide_context(branding.clone());
        provide_context(draft.clone());
    };
    let render = leptos_axum::render_app_async_with_context(context, move || shell(options.clone()));
    let mut response = render(Request::from_parts(parts, Body::empty())).await;
    if response.status() == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_SECONDS));
    }
    response
}

/// Reads a form. `None` if it is too long to be given back. The rest is read, too, because browsers do not look at a response
/// before they have sent everything.
async fn read(body: Body) -> Option<Vec<u8>> {
    let (mut parts, mut read, mut length) = (body.into_data_stream(), Vec::new(), 0);
    while let Some(part) = parts.next().await {
        let part = part.ok()?;
        length += part.len();
        if length > MAX_READ_BYTES {
            return None;
        }
        if length <= MAX_KEPT_BYTES {
            read.extend_from_slice(&part);
        }
    }
    (length <= MAX_KEPT_BYTES).then_some(read)
}

#[cfg(test)]
mod tests {
    use super::in_axum;

    #[test]
    fn names_of_values_are_in_braces() {
        assert_eq!(in_axum("/admin/licenses/:license/:act"), "/admin/licenses/{license}/{act}");
    }
}
