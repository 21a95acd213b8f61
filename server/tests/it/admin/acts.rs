//! What staff do to records: who may, what they are asked, what happens, and what the audit log and the mails say.

use std::time::Duration;

use latchkey_licensing::{
    account::Role,
    license::{Expiry, Standing},
    time::Timestamp,
};
use latchkey_service::{IssuedLicense, Operator};
use latchkey_testkit::on_both;
use reqwest::StatusCode;

use crate::{
    admin::{
        staff,
        support::{act, audits, done, hidden, mails, newest, page},
    },
    support::app::{Browser, TestApp, location, with_app},
};

on_both!(with_app:
    a_license_is_suspended_and_reinstated,
    a_license_is_revoked_only_with_the_end_of_its_key,
    a_license_is_renewed,
    the_terms_of_a_license_are_changed_and_changed_back,
    mistakes_in_terms_are_said_beside_their_fields,
    a_license_gets_another_owner,
    a_key_is_replaced_and_mailed_again,
    su_07_a_key_is_shown_only_with_a_recent_second_factor,
    what_was_entered_is_kept,
    an_act_on_something_that_changed_says_what_changed,
    a_machine_is_freed_by_support,
    an_account_is_disabled_and_enabled,
    ml_19_an_admin_signs_a_customer_out,
    ml_20_the_list_of_browsers_shows_no_ids,
    ml_21_an_admin_changes_an_address_and_both_get_a_mail,
    su_08_the_last_admin_is_not_disabled,
    notes_are_written_by_support
);

const REASON: (&str, &str) = ("reason", "support_case");

fn path(issued: &IssuedLicense, act: &str) -> String {
    format!("/admin/licenses/{}/{act}", issued.view.license.id)
}

async fn license(app: &TestApp, issued: &IssuedLicense) -> IssuedLicense {
    let host = app.service().admin(Operator::Host);
    host.license(issued.view.license.id, &Operator::Host.fresh()).await.expect("there")
}

fn reason(code: &str, note: &str) -> (String, String) {
    (code.to_owned(), note.to_owned())
}

async fn a_license_is_suspended_and_reinstated(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let id = issued.view.license.id.to_string();
    let browser = staff(app, Role::Admin).await;
    let form = page(&browser, &path(&issued, "suspend")).await;
    assert!(form.contains("ada@example.com gets the mail") && form.contains("Suspend this license?"), "{form}");
    app.kit.clock.advance(Duration::from_secs(1));
    let shown = done(&browser, &path(&issued, "suspend"), &[("reason", "abuse"), ("note", "seen on a forum")]).await;
    assert!(matches!(license(app, &issued).await.view.license.standing, Standing::Suspended(_)));
    let wanted = ("license.suspended".to_owned(), "admin".to_owned(), Some(reason("abuse", "seen on a forum")));
    assert_eq!(newest(app, "license", &id).await, wanted);
    assert_eq!(mails(app, "ada@example.com").await, ["suspended"]);
    for text in
        ["was suspended. ada@example.com gets a mail.", "Undo", "Reason: Abuse or a shared key (seen on a forum)"]
    {
        assert!(shown.contains(text), "{text} is missing: {shown}");
    }
    // The message is shown once.
    assert!(!page(&browser, &format!("/admin/licenses/{id}")).await.contains("was suspended. ada"));

    // Undo: the form in the message.
    let undo = shown.split("<form").find(|form| form.contains("Undo")).expect("a form");
    let value = |name| hidden(undo, name).expect("a field");
    let (undo_reason, version) = (value("reason"), value("version"));
    let fields = [("reason", undo_reason.as_str()), ("version", version.as_str()), ("no_mail", "on")];
    app.kit.clock.advance(Duration::from_secs(1));
    let answer = browser.submit(&path(&issued, "reinstate"), &fields).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(license(app, &issued).await.view.license.standing, Standing::Good);
    let wanted = ("license.reinstated".to_owned(), "admin".to_owned(), Some(reason("undo", "")));
    assert_eq!(newest(app, "license", &id).await, wanted);
    assert_eq!(mails(app, "ada@example.com").await, ["suspended"], "undoing sends no mail");

    // What is not possible says why, instead of a form.
    let answer = browser.get(&path(&issued, "reinstate")).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert!(answer.text().await.expect("a page").contains("It is not suspended."));
}

