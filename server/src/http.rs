//! The HTTP layer: which surface a request belongs to, and what all responses have in common.

pub mod api;
mod api_address;
mod assets;
mod download;
mod downloads;
mod layers;
pub(crate) mod operation;
mod portal;
mod state;
mod static_pages;
pub(crate) mod webhooks;

use std::{collections::BTreeSet, future::ready, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::{DefaultBodyLimit, Request},
    http::{Method, StatusCode},
    middleware::{self, Next},
    response::{IntoResponse, Redirect, Response},
};
use http_body_util::Limited;
use latchkey_app::{
    routes::{AdminPage, Page},
    server_side::CookieKit,
    static_pages::{
        document::Look,
        offers::Shop,
        site::{Links, OPEN_GRAPH_FILE, Site},
    },
};
use latchkey_service::Service;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;

use crate::{
    content::{Content, ContentFiles},
    diagnostics::PortalHost,
    settings::{Settings, SettingsError, Surface},
};

use api_address::ApiAddress;
use assets::branding::Branded;
use downloads::Builds;
use layers::{content_length::content_length, share::Share};
use operation::health;
use state::AppState;
use static_pages::{
    docs::{self, search::SearchState},
    payment_pages::PaymentPages,
    plain_pages::PlainPages,
    prerendered::Prerendered,
    site,
};

pub use portal::pages::page_routes;

/// The longest body that pages and server functions accept.
const PAGE_BODY_LIMIT: usize = 64 * 1024;

/// All surfaces that this instance serves. Fails if the logo cannot be read.
pub fn router(service: Service, settings: &Settings) -> Result<Router, SettingsError> {
    let surfaces = &settings.server.surfaces;
    let branded = Branded::read(settings, service.brand())?;
    let look = Look {
        stylesheet: assets::stylesheet(),
        portal: Some(portal_page(settings)),
        origin: settings.server.site_origin(),
        font: assets::font(),
        site_stylesheet: assets::site_stylesheet(),
        branding: branded.pages.clone(),
    };
    let site = own_site(&service, settings, &look)?;
    let plain = PlainPages::new(&look, site.as_ref().map(|(site, _)| site));
    let api_address = Arc::new(ApiAddress::new(settings.server.api_url.as_deref()));
    let (not_found, failed) = (plain.clone(), plain.clone());
    let cookies = CookieKit::new(settings.is_https(), service.cookie_signing_key());
    let library = settings.content.library(&service.brand().name)?;
    let builds = Builds { library, origin: settings.downloads_origin().into() };
    let state = AppState {
        service,
        api_address,
        plain: plain.clone(),
        surfaces: surfaces.clone(),
        builds,
        handler_timeout: settings.server.handler_timeout(),
        is_api_https: settings.is_api_https(),
    };

    let page_headers = layers::headers::page_headers(settings.is_https());
    let payment_pages = PaymentPages::new(&state.service, &settings.stripe, &look);
    let (prerendered, search) = prerendered(
        &state.service,
        settings,
        Prerendered::new(&page_headers, cookies.clone()),
        site,
        &look,
        &payment_pages,
    )?;
    let static_paths = Arc::new(prerendered.paths().clone());
    let portal = portal(&state, settings, cookies.clone(), &branded, payment_pages, &static_paths);
    let origin: Arc<str> = settings.pages_url().into();
    let pages = portal
        .merge(search.map_or_else(Router::new, docs::search::router))
        .merge(downloads::router().with_state(state.clone()))
        .merge(assets::router())
        .merge(branded.router())
        .fallback(move |request: Request| {
            ready(canonical(&request, &static_paths).unwrap_or_else(|| not_found.not_found()))
        })
        .layer(
            ServiceBuilder::new()
                .layer(middleware::from_fn_with_state(Arc::new(page_headers), layers::headers::secure))
                .layer(Share)
                .layer(middleware::from_fn_with_state(cookies, layers::theme::follow))
                .layer(CatchPanicLayer::custom(move |_| failed.failed()))
                .layer(Share)
                .layer(middleware::from_fn_with_state((state.handler_timeout, plain.clone()), layers::deadline::keep))
                .layer(Share)
                .layer(middleware::from_fn_with_state(origin, layers::same_origin::require))
                .layer(Share)
                .layer(middleware::from_fn(limit_body))
                .layer(Share)
                .layer(DefaultBodyLimit::max(PAGE_BODY_LIMIT)),
        );
    let webhooks = if surfaces.has(Surface::Webhooks) {
        webhooks::router(state.service.clone(), settings)?
    } else {
        Router::new()
    };
    let plain_headers = layers::headers::plain_headers(settings.is_https());
    let plain_responses = webhooks
        .merge(health::router(state.service.clone()))
        .layer(middleware::from_fn_with_state((state.handler_timeout, plain), layers::deadline::keep))
        .layer(middleware::from_fn_with_state(Arc::new(plain_headers.clone()), layers::headers::secure));
    let proxies = Arc::new(layers::client_address::Proxies::new(&settings.server));
    let always = ServiceBuilder::new()
        .layer(middleware::from_fn(layers::request_id::attach))
        .layer(Share)
        .layer(middleware::from_fn_with_state(proxies, layers::client_address::find_address))
        .layer(Share);
    let api = surfaces.has(Surface::Api).then(|| {
        let api = api::ApiSurface::new(&state, &settings.api.cors_origins);
        api.map(|router| router.layer(always.clone()))
    });
    Ok(pages
        .merge(plain_responses)
        .layer(always)
        .merge(prerendered.into_router())
        .layer(ServiceBuilder::new().layer(layers::admission::Admission::new(api, plain_headers)).layer(Share)))
}

