//! Mails to customers: what causes them, what they contain, and that none is sent twice.

use std::time::Duration;

use latchkey_licensing::{email::EmailAddress, policy::Policy};
use latchkey_service::{IssuedLicense, Mail, Notify, Operator};
use latchkey_testkit::{Backend, on_both};

use crate::support::app::{TestApp, with_app, with_backend};

const DAY: Duration = Duration::from_hours(24);

on_both!(
    with_app: changes_of_a_license_notify_its_owner,
    nobody_is_notified_if_nothing_changes_or_the_account_is_disabled,
    the_owner_who_replaces_a_key_is_notified,
    owners_are_reminded_once_for_each_expiry,
    only_the_later_reminder_is_sent_if_both_are_due,
    short_licenses_are_not_reminded_soon_after_they_begin,
    licenses_that_cannot_be_used_are_not_reminded,
    several_processes_remind_once,
    many_licenses_are_reminded_in_batches,
);

on_both!(with_backend: a_new_computer_is_reported_once_if_the_settings_say_so);

fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).expect("an address")
}

/// The mails that were sent since the last call.
async fn sent(app: &TestApp) -> Vec<Mail> {
    app.kit.deliver_mail().await;
    app.kit.mail.take()
}

/// The subjects of the mails that were sent since the last call.
async fn subjects(app: &TestApp) -> Vec<String> {
    sent(app).await.into_iter().map(|mail| mail.subject).collect()
}

async fn remind(app: &TestApp) -> Vec<String> {
    app.service().queue_reminders().await.expect("queued");
    subjects(app).await
}

/// A policy for a number of days.
async fn add_term(app: &TestApp, code: &str, days: u32) -> Policy {
    app.add_policy(code, |policy| policy.duration = Some(DAY * days)).await
}

/// The only mail, which must be to Ada and contain these texts in both bodies.
fn only(mails: Vec<Mail>, subject: &str, parts: &[&str]) {
    assert_eq!(mails.iter().map(|mail| mail.subject.as_str()).collect::<Vec<_>>(), [subject]);
    let mail = &mails[0];
    assert_eq!(mail.to.as_str(), "ada@example.com");
    for part in parts {
        assert!(mail.text.contains(part), "{part} is missing in {}", mail.text);
        assert!(mail.html.contains(part), "{part} is missing in {}", mail.html);
    }
}

async fn changes_of_a_license_notify_its_owner(app: &TestApp) {
    add_term(app, "yearly", 365).await;
    let admin = app.service().admin(Operator::Host);
    let ada = address("ada@example.com");
    let issued = admin.issue_license(&ada, "yearly", Notify::Customer).await.expect("issued");
    assert_eq!(issued.mailed_to.as_ref(), Some(&ada));
    let sign_in = format!("{}/login", app.portal_origin());
    let expected = [issued.key.expose(), "valid until 23 November 2027", &sign_in];
    only(sent(app).await, "Your ChartGPT license", &expected);

    let id = issued.view.license.id;
    let page = format!("{}/portal/licenses/{id}", app.portal_origin());
    let hint = format!("CGPT-••••-••••-{}", issued.key.tail());
    let about = [page.as_str(), hint.as_str()];
    admin.suspend_license(id, Notify::Customer).await.expect("suspended");
    only(sent(app).await, "Your ChartGPT license is suspended", &about);
    admin.reinstate_license(id, Notify::Customer).await.expect("reinstated");
    only(sent(app).await, "Your ChartGPT license can be used again", &about);
    admin.renew_license(id, Notify::Customer).await.expect("renewed");
    let parts = [&about[..], &["valid until 22 November 2028"]].concat();
    only(sent(app).await, "Your ChartGPT license was renewed", &parts);
    let replaced = admin.replace_license_key(id, Notify::Customer).await.expect("replaced");
    let subject = "The key of your ChartGPT license was replaced";
    only(sent(app).await, subject, &[replaced.key.expose(), "Latchkey has replaced", &page]);
    let revoked = admin.revoke_license(id, Notify::Customer).await.expect("revoked");
    assert_eq!(revoked.mailed_to.as_ref(), Some(&ada));
    only(sent(app).await, "Your ChartGPT license was revoked", &[&page, "permanent"]);
}

