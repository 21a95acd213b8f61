//! Signing in by mail: checks ML-01 to ML-17 over HTTP.

use std::{collections::BTreeSet, time::Duration};

use latchkey_testkit::Backend;
use reqwest::{Method, StatusCode, header};

use crate::support::app::{Browser, TestApp, essence, location, run, secrets_in, with_app};
use latchkey_testkit::on_both;

async fn refused(browser: &Browser<'_>, answer: reqwest::Response, form: &str) {
    assert_eq!((answer.status(), location(&answer)), (StatusCode::SEE_OTHER, form));
    assert!(!browser.is_signed_in().await);
}

on_both!(
    with_app: link_and_code_sign_in_once,
    ml_02_opening_a_link_does_not_use_it,
    ml_04_links_belong_to_the_requesting_browser,
    ml_05_a_hundred_confirmations_open_one_session,
    confirmations_do_not_lock_each_other,
    ml_06_requests_are_separate,
    ml_07_links_and_codes_expire_after_ten_minutes,
    ml_08_a_code_allows_five_attempts,
    ml_08_parallel_attempts_do_not_help,
    ml_11_unknown_addresses_look_the_same,
    ml_14_links_start_with_the_configured_origin,
    ml_16_signing_in_creates_a_new_session,
    host_links_work_once,
);

async fn link_and_code_sign_in_once(app: &TestApp) {
    app.issue("ada@example.com").await;
    let browser = app.browser();
    let (token, code) = browser.ask("ada@example.com").await;
    let answer = browser.confirm_link(&token).await;
    assert_eq!((answer.status(), location(&answer)), (StatusCode::SEE_OTHER, "/portal"));
    assert!(browser.is_signed_in().await);
    browser.submit("/fn/sign_out", &[]).await;
    refused(&browser, browser.confirm_link(&token).await, "/login").await;
    refused(&browser, browser.confirm_code(&code).await, "/login/code").await;
}

/// ML-02: scanners that open the link change nothing.
async fn ml_02_opening_a_link_does_not_use_it(app: &TestApp) {
    app.issue("ada@example.com").await;
    let browser = app.browser();
    let (token, _) = browser.ask("ada@example.com").await;
    let url = format!("{}/login/link/{token}", app.origin());
    let scanner =
        reqwest::Client::builder().user_agent("Mozilla/5.0 (compatible; MSIE 9.0; scanner)").build().expect("a client");
    for (method, times) in [(Method::GET, 50), (Method::HEAD, 50), (Method::OPTIONS, 10)] {
        for _ in 0..times {
            scanner.request(method.clone(), &url).send().await.expect("an answer");
        }
    }
    let answer = browser.confirm_link(&token).await;
    assert_eq!(location(&answer), "/portal");
}

/// ML-04: a link does nothing in another browser, even if someone is signed in there.
async fn ml_04_links_belong_to_the_requesting_browser(app: &TestApp) {
    app.issue("ada@example.com").await;
    app.issue("bob@example.com").await;
    let (hers, his, bare) = (app.browser(), app.browser(), app.browser());
    his.sign_in("bob@example.com").await;
    let (token, code) = hers.ask("ada@example.com").await;
    refused(&bare, bare.confirm_link(&token).await, "/login").await;
    refused(&bare, bare.confirm_code(&code).await, "/login/code").await;
    his.confirm_link(&token).await;
    let account = his.get("/portal/account").await.text().await.expect("a page");
    assert!(account.contains("bob@example.com") && !account.contains("ada@example.com"));
    assert_eq!(location(&hers.confirm_link(&token).await), "/portal");
}

/// ML-05: of a hundred concurrent confirmations, one opens a session.
async fn ml_05_a_hundred_confirmations_open_one_session(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let asked = app.browser().submit("/fn/request_sign_in", &[("email", "ada@example.com")]).await;
    let cookie = cookie(&asked, "login");
    app.kit.deliver_mail().await;
    let (token, _) = secrets_in(&app.kit.mail.take().pop().expect("a mail").text);
    let tries = (0..100).map(async |_| {
        // A browser without a cookie jar, which sends the requesting browser's cookie each time.
        let request =
            app.browser().form("/fn/confirm_link", &[("token", &token)]).await.header(header::COOKIE, &cookie);
        location(&request.send().await.expect("an answer")) == "/portal"
    });
    let wins = futures_util::future::join_all(tries).await.into_iter().filter(|won| *won).count();
    assert_eq!(wins, 1);
    let mut reader = app.service().store().read().await.expect("a reader");
    assert_eq!(reader.list_sessions_of(issued.owner.id).await.expect("read").len(), 1);
}

