//! The pages with the compiled-in content.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use latchkey_service::Operator;
use reqwest::{Client, StatusCode, header};

use super::with_default_content;
use crate::support::app::{TestApp, location, run};

const PAGES: [&str; 9] = [
    "/",
    "/pricing",
    "/faq",
    "/changelog",
    "/downloads",
    "/lost-key",
    "/legal/terms",
    "/legal/privacy",
    "/legal/refunds",
];

async fn page(app: &TestApp, path: &str) -> String {
    let answer = app.browser().get(path).await;
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    answer.text().await.expect("a page")
}

/// The values of an attribute.
fn values<'a>(page: &'a str, attribute: &str) -> Vec<&'a str> {
    let start = format!(" {attribute}=\"");
    page.split(start.as_str()).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[test]
fn every_page_is_whole_and_has_no_script() {
    run(async {
        let app = with_default_content().await;
        let mut titles = BTreeSet::new();
        for path in PAGES {
            let answer = app.browser().get(path).await;
            let policy = answer.headers()["content-security-policy"].to_str().expect("text").to_owned();
            assert!(policy.starts_with("default-src 'none'") && !policy.contains("script"), "{path}: {policy}");
            assert_eq!(answer.headers()["cache-control"], "public, no-cache", "{path}");
            assert!(answer.headers().contains_key(header::ETAG), "{path}");
            let html = answer.text().await.expect("a page");
            assert!(!html.contains("<script") && !html.contains("style=\"") && !html.contains("onclick"), "{path}");
            assert_eq!(html.matches("<h1").count(), 1, "{path}");
            for part in [
                "<meta name=\"description\" content=\"",
                "<meta property=\"og:title\"",
                "<link rel=\"alternate\"",
                "id=\"main\"",
                "Risk disclosure",
                "mailto:help@example.com",
            ] {
                assert!(html.contains(part), "{path} lacks {part}");
            }
            let canonical = format!("<link rel=\"canonical\" href=\"{}{path}\"", app.portal_origin());
            assert!(html.contains(&canonical), "{path}: {html}");
            let title = html.split("<title>").nth(1).and_then(|rest| rest.split("</title>").next()).expect("a title");
            assert!(title.ends_with(" · ChartGPT") && titles.insert(title.to_owned()), "{path}: {title}");
            let ids = values(&html, "id");
            assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{path} uses an id twice: {ids:?}");
        }
    });
}

/// Every link on the site, in the feed and in the sitemap leads to a page, and every anchor to a part of it.
/// A missing page is part of the site, so that people find on.
#[test]
fn a_missing_page_stands_in_the_sites_frame() {
    run(async {
        let app = with_default_content().await;
        for path in ["/nothing", "/legal/nothing", "/docs/nothing", "/admin/nothing", "/portal/licenses/x/y/z"] {
            let answer = app.browser().get(path).await;
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
            let html = answer.text().await.expect("a page");
            assert!(html.contains("There is no page at this address"), "{path}");
            for part in ["class=\"site-nav\"", "class=\"site-footer\"", "href=\"/lost-key\"", "href=\"/docs\""] {
                assert!(html.contains(part), "{path} lacks {part}");
            }
            assert!(!html.contains("rel=\"canonical\""), "{path} has no address of its own");
        }
    });
}

#[test]
fn no_link_is_dead() {
    run(async {
        let app = with_default_content().await;
        let browser = app.browser();
        let origin = app.portal_origin();
        let mut pages: BTreeMap<String, String> = BTreeMap::new();
        let mut queue: VecDeque<(String, String)> = PAGES.map(|path| (path.to_owned(), "the list".to_owned())).into();
        let mut anchors = Vec::new();
        for program in ["/sitemap.xml", "/changelog.xml"] {
            let text = page(&app, program).await;
            for tag in ["<loc>", "<link>"] {
                let found = text.split(tag).skip(1).filter_map(|rest| rest.split('<').next());
                queue.extend(found.map(|link| (link.to_owned(), program.to_owned())));
            }
        }
        while let Some((link, from)) = queue.pop_front() {
            let link = link.strip_prefix(&origin).unwrap_or(&link).replace("&amp;", "&");
            if link.starts_with("https://") || link.starts_with("mailto:") {
                continue;
            }
            let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let path = if path.is_empty() { from.clone() } else { path.to_owned() };
            if !anchor.is_empty() {
                anchors.push((path.clone(), anchor.to_owned(), from));
            }
            if pages.contains_key(&path) {
                continue;
            }
            let answer = browser.get(&path).await;
            // Pages of the portal ask to sign in.
            let is_portal = path.starts_with("/portal");
            let expected = if is_portal { StatusCode::SEE_OTHER } else { StatusCode::OK };
            assert_eq!(answer.status(), expected, "{path}");
            let is_site = PAGES.contains(&path.as_str());
            let html = if is_portal { String::new() } else { answer.text().await.unwrap_or_default() };
            if is_site {
                queue.extend(values(&html, "href").into_iter().map(|link| (link.to_owned(), path.clone())));
            }
            pages.insert(path, html);
        }
        for (path, anchor, from) in anchors {
            assert!(pages[&path].contains(&format!("id=\"{anchor}\"")), "{from}: {path} has no part {anchor}");
        }
        assert!(pages.len() > 20, "{:?}", pages.keys());
    });
}