async fn nobody_is_notified_if_nothing_changes_or_the_account_is_disabled(app: &TestApp) {
    add_term(app, "yearly", 365).await;
    let admin = app.service().admin(Operator::Host);
    let ada = address("ada@example.com");
    let issued = admin.issue_license(&ada, "yearly", Notify::Nobody).await.expect("issued");
    assert_eq!(issued.mailed_to, None);
    let id = issued.view.license.id;
    admin.reinstate_license(id, Notify::Customer).await.expect("nothing to do");
    admin.suspend_license(id, Notify::Nobody).await.expect("suspended");
    admin.suspend_license(id, Notify::Customer).await.expect("nothing to do");
    admin.reinstate_license(id, Notify::Nobody).await.expect("reinstated");
    admin.renew_license(id, Notify::Nobody).await.expect("renewed");
    admin.replace_license_key(id, Notify::Nobody).await.expect("replaced");
    assert_eq!(subjects(app).await, [""; 0]);
    admin.disable_account(&ada).await.expect("disabled");
    let suspended = admin.suspend_license(id, Notify::Customer).await.expect("suspended");
    assert_eq!(suspended.mailed_to, None);
    let revoked = admin.revoke_license(id, Notify::Customer).await.expect("revoked");
    assert_eq!(revoked.mailed_to, None);
    admin.reinstate_license(id, Notify::Customer).await.expect_err("it stays revoked");
    assert_eq!(subjects(app).await, [""; 0]);
}

async fn the_owner_who_replaces_a_key_is_notified(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let id = issued.view.license.id;
    let browser = app.browser();
    browser.sign_in("ada@example.com").await;
    browser.submit("/fn/replace_key", &[("id", &id.to_string())]).await;
    let key = app.service().admin(Operator::Host).license(id, &Operator::Host.fresh()).await.expect("there").key;
    assert_ne!(key, issued.key);
    let parts = [key.expose(), "You have replaced", "If this was not you"];
    only(sent(app).await, "The key of your ChartGPT license was replaced", &parts);
}

async fn a_new_computer_is_reported_once_if_the_settings_say_so(backend: Backend) {
    let app = TestApp::start(backend).await;
    let issued = app.issue("ada@example.com").await;
    assert_eq!(app.desktop(Some(issued.key.expose())).activate("office").await.status, 201);
    assert_eq!(subjects(&app).await, [""; 0], "by default, nobody is notified");

    let app = TestApp::start_with(backend, |_, options| options.new_computer_notice = true).await;
    let issued = app.issue("ada@example.com").await;
    let desktop = app.desktop(Some(issued.key.expose()));
    assert_eq!(desktop.activate("office").await.status, 201);
    let subject = "Your ChartGPT license is active on a new computer";
    only(sent(&app).await, subject, &["PC office", "23 November 2026, 12:00 UTC"]);
    // An app that deactivates its computer when it is closed does not cause a mail at every start.
    assert_eq!(desktop.delete("/v1/machines/office").await.status, 204);
    assert_eq!(desktop.activate("office").await.status, 201);
    assert_eq!(subjects(&app).await, [""; 0]);
    assert_eq!(desktop.activate("laptop").await.status, 201);
    only(sent(&app).await, subject, &["PC laptop"]);
    assert_eq!(desktop.activate("third").await.status, 422);
    assert_eq!(subjects(&app).await, [""; 0]);
}

async fn owners_are_reminded_once_for_each_expiry(app: &TestApp) {
    // Issued at noon on 23 November 2026, so it ends on 22 January 2027.
    add_term(app, "term", 60).await;
    let issued = app.issue_under("ada@example.com", "term").await;
    app.issue("eve@example.com").await;
    let second = Duration::from_secs(1);
    app.kit.clock.advance(DAY * 46);
    app.kit.clock.set_back(second);
    let before = app.service().store().counters().commits;
    assert_eq!(remind(app).await, [""; 0], "a second too early");
    assert_eq!(app.service().store().counters().commits, before, "nothing is written while nothing is due");
    app.kit.clock.advance(second);
    app.service().queue_reminders().await.expect("queued");
    let page = format!("{}/portal/licenses/{}", app.portal_origin(), issued.view.license.id);
    let subject = "Your ChartGPT license ends on 22 January 2027";
    let parts = ["you can keep using the versions that you have", &page];
    only(sent(app).await, subject, &parts);
    assert_eq!(remind(app).await, [""; 0], "only once");
    // Upkeep deletes the mail's row, but not the record of the reminder.
    app.kit.clock.advance(DAY * 10);
    assert!(app.service().remove_expired_rows().await.expect("removed") > 0);
    assert_eq!(remind(app).await, [""; 0], "only once");
    app.kit.clock.advance(DAY);
    assert_eq!(remind(app).await, [subject]);
    assert_eq!(remind(app).await, [""; 0], "only once");
    // A renewal starts over.
    app.service().admin(Operator::Host).renew_license(issued.view.license.id, Notify::Nobody).await.expect("renewed");
    assert_eq!(remind(app).await, [""; 0], "it now ends 60 days later");
    app.kit.clock.advance(DAY * 49);
    assert_eq!(remind(app).await, ["Your ChartGPT license ends on 23 March 2027"]);
    app.kit.clock.advance(DAY * 15);
    assert_eq!(remind(app).await, [""; 0], "it has ended");
}

