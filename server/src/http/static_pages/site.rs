//! The public site: pages without scripts.
//!
//! They are made from the vendor's content. An instance without content has only a start page. Pages are rendered in
//! advance, and requests read nothing from the database, except that one request every few seconds reads the prices, so that
//! the pages follow `latchkey catalog apply` and `latchkey stripe provision`. If that fails, the pages stay as they are.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use axum::http::{HeaderMap, header};
use latchkey_app::{
    Offer,
    static_pages::{
        document::Look,
        offers::{Shop, offers},
        site::{self, OPEN_GRAPH_IMAGE, Site, SitePage, model::Picture},
        start,
    },
};
use latchkey_licensing::time::Timestamp;
use latchkey_service::Service;
use tokio::sync::Mutex;

use crate::{
    content::{ContentError, ContentFiles},
    http::{
        layers::headers::page_policy,
        static_pages::{
            payment_pages::PaymentPages,
            prerendered::{self, HTML, Prerendered},
        },
    },
};

/// How old the prices on the pages may be.
const FRESH: Duration = Duration::from_secs(5);

/// How long a security contact is valid. RFC 9116 recommends less than a year.
const CONTACT_VALIDITY: Duration = Duration::from_hours(180 * 24);

/// What the site is made of.
#[derive(Debug)]
pub(crate) struct Contents {
    pub(crate) service: Service,
    pub(crate) look: Look,
    /// The address of the documentation, if there is one.
    pub(crate) docs: Option<String>,
    pub(crate) shop: Shop,
    /// The pages and the files that they show. `None` if there is only a start page.
    pub(crate) site: Option<(Site, ContentFiles)>,
}

/// Adds the site's pages. Their forms may end on `payment_pages`.
pub(crate) fn add(to: &mut Prerendered, contents: Contents, payment_pages: &PaymentPages) -> Result<(), ContentError> {
    if let Some((site, files)) = &contents.site {
        add_fixed_pages(to, site);
        add_media(to, site, files)?;
        add_security_contact(to, site, &contents.service);
    }
    let mut headers = to.headers().clone();
    headers.insert(header::CONTENT_SECURITY_POLICY, page_policy(&payment_pages.form_action()));
    let has_pricing = contents.site.is_some();
    let pages = Arc::new(ShopPages { contents, headers, shown: RwLock::default(), reading: Mutex::default() });
    pages.add(to, &SitePage::Home, |pages| pages.home);
    if has_pricing {
        pages.add(to, &SitePage::Pricing, |pages| pages.pricing);
    }
    Ok(())
}

/// The pages that do not show prices.
fn add_fixed_pages(to: &mut Prerendered, site: &Site) {
    let pages = [
        (SitePage::Questions, site::questions(site)),
        (SitePage::Changelog, site::changelog(site)),
        (SitePage::Downloads, site::downloads(site)),
        (SitePage::LostKey, site::lost_key(site)),
    ];
    for (page, html) in pages {
        to.add(&page.path(), HTML, html);
    }
    for page in &site.legal {
        to.add(&SitePage::Legal(page.slug.clone()).path(), HTML, site::legal(site, page));
    }
    to.add(SitePage::FEED, "application/rss+xml; charset=utf-8", site::feed(site));
}

/// The pictures that pages show.
fn add_media(to: &mut Prerendered, site: &Site, files: &ContentFiles) -> Result<(), ContentError> {
    if let Some(bytes) = files.find(site::OPEN_GRAPH_FILE)? {
        to.add(OPEN_GRAPH_IMAGE, "image/png", bytes.into_owned());
    }
    if let Some(Picture::Image(image)) = &site.content.home.hero.picture
        && let Some(bytes) = files.find(&image.file)?
    {
        to.add(&site::media_path(&image.file), media_type(&image.file), bytes.into_owned());
    }
    Ok(())
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("svg") => "image/svg+xml",
        Some("webp") => "image/webp",
        Some("avif") => "image/avif",
        Some("jpg" | "jpeg") => "image/jpeg",
        _ => "image/png",
    }
}