/// Two browsers of one person confirm concurrently: one is signed in, and the other's request is superseded.
/// There is no deadlock.
async fn confirmations_do_not_lock_each_other(app: &TestApp) {
    for n in 0..6 {
        let email = format!("user{n}@example.com");
        app.issue(&email).await;
        let (one, two) = (app.browser(), app.browser());
        let (first, _) = one.ask(&email).await;
        let (second, _) = two.ask(&email).await;
        let (left, right) = futures_util::future::join(one.confirm_link(&first), two.confirm_link(&second)).await;
        let mut ends = [location(&left), location(&right)];
        ends.sort_unstable();
        assert_eq!(ends, ["/login", "/portal"], "round {n}");
        for (browser, answer) in [(&one, &left), (&two, &right)] {
            if location(answer) == "/login" {
                let page = browser.get("/login").await.text().await.expect("a page");
                assert!(page.contains("not valid"), "refused, not failed: {page}");
            }
        }
        app.kit.clock.advance(Duration::from_mins(3));
    }
}

/// ML-06: a request's link and code do not work for the next request, and a success ends all requests.
async fn ml_06_requests_are_separate(app: &TestApp) {
    app.issue("ada@example.com").await;
    let (browser, other) = (app.browser(), app.browser());
    let (old_token, old_code) = browser.ask("ada@example.com").await;
    let (new_token, _) = browser.ask("ada@example.com").await;
    refused(&browser, browser.confirm_link(&old_token).await, "/login/code").await;
    refused(&browser, browser.confirm_code(&old_code).await, "/login/code").await;
    let (elsewhere, _) = other.ask("ada@example.com").await;
    assert_eq!(location(&browser.confirm_link(&new_token).await), "/portal");
    refused(&other, other.confirm_link(&elsewhere).await, "/login").await;
}

/// ML-07: valid after 599 s, expired after 601 s, by the server's clock. To a stranger, all refusals are the same.
async fn ml_07_links_and_codes_expire_after_ten_minutes(app: &TestApp) {
    app.issue("ada@example.com").await;
    let browser = app.browser();
    let (token, _) = browser.ask("ada@example.com").await;
    app.kit.clock.advance(Duration::from_secs(599));
    assert_eq!(location(&browser.confirm_link(&token).await), "/portal");
    let strangers = [app.browser(), app.browser()];
    strangers[1].submit("/fn/request_sign_in", &[("email", "nobody@example.com")]).await;
    for stranger in &strangers {
        let refusal = async |token: &str| essence(stranger.confirm_link(token).await).await;
        let used = refusal(&token).await;
        let late = app.browser();
        let (token, _) = late.ask("ada@example.com").await;
        app.kit.clock.advance(Duration::from_secs(601));
        refused(&late, late.confirm_link(&token).await, "/login").await;
        let expired = refusal(&token).await;
        let (unknown, malformed) = (refusal(&"A".repeat(43)).await, refusal("?").await);
        assert_eq!(expired.0, StatusCode::SEE_OTHER);
        assert!(
            [&used, &unknown, &malformed].iter().all(|other| **other == expired),
            "{expired:?} {used:?} {unknown:?} {malformed:?}"
        );
    }
}

/// ML-08: the sixth attempt is refused even if it is right.
async fn ml_08_a_code_allows_five_attempts(app: &TestApp) {
    app.issue("ada@example.com").await;
    let browser = app.browser();
    let (_, code) = browser.ask("ada@example.com").await;
    for _ in 0..4 {
        refused(&browser, browser.confirm_code("0000-0000").await, "/login/code").await;
    }
    let again = app.browser();
    let (_, right) = again.ask("ada@example.com").await;
    for _ in 0..5 {
        refused(&again, again.confirm_code("not a code").await, "/login/code").await;
    }
    refused(&again, again.confirm_code(&right).await, "/login/code").await;
    assert_eq!(location(&browser.confirm_code(&code).await), "/portal");
}

/// ML-08: two hundred concurrent attempts count as at most five.
async fn ml_08_parallel_attempts_do_not_help(app: &TestApp) {
    app.issue("ada@example.com").await;
    let browser = app.browser();
    let (_, code) = browser.ask("ada@example.com").await;
    let tries = (0..200).map(async |_| browser.confirm_code("1111-1111").await);
    futures_util::future::join_all(tries).await;
    refused(&browser, browser.confirm_code(&code).await, "/login/code").await;
}

