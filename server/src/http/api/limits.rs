//! Limits for each key and each network, before anything else is looked at.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use latchkey_app::server_side::ClientAddress;
use latchkey_service::NotAdmitted;

use super::{Fault, credential};
use crate::http::Edge;

/// Counts a request against the limits of its network and of the key in its header.
pub(crate) async fn admit(State(edge): State<Edge>, request: Request, next: Next) -> Response {
    let network = request.extensions().get::<ClientAddress>().map(|client| client.0);
    // A header that cannot be read has no key; the handler says what is wrong with it.
    let key = credential::license_key(request.headers()).ok().flatten();
    let beat = beating_machine(request.uri().path());
    match edge.service.apps().admit(network, key.as_ref().map(|key| key.as_str()), beat).await {
        Ok(()) => next.run(request).await,
        Err(refusal) => refused(&edge, refusal).into_response(),
    }
}

/// Counts a request against the limit of the key in its body.
pub(crate) async fn admit_key(edge: &Edge, key: &str) -> Result<(), Fault> {
    edge.service.apps().admit(None, Some(key), None).await.map_err(|refusal| refused(edge, refusal))
}

/// The machine whose heartbeat a path brings.
fn beating_machine(path: &str) -> Option<&str> {
    let (_, machine) = path.strip_suffix("/actions/ping")?.rsplit_once("/machines/")?;
    (!machine.contains('/')).then_some(machine)
}

fn refused(edge: &Edge, refusal: NotAdmitted) -> Fault {
    match refusal {
        NotAdmitted::Throttled(throttled) => Fault::throttled(throttled, edge.service.now()),
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