async fn a_license_is_revoked_only_with_the_end_of_its_key(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let tail = issued.view.license.key_tail.to_lowercase();
    let browser = staff(app, Role::Admin).await;
    let answer = act(&browser, &path(&issued, "revoke"), &[REASON, ("phrase", "XXXX")]).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let again = answer.text().await.expect("a page");
    assert!(again.contains("value=\"XXXX\"") && again.contains("to confirm."), "{again}");
    assert_eq!(license(app, &issued).await.view.license.standing, Standing::Good);
    done(&browser, &path(&issued, "revoke"), &[REASON, ("phrase", &tail), ("no_mail", "on")]).await;
    assert!(matches!(license(app, &issued).await.view.license.standing, Standing::Revoked(_)));
    assert_eq!(newest(app, "license", &issued.view.license.id.to_string()).await.0, "license.revoked");
    assert!(mails(app, "ada@example.com").await.is_empty());
}

async fn a_license_is_renewed(app: &TestApp) {
    let policy = app.add_policy("yearly", |policy| policy.duration = Some(Duration::from_hours(24 * 365))).await;
    let issued = app.issue_under("ada@example.com", &policy.code).await;
    let browser = staff(app, Role::Admin).await;
    let before = issued.view.license.expiry.at().expect("it ends");
    done(&browser, &path(&issued, "renew"), &[REASON]).await;
    let after = license(app, &issued).await.view.license.expiry.at().expect("it ends");
    assert_eq!(after.since(before), Duration::from_hours(24 * 365));
    assert_eq!(mails(app, "ada@example.com").await, ["renewed"]);
    // A perpetual license has nothing to renew.
    let perpetual = app.issue("bob@example.com").await;
    let answer = browser.get(&path(&perpetual, "renew")).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert!(answer.text().await.expect("a page").contains("nothing to"));
}

async fn the_terms_of_a_license_are_changed_and_changed_back(app: &TestApp) {
    app.add_entitlement("PRO").await;
    let issued = app.issue("ada@example.com").await;
    let browser = staff(app, Role::Admin).await;
    let fields = [
        REASON,
        ("policy", "chartgpt-lifetime"),
        ("expires", "2030-01-31"),
        ("max_machines", "7"),
        ("max_cores", ""),
        ("max_uses", "10"),
        ("uses", "3"),
        ("entitlements", "PRO"),
        ("metadata", "{\"seats\": 5}"),
    ];
    app.kit.clock.advance(Duration::from_secs(1));
    let shown = done(&browser, &path(&issued, "change"), &fields).await;
    let changed = license(app, &issued).await.view;
    assert_eq!(
        (changed.license.max_machines, changed.license.max_cores, changed.license.max_uses, changed.license.uses),
        (Some(7), None, Some(10), 3)
    );
    assert_eq!(changed.license.expiry.at(), Timestamp::parse_rfc3339("2030-01-31T23:59:59Z"));
    assert_eq!(changed.license.metadata, "{\"seats\":5}");
    assert_eq!(changed.individual_entitlements.len(), 1);
    let id = issued.view.license.id.to_string();
    assert_eq!(newest(app, "license", &id).await.2, Some(reason("support_case", "")));
    assert!(shown.contains("were changed.") && shown.contains("Undo"), "{shown}");

    // The form shows what the license has, and sending it unchanged changes nothing.
    let form = page(&browser, &path(&issued, "change")).await;
    let now = |name: &str| hidden(&form, name).unwrap_or_default();
    assert_eq!(
        (now("max_machines"), now("uses"), now("entitlements")),
        ("7".to_owned(), "3".to_owned(), "PRO".to_owned())
    );
    let rows = audits(app, "license", &id).await.len();
    let same = [
        REASON,
        ("policy", "chartgpt-lifetime"),
        ("expires", &now("expires")),
        ("max_machines", "7"),
        ("max_uses", "10"),
        ("uses", "3"),
        ("entitlements", "PRO"),
        ("metadata", "{\"seats\":5}"),
    ];
    let shown_again = done(&browser, &path(&issued, "change"), &same).await;
    assert!(shown_again.contains("Nothing was changed"), "{shown_again}");
    assert_eq!(audits(app, "license", &id).await.len(), rows);

    // Undo.
    let undo = shown.split("<form").find(|form| form.contains("Undo")).expect("a form");
    let names = [
        "reason",
        "version",
        "no_mail",
        "policy",
        "expires",
        "max_machines",
        "max_cores",
        "max_uses",
        "uses",
        "entitlements",
        "metadata",
    ];
    let values: Vec<(&str, String)> =
        names.into_iter().map(|name| (name, hidden(undo, name).expect("a field"))).collect();
    let fields: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let answer = browser.submit(&path(&issued, "change"), &fields).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let back = license(app, &issued).await.view;
    assert_eq!((back.license.max_machines, back.license.expiry, back.license.uses), (None, Expiry::Never, 0));
    assert!(back.individual_entitlements.is_empty() && back.license.metadata == "{}");
    assert!(mails(app, "ada@example.com").await.is_empty());
}

