//! Limits of requests that show no license key. Those that show one are counted where the key is looked up.

use std::net::IpAddr;

use axum::http::Extensions;
use latchkey_service::{ClientAddress, NotAdmitted};

use crate::http::{api::error::ApiError, state::AppState};

/// The network that a request comes from.
pub(crate) fn network(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<ClientAddress>().map(|client| client.0)
}

/// Counts a request without a license key against its network.
pub(crate) async fn count_anonymous(state: &AppState, extensions: &Extensions) -> Result<(), ApiError> {
    match state.service.count_network_request(network(extensions)).await? {
        Some(throttled) => Err(ApiError::throttled(throttled, state.service.now())),
        None => Ok(()),
    }
}

/// The error for a request that is not served.
pub(crate) fn not_admitted(state: &AppState, refusal: NotAdmitted) -> ApiError {
    match refusal {
        NotAdmitted::Throttled(throttled) => ApiError::throttled(throttled, state.service.now()),
        NotAdmitted::Refused(refusal) => refusal.into(),
    }
}
