//! What a mailed link does when it cannot be confirmed: strangers learn nothing, and the browser that asked learns why
//! (ML-07).

use std::time::Duration;

use latchkey_service::MailError;
use latchkey_testkit::on_both;
use reqwest::StatusCode;

use crate::support::app::{Browser, TestApp, location, secrets_in, with_app};

on_both!(
    with_app: a_used_link_goes_on_where_its_account_is_signed_in,
    the_sign_in_page_goes_on_in_a_signed_in_browser,
    an_older_link_says_that_a_newer_mail_is_on_its_way,
    ml_07_the_asking_browser_learns_that_a_link_is_too_old,
    ml_07_links_last_ten_minutes_from_the_hand_over,
    ml_07_links_end_thirty_minutes_after_asking,
);

async fn page(browser: &Browser<'_>, token: &str) -> (StatusCode, String, String) {
    let answer = browser.get(&format!("/login/link/{token}")).await;
    let (status, to) = (answer.status(), location(&answer).to_owned());
    (status, to, answer.text().await.expect("a page"))
}

const NEUTRAL: &str = "only works in the browser in which it was requested";

async fn a_used_link_goes_on_where_its_account_is_signed_in(app: &TestApp) {
    app.issue("ada@example.com").await;
    app.issue("bob@example.com").await;
    let (ada, bob, stranger) = (app.browser(), app.browser(), app.browser());
    let (token, _) = ada.ask("ada@example.com").await;
    assert_eq!(location(&ada.confirm_link(&token).await), "/portal");
    let (status, to, _) = page(&ada, &token).await;
    assert_eq!((status, to.as_str()), (StatusCode::SEE_OTHER, "/portal"));
    // The page was still open in another tab.
    assert_eq!(location(&ada.confirm_link(&token).await), "/portal");
    // ML-04: for everyone else it is any link.
    bob.sign_in("bob@example.com").await;
    for other in [&bob, &stranger] {
        let (status, _, text) = page(other, &token).await;
        assert!(status == StatusCode::OK && text.contains(NEUTRAL), "{text}");
        assert_eq!(location(&other.confirm_link(&token).await), "/login");
    }
    assert!(bob.get("/portal/account").await.text().await.expect("a page").contains("bob@example.com"));
    // An unknown link is not a way around the portal's guard.
    let (status, _, text) = page(&ada, &"A".repeat(43)).await;
    assert!(status == StatusCode::OK && text.contains(NEUTRAL), "{text}");
}

async fn the_sign_in_page_goes_on_in_a_signed_in_browser(app: &TestApp) {
    app.issue("ada@example.com").await;
    let ada = app.browser();
    assert_eq!(ada.get("/login").await.status(), StatusCode::OK);
    ada.sign_in("ada@example.com").await;
    for (path, to) in [
        ("/login", "/portal"),
        ("/login?next=/portal/licenses", "/portal/licenses"),
        ("/login?next=//evil.example", "/portal"),
        // These pages ask people who are signed in to sign in again.
        ("/login?next=/portal/account/email", ""),
        ("/login?next=/portal/account/delete", ""),
    ] {
        assert_eq!(location(&ada.get(path).await), to, "{path}");
    }
    // An error is shown before.
    ada.confirm_link("x").await;
    let shown = ada.get("/login").await;
    assert_eq!(shown.status(), StatusCode::OK);
    assert!(shown.text().await.expect("a page").contains("not valid"));
    assert_eq!(location(&ada.get("/login").await), "/portal");
}

async fn an_older_link_says_that_a_newer_mail_is_on_its_way(app: &TestApp) {
    app.issue("ada@example.com").await;
    let (ada, stranger) = (app.browser(), app.browser());
    let (older, _) = ada.ask("ada@example.com").await;
    let (newer, _) = ada.ask("ada@example.com").await;
    let (_, _, text) = page(&ada, &older).await;
    assert!(text.contains("a newer e-mail is on its way"), "{text}");
    assert_eq!(location(&ada.confirm_link(&older).await), "/login/code");
    let shown = ada.get("/login/code").await.text().await.expect("a page");
    assert!(shown.contains("a newer e-mail is on its way"), "{shown}");
    let (_, _, text) = page(&stranger, &older).await;
    assert!(text.contains(NEUTRAL), "{text}");
    assert_eq!(location(&ada.confirm_link(&newer).await), "/portal");
}