async fn only_the_later_reminder_is_sent_if_both_are_due(app: &TestApp) {
    add_term(app, "term", 60).await;
    app.issue_under("ada@example.com", "term").await;
    // The server was down for two weeks.
    app.kit.clock.advance(DAY * 58);
    app.service().queue_reminders().await.expect("queued");
    only(sent(app).await, "Your ChartGPT license ends on 22 January 2027", &[]);
    app.kit.clock.advance(DAY);
    assert_eq!(remind(app).await, [""; 0]);
}

async fn short_licenses_are_not_reminded_soon_after_they_begin(app: &TestApp) {
    add_term(app, "week", 7).await;
    add_term(app, "trial", 5).await;
    let week = app.issue_under("ada@example.com", "week").await;
    app.issue_under("ada@example.com", "trial").await;
    assert_eq!(remind(app).await, [""; 0], "it has just been issued");
    app.kit.clock.advance(DAY * 4);
    assert_eq!(remind(app).await, ["Your ChartGPT license ends on 30 November 2026"]);
    app.service().admin(Operator::Host).renew_license(week.view.license.id, Notify::Nobody).await.expect("renewed");
    assert_eq!(remind(app).await, [""; 0], "it has just been renewed");
}

async fn licenses_that_cannot_be_used_are_not_reminded(app: &TestApp) {
    add_term(app, "term", 60).await;
    let admin = app.service().admin(Operator::Host);
    let suspended = app.issue_under("ada@example.com", "term").await.view.license.id;
    let revoked = app.issue_under("ada@example.com", "term").await.view.license.id;
    app.issue_under("eve@example.com", "term").await;
    admin.suspend_license(suspended, Notify::Nobody).await.expect("suspended");
    admin.revoke_license(revoked, Notify::Nobody).await.expect("revoked");
    admin.disable_account(&address("eve@example.com")).await.expect("disabled");
    app.kit.clock.advance(DAY * 50);
    assert_eq!(remind(app).await, [""; 0]);
    admin.reinstate_license(suspended, Notify::Nobody).await.expect("reinstated");
    assert_eq!(remind(app).await, ["Your ChartGPT license ends on 22 January 2027"]);
}

async fn several_processes_remind_once(app: &TestApp) {
    add_term(app, "term", 60).await;
    let licenses: Vec<IssuedLicense> = {
        let mut licenses = Vec::new();
        for n in 0..10 {
            licenses.push(app.issue_under(&format!("customer{n}@example.com"), "term").await);
        }
        licenses
    };
    app.kit.clock.advance(DAY * 50);
    let processes = [app.another_process().await, app.another_process().await, app.service().clone()];
    let rounds = processes.map(|process| tokio::spawn(async move { process.queue_reminders().await }));
    let mut queued = 0;
    for round in rounds {
        queued += round.await.expect("no panic").expect("queued");
    }
    assert_eq!(queued, licenses.len() as u64);
    let mut recipients: Vec<String> = sent(app).await.into_iter().map(|mail| mail.to.to_string()).collect();
    recipients.sort();
    let mut owners: Vec<String> = licenses.iter().map(|issued| issued.owner.email.to_string()).collect();
    owners.sort();
    assert_eq!(recipients, owners);
}

/// The number of statements does not grow with each license.
async fn many_licenses_are_reminded_in_batches(app: &TestApp) {
    add_term(app, "term", 60).await;
    for _ in 0..230 {
        app.issue_under("ada@example.com", "term").await;
    }
    app.kit.clock.advance(DAY * 50);
    let before = app.service().store().counters();
    assert_eq!(app.service().queue_reminders().await.expect("queued"), 230);
    let after = app.service().store().counters();
    assert!(after.statements - before.statements <= 30, "{} statements", after.statements - before.statements);
    assert_eq!(after.commits - before.commits, 2);
    assert_eq!(sent(app).await.len(), 230);
}