/// The portal and the admin portal, as far as this instance serves them.
fn portal(
    state: &AppState,
    settings: &Settings,
    cookies: CookieKit,
    branded: &Branded,
    payment_pages: PaymentPages,
    static_paths: &Arc<BTreeSet<String>>,
) -> Router {
    if ![Surface::Portal, Surface::Admin].iter().any(|surface| state.surfaces.has(*surface)) {
        return Router::new();
    }
    let host = Arc::new(PortalHost { settings: settings.clone(), service: state.service.clone() });
    let (branding, paths) = (branded.pages.clone(), Arc::clone(static_paths));
    portal::pages::portal(state, cookies, branding, payment_pages, settings, paths, host)
}

/// The pages of the site and the files that they show. `None` if this instance does not serve one, or has no content.
fn own_site(
    service: &Service,
    settings: &Settings,
    look: &Look,
) -> Result<Option<(Site, ContentFiles)>, SettingsError> {
    let surfaces = &settings.server.surfaces;
    if !surfaces.has(Surface::Site) {
        return Ok(None);
    }
    let content = settings.content.read(&service.brand().name)?;
    Ok(content.map(|content| {
        let Content { site, legal, releases, files } = content;
        let has_picture = files.find(OPEN_GRAPH_FILE).is_ok_and(|file| file.is_some());
        let links = Links {
            origin: settings.server.site_origin(),
            docs: docs_address(settings),
            api_reference: surfaces.has(Surface::Docs).then(|| docs::API.to_owned()),
        };
        (Site { look: look.clone(), content: site, legal, releases, has_picture, shop: shop(settings), links }, files)
    }))
}

fn prerendered(
    service: &Service,
    settings: &Settings,
    mut pages: Prerendered,
    site: Option<(Site, ContentFiles)>,
    look: &Look,
    payment_pages: &PaymentPages,
) -> Result<(Prerendered, Option<SearchState>), SettingsError> {
    let surfaces = &settings.server.surfaces;
    for (path, kind, icon) in assets::icons() {
        pages.add(path, kind, icon);
    }
    let search = if surfaces.has(Surface::Docs) {
        let (portal, admin) = other_origins(settings);
        let library = settings.content.read_docs(&portal, &admin)?;
        Some(docs::add(&mut pages, look, library))
    } else {
        None
    };
    let made = site.as_ref().map(|(site, _)| site.clone());
    if surfaces.has(Surface::Site) {
        let contents = site::Contents {
            service: service.clone(),
            look: look.clone(),
            docs: docs_address(settings),
            shop: shop(settings),
            site,
        };
        site::add(&mut pages, contents, payment_pages).map_err(|error| SettingsError(error.to_string()))?;
    }
    site::add_for_crawlers(&mut pages, made.as_ref());
    Ok((pages, search))
}

/// Where offers are bought.
fn shop(settings: &Settings) -> Shop {
    let (portal, _) = other_origins(settings);
    if portal.is_empty() { Shop::Here } else { Shop::At(portal) }
}

/// The address of the documentation, if there is one.
fn docs_address(settings: &Settings) -> Option<String> {
    let here = settings.server.surfaces.has(Surface::Docs).then(|| docs::ROOT.to_owned());
    here.or_else(|| settings.server.docs_url.clone())
}

/// The portal's first page, which may have another origin.
fn portal_page(settings: &Settings) -> String {
    format!("{}{}", other_origins(settings).0, Page::Overview.path())
}

/// The origins of the portal and of the admin portal in links on pages that are the same for everyone. Each is empty if this
/// instance serves it under the origin of those pages.
fn other_origins(settings: &Settings) -> (String, String) {
    let site = settings.server.site_origin();
    let other = |surface: Surface, origin: String| {
        if settings.server.surfaces.has(surface) && origin == site { String::new() } else { origin }
    };
    (other(Surface::Portal, settings.portal_url()), other(Surface::Admin, settings.admin_url()))
}

/// Refuses long bodies. Forms of the admin portal have a limit of their own, and say in words that they are too long.
async fn limit_body(request: Request, next: Next) -> Response {
    if AdminPage::parse(request.uri().path()).is_some() {
        return next.run(request).await;
    }
    if content_length(request.headers()).is_some_and(|length| length > PAGE_BODY_LIMIT) {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    }
    next.run(request.map(|body| Body::new(Limited::new(body, PAGE_BODY_LIMIT)))).await
}

/// Leads from a page's path with a slash at its end to the page. Only paths of pages are targets, so that no path leads to
/// another site.
fn canonical(request: &Request, static_paths: &BTreeSet<String>) -> Option<Response> {
    let path = request.uri().path().trim_end_matches('/');
    let has_slash = path.len() < request.uri().path().len();
    let is_page = static_paths.contains(path) || Page::parse(path).is_some();
    if !(has_slash && is_page && matches!(*request.method(), Method::GET | Method::HEAD)) {
        return None;
    }
    let target = match request.uri().query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    Some(Redirect::permanent(&target).into_response())
}
