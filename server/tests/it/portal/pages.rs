//! Pages and forms: guards, headers, limits, and access to what belongs to others.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use latchkey_testkit::{Backend, on_both};
use reqwest::{Client, Method, StatusCode, header};
use sha2::{Digest, Sha256};

use crate::support::app::{TestApp, location, run, with_app};

/// Pages without scripts contain none, and their policy allows none. On pages of the documentation that show code, it allows
/// the one that copies it.
#[test]
fn the_documentation_has_no_script_except_for_copying_code() {
    run(async {
        let app = TestApp::start(Backend::Sqlite).await;
        let browser = app.browser();
        let without =
            ["/", "/docs", "/docs/activate", "/docs/troubleshooting", "/docs/glossary", "/docs/search?q=license"];
        let with = ["/docs/quick-start", "/docs/client", "/docs/verify", "/docs/install", "/docs/api"];
        for (path, has_script) in without.map(|path| (path, false)).into_iter().chain(with.map(|path| (path, true))) {
            let answer = browser.get(path).await;
            assert_eq!(answer.status(), StatusCode::OK, "{path}");
            let policy = answer.headers()["content-security-policy"].to_str().expect("text").to_owned();
            let page = answer.text().await.expect("a page");
            let scripts: Vec<&str> =
                page.split("<script>").skip(1).filter_map(|rest| rest.split("</script>").next()).collect();
            assert_eq!(page.matches("<script").count(), scripts.len(), "{path}");
            assert_eq!(scripts.len(), usize::from(has_script), "{path}");
            assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
            let mut allowed = scripts
                .iter()
                .map(|script| format!("; script-src 'sha256-{}'", STANDARD.encode(Sha256::digest(script))));
            assert_eq!(
                policy.find("; script-src").map(|at| policy[at..].to_owned()),
                allowed.next_back(),
                "{path}: {policy}"
            );
            for word in [" onclick=", " style=\"", "javascript:"] {
                assert!(!page.contains(word), "{path}: {word}");
            }
        }
        for (path, kind) in [("verify.py", "text/plain; charset=utf-8"), ("vectors.json", "application/json")] {
            let answer = browser.get(&format!("/docs/verify/{path}")).await;
            assert_eq!(
                (answer.status(), &answer.headers()["content-type"]),
                (StatusCode::OK, &header::HeaderValue::from_static(kind))
            );
        }
        assert_eq!(browser.get("/docs/nothing").await.status(), StatusCode::NOT_FOUND);
    });
}

on_both!(
    with_app: a_customer_sees_a_license_and_frees_a_computer,
    what_belongs_to_others_seems_not_to_exist,
    pages_are_compressed_unless_another_site_asked,
);

/// The length of a compressed page must tell other sites nothing.
async fn pages_are_compressed_unless_another_site_asked(app: &TestApp) {
    app.issue("ada@example.com").await;
    let browser = app.customer("ada@example.com").await;
    let load = async |accepted: &str, from: Option<&str>| {
        let request = browser.client.get(format!("{}/portal", app.origin())).header(header::ACCEPT_ENCODING, accepted);
        let request = from.into_iter().fold(request, |request, from| request.header("sec-fetch-site", from));
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK);
        let encoding =
            answer.headers().get("content-encoding").map(|encoding| encoding.to_str().expect("text").to_owned());
        assert!(answer.headers()["vary"].to_str().expect("text").contains("accept-encoding"), "{:?}", answer.headers());
        (encoding, answer.bytes().await.expect("a body"))
    };
    for own in ["none", "same-origin"] {
        let (encoding, page) = load("gzip, br", Some(own)).await;
        assert_eq!(encoding.as_deref(), Some("br"), "{own}");
        let mut html = Vec::new();
        brotli::BrotliDecompress(&mut page.as_ref(), &mut html).expect("brotli");
        let html = String::from_utf8(html).expect("text");
        assert!(html.contains("</html>") && html.contains("ChartGPT"), "{html}");
        assert!(page.len() * 2 < html.len(), "{} of {} bytes", page.len(), html.len());
        assert_eq!(load("gzip", Some(own)).await.0.as_deref(), Some("gzip"));
        assert_eq!(load("identity", Some(own)).await.0, None);
    }
    for other in [Some("cross-site"), Some("same-site"), None] {
        assert_eq!(load("gzip, br", other).await.0, None, "{other:?}");
    }
}