/// ML-10 and ML-11: known, unknown and disabled addresses look the same, and only known ones get mail.
async fn ml_11_unknown_addresses_look_the_same(app: &TestApp) {
    app.issue("ada@example.com").await;
    app.issue("banned@example.com").await;
    let banned = latchkey_licensing::email::EmailAddress::parse("banned@example.com").expect("an address");
    app.service().admin(latchkey_service::Operator::Host).disable_account(&banned).await.expect("disabled");
    let mut seen = Vec::new();
    for email in ["ada@example.com", "nobody@example.com", "banned@example.com"] {
        let browser = app.browser();
        let asked = essence(browser.submit("/fn/request_sign_in", &[("email", email)]).await).await;
        let page = browser.get("/login/code").await;
        assert_eq!(page.status(), StatusCode::OK);
        let text = page.text().await.expect("a page");
        assert!(text.contains(email));
        seen.push(asked);
    }
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "{seen:?}");
    app.kit.deliver_mail().await;
    let mails = app.kit.mail.take();
    assert_eq!(mails.iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(), ["ada@example.com"]);
    assert_eq!(app.service().store().read().await.expect("a reader").count_accounts().await.expect("read"), 2);
}

/// ML-14: links in mails start with the configured origin, whatever the request contains.
async fn ml_14_links_start_with_the_configured_origin(app: &TestApp) {
    app.issue("ada@example.com").await;
    for (name, value) in [
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("forwarded", "host=evil.example"),
        ("x-forwarded-proto", "https"),
    ] {
        let request = app.browser().form("/fn/request_sign_in", &[("email", "ada@example.com")]).await;
        let answer = request.header(name, value).send().await.expect("an answer");
        assert_eq!(location(&answer), "/login/code", "{name}");
        app.kit.deliver_mail().await;
        let mail = app.kit.mail.take().pop().expect("a mail");
        assert!(!mail.text.contains("evil") && !mail.html.contains("evil"));
        assert!(mail.text.contains(&format!("\n{}/login/link/", app.portal_origin())), "{}", mail.text);
        app.kit.clock.advance(Duration::from_hours(1));
    }
}

/// ML-16: a session planted before the sign-in is useless after it.
async fn ml_16_signing_in_creates_a_new_session(app: &TestApp) {
    app.issue("ada@example.com").await;
    let browser = app.browser();
    let mut seen = Vec::new();
    for _ in 0..2 {
        let (token, _) = browser.ask("ada@example.com").await;
        seen.push(cookie(&browser.confirm_link(&token).await, "session"));
    }
    assert_ne!(seen[0], seen[1]);
    for (session, status) in [(&seen[0], StatusCode::SEE_OTHER), (&seen[1], StatusCode::OK)] {
        let bare = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        let request = bare.get(format!("{}/portal", app.origin())).header(header::COOKIE, session);
        assert_eq!(request.send().await.expect("an answer").status(), status);
    }
}

/// A link from the host's command line works once, for 15 minutes, in the first browser that confirms it.
async fn host_links_work_once(app: &TestApp) {
    let admin = app.service().admin(latchkey_service::Operator::Host);
    let email = latchkey_licensing::email::EmailAddress::parse("boss@example.com").expect("an address");
    let link = async || {
        let (_, link) = admin.add_admin(&email, &latchkey_service::Operator::Host.fresh()).await.expect("added");
        link.url.rsplit('/').next().expect("a token").to_owned()
    };
    let token = link().await;
    let browsers: Vec<_> = (0..20).map(|_| app.browser()).collect();
    for browser in &browsers {
        assert_eq!(browser.get(&format!("/login/host/{token}")).await.status(), StatusCode::OK);
    }
    let tries = browsers.iter().map(async |browser| {
        location(&browser.submit("/fn/confirm_host_link", &[("token", &token)]).await) == "/admin"
    });
    let wins = futures_util::future::join_all(tries).await.into_iter().filter(|won| *won).count();
    assert_eq!(wins, 1);
    for (wait, good) in [(899, true), (901, false)] {
        let token = link().await;
        app.kit.clock.advance(Duration::from_secs(wait));
        let answer = app.browser().submit("/fn/confirm_host_link", &[("token", &token)]).await;
        assert_eq!(location(&answer) == "/admin", good, "{wait} s");
    }
    // A mailed token is not a host token, and the other way around.
    let mailed = app.browser();
    let (mailed_token, _) = mailed.ask("boss@example.com").await;
    assert_eq!(location(&app.browser().submit("/fn/confirm_host_link", &[("token", &mailed_token)]).await), "/login");
}