async fn mistakes_in_terms_are_said_beside_their_fields(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let browser = staff(app, Role::Admin).await;
    let wrong = [
        ("expires", "soon", "Enter a date such as"),
        ("max_machines", "two", "Enter a whole number"),
        ("max_cores", "0", "Enter a number from 1 to"),
        ("uses", "-1", "Enter a whole number"),
        ("entitlements", "NOTHING", "There is no entitlement"),
        ("metadata", "[1]", "Enter a JSON object"),
        ("policy", "gone", "There is no such policy"),
    ];
    for (field, value, says) in wrong {
        let valid = [("uses", "0"), ("policy", "chartgpt-lifetime"), ("metadata", "{}")];
        let others = valid.into_iter().filter(|(name, _)| *name != field);
        let fields: Vec<(&str, &str)> = others.chain([REASON, ("note", "a < b"), (field, value)]).collect();
        let answer = act(&browser, &path(&issued, "change"), &fields).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{field}");
        let again = answer.text().await.expect("a page");
        assert!(again.contains(says), "{field}: {again}");
        assert!(again.contains("a &lt; b"), "{field}: the note is lost: {again}");
        if field != "policy" {
            assert!(again.contains(value), "{field}: what was entered is lost: {again}");
        }
    }
    assert_eq!(license(app, &issued).await.view.license, issued.view.license);
}

async fn a_license_gets_another_owner(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    app.issue("bob@example.com").await;
    let browser = staff(app, Role::Admin).await;
    for (owner, says) in [("nobody@example.com", "There is no customer"), ("bob", "Enter one e-mail address")] {
        let answer = act(&browser, &path(&issued, "owner"), &[REASON, ("owner", owner)]).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
        let again = answer.text().await.expect("a page");
        assert!(again.contains(says) && again.contains(&format!("value=\"{owner}\"")), "{again}");
    }
    let shown = done(&browser, &path(&issued, "owner"), &[REASON, ("owner", "Bob@Example.com")]).await;
    assert_eq!(license(app, &issued).await.owner.email.as_str(), "bob@example.com");
    assert!(shown.contains("belongs to bob@example.com now") && shown.contains("value=\"ada@example.com\""), "{shown}");
}

async fn a_key_is_replaced_and_mailed_again(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let id = issued.view.license.id.to_string();
    let support = staff(app, Role::Support).await;
    let shown = done(&support, &path(&issued, "mail-key"), &[REASON]).await;
    assert!(shown.contains("on its way to ada@example.com") && !shown.contains(issued.key.expose()), "{shown}");
    assert_eq!(mails(app, "ada@example.com").await, ["license_issued"]);
    let wanted = ("license.key_mailed".to_owned(), "support".to_owned(), Some(reason("support_case", "")));
    assert_eq!(newest(app, "license", &id).await, wanted);

    let admin = staff(app, Role::Admin).await;
    done(&admin, &path(&issued, "new-key"), &[("reason", "compromised")]).await;
    assert_ne!(license(app, &issued).await.key.expose(), issued.key.expose());
    assert_eq!(mails(app, "ada@example.com").await, ["key_replaced", "license_issued"]);
    assert_eq!(newest(app, "license", &id).await.2, Some(reason("compromised", "")));
}

/// SU-07.
async fn su_07_a_key_is_shown_only_with_a_recent_second_factor(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let id = issued.view.license.id.to_string();
    let browser = staff(app, Role::Admin).await;
    let form = path(&issued, "show-key");
    app.kit.clock.advance(Duration::from_secs(298));
    let answer = act(&browser, &form, &[REASON, ("note", "on the phone")]).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["cache-control"], "no-store");
    assert!(answer.text().await.expect("a page").contains(issued.key.expose()));
    let wanted = ("license.key_shown".to_owned(), "admin".to_owned(), Some(reason("support_case", "on the phone")));
    assert_eq!(newest(app, "license", &id).await, wanted);
    // Opening the page shows nothing.
    assert!(!page(&browser, &form).await.contains(issued.key.expose()));

    let open = page(&browser, &form).await;
    app.kit.clock.advance(Duration::from_secs(2));
    let version = hidden(&open, "version").expect("a version");
    let late = browser.submit(&form, &[REASON, ("note", "still here"), ("version", &version)]).await;
    assert_eq!(late.status(), StatusCode::FORBIDDEN);
    let late = late.text().await.expect("a page");
    assert!(late.contains("needs your passkey again") && late.contains("still here"), "{late}");
    assert!(!late.contains(issued.key.expose()));
    let answer = browser.get(&form).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(location(&answer), format!("/login/confirm?next={form}"));
}

