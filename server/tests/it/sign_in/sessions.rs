//! Sessions: how long they last and how they end.

use std::time::Duration;

use reqwest::header;

use crate::support::app::{TestApp, location, with_app};
use latchkey_testkit::on_both;

const DAY: Duration = Duration::from_hours(24);

on_both!(
    with_app: ml_18_customer_sessions_expire,
    ml_18_admin_sessions_expire,
    ml_19_ended_sessions_are_rejected,
    ml_19_bans_end_sessions_and_strangers_cannot,
    ml_19_an_admin_ends_the_sessions_of_a_customer,
    ml_23_signing_out_deletes_the_session,
    an_account_can_be_renamed,
);

/// ML-18: a customer's session ends after seven days without use, and after thirty days in any case.
async fn ml_18_customer_sessions_expire(app: &TestApp) {
    app.issue("ada@example.com").await;
    let browser = app.browser();
    browser.sign_in("ada@example.com").await;
    app.kit.clock.advance((7 * DAY).saturating_sub(Duration::from_secs(1)));
    assert!(browser.is_signed_in().await, "used within seven days");
    app.kit.clock.advance(7 * DAY + Duration::from_secs(1));
    assert!(!browser.is_signed_in().await, "idle for seven days");

    let browser = app.browser();
    browser.sign_in("ada@example.com").await;
    for _ in 0..29 {
        app.kit.clock.advance(DAY);
        assert!(browser.is_signed_in().await);
    }
    app.kit.clock.advance(DAY.saturating_sub(Duration::from_secs(1)));
    assert!(browser.is_signed_in().await);
    app.kit.clock.advance(Duration::from_secs(1));
    assert!(!browser.is_signed_in().await, "thirty days old");
}

/// ML-18: an admin's session ends after half an hour without use, and after twelve hours in any case.
async fn ml_18_admin_sessions_expire(app: &TestApp) {
    let browser = app.admin().await;
    for _ in 0..24 {
        app.kit.clock.advance(Duration::from_mins(29));
        assert!(browser.is_signed_in().await);
    }
    app.kit.clock.advance(Duration::from_mins(24));
    assert!(!browser.is_signed_in().await, "twelve hours old");
    let browser = app.admin().await;
    app.kit.clock.advance(Duration::from_mins(31));
    assert!(!browser.is_signed_in().await, "idle for half an hour");
}

/// ML-19: an ended session is rejected at the very next request.
async fn ml_19_ended_sessions_are_rejected(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let (one, two, three) = (app.browser(), app.browser(), app.browser());
    for browser in [&one, &two, &three] {
        browser.sign_in("ada@example.com").await;
        // Ids sort by time, and the clock stands still.
        app.kit.clock.advance(Duration::from_secs(1));
    }
    let mut reader = app.service().store().read().await.expect("a reader");
    let sessions = reader.list_sessions_of(issued.owner.id).await.expect("read");
    drop(reader);
    assert_eq!(sessions.len(), 3);
    let oldest = sessions.iter().min_by_key(|session| session.id).expect("a session").id.to_string();
    assert_eq!(location(&two.submit("/fn/end_session", &[("id", &oldest)]).await), "/portal/account");
    assert!(!one.is_signed_in().await && two.is_signed_in().await);
    let answer = three.submit("/fn/end_all_sessions", &[]).await;
    assert_eq!(location(&answer), "/login/signed-out");
    assert!(!two.is_signed_in().await && !three.is_signed_in().await);
}

/// ML-19: banning an account ends its sessions. Nobody can end another account's sessions.
async fn ml_19_bans_end_sessions_and_strangers_cannot(app: &TestApp) {
    let ada = app.issue("ada@example.com").await;
    app.issue("eve@example.com").await;
    let (hers, eves) = (app.browser(), app.browser());
    hers.sign_in("ada@example.com").await;
    eves.sign_in("eve@example.com").await;
    let mut reader = app.service().store().read().await.expect("a reader");
    let session = reader.list_sessions_of(ada.owner.id).await.expect("read").remove(0).id.to_string();
    drop(reader);
    eves.submit("/fn/end_session", &[("id", &session)]).await;
    assert!(hers.is_signed_in().await);
    app.service().admin(latchkey_service::Operator::Host).disable_account(&ada.owner.email).await.expect("disabled");
    assert!(!hers.is_signed_in().await);
}

/// ML-23: signing out deletes the row and asks the browser to delete its data. Pages are never cached.
async fn ml_23_signing_out_deletes_the_session(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let browser = app.browser();
    browser.sign_in("ada@example.com").await;
    assert_eq!(browser.get("/portal").await.headers()[header::CACHE_CONTROL], "no-store");
    let answer = browser.submit("/fn/sign_out", &[]).await;
    assert_eq!(answer.headers()["clear-site-data"], r#""cookies", "storage""#);
    assert_eq!(location(&answer), "/login/signed-out");
    let removed = answer.headers().get_all(header::SET_COOKIE).iter().filter_map(|cookie| cookie.to_str().ok());
    let removed: Vec<_> = removed.filter(|cookie| cookie.starts_with("latchkey-session=")).collect();
    assert_eq!(removed, ["latchkey-session=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0"]);
    let mut reader = app.service().store().read().await.expect("a reader");
    assert!(reader.list_sessions_of(issued.owner.id).await.expect("read").is_empty());
}

async fn an_account_can_be_renamed(app: &TestApp) {
    app.issue("ada@example.com").await;
    let browser = app.browser();
    browser.sign_in("ada@example.com").await;
    let name = "<b>Ada</b> & 'Co' \u{202e}";
    browser.submit("/fn/rename", &[("name", name)]).await;
    let page = browser.get("/portal/account").await.text().await.expect("a page");
    assert!(
        page.contains("Your name was saved.")
            && page.contains("&lt;b>Ada") | page.contains("&lt;b&gt;Ada")
            && !page.contains("<b>Ada"),
        "{page}"
    );
    browser.submit("/fn/rename", &[("name", &"x".repeat(101))]).await;
    let page = browser.get("/portal/account").await.text().await.expect("a page");
    assert!(page.contains("at most 100 characters"), "{page}");
}

/// ML-19: an admin signs a customer out, or bans the account for a while.
async fn ml_19_an_admin_ends_the_sessions_of_a_customer(app: &TestApp) {
    let email = app.issue("ada@example.com").await.owner.email;
    let admin = app.service().admin(latchkey_service::Operator::Host);
    let (one, two) = (app.browser(), app.browser());
    one.sign_in("ada@example.com").await;
    two.sign_in("ada@example.com").await;
    assert_eq!(admin.end_sessions_of(&email).await.expect("ended"), 2);
    assert!(!one.is_signed_in().await && !two.is_signed_in().await);
    assert!(!admin.enable_account(&email).await.expect("asked"), "it was not banned");
    admin.disable_account(&email).await.expect("disabled");
    assert!(admin.enable_account(&email).await.expect("enabled"));
    one.sign_in("ada@example.com").await;
    assert!(one.is_signed_in().await);
}
