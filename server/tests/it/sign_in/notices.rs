//! The mails that people get about their account (ML-21).

use latchkey_licensing::{account::Role, email::EmailAddress};
use latchkey_service::{Mail, Operator, StaffRole};
use latchkey_testkit::on_both;

use crate::{
    admin::support::mails,
    support::app::{Browser, TestApp, with_app},
};

on_both!(with_app:
    ml_21_a_sign_in_from_a_new_browser_is_reported,
    ml_21_a_role_that_is_given_is_reported
);

const SAFARI: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Safari/605.1.15";

async fn sent(app: &TestApp) -> Vec<Mail> {
    app.kit.deliver_mail().await;
    app.kit.mail.take()
}

/// A browser of another kind.
fn safari(app: &TestApp) -> Browser<'_> {
    app.browser_named(SAFARI)
}

/// Signs in with a link from the host, which no limit counts.
async fn enter(app: &TestApp, browser: &Browser<'_>, email: &str) {
    let host = app.service().admin(Operator::Host);
    let email = EmailAddress::parse(email).expect("an address");
    let link = host.sign_in_link(&email, &Operator::Host.fresh()).await.expect("a link");
    let token = link.url.rsplit('/').next().expect("a token").to_owned();
    browser.submit("/fn/confirm_host_link", &[("token", &token)]).await;
    assert!(browser.is_signed_in().await);
}

/// Once for each browser, even after signing out, and not for the first one.
async fn ml_21_a_sign_in_from_a_new_browser_is_reported(app: &TestApp) {
    app.issue("ada@example.com").await;
    let first = app.browser();
    first.sign_in("ada@example.com").await;
    first.submit("/fn/sign_out", &[]).await;
    enter(app, &app.browser(), "ada@example.com").await;
    assert!(sent(app).await.is_empty(), "the first browser is not new, nor when it is used again");
    let mac = safari(app);
    mac.sign_in("ada@example.com").await;
    let notices = sent(app).await;
    assert_eq!(notices.len(), 1);
    let [mail] = notices.as_slice() else { panic!("one mail") };
    assert_eq!((mail.to.as_str(), mail.subject.as_str()), ("ada@example.com", "New sign-in to your Latchkey account"));
    // ML-24: the browser, the coarse network and the time.
    for part in ["Browser: Safari on macOS", "127.0.0.0/24", "23 November 2026, 12:00 UTC", "If it was not you"] {
        assert!(mail.text.contains(part), "{part} is missing: {}", mail.text);
    }
    mac.submit("/fn/sign_out", &[]).await;
    enter(app, &mac, "ada@example.com").await;
    assert!(sent(app).await.is_empty());
    // Each account has its own browsers.
    let host = app.service().admin(Operator::Host);
    let eve = EmailAddress::parse("eve@example.com").expect("an address");
    host.add_customer(&eve, None).await.expect("added");
    enter(app, &app.browser(), "eve@example.com").await;
    enter(app, &mac, "eve@example.com").await;
    assert_eq!(sent(app).await.len(), 1);
}

async fn ml_21_a_role_that_is_given_is_reported(app: &TestApp) {
    let host = app.service().admin(Operator::Host);
    let ada = app.issue("ada@example.com").await.owner.email;
    for (role, subject) in [
        (StaffRole::Support, "You are now a support agent of Latchkey"),
        (StaffRole::Admin, "You are now an admin of Latchkey"),
    ] {
        host.add_staff(&ada, role, &Operator::Host.fresh()).await.expect("given");
        let subjects: Vec<String> = sent(app).await.into_iter().map(|mail| mail.subject).collect();
        assert_eq!(subjects, [subject]);
        // Nothing changes.
        host.add_staff(&ada, role, &Operator::Host.fresh()).await.expect("given");
        assert!(sent(app).await.is_empty());
    }
    let new = EmailAddress::parse("new@example.com").expect("an address");
    let (account, _) = host.add_staff(&new, StaffRole::Support, &Operator::Host.fresh()).await.expect("added");
    assert_eq!(account.role, Role::Support);
    assert_eq!(mails(app, "new@example.com").await, ["role_given"]);
}