async fn a_customer_sees_a_license_and_frees_a_computer(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let license = issued.view.license.id;
    let machine = app.desktop(Some(issued.key.expose())).activate("one").await.body["data"]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let browser = app.browser();
    browser.sign_in("ada@example.com").await;
    let overview = browser.get("/portal").await.text().await.expect("a page");
    assert!(overview.contains("PC one") && overview.contains("1 of 2 computers in use"), "{overview}");
    assert!(!overview.contains(issued.key.expose()), "the key is hidden");

    // Shown once after the request, and never in the URL.
    let answer = browser.submit("/fn/reveal_key", &[("id", &license.to_string())]).await;
    assert_eq!(location(&answer), format!("/portal/licenses/{license}"));
    let shown = browser.get(&format!("/portal/licenses/{license}")).await.text().await.expect("a page");
    assert!(shown.contains(issued.key.expose()));
    let again = browser.get(&format!("/portal/licenses/{license}")).await.text().await.expect("a page");
    assert!(!again.contains(issued.key.expose()));

    let free = [("license", license.to_string()), ("machine", machine)];
    let free: Vec<(&str, &str)> = free.iter().map(|(name, value)| (*name, value.as_str())).collect();
    for message in ["PC one is free", "already free"] {
        let answer = browser.submit("/fn/free_computer", &free).await;
        assert_eq!(location(&answer), format!("/portal/licenses/{license}"));
        let page = browser.get(location(&answer)).await.text().await.expect("a page");
        assert!(page.contains(message) && page.contains("0 of 2 computers in use"), "{page}");
    }
}

/// WH-18: what belongs to others gets the same response as what does not exist, and is not changed.
async fn what_belongs_to_others_seems_not_to_exist(app: &TestApp) {
    let ada = app.issue("ada@example.com").await;
    app.issue("eve@example.com").await;
    let license = ada.view.license.id.to_string();
    let machine = app.desktop(Some(ada.key.expose())).activate("one").await.body["data"]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let eve = app.browser();
    eve.sign_in("eve@example.com").await;
    let missing = "0190f3c2-0000-7000-8000-000000000000";
    let strip = |page: String, id: &str| {
        let body =
            page.split("<main").nth(1).unwrap_or_default().split("</main>").next().unwrap_or_default().to_owned();
        body.replace(id, "ID")
    };
    for suffix in [String::new(), format!("/machines/{machine}/free")] {
        let foreign = eve.get(&format!("/portal/licenses/{license}{suffix}")).await;
        let absent = eve.get(&format!("/portal/licenses/{missing}{suffix}")).await;
        assert_eq!((foreign.status(), absent.status()), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND));
        let (foreign, absent) = (foreign.text().await.expect("a page"), absent.text().await.expect("a page"));
        assert_eq!(strip(foreign, &license), strip(absent, missing));
    }
    eve.submit("/fn/free_computer", &[("license", &license), ("machine", &machine)]).await;
    eve.submit("/fn/reveal_key", &[("id", &license)]).await;
    let page = eve.get(&format!("/portal/licenses/{license}")).await.text().await.expect("a page");
    assert!(!page.contains(ada.key.expose()));
    assert_eq!(app.desktop(Some(ada.key.expose())).get("/v1/machines/one").await.status, 200);
}

#[test]
fn the_portal_requires_signing_in() {
    run(async {
        let app = TestApp::start(Backend::Sqlite).await;
        for (path, to) in [
            ("/portal", "/login"),
            ("/portal/account", "/login?next=/portal/account"),
            ("/portal/licenses", "/login?next=/portal/licenses"),
            ("/portal/licenses/x", "/login"),
            ("/portal/anything", ""),
        ] {
            let answer = app.browser().get(path).await;
            assert_eq!(location(&answer), to, "{path}");
            assert_ne!(answer.status(), StatusCode::OK, "{path}");
        }
    });
}

