//! ML-09: limits for requesting sign-in mails.

use std::time::Duration;

use latchkey_testkit::Backend;
use reqwest::StatusCode;

use crate::support::app::{Browser, TestApp, location, run, with_app};
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

/// The instance's budget is shared by all, and only mails use it.
#[test]
fn ml_09_all_mails_share_a_budget() {
    run(async {
        let app = TestApp::start_with(Backend::Sqlite, |_, options| options.hourly_mail_budget = 2).await;
        app.issue("ada@example.com").await;
        app.issue("bob@example.com").await;
        assert!(is_taken(&app.browser(), "nobody@example.com").await);
        assert!(is_taken(&app.browser(), "ada@example.com").await);
        assert!(is_taken(&app.browser(), "bob@example.com").await);
        assert!(!is_taken(&app.browser(), "ada@example.com").await);
        assert!(!is_taken(&app.browser(), "nobody@example.com").await);
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
