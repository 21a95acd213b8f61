//! Ways to the pages of the payment provider.
//!
//! The content security policy of our pages says where their forms may end, and browsers apply it to redirects too. A vendor
//! can have a domain of its own for the provider's pages, which is not known before the first redirect. Such an address gets
//! a page with a link, which no policy restricts.

use std::sync::Arc;

use axum::{
    http::{HeaderValue, header},
    response::{Html, IntoResponse, Redirect, Response},
};
use latchkey_app::static_pages::site::{self, Look};
use latchkey_service::Service;
use url::Url;

use crate::settings::Stripe;

/// Marks a response that may redirect to another site.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LeavesSite;

#[derive(Clone, Debug)]
pub(crate) struct PaymentPages {
    origins: Arc<[String]>,
    look: Look,
}

impl PaymentPages {
    pub(crate) fn new(service: &Service, settings: &Stripe, look: &Look) -> Self {
        let origins = if service.payments().is_some() { settings.page_origins() } else { Vec::new() };
        Self { origins: origins.into(), look: look.clone() }
    }

    /// Where forms may end, for a content security policy.
    pub(crate) fn form_action(&self) -> String {
        self.origins.iter().fold("'self'".to_owned(), |all, origin| format!("{all} {origin}"))
    }

    /// Responds to a form with a page of the provider. `None` if the address is not one that a browser should open.
    pub(crate) fn answer_form(&self, url: &str) -> Option<Response> {
        let parsed = Url::parse(url).ok()?;
        if self.origins.contains(&parsed.origin().ascii_serialization()) {
            return see_other(url);
        }
        (parsed.scheme() == "https").then(|| Html(site::leave(self.look.clone(), url)).into_response())
    }
}

/// Responds to a link with a page of the provider. `None` if the address is not one that a browser should open.
pub(crate) fn answer_link(url: &str) -> Option<Response> {
    let parsed = Url::parse(url).ok()?;
    let is_test_server = parsed.scheme() == "http" && crate::settings::is_loopback(&parsed);
    if parsed.scheme() == "https" || is_test_server { see_other(url) } else { None }
}

fn see_other(url: &str) -> Option<Response> {
    let location = HeaderValue::from_str(url).ok()?;
    let mut response = Redirect::to("/").into_response();
    response.headers_mut().insert(header::LOCATION, location);
    response.extensions_mut().insert(LeavesSite);
    Some(response)
}
