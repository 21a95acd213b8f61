//! Ways to the pages of the payment provider.
//!
//! The content security policy of our pages says where their forms may end, and browsers apply it to redirects too. A vendor
//! can have a domain of its own for the provider's pages, which is not known before the first redirect. Such an address gets
//! a page with a link, which no policy restricts.

use std::sync::Arc;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use latchkey_app::static_pages::{document::Look, plain};
use latchkey_service::Service;
use url::Url;

use crate::{http::static_pages::plain_pages, settings::Stripe};

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
        (parsed.scheme() == "https")
            .then(|| plain_pages::page(StatusCode::OK, &plain::leave(self.look.clone(), url).into()))
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

#[cfg(test)]
mod tests {
    use latchkey_app::Branding;

    use super::*;

    fn pages(api_url: &str) -> PaymentPages {
        let settings = Stripe { api_url: api_url.to_owned(), ..Stripe::default() };
        let look = Look {
            stylesheet: String::new(),
            portal: None,
            origin: String::new(),
            font: String::new(),
            site_stylesheet: String::new(),
            branding: Branding::default(),
        };
        PaymentPages { origins: settings.page_origins().into(), look }
    }

    fn leads_to(response: Option<Response>) -> Option<String> {
        let response = response?;
        assert!(response.extensions().get::<LeavesSite>().is_some());
        response.headers().get(header::LOCATION)?.to_str().ok().map(str::to_owned)
    }

    #[test]
    fn forms_lead_to_the_pages_of_stripe_or_of_a_test_server() {
        let stripe = pages("https://api.stripe.com");
        assert_eq!(stripe.form_action(), "'self' https://checkout.stripe.com https://billing.stripe.com");
        let url = "https://checkout.stripe.com/c/pay/cs_1#secret";
        assert_eq!(leads_to(stripe.answer_form(url)).as_deref(), Some(url));
        let double = pages("http://127.0.0.1:12111");
        assert_eq!(double.form_action(), "'self' http://127.0.0.1:12111");
        let url = "http://127.0.0.1:12111/c/pay/cs_1";
        assert_eq!(leads_to(double.answer_form(url)).as_deref(), Some(url));
    }

    #[test]
    fn the_domain_of_a_vendor_gets_a_page_with_a_link() {
        let response = pages("https://api.stripe.com").answer_form("https://pay.example.com/c/pay/cs_1");
        let response = response.expect("a page");
        assert_eq!(response.status(), StatusCode::OK);
        assert!(!response.headers().contains_key(header::LOCATION));
    }

    #[test]
    fn other_addresses_are_not_opened() {
        let stripe = pages("https://api.stripe.com");
        for other in ["", "javascript:alert(1)", "data:text/html,x", "http://checkout.stripe.com/x", "/portal", "//x"] {
            assert!(stripe.answer_form(other).is_none() && answer_link(other).is_none(), "{other}");
        }
        assert_eq!(leads_to(answer_link("https://pay.stripe.com/r")).as_deref(), Some("https://pay.stripe.com/r"));
    }
}
