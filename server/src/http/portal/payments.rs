//! Ways to the payment provider: opening a checkout, the documents of a payment, and payment settings. They cannot be server
//! functions, because they lead to another site.

use axum::{
    Extension, Form, Router,
    extract::{Path, State, rejection::FormRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use latchkey_app::{
    Flash, UiError,
    routes::{FormTarget, Page, PaymentDocument, PriceCode, offer_of},
    server_side::{CookieKit, Identity, too_many},
};
use latchkey_licensing::ids::{AccountId, OrderId};
use latchkey_service::{Buyer, ClientAddress, CustomerOrderError, StartCheckoutError, Wanted};
use serde::Deserialize;

use crate::http::{
    state::AppState,
    static_pages::payment_pages::{PaymentPages, answer_link},
};

/// What these handlers need.
#[derive(Clone, Debug)]
pub(crate) struct PaymentState {
    pub(crate) app: AppState,
    pub(crate) cookies: CookieKit,
    pub(crate) pages: PaymentPages,
}

pub(crate) fn router() -> Router<PaymentState> {
    Router::new()
        .route(&FormTarget::Checkout.path(), post(start_checkout))
        .route(FormTarget::PAYMENT_SETTINGS, post(payment_settings))
        .route(PaymentDocument::PATHS, get(document))
}

impl PaymentState {
    /// Leads back to one of our pages, which shows the error.
    fn fail(&self, error: UiError, page: &str) -> Response {
        let mut response = Redirect::to(page).into_response();
        if let Some(cookie) = self.cookies.flash_cookie(&Flash::Failed(error)) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        response
    }

    fn refuse(&self, error: CustomerOrderError, order: OrderId) -> Response {
        let page = Page::Order(order).path();
        match error {
            CustomerOrderError::NotFound => self.app.plain.not_found(),
            CustomerOrderError::NoDocument => self.fail(UiError::NoDocument, &page),
            CustomerOrderError::Unavailable => self.fail(UiError::PaymentsUnavailable, &page),
            CustomerOrderError::Internal(error) => {
                tracing::error!(%error, "an order could not be read: {error}");
                self.app.plain.failed()
            }
        }
    }

    fn unusable_address(&self) -> Response {
        tracing::error!("the payment provider named a page that is not opened: it must begin with https");
        self.app.plain.failed()
    }
}

/// All that a form can say about a purchase. What it costs is in the catalog, and who buys is in cookies.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckoutForm {
    price: String,
    quantity: String,
    license: Option<String>,
    /// The account for which the page with the form was made.
    account: Option<AccountId>,
}

async fn start_checkout(
    State(state): State<PaymentState>,
    identity: Option<Extension<Identity>>,
    Extension(address): Extension<ClientAddress>,
    headers: HeaderMap,
    form: Result<Form<CheckoutForm>, FormRejection>,
) -> Response {
    let Ok(Form(form)) = form else {
        return unreadable();
    };
    let Ok(price) = form.price.parse::<PriceCode>() else {
        return state.app.plain.not_found();
    };
    let upgrade = match form.license.as_deref().map(str::parse) {
        None => None,
        Some(Ok(license)) => Some(license),
        Some(Err(_)) => return unreadable(),
    };
    let signed_in = identity.as_ref().map(|identity| &identity.0.0);
    let typed: Option<u32> = form.quantity.trim().parse().ok();
    let offer = || typed.map_or_else(|| Page::Offer(price.clone()).path(), |typed| offer_of(price.clone(), typed));
    if form.account.is_some_and(|owner| signed_in.is_none_or(|who| who.account.id != owner)) {
        return state.fail(UiError::OtherAccount, &offer());
    }
    // No offer has the quantity 0, so the answer names what is allowed.
    let wanted = Wanted { price: form.price, quantity: typed.unwrap_or(0), upgrade };
    let buyer = Buyer { signed_in, browser: state.cookies.checkout_secret(&headers), address };
    let started = match state.app.service.start_checkout(&buyer, &wanted).await {
        Ok(started) => started,
        Err(error) => return state.fail(refusal(error), &offer()),
    };
    let Some(mut response) = state.pages.answer_form(&started.url) else {
        return state.unusable_address();
    };
    if let Some(cookie) = state.cookies.checkout_cookie(&started.browser) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// Our forms have all fields and no others.
fn unreadable() -> Response {
    let text = "This form has fields that it should not have, or lacks some. Reload the page and try again.\n";
    (StatusCode::UNPROCESSABLE_ENTITY, text).into_response()
}

fn refusal(error: StartCheckoutError) -> UiError {
    match error {
        StartCheckoutError::NoKeys | StartCheckoutError::NotForSale => UiError::NotForSale,
        StartCheckoutError::PriceNotFound => UiError::OfferNotFound,
        StartCheckoutError::Quantity { min, max } => UiError::QuantityNotAllowed { min, max },
        StartCheckoutError::SignInRequired => UiError::SignedOut,
        StartCheckoutError::NotUpgradable => UiError::UpgradeNotPossible,
        StartCheckoutError::Throttled(throttled) => too_many(throttled),
        StartCheckoutError::Payments(error) => {
            tracing::error!(%error, "a checkout could not be opened: {error}");
            UiError::PaymentsUnavailable
        }
        StartCheckoutError::Internal(error) => {
            tracing::error!(%error, "a checkout could not be opened: {error}");
            UiError::Unavailable
        }
    }
}

async fn payment_settings(
    State(state): State<PaymentState>,
    Extension(identity): Extension<Identity>,
    Path(order): Path<String>,
) -> Response {
    let Ok(order) = order.parse() else {
        return state.app.plain.not_found();
    };
    match state.app.service.customer(&identity.0).payment_settings(order).await {
        Ok(url) => state.pages.answer_form(&url).unwrap_or_else(|| state.unusable_address()),
        Err(error) => state.refuse(error, order),
    }
}

async fn document(
    State(state): State<PaymentState>,
    Extension(identity): Extension<Identity>,
    Path((order, payment, document)): Path<(String, String, String)>,
) -> Response {
    let (Ok(order), Some(document)) = (order.parse(), PaymentDocument::parse(&document)) else {
        return state.app.plain.not_found();
    };
    let links = match state.app.service.customer(&identity.0).receipt_links(order, &payment).await {
        Ok(links) => links,
        Err(error) => return state.refuse(error, order),
    };
    let url = match document {
        PaymentDocument::Receipt => links.receipt,
        PaymentDocument::Invoice => links.invoice,
        PaymentDocument::InvoicePdf => links.invoice_pdf,
    };
    match url {
        Some(url) => answer_link(&url).unwrap_or_else(|| state.unusable_address()),
        None => state.refuse(CustomerOrderError::NoDocument, order),
    }
}
