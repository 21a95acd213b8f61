//! Authentication of requests by license key.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use latchkey_service::{AuthRefusal, HeartbeatOf, KeyHolder, KeyRequest};
use latchkey_wire::error::ErrorCode;
use zeroize::Zeroizing;

use crate::http::{
    api::{error::ApiError, input::PathParam, rate_limit},
    state::AppState,
};

/// An app with the key of a license that may use the API. The request counts against the key's rate limit.
pub(crate) struct Authenticated(pub(crate) KeyHolder);

/// The same with the license's active machines, which are read at the same time.
pub(crate) struct AuthenticatedWithMachines(pub(crate) KeyHolder);

/// The same for a heartbeat, which counts for the machine in the path.
pub(crate) struct AuthenticatedHeartbeat(pub(crate) KeyHolder);

/// The same for a heartbeat of the process in the path, for which it counts if there is such a process.
pub(crate) struct AuthenticatedProcess(pub(crate) KeyHolder);

/// A request for which a credential is optional.
pub(crate) struct MaybeAuthenticated {
    pub(crate) is_authenticated: bool,
}

/// An app that may have sent a key, for what there is without one, too. If it did, the key must give access to the API.
pub(crate) struct OptionallyAuthenticated(pub(crate) Option<KeyHolder>);

impl FromRequestParts<AppState> for OptionallyAuthenticated {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let Some(key) = read_key(parts, state).await? else {
            rate_limit::count_anonymous(state, &parts.extensions).await?;
            return Ok(Self(None));
        };
        authenticate(parts, state, &key, None, false).await.map(|holder| Self(Some(holder)))
    }
}

impl FromRequestParts<AppState> for Authenticated {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        required(parts, state, None, false).await.map(Self)
    }
}

impl FromRequestParts<AppState> for AuthenticatedWithMachines {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        required(parts, state, None, true).await.map(Self)
    }
}

impl FromRequestParts<AppState> for AuthenticatedHeartbeat {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let PathParam(machine): PathParam = PathParam::from_request_parts(parts, state).await?;
        required(parts, state, Some(HeartbeatOf::Machine(&machine)), false).await.map(Self)
    }
}

impl FromRequestParts<AppState> for AuthenticatedProcess {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let PathParam(process): PathParam = PathParam::from_request_parts(parts, state).await?;
        // Text that is not an id names no process.
        let process = process.parse().ok().map(HeartbeatOf::Process);
        required(parts, state, process, false).await.map(Self)
    }
}

impl FromRequestParts<AppState> for MaybeAuthenticated {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        // A credential must be valid even where it is optional.
        let key = read_key(parts, state).await?;
        if let Some(key) = &key {
            authenticate(parts, state, key, None, false).await?;
        }
        Ok(Self { is_authenticated: key.is_some() })
    }
}

async fn required(
    parts: &Parts,
    state: &AppState,
    heartbeat_of: Option<HeartbeatOf<'_>>,
    with_machines: bool,
) -> Result<KeyHolder, ApiError> {
    let Some(key) = read_key(parts, state).await? else {
        rate_limit::count_anonymous(state, &parts.extensions).await?;
        return Err(ApiError::new(ErrorCode::TokenMissing, "Send the license key: Authorization: License KEY.")
            .in_header("Authorization"));
    };
    authenticate(parts, state, &key, heartbeat_of, with_machines).await
}

/// The request's license key. A malformed credential counts against the network's rate limit.
async fn read_key(parts: &Parts, state: &AppState) -> Result<Option<Zeroizing<String>>, ApiError> {
    let key = license_key(&parts.headers);
    if key.is_err() {
        rate_limit::count_anonymous(state, &parts.extensions).await?;
    }
    key
}