/// A cookie set by a response, as `name=value`.
fn cookie(answer: &reqwest::Response, name: &str) -> String {
    let mut cookies = answer.headers().get_all(header::SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
    let found = cookies.find(|cookie| cookie.split('=').next().is_some_and(|given| given.ends_with(name)));
    found.and_then(|cookie| cookie.split(';').next()).expect("the cookie").to_owned()
}

/// ML-12: an address that is not a single mailbox gets no mail, and nothing is stored.
#[test]
fn ml_12_invalid_addresses_are_reported() {
    run(async {
        let app = TestApp::start(Backend::Sqlite).await;
        let browser = app.browser();
        for bad in [
            "",
            "ada",
            "ada@example.com,eve@example.com",
            "ada@example.com\r\nBcc: eve@example.com",
            "\"a\"@example.com",
        ] {
            let answer = browser.submit("/fn/request_sign_in", &[("email", bad)]).await;
            assert_eq!((answer.status(), location(&answer)), (StatusCode::SEE_OTHER, "/login"), "{bad:?}");
            let page = browser.get("/login").await.text().await.expect("a page");
            assert!(page.contains("role=\"alert\"") && page.contains("not an e-mail address"), "{page}");
            let again = browser.get("/login").await.text().await.expect("a page");
            assert!(!again.contains("role=\"alert\""), "the message is shown once");
        }
        app.kit.deliver_mail().await;
        assert!(app.kit.mail.take().is_empty());
    });
}

/// ML-13: signing in leads only to pages of this site.
#[test]
fn ml_13_next_stays_on_this_site() {
    run(async {
        let app = TestApp::start(Backend::Sqlite).await;
        app.issue("ada@example.com").await;
        for (next, to) in [
            ("/portal/account", "/portal/account"),
            ("//evil.example", "/portal"),
            ("https://evil.example", "/portal"),
            ("/portal\r\nx: y", "/portal"),
        ] {
            let browser = app.browser();
            browser.submit("/fn/request_sign_in", &[("email", "ada@example.com"), ("next", next)]).await;
            app.kit.deliver_mail().await;
            let (token, _) = secrets_in(&app.kit.mail.take().pop().expect("a mail").text);
            assert_eq!(location(&browser.confirm_link(&token).await), to, "{next:?}");
            app.kit.clock.advance(Duration::from_hours(1));
        }
        let answer = app.browser().get("/portal/licenses/../../x").await;
        assert!(matches!(location(&answer), "" | "/login"));
    });
}

/// With open signup, confirming the first sign-in creates an empty account.
#[test]
fn open_signup_creates_an_empty_account() {
    run(async {
        let app = TestApp::start_with(Backend::Sqlite, |_, options| options.allow_signup = true).await;
        let browser = app.browser();
        let (token, _) = browser.ask("new@example.com").await;
        let count =
            async || app.service().store().read().await.expect("a reader").count_accounts().await.expect("read");
        assert_eq!(count().await, 0);
        assert_eq!(location(&browser.confirm_link(&token).await), "/portal");
        assert_eq!(count().await, 1);
        assert!(browser.get("/portal").await.text().await.expect("a page").contains("No licenses yet"));
    });
}

/// ML-17 and WH-05: cookie attributes with https and on localhost.
#[test]
fn ml_17_cookies_have_strict_attributes() {
    run(async {
        for (url, prefix, secure) in
            [(Some("https://portal.example.com"), "__Host-latchkey-", true), (None, "latchkey-", false)]
        {
            let app =
                TestApp::start_with(Backend::Sqlite, |settings, _| settings.server.portal_url = url.map(str::to_owned))
                    .await;
            let email = latchkey_licensing::email::EmailAddress::parse("boss@example.com").expect("an address");
            let (_, link) = app
                .service()
                .admin(latchkey_service::Operator::Host)
                .add_admin(&email, &latchkey_service::Operator::Host.fresh())
                .await
                .expect("added");
            let token = link.url.rsplit('/').next().expect("a token").to_owned();
            let browser = app.browser();
            let asked = browser.submit("/fn/request_sign_in", &[("email", "ada@example.com")]).await;
            let signed_in = browser.submit("/fn/confirm_host_link", &[("token", &token)]).await;
            let mut names = BTreeSet::new();
            for answer in [asked, signed_in] {
                for cookie in answer.headers().get_all(header::SET_COOKIE) {
                    let cookie = cookie.to_str().expect("text").to_owned();
                    assert!(cookie.starts_with(prefix), "{cookie}");
                    assert!(
                        cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Path=/"),
                        "{cookie}"
                    );
                    assert_eq!(cookie.contains("Secure"), secure, "{cookie}");
                    assert!(!cookie.contains("Domain"), "{cookie}");
                    names.insert(cookie.split('=').next().unwrap_or_default().to_owned());
                }
                assert_eq!(answer.headers().contains_key(header::STRICT_TRANSPORT_SECURITY), secure);
            }
            assert_eq!(names.len(), 3, "{names:?}");
        }
    });
}
