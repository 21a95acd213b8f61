//! The public site: a page without scripts.
//!
//! The start page shows what is for sale. It is rendered in advance, and requests read nothing from the database, except that
//! one request every few seconds reads the prices, so that the page follows `latchkey catalog apply` and
//! `latchkey stripe provision`. If that fails, the page stays as it is.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use axum::http::{HeaderMap, header};
use latchkey_app::{
    Offer,
    static_pages::{
        offers::{Shop, offers},
        site::{self, Look},
    },
};
use latchkey_licensing::time::Timestamp;
use latchkey_service::Service;
use tokio::sync::Mutex;

use crate::http::{
    layers::headers::page_policy,
    static_pages::{
        payment_pages::PaymentPages,
        prerendered::{self, HTML, Prerendered},
    },
};

/// How old the prices on the page may be.
const FRESH: Duration = Duration::from_secs(5);

/// What the start page is made of.
#[derive(Debug)]
pub(crate) struct Contents {
    pub(crate) service: Service,
    pub(crate) look: Look,
    /// The path of the documentation, if this instance serves it.
    pub(crate) docs: Option<&'static str>,
    pub(crate) shop: Shop,
}

/// Adds the start page. Its forms may end on `payment_pages`.
pub(crate) fn add(to: &mut Prerendered, contents: Contents, payment_pages: &PaymentPages) {
    let mut headers = to.headers().clone();
    headers.insert(header::CONTENT_SECURITY_POLICY, page_policy(&payment_pages.form_action()));
    let page = Arc::new(StartPage { contents, headers, shown: RwLock::default(), reading: Mutex::default() });
    to.add_changing("/", move || {
        let page = Arc::clone(&page);
        async move { page.current().await }
    });
}

#[derive(Debug)]
struct StartPage {
    contents: Contents,
    headers: HeaderMap,
    shown: RwLock<Option<Shown>>,
    /// Held by the request that reads the prices.
    reading: Mutex<()>,
}

#[derive(Clone, Debug)]
struct Shown {
    read_at: Timestamp,
    offers: Vec<Offer>,
    page: Arc<prerendered::Page>,
}

impl StartPage {
    async fn current(&self) -> Arc<prerendered::Page> {
        let service = &self.contents.service;
        let now = service.now();
        let known = self.shown();
        if let Some(page) = fresh(known.as_ref(), now) {
            return page;
        }
        // One request reads. The others show what is known, and wait only if nothing is.
        let _turn = match (&known, self.reading.try_lock()) {
            (_, Ok(turn)) => turn,
            (Some(known), Err(_)) => return Arc::clone(&known.page),
            (None, Err(_)) => self.reading.lock().await,
        };
        let known = self.shown();
        if let Some(page) = fresh(known.as_ref(), now) {
            return page;
        }
        match service.prices().await {
            Ok(prices) => {
                let is_live = service.payments().map(|payments| payments.is_live());
                self.show(known, offers(&prices, is_live), now)
            }
            Err(error) => {
                tracing::error!(%error, "the prices for the start page could not be read: {error}");
                known.map_or_else(|| self.render(Vec::new()), |known| known.page)
            }
        }
    }

    fn shown(&self) -> Option<Shown> {
        self.shown.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Shows offers from now on. A page that stays the same keeps its compressed form.
    fn show(&self, known: Option<Shown>, offers: Vec<Offer>, now: Timestamp) -> Arc<prerendered::Page> {
        let same = known.filter(|known| known.offers == offers).map(|known| known.page);
        let page = same.unwrap_or_else(|| self.render(offers.clone()));
        let shown = Shown { read_at: now, offers, page: Arc::clone(&page) };
        *self.shown.write().unwrap_or_else(PoisonError::into_inner) = Some(shown);
        page
    }

    fn render(&self, offers: Vec<Offer>) -> Arc<prerendered::Page> {
        let Contents { look, docs, shop, .. } = &self.contents;
        let html = site::home(look.clone(), *docs, offers, shop);
        Arc::new(prerendered::Page::new(&self.headers, HTML, html.into()))
    }
}

/// The page, unless its prices are too old. They are too if the clock was set back.
fn fresh(known: Option<&Shown>, now: Timestamp) -> Option<Arc<prerendered::Page>> {
    let known = known.filter(|known| known.read_at <= now && now.since(known.read_at) < FRESH)?;
    Some(Arc::clone(&known.page))
}