async fn what_was_entered_is_kept(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let browser = staff(app, Role::Admin).await;
    for (fields, says) in [
        (vec![("note", "<b>why</b>"), ("no_mail", "on")], "Choose a reason."),
        (vec![("reason", "nothing"), ("note", "<b>why</b>"), ("no_mail", "on")], "Choose a reason."),
        (vec![REASON, ("note", "<b>why</b> ada@example.com"), ("no_mail", "on")], "leave out e-mail addresses"),
    ] {
        let answer = act(&browser, &path(&issued, "suspend"), &fields).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
        let again = answer.text().await.expect("a page");
        assert!(again.contains(says) && again.contains("&lt;b&gt;why") && !again.contains("<b>why"), "{again}");
        let no_mail = again.split("<input").find(|field| field.contains("no_mail")).expect("a box");
        assert!(no_mail.split('>').next().expect("a tag").contains("checked"), "{no_mail}");
    }
    let answer = act(&browser, &path(&issued, "suspend"), &[("reason", "other"), ("note", " ")]).await;
    assert!(answer.text().await.expect("a page").contains("Say in the note which reason it is."));
    // The longest note that may be typed, and a longer one.
    let long = "x".repeat(501);
    let answer = act(&browser, &path(&issued, "suspend"), &[REASON, ("note", &long)]).await;
    assert!(answer.text().await.expect("a page").contains(&long));
    assert_eq!(license(app, &issued).await.view.license.standing, Standing::Good);
}

async fn an_act_on_something_that_changed_says_what_changed(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let (first, second) = (staff(app, Role::Admin).await, staff(app, Role::Admin).await);
    let form = page(&first, &path(&issued, "change")).await;
    let version = hidden(&form, "version").expect("a version");
    app.kit.clock.advance(Duration::from_secs(1));
    done(&second, &path(&issued, "suspend"), &[("reason", "abuse"), ("note", "found it"), ("no_mail", "on")]).await;
    let fields =
        [REASON, ("version", version.as_str()), ("policy", "chartgpt-lifetime"), ("max_machines", "9"), ("uses", "0")];
    let answer = first.submit(&path(&issued, "change"), &fields).await;
    assert_eq!(answer.status(), StatusCode::CONFLICT);
    let again = answer.text().await.expect("a page");
    for shown in ["changed while the page was open", "License suspended", "found it", "value=\"9\""] {
        assert!(again.contains(shown), "{shown} is missing: {again}");
    }
    assert_eq!(license(app, &issued).await.view.license.max_machines, None);
    // The page has the current version, so repeating it does it.
    let version = hidden(&again, "version").expect("a version");
    let fields =
        [REASON, ("version", version.as_str()), ("policy", "chartgpt-lifetime"), ("max_machines", "9"), ("uses", "0")];
    assert_eq!(first.submit(&path(&issued, "change"), &fields).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(license(app, &issued).await.view.license.max_machines, Some(9));
}

async fn a_machine_is_freed_by_support(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let made = app.desktop(Some(issued.key.expose())).activate("laptop").await;
    let machine = made.body["data"]["id"].as_str().expect("an id").to_owned();
    let browser = staff(app, Role::Support).await;
    let free = format!("/admin/machines/{machine}/free");
    let shown = done(&browser, &free, &[REASON, ("note", "lost")]).await;
    assert!(shown.contains("is free.") && shown.contains("Freed by admin"), "{shown}");
    assert_eq!(license(app, &issued).await.view.machine_count, 0);
    let wanted = ("machine.deactivated".to_owned(), "support".to_owned(), Some(reason("support_case", "lost")));
    assert_eq!(newest(app, "license", &issued.view.license.id.to_string()).await, wanted);
    assert_eq!(browser.get(&free).await.status(), StatusCode::FORBIDDEN, "it is free already");
    let answer = browser.submit(&free, &[REASON]).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER, "repeating it changes nothing");
}

