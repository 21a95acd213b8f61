//! `/v1`, the API for desktop apps. Every response is signed.

mod check_out;
mod components;
pub(crate) mod documents;
pub(crate) mod error;
mod layers;
mod licenses;
mod machines;
mod openapi;
mod ping;
mod processes;
mod releases;
mod requests;
mod updates;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{Uri, uri::PathAndQuery},
    middleware,
};
use tower::{
    Layer, ServiceBuilder,
    util::{MapRequestLayer, option_layer},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    http::{layers::share::Share, state::AppState},
    settings::WebOrigins,
};
use error::ApiError;
use rate_limit::Anonymous;

pub(crate) use layers::{cross_origin, signing, versions};
pub(crate) use requests::{auth, input, rate_limit};

/// The longest body that is accepted.
pub(crate) const BODY_LIMIT: usize = 16 * 1024;

/// The API as a router, with the paths that belong to it.
#[derive(Clone)]
pub(crate) struct ApiSurface {
    router: Router,
    /// The path of `server.api_url`, under which the API is served as well.
    prefix: String,
}

impl ApiSurface {
    /// `origins` are those of web pages that may use it.
    pub(crate) fn new(state: &AppState, origins: &WebOrigins) -> Self {
        let prefix = state.api_address.path_prefix().to_owned();
        let router = router(state.clone());
        let inner = {
            let prefix = prefix.clone();
            MapRequestLayer::new(move |request: Request| to_canonical_path(request, &prefix)).layer(router)
        };
        let inner = option_layer(cross_origin::layer(origins)).layer(inner);
        // The outermost layer of the API, so that it sees the original path and every response.
        let signed = middleware::from_fn_with_state(state.clone(), signing::sign).layer(Share.layer(inner));
        Self { router: Router::new().fallback_service(signed), prefix }
    }

    /// Changes the router, to add layers around the API.
    pub(crate) fn map(self, change: impl FnOnce(Router) -> Router) -> Self {
        Self { router: change(self.router), ..self }
    }

    /// The API, for a request to one of its paths.
    pub(crate) fn router(&self) -> Router {
        self.router.clone()
    }

    pub(crate) fn owns(&self, path: &str) -> bool {
        below_version(path, &self.prefix).is_some()
    }
}

/// All routes with their descriptions. A route cannot be added without a description.
fn documented() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(openapi::about())
        .routes(routes!(ping::ping))
        .routes(routes!(licenses::me::me))
        .routes(routes!(licenses::validate_key::validate_key))
        .routes(routes!(licenses::list::list))
        .routes(routes!(licenses::show::show))
        .routes(routes!(licenses::validate::validate, licenses::validate::quick_validate))
        .routes(routes!(licenses::check_out::check_out, licenses::check_out::download))
        .routes(routes!(licenses::check_in::check_in))
        .routes(routes!(licenses::increment_usage::increment_usage))
        .routes(routes!(licenses::machines::machines))
        .routes(routes!(licenses::machine::machine))
        .routes(routes!(licenses::entitlements::entitlements))
        .routes(routes!(licenses::entitlement::of_license))
        .routes(routes!(licenses::entitlement::show))
        .routes(routes!(machines::activate::activate, machines::list::list))
        .routes(routes!(machines::show::show, machines::change::change, machines::deactivate::deactivate))
        .routes(routes!(machines::license::license))
        .routes(routes!(machines::ping::ping))
        .routes(routes!(machines::ping::ping_heartbeat))
        .routes(routes!(machines::check_out::check_out, machines::check_out::download))
        .routes(routes!(components::list::list))
        .routes(routes!(components::show::show))
        .routes(routes!(processes::spawn::spawn))
        .routes(routes!(processes::list::list))
        .routes(routes!(processes::show::show, processes::end::end))
        .routes(routes!(processes::ping::ping))
        .routes(routes!(releases::show::show))
        .routes(routes!(releases::upgrade::upgrade))
        .routes(routes!(releases::artifacts::artifacts))
        .routes(routes!(releases::artifact::artifact))
        .routes(routes!(updates::tauri::update))
        .routes(routes!(updates::appcast::appcast))
        .routes(routes!(updates::electron::update))
        .routes(routes!(updates::velopack::update))
}