async fn ml_07_the_asking_browser_learns_that_a_link_is_too_old(app: &TestApp) {
    app.issue("ada@example.com").await;
    let (ada, stranger) = (app.browser(), app.browser());
    let (token, code) = ada.ask("ada@example.com").await;
    app.kit.clock.advance(Duration::from_secs(601));
    let (_, _, text) = page(&ada, &token).await;
    assert!(text.contains("too old"), "{text}");
    let (_, _, text) = page(&stranger, &token).await;
    assert!(text.contains(NEUTRAL), "{text}");
    let refused = ada.confirm_link(&token).await;
    let shown = ada.get(location(&refused)).await.text().await.expect("a page");
    assert!(shown.contains("too old"), "{shown}");
    let refused = ada.confirm_code(&code).await;
    let shown = ada.get(location(&refused)).await.text().await.expect("a page");
    assert!(shown.contains("too old"), "{shown}");
    // Without the right code, nobody learns when it expired.
    let wrong = ada.confirm_code("0000-0000").await;
    assert!(ada.get(location(&wrong)).await.text().await.expect("a page").contains("not valid"));
}

/// A mail server defers the mail for five minutes, as greylisting does.
async fn ml_07_links_last_ten_minutes_from_the_hand_over(app: &TestApp) {
    app.issue("ada@example.com").await;
    let browsers = [app.browser(), app.browser()];
    for (browser, after, to) in [(&browsers[0], 599, "/portal"), (&browsers[1], 601, "/login")] {
        app.kit.mail.fail_with(Some(MailError::Temporary("451 later".to_owned())));
        browser.submit("/fn/request_sign_in", &[("email", "ada@example.com")]).await;
        let mut waited = 0;
        let mut last = 0;
        let mut tries = 0;
        for second in 0..300 {
            let due = app.service().mail_due_in().await.expect("read").expect("a mail");
            if due.is_zero() {
                app.kit.deliver_mail().await;
                assert!(second - last <= 60, "a pause of {} s", second - last);
                last = second;
                tries += 1;
            }
            app.kit.clock.advance(Duration::from_secs(1));
            waited = second + 1;
        }
        assert!(tries >= 6 && waited == 300, "{tries} tries");
        app.kit.mail.fail_with(None);
        while app.kit.mail.take().is_empty() {
            app.kit.clock.advance(Duration::from_secs(1));
            waited += 1;
            app.kit.deliver_mail().await;
            if let Some(mail) = app.kit.mail.take().pop() {
                let (token, _) = secrets_in(&mail.text);
                app.kit.clock.advance(Duration::from_secs(after));
                assert_eq!(location(&browser.confirm_link(&token).await), to, "{after} s after the hand-over");
                break;
            }
            assert!(waited <= 361, "the last pause is at most 60 s");
        }
        app.kit.clock.advance(Duration::from_hours(1));
    }
}

async fn ml_07_links_end_thirty_minutes_after_asking(app: &TestApp) {
    app.issue("ada@example.com").await;
    for (after, to) in [(299, "/portal"), (301, "/login")] {
        let browser = app.browser();
        app.kit.mail.fail_with(Some(MailError::Temporary("451 later".to_owned())));
        browser.submit("/fn/request_sign_in", &[("email", "ada@example.com")]).await;
        for _ in 0..25 {
            app.kit.deliver_mail().await;
            app.kit.clock.advance(Duration::from_mins(1));
        }
        app.kit.mail.fail_with(None);
        app.kit.deliver_mail().await;
        let (token, _) = secrets_in(&app.kit.mail.take().pop().expect("a mail").text);
        app.kit.clock.advance(Duration::from_secs(after));
        assert_eq!(location(&browser.confirm_link(&token).await), to, "{after} s");
        app.kit.clock.advance(Duration::from_hours(1));
    }
}
