//! Mails: queued, retried, and given up when they are no longer useful.

use std::time::Duration;

use latchkey_licensing::email::EmailAddress;
use latchkey_service::{Delivery, MailError, Notify, Operator};

use crate::support::app::{TestApp, location, with_app};
use latchkey_testkit::on_both;

on_both!(
    with_app: a_failing_mail_server_only_delays_mail,
    useless_mails_are_given_up,
    an_expired_lease_is_taken_over,
    a_mail_to_a_customer_survives_two_days_without_a_mail_server,
);

async fn a_failing_mail_server_only_delays_mail(app: &TestApp) {
    app.issue("ada@example.com").await;
    app.kit.mail.fail_with(Some(MailError::Temporary("451 later".to_owned())));
    let answer = app.browser().submit("/fn/request_sign_in", &[("email", "ada@example.com")]).await;
    assert_eq!(location(&answer), "/login/code");
    let step = async || app.service().deliver_one(&*app.kit.mail).await.expect("the outbox works");
    assert_eq!(step().await, Delivery::Retry("451 later".to_owned()));
    assert_eq!(step().await, Delivery::Idle, "not yet due");
    app.kit.clock.advance(Duration::from_secs(5));
    assert_eq!(step().await, Delivery::Retry("451 later".to_owned()));
    app.kit.mail.fail_with(None);
    app.kit.clock.advance(Duration::from_secs(15));
    assert_eq!(step().await, Delivery::Sent);
    assert_eq!(step().await, Delivery::Idle);
    assert_eq!(app.kit.mail.take().len(), 1);
}

async fn useless_mails_are_given_up(app: &TestApp) {
    app.issue("ada@example.com").await;
    let step = async || app.service().deliver_one(&*app.kit.mail).await.expect("the outbox works");
    app.browser().submit("/fn/request_sign_in", &[("email", "ada@example.com")]).await;
    app.kit.mail.fail_with(Some(MailError::Permanent("550 no such user".to_owned())));
    assert_eq!(step().await, Delivery::GivenUp("550 no such user".to_owned()));
    app.kit.mail.fail_with(None);
    app.browser().submit("/fn/request_sign_in", &[("email", "ada@example.com")]).await;
    app.kit.clock.advance(Duration::from_mins(29));
    assert!(matches!(step().await, Delivery::GivenUp(_)), "its link would not last for a minute");
    assert_eq!(step().await, Delivery::Idle);
    assert!(app.kit.mail.take().is_empty());
}

/// A worker that stops while sending a mail: another takes the mail when the lease ends.
async fn an_expired_lease_is_taken_over(app: &TestApp) {
    app.issue("ada@example.com").await;
    app.browser().submit("/fn/request_sign_in", &[("email", "ada@example.com")]).await;
    let now = app.service().now();
    let mut tx = app.service().store().write().await.expect("a transaction");
    tx.lease_mail(now, now.plus(Duration::from_mins(2))).await.expect("claimed").expect("a mail");
    tx.commit().await.expect("committed");
    let step = async || app.service().deliver_one(&*app.kit.mail).await.expect("the outbox works");
    assert_eq!(step().await, Delivery::Idle);
    app.kit.clock.advance(Duration::from_secs(121));
    assert_eq!(step().await, Delivery::Sent);
}

/// A purchase must not be lost because a mail server is down over the weekend. Each attempt has the same id.
async fn a_mail_to_a_customer_survives_two_days_without_a_mail_server(app: &TestApp) {
    let email = EmailAddress::parse("ada@example.com").expect("an address");
    let admin = app.service().admin(Operator::Host);
    admin.issue_license(&email, "chartgpt-lifetime", Notify::Customer).await.expect("issued");
    app.kit.mail.fail_with(Some(MailError::Temporary("451 later".to_owned())));
    for _ in 0..48 {
        app.kit.deliver_mail().await;
        app.kit.clock.advance(Duration::from_hours(1));
    }
    app.kit.mail.fail_with(None);
    app.kit.deliver_mail().await;
    assert_eq!(app.kit.mail.take().len(), 1);
    // After three days it is given up.
    admin.issue_license(&email, "chartgpt-lifetime", Notify::Customer).await.expect("issued");
    app.kit.mail.fail_with(Some(MailError::Temporary("451 later".to_owned())));
    for _ in 0..80 {
        app.kit.deliver_mail().await;
        app.kit.clock.advance(Duration::from_hours(1));
    }
    app.kit.mail.fail_with(None);
    app.kit.deliver_mail().await;
    assert!(app.kit.mail.take().is_empty());
}