/// The description of the API (OpenAPI 3.1), generated from its routes.
pub fn description() -> serde_json::Value {
    let mut description = serde_json::to_value(documented().into_openapi()).unwrap_or_default();
    openapi::complete(&mut description);
    description
}

/// The same as text.
pub fn description_text() -> String {
    serde_json::to_string_pretty(&description()).unwrap_or_default()
}

fn router(state: AppState) -> Router {
    let (router, _) = documented().split_for_parts();
    let layers = ServiceBuilder::new()
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(middleware::from_fn_with_state(state.clone(), input::check))
        .layer(Share)
        .layer(middleware::from_fn(versions::follow))
        .layer(Share)
        .layer(middleware::from_fn(signing::record_route))
        .layer(Share);
    router
        .fallback(async |State(state): State<AppState>, network: Anonymous| {
            network.count(&state).await.err().unwrap_or_else(ApiError::not_found)
        })
        .method_not_allowed_fallback(async |State(state): State<AppState>, network: Anonymous| {
            network.count(&state).await.err().unwrap_or_else(ApiError::method_not_allowed)
        })
        .layer(layers)
        .with_state(state)
}

/// Clients send `/v1/…` or `/v1/accounts/{account}/…`, some with a path of their own in front. All forms have
/// the same meaning. What follows in the first form, or `None` if the path has none of them.
fn below_version<'p>(path: &'p str, prefix: &str) -> Option<&'p str> {
    path.strip_prefix(prefix).and_then(below_prefix).or_else(|| below_prefix(path))
}

fn below_prefix(path: &str) -> Option<&str> {
    let rest = path.strip_prefix('/')?.trim_start_matches('/');
    let rest = rest.strip_prefix("v1").filter(|rest| rest.is_empty() || rest.starts_with('/'))?;
    Some(match rest.strip_prefix("/accounts/") {
        Some(account) => account.split_once('/').map_or("", |(_, rest)| rest),
        None => rest.trim_start_matches('/'),
    })
}

/// The path in the first form. `None` if it has this form already, or none of them.
fn canonical_path(path: &str, prefix: &str) -> Option<String> {
    let rest = below_version(path, prefix)?;
    (path.strip_prefix("/v1/") != Some(rest)).then(|| format!("/v1/{rest}"))
}

fn to_canonical_path(mut request: Request, prefix: &str) -> Request {
    let uri = request.uri();
    if let Some(path) = canonical_path(uri.path(), prefix) {
        let text = match uri.query() {
            Some(query) => format!("{path}?{query}"),
            None => path,
        };
        if let Ok(target) = text.parse::<PathAndQuery>() {
            let mut parts = uri.clone().into_parts();
            parts.path_and_query = Some(target);
            if let Ok(uri) = Uri::from_parts(parts) {
                *request.uri_mut() = uri;
            }
        }
    }
    request
}

#[cfg(test)]
mod tests {
    use super::{below_version, canonical_path};

    #[test]
    fn all_forms_of_urls_are_recognized() {
        for (path, prefix, plain) in [
            ("/v1/ping", "", Some("/v1/ping")),
            ("/v1", "", Some("/v1/")),
            ("/v1/", "", Some("/v1/")),
            ("/v1/accounts/acct/machines/a%2Fb", "", Some("/v1/machines/a%2Fb")),
            ("/v1/accounts/acct", "", Some("/v1/")),
            ("/x/v1/ping", "/x", Some("/v1/ping")),
            ("/x//v1/ping", "/x", Some("/v1/ping")),
            ("/v1/ping", "/x", Some("/v1/ping")),
            ("/v1/ping", "/v1", Some("/v1/ping")),
            ("/v1/v1/ping", "/v1", Some("/v1/ping")),
            ("//v1/ping", "", Some("/v1/ping")),
            ("/v10/ping", "", None),
            ("v1/ping", "", None),
            ("/xv1/ping", "/x", None),
            ("/portal/v1", "", None),
            ("/x/v1/ping", "", None),
        ] {
            let other = plain.filter(|plain| *plain != path);
            assert_eq!(canonical_path(path, prefix).as_deref(), other, "{path} under {prefix:?}");
            assert_eq!(below_version(path, prefix).is_some(), plain.is_some(), "{path} under {prefix:?}");
        }
    }
}