#[test]
fn a_page_that_the_browser_knows_is_not_sent_again() {
    run(async {
        let app = with_default_content().await;
        let client = Client::new();
        for path in PAGES {
            let send = async |tag: Option<&str>| {
                let request = client.get(format!("{}{path}", app.origin())).header(header::ACCEPT_ENCODING, "br");
                let request = request.header(header::IF_NONE_MATCH, tag.unwrap_or("\"unknown\""));
                request.send().await.expect("an answer")
            };
            let first = send(None).await;
            assert_eq!(first.headers()[header::CONTENT_ENCODING], "br", "{path}");
            let tag = first.headers()[header::ETAG].to_str().expect("text").to_owned();
            let size = first.bytes().await.expect("a body").len();
            assert!(size < 30_000, "{path}: {size} bytes");
            assert_eq!(send(Some(&tag)).await.status(), StatusCode::NOT_MODIFIED, "{path}");
        }
    });
}

#[test]
fn prices_follow_the_catalog_on_both_pages() {
    run(async {
        let app = with_default_content().await;
        let admin = app.service().admin(Operator::Host);
        for path in ["/", "/pricing"] {
            let html = page(&app, path).await;
            assert!(html.contains("$149.00") && html.contains("Sales open soon"), "{path}: {html}");
        }
        assert!(page(&app, "/").await.contains("itemprop=\"price\" content=\"149.00\""));
        let (mut file, _) = admin.catalog().await.expect("read");
        file.prices[0].amount = Some(9_900);
        app.apply_catalog(&file).await;
        app.kit.clock.advance(Duration::from_secs(5));
        for path in ["/", "/pricing"] {
            let html = page(&app, path).await;
            assert!(html.contains("$99.00") && !html.contains("$149.00"), "{path}: {html}");
        }
    });
}

#[test]
fn questions_are_described_for_search_engines_with_the_same_text() {
    run(async {
        let app = with_default_content().await;
        let html = page(&app, "/faq").await;
        assert!(html.contains("itemtype=\"https://schema.org/FAQPage\""), "{html}");
        let questions = html.matches("itemtype=\"https://schema.org/Question\"").count();
        assert_eq!(questions, html.matches("itemprop=\"acceptedAnswer\"").count());
        for id in ["sign-up", "magic-links", "offline", "rate-limits", "computers", "refunds", "ai-costs", "data"] {
            assert!(html.contains(&format!("id=\"{id}\"")) && html.contains(&format!("href=\"/faq#{id}\"")), "{id}");
        }
    });
}

/// The page does not say whether an address is known: it sends the form of the sign-in.
#[test]
fn a_lost_key_is_found_by_signing_in() {
    run(async {
        let app = with_default_content().await;
        app.issue("ada@example.com").await;
        let html = page(&app, "/lost-key").await;
        let action = values(&html, "action").into_iter().find(|action| action.contains("sign_in")).expect("a form");
        let mut answers = Vec::new();
        for email in ["ada@example.com", "nobody@example.com"] {
            let form = [("email", email), ("next", "/portal/licenses")];
            let sent = app.browser().submit(action, &form).await;
            answers.push((sent.status(), location(&sent).to_owned()));
        }
        assert_eq!(answers[0], answers[1]);
        assert_eq!(answers[0], (StatusCode::SEE_OTHER, "/login/code".to_owned()));
    });
}

#[test]
fn a_chosen_theme_returns_to_the_page() {
    run(async {
        let app = with_default_content().await;
        let browser = app.browser();
        for (back, target) in [("/pricing", "/pricing"), ("/docs", "/docs"), ("//evil.example", "/login")] {
            let sent = browser.submit("/fn/choose_theme", &[("theme", "dark"), ("back", back)]).await;
            assert_eq!(location(&sent), target);
        }
        let html = browser.get("/pricing").await.text().await.expect("a page");
        assert!(html.contains("data-theme=\"dark\""), "{html}");
    });
}

#[test]
fn programs_find_their_way() {
    run(async {
        let app = with_default_content().await;
        let origin = app.portal_origin();
        let robots = page(&app, "/robots.txt").await;
        assert!(robots.contains("Disallow: /portal\n") && robots.contains(&format!("Sitemap: {origin}/sitemap.xml")));
        let sitemap = page(&app, "/sitemap.xml").await;
        for path in PAGES.into_iter().chain(["/docs", "/docs/api"]) {
            assert!(sitemap.contains(&format!("<loc>{origin}{path}</loc>")), "{path}: {sitemap}");
        }
        assert!(!sitemap.contains("/portal") && !sitemap.contains(".json"), "{sitemap}");
        let feed = app.browser().get("/changelog.xml").await;
        assert_eq!(feed.headers()["content-type"], "application/rss+xml; charset=utf-8");
        let feed = feed.text().await.expect("a feed");
        assert!(
            feed.contains("<title>ChartGPT 1.4.0</title>") && feed.contains("Thu, 12 Nov 2026 00:00:00 GMT"),
            "{feed}"
        );
        assert!(feed.contains(&format!("<link>{origin}/changelog#v1.4.0</link>")), "{feed}");
        let contact = page(&app, "/.well-known/security.txt").await;
        assert!(contact.starts_with("Contact: mailto:help@example.com\nExpires: "), "{contact}");
        app.kit.clock.advance(Duration::from_hours(400 * 24));
        assert_ne!(page(&app, "/.well-known/security.txt").await, contact, "it expires later");
        for (path, kind) in [
            ("/favicon.ico", "image/x-icon"),
            ("/favicon.svg", "image/svg+xml"),
            ("/apple-touch-icon.png", "image/png"),
            ("/og.png", "image/png"),
        ] {
            let answer = app.browser().get(path).await;
            assert_eq!((answer.status(), answer.headers()["content-type"].to_str().ok()), (StatusCode::OK, Some(kind)));
        }
    });
}