/// `/.well-known/security.txt`, which expires and so is made for each request.
fn add_security_contact(to: &mut Prerendered, site: &Site, service: &Service) {
    let Some(contact) = site::security_contact(site) else { return };
    let (site, service, headers) = (site.clone(), service.clone(), to.headers().clone());
    to.add_changing("/.well-known/security.txt", move || {
        let text = site::security_txt(&site, &contact, service.now().plus(CONTACT_VALIDITY));
        let page = prerendered::Page::new(&headers, "text/plain; charset=utf-8", text.into());
        std::future::ready(Arc::new(page))
    });
}

/// Adds `/robots.txt` and, if there is a site, `/sitemap.xml` with all pages that were added before.
pub(crate) fn add_for_crawlers(to: &mut Prerendered, site: Option<&Site>) {
    let sitemap = site.map(|site| {
        let is_other = |path: &&str| path.starts_with("/docs") && !path.contains('.');
        let others = to.paths().iter().map(String::as_str).filter(is_other);
        site::sitemap(site, others)
    });
    to.add("/robots.txt", "text/plain; charset=utf-8", site::robots(site));
    if let Some(sitemap) = sitemap {
        to.add("/sitemap.xml", "application/xml; charset=utf-8", sitemap);
    }
}

/// The pages that show what is for sale.
#[derive(Debug)]
struct ShopPages {
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
    pages: Rendered,
}

/// The pages with the offers.
#[derive(Clone, Debug)]
struct Rendered {
    home: Arc<prerendered::Page>,
    /// The start page again, if the instance has only that.
    pricing: Arc<prerendered::Page>,
}

impl ShopPages {
    /// Adds one of the pages.
    fn add(self: &Arc<Self>, to: &mut Prerendered, page: &SitePage, which: fn(Rendered) -> Arc<prerendered::Page>) {
        let pages = Arc::clone(self);
        to.add_changing(&page.path(), move || {
            let pages = Arc::clone(&pages);
            async move { which(pages.current().await) }
        });
    }

    async fn current(&self) -> Rendered {
        let service = &self.contents.service;
        let now = service.now();
        let known = self.shown();
        if let Some(pages) = fresh(known.as_ref(), now) {
            return pages;
        }
        // One request reads. The others show what is known, and wait only if nothing is.
        let _turn = match (&known, self.reading.try_lock()) {
            (_, Ok(turn)) => turn,
            (Some(known), Err(_)) => return known.pages.clone(),
            (None, Err(_)) => self.reading.lock().await,
        };
        let known = self.shown();
        if let Some(pages) = fresh(known.as_ref(), now) {
            return pages;
        }
        match service.prices().await {
            Ok(prices) => {
                let is_live = service.payments().map(|payments| payments.is_live());
                self.show(known, offers(&prices, is_live), now)
            }
            Err(error) => {
                tracing::error!(%error, "the prices for the site could not be read: {error}");
                known.map_or_else(|| self.render(Vec::new()), |known| known.pages)
            }
        }
    }

    fn shown(&self) -> Option<Shown> {
        self.shown.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Shows offers from now on. Pages that stay the same keep their compressed form.
    fn show(&self, known: Option<Shown>, offers: Vec<Offer>, now: Timestamp) -> Rendered {
        let same = known.filter(|known| known.offers == offers).map(|known| known.pages);
        let pages = same.unwrap_or_else(|| self.render(offers.clone()));
        let shown = Shown { read_at: now, offers, pages: pages.clone() };
        *self.shown.write().unwrap_or_else(PoisonError::into_inner) = Some(shown);
        pages
    }

    fn render(&self, offers: Vec<Offer>) -> Rendered {
        let Contents { look, docs, shop, site, .. } = &self.contents;
        let page = |html: String| Arc::new(prerendered::Page::new(&self.headers, HTML, html.into()));
        if let Some((site, _)) = site {
            return Rendered { home: page(site::home(site, &offers)), pricing: page(site::pricing(site, &offers)) };
        }
        let start = page(start::home(look.clone(), docs.clone(), offers, shop));
        Rendered { home: Arc::clone(&start), pricing: start }
    }
}

/// The pages, unless their prices are too old. They are too if the clock was set back.
fn fresh(known: Option<&Shown>, now: Timestamp) -> Option<Rendered> {
    let known = known.filter(|known| known.read_at <= now && now.since(known.read_at) < FRESH)?;
    Some(known.pages.clone())
}