/// WH-01: a form from another site changes nothing, nor does one without an origin.
#[test]
fn wh_01_forms_of_other_sites_are_refused() {
    run(async {
        let app = TestApp::start(Backend::Sqlite).await;
        let url = format!("{}/fn/request_sign_in", app.origin());
        let send = async |headers: &[(&str, &str)]| {
            let request = Client::new().post(&url).form(&[("email", "ada@example.com")]);
            let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
            request.send().await.expect("an answer").status().as_u16()
        };
        assert_eq!(send(&[("sec-fetch-site", "cross-site")]).await, 403);
        assert_eq!(send(&[("sec-fetch-site", "same-site")]).await, 403);
        assert_eq!(send(&[("origin", "https://evil.example")]).await, 403);
        assert_eq!(send(&[("origin", "null")]).await, 403);
        assert_eq!(send(&[]).await, 403);
        assert_eq!(send(&[("sec-fetch-site", "same-origin")]).await, 200);
        assert_eq!(send(&[("origin", &app.portal_origin())]).await, 200);
    });
}

/// WH-04 and ML-15: the headers of all kinds of responses.
#[test]
fn wh_04_headers_are_on_every_response() {
    run(async {
        let app = TestApp::start(Backend::Sqlite).await;
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        for path in [
            "/",
            "/login",
            "/login/code",
            "/login/link/x",
            "/login/host/x",
            "/portal",
            "/nothing",
            "/favicon.svg",
            "/pkg/x/y",
            "/fn/nothing",
        ] {
            let answer = client.get(format!("{}{path}", app.origin())).send().await.expect("an answer");
            for name in [
                "content-security-policy",
                "x-frame-options",
                "cross-origin-opener-policy",
                "cross-origin-resource-policy",
                "permissions-policy",
                "x-request-id",
            ] {
                assert!(answer.headers().contains_key(name), "{path} lacks {name}");
            }
            assert_eq!(answer.headers()["x-content-type-options"], "nosniff", "{path}");
            let policy = answer.headers()["content-security-policy"].to_str().expect("text");
            assert!(
                policy.contains("default-src 'none'")
                    && policy.contains("frame-ancestors 'none'")
                    && !policy.contains("unsafe-inline"),
                "{path}: {policy}"
            );
            let referrer = answer.headers()["referrer-policy"].to_str().expect("text");
            assert!(
                referrer == "strict-origin"
                    || (referrer == "same-origin" && !path.contains("/login/link") && !path.contains("/login/host")),
                "{path}: {referrer}"
            );
            // Pages that are the same for everyone may be cached, but must be revalidated each time.
            let caching = if matches!(path, "/" | "/favicon.svg") { "public, no-cache" } else { "no-store" };
            assert_eq!(answer.headers()["cache-control"], caching, "{path}");
        }
    });
}

