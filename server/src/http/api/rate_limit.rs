//! Limits for each key and each network, before anything else is looked at.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use latchkey_service::ClientAddress;
use latchkey_service::NotAdmitted;

use crate::http::{
    api::{auth, error::ApiError},
    state::AppState,
};

/// Counts a request against the limits of its network and of the key in its header.
pub(crate) async fn check_rate_limit(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let network = request.extensions().get::<ClientAddress>().map(|client| client.0);
    // A header that cannot be read has no key; the handler says what is wrong with it.
    let key = auth::license_key(request.headers()).ok().flatten();
    let beat = beating_machine(request.uri().path());
    match state.service.apps().check_rate_limit(network, key.as_ref().map(|key| key.as_str()), beat).await {
        Ok(()) => next.run(request).await,
        Err(refusal) => refused(&state, refusal).into_response(),
    }
}

/// Counts a request against the limit of the key in its body.
pub(crate) async fn check_key(state: &AppState, key: &str) -> Result<(), ApiError> {
    state.service.apps().check_rate_limit(None, Some(key), None).await.map_err(|refusal| refused(state, refusal))
}

/// The machine whose heartbeat a path brings.
fn beating_machine(path: &str) -> Option<&str> {
    let (_, machine) = path.strip_suffix("/actions/ping")?.rsplit_once("/machines/")?;
    (!machine.contains('/')).then_some(machine)
}

fn refused(state: &AppState, refusal: NotAdmitted) -> ApiError {
    match refusal {
        NotAdmitted::Throttled(throttled) => ApiError::throttled(throttled, state.service.now()),
        NotAdmitted::Internal(error) => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heartbeats_are_told_by_their_path() {
        for (path, machine) in [
            ("/v1/machines/abc/actions/ping", Some("abc")),
            ("/v1/accounts/demo/machines/a%2Fb/actions/ping", Some("a%2Fb")),
            ("/v1/machines/abc/actions/check-out", None),
            ("/v1/machines/a/b/actions/ping", None),
            ("/v1/ping", None),
        ] {
            assert_eq!(beating_machine(path), machine, "{path}");
        }
    }
}
