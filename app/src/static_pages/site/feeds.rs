//! What programs read of the site: the feed, the sitemap, the rules for crawlers, and the security contact.

use std::fmt::Write;

use latchkey_licensing::{brand::Support, time::Timestamp};

use super::{Site, SitePage, model::Slug, pages::changelog::anchor};
use crate::static_pages::document::escaped;

/// `/changelog.xml`: the changelog as RSS 2.0 (<https://www.rssboard.org/rss-specification>).
pub fn feed(site: &Site) -> String {
    let name = &site.look.branding.brand.name;
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\"><channel>",
    );
    let page = site.address(&SitePage::Changelog.path());
    let _ = write!(
        xml,
        "<title>{}</title><link>{}</link><description>{}</description><language>en</language>\
         <atom:link href=\"{}\" rel=\"self\" type=\"application/rss+xml\"/>",
        escaped(&format!("{name}: changelog")),
        escaped(&page),
        escaped(&format!("What is new in each version of {name}")),
        escaped(&site.address(SitePage::FEED)),
    );
    for release in &site.releases {
        let link = format!("{page}#{}", anchor(release));
        let _ = write!(
            xml,
            "<item><title>{}</title><link>{}</link><guid>{}</guid><pubDate>{}</pubDate><description>{}</description></item>",
            escaped(&format!("{name} {}", release.version)),
            escaped(&link),
            escaped(&link),
            release.date.timestamp().http_date(),
            escaped(release.notes.html()),
        );
    }
    xml.push_str("</channel></rss>\n");
    xml
}

/// `/sitemap.xml`: the addresses of the site's pages, and of `others`, such as those of the documentation
/// (<https://www.sitemaps.org/protocol.html>).
pub fn sitemap<'a>(site: &Site, others: impl Iterator<Item = &'a str>) -> String {
    let pages = site.pages().into_iter().map(|page| page.path());
    let paths = pages.chain(others.map(str::to_owned));
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">",
    );
    for path in paths {
        let _ = write!(xml, "<url><loc>{}</loc></url>", escaped(&site.address(&path)));
    }
    xml.push_str("</urlset>\n");
    xml
}

impl Site {
    /// All pages.
    pub(super) fn pages(&self) -> Vec<SitePage> {
        let legal = self.content.legal.iter().map(|slug: &Slug| SitePage::Legal(slug.clone()));
        let fixed = [
            SitePage::Home,
            SitePage::Pricing,
            SitePage::Questions,
            SitePage::Changelog,
            SitePage::Downloads,
            SitePage::LostKey,
        ];
        fixed.into_iter().chain(legal).collect()
    }
}

/// `/robots.txt` (RFC 9309). It names the sitemap, if there is a site.
pub fn robots(site: Option<&Site>) -> String {
    let rules = "User-agent: *\nDisallow: /portal\nDisallow: /login\nDisallow: /checkout\n";
    match site {
        Some(site) => format!("{rules}\nSitemap: {}\n", site.address("/sitemap.xml")),
        None => rules.to_owned(),
    }
}

/// Where to report a vulnerability, if the site says so: a URI.
pub fn security_contact(site: &Site) -> Option<String> {
    let support = site.look.branding.brand.support.as_ref().map(Support::href);
    let contact = site.content.security_contact.as_deref().and_then(Support::parse).map(|contact| contact.href());
    contact.or(support)
}

/// `/.well-known/security.txt` (RFC 9116) with a [`security_contact`].
pub fn security_txt(site: &Site, contact: &str, expires: Timestamp) -> String {
    let address = site.address("/.well-known/security.txt");
    format!("Contact: {contact}\nExpires: {}\nPreferred-Languages: en\nCanonical: {address}\n", expires.rfc3339())
}
