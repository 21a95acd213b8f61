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
    match edge.service.apps().admit(network, key.as_ref().map(|key| key.as_str())).await {
        Ok(()) => next.run(request).await,
        Err(refusal) => refused(&edge, refusal).into_response(),
    }
}

/// Counts a request against the limit of the key in its body.
pub(crate) async fn admit_key(edge: &Edge, key: &str) -> Result<(), Fault> {
    edge.service.apps().admit(None, Some(key)).await.map_err(|refusal| refused(edge, refusal))
}

fn refused(edge: &Edge, refusal: NotAdmitted) -> Fault {
    match refusal {
        NotAdmitted::Throttled(throttled) => Fault::throttled(throttled, edge.service.now()),
        NotAdmitted::Internal(error) => error.into(),
    }
}