async fn an_account_is_disabled_and_enabled(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let ada = app.customer("ada@example.com").await;
    assert!(ada.is_signed_in().await);
    let browser = staff(app, Role::Admin).await;
    let page_of = |act: &str| format!("/admin/customers/{}/{act}", issued.owner.id);
    let answer = act(&browser, &page_of("disable"), &[REASON, ("phrase", "bob@example.com")]).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(ada.is_signed_in().await);
    let shown = done(&browser, &page_of("disable"), &[("reason", "abuse"), ("phrase", "ada@example.com")]).await;
    assert!(shown.contains("was disabled") && shown.contains("Undo"), "{shown}");
    assert!(!ada.is_signed_in().await);
    let id = issued.owner.id.to_string();
    assert_eq!(
        newest(app, "account", &id).await,
        ("account.disabled".to_owned(), "admin".to_owned(), Some(reason("abuse", "")))
    );
    done(&browser, &page_of("enable"), &[("reason", "mistake")]).await;
    assert_eq!(
        newest(app, "account", &id).await,
        ("account.enabled".to_owned(), "admin".to_owned(), Some(reason("mistake", "")))
    );
}

/// ML-19: in one browser or everywhere, at the very next request.
async fn ml_19_an_admin_signs_a_customer_out(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let mut hers = Vec::new();
    for _ in 0..3 {
        app.kit.clock.advance(Duration::from_secs(1));
        hers.push(app.customer("ada@example.com").await);
    }
    let id = issued.owner.id.to_string();
    let sign_out = format!("/admin/customers/{id}/sign-out");
    let browser = staff(app, Role::Admin).await;
    let support = staff(app, Role::Support).await;
    let answer = support.submit(&sign_out, &[REASON, ("browser", "")]).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    let form = page(&browser, &sign_out).await;
    assert!(form.contains("All browsers") && form.contains("Chrome on Linux, 127.0.0.0/24"), "{form}");
    let answer = act(&browser, &sign_out, &[REASON, ("note", "lost phone"), ("browser", "x")]).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let again = answer.text().await.expect("a page");
    assert!(again.contains("Choose one of the browsers.") && again.contains("lost phone"), "{again}");

    let mut reader = app.service().store().read().await.expect("a reader");
    let sessions = reader.list_sessions_of(issued.owner.id).await.expect("read");
    drop(reader);
    let oldest = sessions.iter().min_by_key(|session| session.id).expect("a session").id.to_string();
    let shown = done(&browser, &sign_out, &[("reason", "compromised"), ("note", "lost"), ("browser", &oldest)]).await;
    assert!(shown.contains("was signed out of that browser."), "{shown}");
    assert!(!hers[0].is_signed_in().await && hers[1].is_signed_in().await);
    let wanted = ("session.ended".to_owned(), "admin".to_owned(), Some(reason("compromised", "lost")));
    assert_eq!(newest(app, "account", &id).await, wanted);
    // The form was opened before the session ended.
    let answer = browser.submit(&sign_out, &[REASON, ("browser", &oldest)]).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);

    let shown = done(&browser, &sign_out, &[REASON, ("browser", "")]).await;
    assert!(shown.contains("was signed out of 2 browsers."), "{shown}");
    assert!(!hers[1].is_signed_in().await && !hers[2].is_signed_in().await);
    assert_eq!(newest(app, "account", &id).await.0, "sessions.all_ended");
    let answer = browser.get(&sign_out).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN, "nobody is signed in any more");
}

/// ML-20: created, last seen, coarse network and browser.
async fn ml_20_the_list_of_browsers_shows_no_ids(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let _hers = app.customer("ada@example.com").await;
    let browser = staff(app, Role::Admin).await;
    let shown = page(&browser, &format!("/admin/customers/{}", issued.owner.id)).await;
    for text in ["Signed-in browsers", "Chrome on Linux", "127.0.0.0/24", "Last used"] {
        assert!(shown.contains(text), "{text} is missing: {shown}");
    }
    let mut reader = app.service().store().read().await.expect("a reader");
    for session in reader.list_sessions_of(issued.owner.id).await.expect("read") {
        assert!(!shown.contains(&session.id.to_string()), "the session's id is shown");
    }
}

