//! Rate limits for requests without a license key. Requests with a key are counted when the key is looked up.

use std::{convert::Infallible, net::IpAddr};

use axum::{
    extract::FromRequestParts,
    http::{Extensions, request::Parts},
};
use latchkey_service::{ClientAddress, KeyRequestError};

use crate::http::{api::error::ApiError, state::AppState};

/// The network from which a request came.
pub(crate) fn network(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<ClientAddress>().map(|client| client.0)
}

/// The network of a request, which may have no license key.
pub(crate) struct Anonymous(pub(crate) Option<IpAddr>);

impl<S: Send + Sync> FromRequestParts<S> for Anonymous {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(network(&parts.extensions)))
    }
}

impl Anonymous {
    /// Counts a request without a license key against its network.
    pub(crate) async fn count(&self, state: &AppState) -> Result<(), ApiError> {
        count(state, self.0).await
    }
}

/// Counts a request without a license key against its network.
pub(crate) async fn count_anonymous(state: &AppState, extensions: &Extensions) -> Result<(), ApiError> {
    count(state, network(extensions)).await
}

async fn count(state: &AppState, network: Option<IpAddr>) -> Result<(), ApiError> {
    match state.service.count_network_request(network).await? {
        Some(throttled) => Err(ApiError::throttled(throttled, state.service.now())),
        None => Ok(()),
    }
}

/// The error for a request that was not admitted.
pub(crate) fn not_admitted(state: &AppState, refusal: KeyRequestError) -> ApiError {
    match refusal {
        KeyRequestError::Throttled(throttled) => ApiError::throttled(throttled, state.service.now()),
        KeyRequestError::Refused(refusal) => refusal.into(),
    }
}
