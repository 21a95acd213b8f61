//! ML-09: limits for requesting sign-in mails.

use std::time::Duration;

use latchkey_licensing::email::EmailAddress;
use latchkey_server::settings::{Settings, TrustedProxies};
use latchkey_service::{Operator, SignInOrigin, SignInRequest};
use latchkey_testkit::Backend;
use reqwest::StatusCode;

use crate::support::app::{Browser, TestApp, location, run, secrets_in, with_app};
use latchkey_testkit::on_both;

async fn is_taken(browser: &Browser<'_>, email: &str) -> bool {
    let answer = browser.submit("/fn/request_sign_in", &[("email", email)]).await;
    assert!(matches!(location(&answer), "/login/code" | "/login"), "{}", location(&answer));
    location(&answer) == "/login/code"
}

on_both!(with_app: ml_09_mails_are_limited_per_address, ml_09_mails_are_limited_per_network, ml_09_the_limit_is_exact_in_parallel);

/// A burst of three for an address, then one per hour, whether or not it is known.
async fn ml_09_mails_are_limited_per_address(app: &TestApp) {
    app.issue("ada@example.com").await;
    for email in ["ada@example.com", "nobody@example.com"] {
        let mut taken = Vec::new();
        for _ in 0..5 {
            taken.push(is_taken(&app.browser(), email).await);
            // Long enough for the network's own limit to recover.
            app.kit.clock.advance(Duration::from_mins(1));
        }
        assert_eq!(taken, [true, true, true, false, false], "{email}");
        app.kit.clock.advance(Duration::from_hours(1));
        assert!(is_taken(&app.browser(), email).await);
        assert!(!is_taken(&app.browser(), email).await);
        app.kit.clock.advance(Duration::from_hours(5));
    }
}

/// A burst of five for a network, then one per minute.
async fn ml_09_mails_are_limited_per_network(app: &TestApp) {
    let mut taken = Vec::new();
    for n in 0..7 {
        taken.push(is_taken(&app.browser(), &format!("user{n}@example.com")).await);
    }
    assert_eq!(taken, [true, true, true, true, true, false, false]);
    app.kit.clock.advance(Duration::from_mins(1));
    assert!(is_taken(&app.browser(), "more@example.com").await);
    assert!(!is_taken(&app.browser(), "most@example.com").await);
}

/// Of parallel requests exactly the burst is accepted.
async fn ml_09_the_limit_is_exact_in_parallel(app: &TestApp) {
    let tries = (0..60).map(async |n| is_taken(&app.browser(), &format!("user{n}@example.com")).await);
    let taken = futures_util::future::join_all(tries).await.into_iter().filter(|taken| *taken).count();
    assert_eq!(taken, 5);
}

/// One request of a client in this network.
async fn is_taken_from(browser: &Browser<'_>, email: &str, ip: &str) -> bool {
    let request = browser.form("/fn/request_sign_in", &[("email", email)]).await.header("x-forwarded-for", ip);
    let answer = request.send().await.expect("an answer");
    assert!(matches!(location(&answer), "/login/code" | "/login"), "{}", location(&answer));
    location(&answer) == "/login/code"
}

/// A server behind a proxy, which reports the clients' addresses.
fn behind_proxy(backend: Backend, test: impl AsyncFnOnce(&TestApp)) {
    run(async {
        let behind = |settings: &mut Settings| settings.server.trusted_proxies = TrustedProxies::Count(1);
        let app = TestApp::start_with(backend, |settings, _| behind(settings)).await;
        test(&app).await;
    });
}

on_both!(
    behind_proxy: ml_09_strangers_do_not_lock_the_owner_out,
    ml_09_an_address_is_limited_over_all_networks,
    ml_09_processes_share_the_limits,
);

/// Other networks can neither use up an address's requests in the owner's network, nor those of a browser in which the owner
/// signed in before, wherever that is now.
async fn ml_09_strangers_do_not_lock_the_owner_out(app: &TestApp) {
    app.issue("ada@example.com").await;
    let ada = app.browser();
    assert!(is_taken_from(&ada, "ada@example.com", "198.51.100.1").await);
    app.kit.deliver_mail().await;
    let (token, _) = secrets_in(&app.kit.mail.take().pop().expect("a mail").text);
    assert_eq!(location(&ada.confirm_link(&token).await), "/portal");
    app.kit.clock.advance(Duration::from_hours(48));
    // Three strangers.
    for n in 1..=3 {
        assert!(is_taken_from(&app.browser(), "ada@example.com", &format!("203.0.113.{n}")).await);
    }
    assert!(is_taken_from(&app.browser(), "ada@example.com", "198.51.100.1").await, "a new browser of the owner");
    // Many strangers.
    for n in 4..=40 {
        is_taken_from(&app.browser(), "ada@example.com", &format!("203.0.113.{n}")).await;
    }
    assert!(!is_taken_from(&app.browser(), "ada@example.com", "192.0.2.77").await, "another stranger");
    let mut taken = Vec::new();
    for n in 0..4 {
        taken.push(is_taken_from(&ada, "ada@example.com", &format!("192.0.2.{n}")).await);
    }
    assert_eq!(taken, [true, true, true, false], "the browser has a limit of its own");
    // It helps with no other address.
    app.issue("bob@example.com").await;
    for n in 1..=40 {
        is_taken_from(&app.browser(), "bob@example.com", &format!("203.0.113.{n}")).await;
    }
    assert!(!is_taken_from(&ada, "bob@example.com", "192.0.2.99").await);
}