async fn authenticate(
    parts: &Parts,
    state: &AppState,
    key: &str,
    heartbeat_of: Option<HeartbeatOf<'_>>,
    with_machines: bool,
) -> Result<KeyHolder, ApiError> {
    let network = rate_limit::network(&parts.extensions);
    let request = KeyRequest { heartbeat_of, with_machines, ..KeyRequest::new(key, network) };
    state.service.apps().authenticate(request).await.map_err(|refusal| rate_limit::not_admitted(state, refusal))
}

impl From<AuthRefusal> for ApiError {
    fn from(refusal: AuthRefusal) -> Self {
        match refusal {
            AuthRefusal::Unknown => {
                Self::new(ErrorCode::LicenseInvalid, "The license key is unknown: check it for typing errors.")
                    .in_header("Authorization")
            }
            AuthRefusal::Suspended => Self::new(ErrorCode::LicenseSuspended, "The license is suspended."),
            AuthRefusal::Revoked => Self::new(ErrorCode::LicenseSuspended, "The license has been revoked."),
            AuthRefusal::Banned => Self::new(ErrorCode::LicenseBanned, "The license's owner is banned."),
            AuthRefusal::Expired => Self::new(ErrorCode::LicenseExpired, "The license has expired."),
            AuthRefusal::Internal(error) => error.into(),
        }
    }
}

/// The license key in an Authorization header. `None` if there is no such header.
pub(crate) fn license_key(headers: &HeaderMap) -> Result<Option<Zeroizing<String>>, ApiError> {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return Ok(None);
    };
    let malformed = || {
        ApiError::new(ErrorCode::TokenFormatInvalid, "The Authorization header must be: License KEY.")
            .in_header("Authorization")
    };
    let no_tokens = || {
        ApiError::new(ErrorCode::TokenInvalid, "The token is unknown: send a license key, Authorization: License KEY.")
            .in_header("Authorization")
    };
    // A key with a character that no key contains, such as a dash, is unknown like any other (LC-12).
    let text = Zeroizing::new(String::from_utf8_lossy(value.as_bytes()).into_owned());
    let (scheme, credential) = text.trim().split_once(' ').ok_or_else(malformed)?;
    let credential = credential.trim();
    match scheme.to_ascii_lowercase().as_str() {
        "license" => Ok(Some(Zeroizing::new(credential.to_owned()))),
        "bearer" => Err(no_tokens()),
        "basic" => {
            let bytes = Zeroizing::new(STANDARD.decode(credential).map_err(|_| malformed())?);
            let pair = Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned());
            match pair.split_once(':') {
                Some(("license", key)) => Ok(Some(Zeroizing::new(key.to_owned()))),
                Some(("token", _)) => Err(no_tokens()),
                _ => Err(malformed()),
            }
        }
        _ => Err(malformed()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Result<Option<String>, u16> {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, value.parse().expect("a header"));
        license_key(&headers).map(|key| key.map(|key| key.to_string())).map_err(|fault| fault.status().as_u16())
    }

    #[test]
    fn authorization_headers_are_parsed() {
        assert_eq!(read("License CGPT-1"), Ok(Some("CGPT-1".to_owned())));
        assert_eq!(read("license  CGPT-1 "), Ok(Some("CGPT-1".to_owned())));
        assert_eq!(read(&format!("Basic {}", STANDARD.encode("license:CGPT-1"))), Ok(Some("CGPT-1".to_owned())));
        for bad in ["Bearer x", "Digest x", "License", "Basic %%%", &format!("Basic {}", STANDARD.encode("token:x"))] {
            assert_eq!(read(bad), Err(401), "{bad}");
        }
        let mut headers = HeaderMap::new();
        headers.insert(
            header::AUTHORIZATION,
            header::HeaderValue::from_bytes("License CGPT–1".as_bytes()).expect("a header"),
        );
        assert!(matches!(license_key(&headers), Ok(Some(key)) if *key == "CGPT–1"), "LC-12: looked up like any other");
        assert!(matches!(license_key(&HeaderMap::new()), Ok(None)));
    }
}