/// Pages that are the same for everyone have all headers, and are not sent again if the browser has cached
/// them.
#[test]
fn static_pages_are_sent_once() {
    run(async {
        let app = TestApp::start(Backend::Sqlite).await;
        let client = Client::new();
        for path in ["/", "/docs", "/docs/client", "/docs/api", "/docs/api/openapi.json"] {
            let url = format!("{}{path}", app.origin());
            let send = async |method: Method, headers: &[(&str, &str)]| {
                let request = client.request(method, &url);
                let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
                request.send().await.expect("an answer")
            };
            let plain = send(Method::GET, &[]).await;
            let packed = send(Method::GET, &[("accept-encoding", "gzip, br")]).await;
            let tag = |answer: &reqwest::Response| answer.headers()["etag"].to_str().expect("text").to_owned();
            let (plain_tag, packed_tag) = (tag(&plain), tag(&packed));
            assert_ne!(plain_tag, packed_tag, "{path}");
            assert!(!plain.headers().contains_key("content-encoding"), "{path}");
            assert_eq!(packed.headers()["content-encoding"], "br", "{path}");
            let known = send(Method::GET, &[("if-none-match", &plain_tag)]).await;
            let changed = send(Method::GET, &[("if-none-match", "\"other\"")]).await;
            let known_packed = send(Method::GET, &[("if-none-match", &packed_tag), ("accept-encoding", "br")]).await;
            let head = send(Method::HEAD, &[]).await;
            let refused = send(Method::POST, &[("sec-fetch-site", "same-origin")]).await;
            let all = [&plain, &packed, &known, &changed, &known_packed, &head, &refused];
            assert_eq!(all.map(|answer| answer.status().as_u16()), [200, 200, 304, 200, 304, 200, 405], "{path}");
            for answer in all {
                for name in [
                    "content-security-policy",
                    "x-content-type-options",
                    "x-frame-options",
                    "referrer-policy",
                    "cross-origin-opener-policy",
                    "cross-origin-resource-policy",
                    "permissions-policy",
                    "cache-control",
                    "x-request-id",
                ] {
                    assert!(answer.headers().contains_key(name), "{path} {} lacks {name}", answer.status());
                }
            }
            let is_page = plain.headers()["content-type"].to_str().expect("text").starts_with("text/html");
            let varies = if is_page { "accept-encoding, cookie" } else { "accept-encoding" };
            assert_eq!(plain.headers()["vary"], varies, "{path}");
            assert_eq!(tag(&known), plain_tag, "{path}");
            assert_ne!(plain.headers()["x-request-id"], packed.headers()["x-request-id"], "{path}");
            assert_eq!(head.headers()["content-length"], plain.headers()["content-length"], "{path}");
            let (plain, packed) = (plain.bytes().await.expect("a body"), packed.bytes().await.expect("a body"));
            assert!(packed.len() < plain.len() && known.bytes().await.expect("a body").is_empty(), "{path}");
            let mut unpacked = Vec::new();
            brotli::BrotliDecompress(&mut &packed[..], &mut unpacked).expect("brotli");
            assert!(unpacked == plain, "{path}");
        }
    });
}

/// WH-03: a page's scripts need its nonce, which is new for each response.
#[test]
fn wh_03_nonces_are_unique() {
    run(async {
        let app = TestApp::start(Backend::Sqlite).await;
        let mut nonces = std::collections::BTreeSet::new();
        for _ in 0..20 {
            let answer = app.browser().get("/login").await;
            let policy = answer.headers()["content-security-policy"].to_str().expect("text").to_owned();
            let nonce =
                policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).expect("a nonce").to_owned();
            assert!(nonce.len() >= 22, "{nonce}");
            let page = answer.text().await.expect("a page");
            assert!(page.matches("<script").count() == page.matches(&format!("nonce=\"{nonce}\"")).count(), "{page}");
            nonces.insert(nonce);
        }
        assert_eq!(nonces.len(), 20);
    });
}

/// WH-06: pages accept at most 64 KiB.
#[test]
fn wh_06_bodies_are_limited() {
    run(async {
        let app = TestApp::start(Backend::Sqlite).await;
        let browser = app.browser();
        let long = "x".repeat(70_000);
        // The server closes the connection without reading the body. On a busy computer, that reaches the client before
        // the response does.
        let mut tries = 0;
        let answer = loop {
            let request = Client::new().post(format!("{}/fn/request_sign_in", app.origin()));
            let request = request.header("sec-fetch-site", "same-origin").form(&[("email", &long)]);
            match request.send().await {
                Ok(answer) => break answer,
                Err(error) if tries == 9 => panic!("{error}"),
                Err(_) => tries += 1,
            }
        };
        assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
        let fits = "x".repeat(60_000);
        let answer = browser.submit("/fn/request_sign_in", &[("email", &fits)]).await;
        assert_eq!(location(&answer), "/login");
    });
}