/// 20 a day, known or not.
async fn ml_09_an_address_is_limited_over_all_networks(app: &TestApp) {
    app.issue("ada@example.com").await;
    for email in ["ada@example.com", "nobody@example.com"] {
        let mut taken = 0;
        for n in 0..30 {
            taken += usize::from(is_taken_from(&app.browser(), email, &format!("203.0.113.{n}")).await);
        }
        assert_eq!(taken, 20, "{email}");
        // IPv6 networks are not counted address by address.
        let ip = |n: u32| format!("2001:db8:1:2::{n}");
        app.kit.clock.advance(Duration::from_hours(24));
        let mut taken = Vec::new();
        for n in 1..=4 {
            taken.push(is_taken_from(&app.browser(), email, &ip(n)).await);
        }
        assert_eq!(taken, [true, true, true, false], "{email}");
        app.kit.clock.advance(Duration::from_hours(24));
    }
}

async fn ml_09_processes_share_the_limits(app: &TestApp) {
    let email = EmailAddress::parse("ada@example.com").expect("an address");
    let other = app.another_process().await;
    for n in 0..3 {
        let ip = "203.0.113.9";
        if n == 1 {
            let origin = SignInOrigin { ip: ip.parse().expect("an address"), agent: "Firefox", known: None };
            let request = SignInRequest { email: &email, next_path: None, browser: None, origin };
            other.request_sign_in(request).await.expect("taken");
        } else {
            assert!(is_taken_from(&app.browser(), "ada@example.com", ip).await);
        }
    }
    assert!(!is_taken_from(&app.browser(), "ada@example.com", "203.0.113.9").await);
}

/// The instance's budget is shared by all, and every request spends it: what is left says nothing about an address.
#[test]
fn ml_09_the_budget_does_not_reveal_who_has_an_account() {
    run(async {
        let mut seen = Vec::new();
        for asked in ["ada@example.com", "nobody@example.com", "banned@example.com"] {
            let app = TestApp::start_with(Backend::Sqlite, |settings, options| {
                settings.server.trusted_proxies = TrustedProxies::Count(1);
                options.hourly_mail_budget = 5;
            })
            .await;
            app.issue("ada@example.com").await;
            app.issue("banned@example.com").await;
            let banned = EmailAddress::parse("banned@example.com").expect("an address");
            app.service().admin(Operator::Host).disable_account(&banned).await.expect("disabled");
            let mut taken = Vec::new();
            for n in 0..3 {
                taken.push(is_taken_from(&app.browser(), &format!("user{n}@example.com"), "203.0.113.1").await);
            }
            taken.push(is_taken_from(&app.browser(), asked, "203.0.113.2").await);
            taken.push(is_taken_from(&app.browser(), "probe@example.com", "203.0.113.3").await);
            seen.push(taken);
        }
        assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "{seen:?}");
        assert_eq!(seen[0], [true, true, true, true, false]);
    });
}

/// Strangers cannot use up what is reserved for browsers that have signed in before.
#[test]
fn ml_09_known_browsers_keep_a_share_of_the_budget() {
    run(async {
        let app = TestApp::start_with(Backend::Sqlite, |settings, options| {
            settings.server.trusted_proxies = TrustedProxies::Count(1);
            options.hourly_mail_budget = 10;
        })
        .await;
        app.issue("ada@example.com").await;
        let ada = app.browser();
        ada.sign_in("ada@example.com").await;
        app.kit.clock.advance(Duration::from_hours(2));
        let mut taken = 0;
        for n in 0..12 {
            let (email, ip) = (format!("victim{}@example.com", n % 2), format!("203.0.113.{n}"));
            taken += usize::from(is_taken_from(&app.browser(), &email, &ip).await);
        }
        assert_eq!(taken, 8);
        assert!(!is_taken_from(&app.browser(), "ada@example.com", "198.51.100.1").await);
        for wanted in [true, true, false] {
            assert_eq!(is_taken_from(&ada, "ada@example.com", "198.51.100.2").await, wanted);
        }
        app.kit.deliver_mail().await;
        assert_eq!(app.kit.mail.take().len(), 2);
    });
}

/// With scripts, the status is 429 and the response says how long to wait.
#[test]
fn wh_14_the_response_says_how_long_to_wait() {
    run(async {
        let app = TestApp::start(Backend::Sqlite).await;
        let browser = app.browser();
        for _ in 0..3 {
            is_taken(&browser, "ada@example.com").await;
        }
        let request = browser
            .form("/fn/request_sign_in", &[("email", "ada@example.com")])
            .await
            .header("accept", "application/json");
        // The form helper sends its own Accept header first. A script does not accept HTML.
        let mut request = request.build().expect("a request");
        request.headers_mut().insert("accept", "application/json".parse().expect("a header"));
        let answer = browser.client.execute(request).await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
        let seconds: u64 = answer.headers()["retry-after"].to_str().expect("text").parse().expect("a number");
        assert!((3_540..=3_660).contains(&seconds), "{seconds}");
        let page = {
            is_taken(&browser, "ada@example.com").await;
            browser.get("/login").await.text().await.expect("a page")
        };
        assert!(page.contains("Too many requests. Try again in 6"), "{page}");
    });
}