async fn ml_21_an_admin_changes_an_address_and_both_get_a_mail(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    app.issue("bob@example.com").await;
    let id = issued.owner.id.to_string();
    let form = format!("/admin/customers/{id}/email");
    let browser = staff(app, Role::Admin).await;
    for (typed, says) in [
        ("ada", "Enter one e-mail address"),
        ("Ada@example.com", "has this address already"),
        ("bob@example.com", "Another account has this address"),
    ] {
        let answer = act(&browser, &form, &[REASON, ("note", "by phone"), ("email", typed)]).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{typed}");
        let again = answer.text().await.expect("a page");
        assert!(again.contains(says) && again.contains(&format!("value=\"{typed}\"")), "{again}");
        assert!(again.contains("by phone"), "{again}");
    }
    let shown = done(&browser, &form, &[REASON, ("email", "ada@new.example")]).await;
    assert!(shown.contains("The address is ada@new.example now.") && shown.contains("Undo"), "{shown}");
    let wanted = ("account.email_changed".to_owned(), "admin".to_owned(), Some(reason("support_case", "")));
    assert_eq!(newest(app, "account", &id).await, wanted);
    for notified in ["ada@example.com", "ada@new.example"] {
        assert_eq!(mails(app, notified).await, ["email_changed"], "{notified}");
    }
    let found = license(app, &issued).await.owner;
    assert_eq!((found.id, found.email.as_str()), (issued.owner.id, "ada@new.example"));

    // SU-07: it needs a recent second factor, and support may not do it.
    app.kit.clock.advance(Duration::from_secs(301));
    let late = browser.submit(&form, &[REASON, ("email", "ada@other.example")]).await;
    assert_eq!(late.status(), StatusCode::FORBIDDEN);
    assert!(late.text().await.expect("a page").contains("value=\"ada@other.example\""));
    let support = staff(app, Role::Support).await;
    assert_eq!(support.submit(&form, &[REASON, ("email", "x@y.example")]).await.status(), StatusCode::FORBIDDEN);
    // Staff change their own address.
    let browser = staff(app, Role::Admin).await;
    let mut reader = app.service().store().read().await.expect("a reader");
    let admins = reader.list_staff().await.expect("read");
    drop(reader);
    for account in admins {
        let answer = browser.get(&format!("/admin/customers/{}/email", account.id)).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    }
}

/// SU-08, for disabling: another admin can be disabled, the last one cannot.
async fn su_08_the_last_admin_is_not_disabled(app: &TestApp) {
    let browser = staff(app, Role::Admin).await;
    let host = app.service().admin(Operator::Host);
    let other = latchkey_licensing::email::EmailAddress::parse("other@example.com").expect("an address");
    let (other, _) = host.add_admin(&other, &Operator::Host.fresh()).await.expect("added");
    let page_of = |id: &str, act: &str| format!("/admin/customers/{id}/{act}");
    let other_id = other.id.to_string();
    done(&browser, &page_of(&other_id, "disable"), &[REASON, ("phrase", "other@example.com")]).await;
    let mut reader = app.service().store().read().await.expect("a reader");
    let own = reader.list_staff().await.expect("read").into_iter().find(|account| account.id != other.id);
    drop(reader);
    let own = own.expect("an admin");
    let answer = browser.get(&page_of(&own.id.to_string(), "disable")).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert!(answer.text().await.expect("a page").contains("This is the last admin."));
    let fields = [REASON, ("phrase", own.email.as_str())];
    let answer = browser.submit(&page_of(&own.id.to_string(), "disable"), &fields).await;
    assert_eq!(answer.status(), StatusCode::CONFLICT);
    assert!(browser.is_signed_in().await);
    done(&browser, &page_of(&other_id, "enable"), &[REASON]).await;
}

async fn notes_are_written_by_support(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let order = app.add_order(issued.owner.id, 1).await;
    let browser: Browser<'_> = staff(app, Role::Support).await;
    for record in [
        format!("/admin/licenses/{}", issued.view.license.id),
        format!("/admin/customers/{}", issued.owner.id),
        format!("/admin/orders/{order}"),
    ] {
        let answer = browser.submit(&format!("{record}/note"), &[("text", " ")]).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
        let text = "called her <twice>\nshe is fine";
        let shown = done(&browser, &format!("{record}/note"), &[("text", text)]).await;
        assert!(shown.contains("called her &lt;twice&gt;"), "{record}: {shown}");
    }
    // A note of any length comes back if it is too long.
    let long = "ü".repeat(4_001);
    let note = format!("/admin/licenses/{}/note", issued.view.license.id);
    let answer = browser.submit(&note, &[("text", &long)]).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text().await.expect("a page").contains(&long));
}