#[test]
fn malformed_forms_change_nothing() {
    run(async {
        let app = TestApp::start(Backend::Sqlite).await;
        for (body, kind) in [
            ("", "application/x-www-form-urlencoded"),
            ("{}", "application/json"),
            ("email[]=x&email[]=y", "application/x-www-form-urlencoded"),
            ("%ff=%00", "text/plain"),
        ] {
            let request = Client::new()
                .post(format!("{}/fn/request_sign_in", app.origin()))
                .header("sec-fetch-site", "same-origin");
            let answer = request.header(header::CONTENT_TYPE, kind).body(body).send().await.expect("an answer");
            assert!(
                answer.status().is_client_error() || answer.status().is_server_error(),
                "{body}: {}",
                answer.status()
            );
            assert!(!answer.text().await.expect("a body").contains("panic"));
        }
        let get = Client::new().get(format!("{}/fn/sign_out", app.origin())).send().await.expect("an answer");
        assert!(
            matches!(get.status(), StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_FOUND | StatusCode::BAD_REQUEST),
            "WH-02: {}",
            get.status()
        );
    });
}

#[test]
fn an_instance_serves_only_the_configured_surfaces() {
    run(async {
        let served = async |surfaces: &str| {
            let value = serde_json::Value::String(surfaces.to_owned());
            let app = TestApp::start_with(Backend::Sqlite, |settings, _| {
                settings.server.surfaces = serde_json::from_value(value).expect("surfaces");
            })
            .await;
            let mut seen = Vec::new();
            for path in ["/", "/login", "/v1/ping", "/healthz", "/readyz"] {
                seen.push(
                    Client::new()
                        .get(format!("{}{path}", app.origin()))
                        .send()
                        .await
                        .expect("an answer")
                        .status()
                        .as_u16(),
                );
            }
            seen
        };
        assert_eq!(served("all").await, [200, 200, 200, 200, 200]);
        assert_eq!(served("api").await, [404, 404, 200, 200, 200]);
        assert_eq!(served("site,portal").await, [200, 200, 404, 200, 200]);
    });
}

/// The start page contains no scripts.
#[test]
fn the_start_page_is_plain_html() {
    run(async {
        let app = TestApp::start(Backend::Sqlite).await;
        let page = app.browser().get("/").await.text().await.expect("a page");
        assert!(page.contains("href=\"/portal\"") && !page.contains("<script"), "{page}");
        let answer = Client::new().request(Method::TRACE, app.origin()).send().await.expect("an answer");
        assert!(answer.status().is_client_error());
    });
}

/// A path with a slash at its end leads to the page, and never to another site.
#[test]
fn a_trailing_slash_leads_to_the_page() {
    run(async {
        let app = TestApp::start(Backend::Sqlite).await;
        for (path, target) in [
            ("/docs/", "/docs"),
            ("/docs/client/", "/docs/client"),
            ("/portal/", "/portal"),
            ("/portal/licenses//", "/portal/licenses"),
            ("/login/?next=/portal/account", "/login?next=/portal/account"),
        ] {
            let answer = app.browser().get(path).await;
            assert_eq!((answer.status(), location(&answer)), (StatusCode::PERMANENT_REDIRECT, target), "{path}");
        }
        for path in ["/nothing/", "//evil.example/", "//evil.example/docs/", "/%2f/evil.example/", "/v1/ping/"] {
            let url = format!("{}{path}", app.origin());
            let answer = Client::new().get(url).send().await.expect("an answer");
            assert!(!answer.status().is_redirection() && !answer.status().is_success(), "{path}: {}", answer.status());
        }
    });
}

/// Pages without scripts have the theme that was chosen in the portal. The last ones do not exist.
#[test]
fn static_pages_have_the_chosen_theme() {
    run(async {
        let app = TestApp::start(Backend::Sqlite).await;
        let browser = app.browser();
        for (chosen, wanted) in [("dark", Some("dark")), ("light", Some("light")), ("system", None), ("neon", None)] {
            browser.submit("/fn/choose_theme", &[("theme", chosen), ("back", "/login")]).await;
            for path in ["/", "/docs", "/docs/api", "/login", "/nothing", "/admin", "/checkout/new/None"] {
                let page = browser.get(path).await.text().await.expect("a page");
                let found = page.split("data-theme=\"").nth(1).and_then(|rest| rest.split('"').next());
                assert_eq!(found, wanted, "{path} after {chosen}");
            }
        }
    });
}
