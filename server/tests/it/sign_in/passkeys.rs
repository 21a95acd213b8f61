//! Passkeys over HTTP, with a software authenticator: the second factor of staff (SU), and signing in with one.

use std::time::Duration;

use latchkey_licensing::email::EmailAddress;
use latchkey_service::{AuditEvent, HostLink, Operator, PasskeyRefusal, StaffRole};
use latchkey_testkit::on_both;
use leptos::server_fn::axum::server_fn_paths;
use reqwest::{StatusCode, header};
use serde_json::Value;

use crate::{
    access_control::FIELDS,
    support::{
        app::{Browser, TestApp, location, with_app},
        authenticator::{Authenticator, Flaws},
    },
};

on_both!(
    with_app: su_01_staff_can_do_nothing_before_the_second_factor,
    su_02_the_authenticator_must_verify_its_user,
    su_03_an_old_session_cannot_change_passkeys,
    su_04_a_ceremony_works_once_for_its_session_and_purpose,
    su_05_the_first_passkey_needs_a_link_from_the_host,
    su_06_a_recovery_code_replaces_a_passkey_once,
    su_06_recovery_codes_cannot_be_guessed_quickly,
    su_08_the_last_passkey_of_an_admin_stays,
    su_09_wrong_responses_are_refused_and_recorded,
    su_10_sessions_end_when_the_role_changes_or_the_account_is_disabled,
    ml_16_the_second_factor_replaces_the_session_token,
    customers_sign_in_with_a_passkey,
    a_reset_removes_passkeys_and_codes,
);

const BOSS: &str = "boss@example.com";

fn email(text: &str) -> EmailAddress {
    EmailAddress::parse(text).expect("an address")
}

async fn add(app: &TestApp, address: &str, role: StaffRole) -> HostLink {
    let admin = app.service().admin(Operator::Host);
    admin.add_staff(&email(address), role, &Operator::Host.fresh()).await.expect("added").1
}

fn authenticator(app: &TestApp) -> Authenticator {
    Authenticator::new(&app.portal_origin())
}

/// A server function as a script calls it.
async fn call(browser: &Browser<'_>, path: &str, fields: &[(&str, &str)]) -> (StatusCode, Value) {
    let request = browser.form(path, fields).await.header(header::ACCEPT, "application/json");
    let mut request = request.build().expect("a request");
    request.headers_mut().insert(header::ACCEPT, header::HeaderValue::from_static("application/json"));
    let answer = browser.client.execute(request).await.expect("an answer");
    (answer.status(), serde_json::from_str(&answer.text().await.expect("a body")).unwrap_or_default())
}

/// The options of a ceremony.
async fn start(browser: &Browser<'_>, path: &str) -> String {
    let (status, options) = call(browser, path, &[]).await;
    assert_eq!(status, StatusCode::OK, "{path}: {options}");
    options.as_str().expect("the options as text").to_owned()
}

/// Creates a passkey and returns the recovery codes.
async fn enroll(browser: &Browser<'_>, authenticator: &mut Authenticator) -> Vec<String> {
    let options = start(browser, "/fn/start_enrollment").await;
    let response = authenticator.create(&options, &Flaws::default());
    let (status, created) = call(browser, "/fn/finish_enrollment", &[("response", &response), ("name", "Key")]).await;
    assert_eq!(status, StatusCode::OK, "{created}");
    let codes = created["codes"].as_array().expect("codes").iter();
    codes.map(|code| code.as_str().expect("a code").to_owned()).collect()
}

async fn confirm(browser: &Browser<'_>, authenticator: &mut Authenticator) -> StatusCode {
    let options = start(browser, "/fn/start_confirmation").await;
    let response = authenticator.get(&options, &Flaws::default());
    call(browser, "/fn/confirm_passkey", &[("response", &response)]).await.0
}

/// A browser of an admin who has just created the first passkey.
async fn boss(app: &TestApp) -> (Browser<'_>, Authenticator, Vec<String>) {
    let browser = app.signed_in(add(app, BOSS, StaffRole::Admin).await).await;
    let mut key = authenticator(app);
    let codes = enroll(&browser, &mut key).await;
    assert!(browser.is_signed_in().await);
    (browser, key, codes)
}

/// Another browser of the admin, signed in with mail only.
async fn by_mail(app: &TestApp) -> Browser<'_> {
    let browser = app.browser();
    browser.sign_in(BOSS).await;
    browser
}

/// The reasons for which responses for the admin's account were refused, the latest first.
async fn refusals(app: &TestApp) -> Vec<PasskeyRefusal> {
    let admin = app.service().admin(Operator::Host);
    let record = admin.customer(&email(BOSS), &Operator::Host.fresh()).await.expect("there");
    let why = |entry: &latchkey_service::AuditEntry| match entry.event {
        AuditEvent::Account(_, latchkey_service::AccountEvent::PasskeyRefused { why }) => Some(why),
        _ => None,
    };
    record.history.iter().filter_map(why).collect()
}

/// SU-01: signed in with mail only, a support agent or admin gets no page and no server function, except for those that
/// present or create the second factor.
async fn su_01_staff_can_do_nothing_before_the_second_factor(app: &TestApp) {
    const SECOND_FACTOR: [&str; 7] = [
        "/fn/confirm_passkey",
        "/fn/confirm_recovery_code",
        "/fn/finish_enrollment",
        "/fn/replace_recovery_codes",
        "/fn/second_factor",
        "/fn/start_confirmation",
        "/fn/start_enrollment",
    ];
    for role in [StaffRole::Support, StaffRole::Admin] {
        let browser = app.signed_in(add(app, &format!("{role:?}@example.com"), role).await).await;
        for path in ["/portal", "/portal/account"] {
            let answer = browser.get(path).await;
            let wanted = format!("/login/confirm?next={path}");
            assert_eq!((answer.status(), location(&answer)), (StatusCode::SEE_OTHER, wanted.as_str()));
        }
        let mut guarded = 0;
        for (path, _) in server_fn_paths() {
            let needs_session = call(&app.browser(), path, &FIELDS).await.0 == StatusCode::UNAUTHORIZED;
            if needs_session && !SECOND_FACTOR.contains(&path) {
                assert_eq!(call(&browser, path, &FIELDS).await.0, StatusCode::FORBIDDEN, "{path} as {role:?}");
                guarded += 1;
            }
        }
        assert!(guarded > 10, "only {guarded} functions were asked");
        let page = browser.get("/login/confirm").await.text().await.expect("a page");
        assert!(page.contains("Create a passkey"), "{page}");
    }
}

/// SU-02: the flag is checked when a passkey is created and whenever it is used.
async fn su_02_the_authenticator_must_verify_its_user(app: &TestApp) {
    let flaws = Flaws { is_user_unverified: true, ..Flaws::default() };
    let browser = app.signed_in(add(app, BOSS, StaffRole::Admin).await).await;
    let mut key = authenticator(app);
    let response = key.create(&start(&browser, "/fn/start_enrollment").await, &flaws);
    let fields = [("response", response.as_str()), ("name", "Key")];
    assert_eq!(call(&browser, "/fn/finish_enrollment", &fields).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    enroll(&browser, &mut key).await;
    let other = by_mail(app).await;
    let response = key.get(&start(&other, "/fn/start_confirmation").await, &flaws);
    let status = call(&other, "/fn/confirm_passkey", &[("response", &response)]).await.0;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!other.is_signed_in().await);
    assert_eq!(confirm(&other, &mut key).await, StatusCode::OK);
    assert!(other.is_signed_in().await);
}

/// SU-03: once there is a passkey, adding, replacing and removing needs a recent second factor.
async fn su_03_an_old_session_cannot_change_passkeys(app: &TestApp) {
    let (browser, mut key, _) = boss(app).await;
    let changes = ["/fn/start_enrollment", "/fn/remove_passkey", "/fn/replace_recovery_codes"];
    let id = [("id", "0190f3c2-0000-7000-8000-000000000000")];
    let stolen = by_mail(app).await;
    for path in changes {
        assert_eq!(call(&stolen, path, &id).await.0, StatusCode::FORBIDDEN, "{path}");
    }
    // A new link from the host does not help, because there is a passkey.
    let host = app.signed_in(add(app, BOSS, StaffRole::Admin).await).await;
    for path in changes {
        assert_eq!(call(&host, path, &id).await.0, StatusCode::FORBIDDEN, "{path}");
    }
    app.kit.clock.advance(Duration::from_secs(301));
    for path in changes {
        assert_eq!(call(&browser, path, &id).await.0, StatusCode::FORBIDDEN, "{path} after five minutes");
    }
    assert_eq!(confirm(&browser, &mut key).await, StatusCode::OK);
    assert_eq!(call(&browser, "/fn/remove_passkey", &id).await.0, StatusCode::NOT_FOUND);
    let mut second = authenticator(app);
    assert_eq!(enroll(&browser, &mut second).await, [""; 0], "only the first passkey comes with recovery codes");
    let stolen = by_mail(app).await;
    assert_eq!(confirm(&stolen, &mut second).await, StatusCode::OK);
}

/// SU-04: a ceremony belongs to its account, session and purpose, works once, and expires after five minutes.
async fn su_04_a_ceremony_works_once_for_its_session_and_purpose(app: &TestApp) {
    let (browser, mut key, _) = boss(app).await;
    let (one, two) = (by_mail(app).await, by_mail(app).await);
    let present = async |browser: &Browser<'_>, response: &str| {
        call(browser, "/fn/confirm_passkey", &[("response", response)]).await.0
    };
    let refused = StatusCode::UNPROCESSABLE_ENTITY;

    let options = start(&one, "/fn/start_confirmation").await;
    let response = key.get(&options, &Flaws::default());
    assert_eq!(present(&two, &response).await, refused, "another session has no ceremony");
    start(&two, "/fn/start_confirmation").await;
    assert_eq!(present(&two, &response).await, refused, "another session has another challenge");
    assert_eq!(present(&one, &response).await, StatusCode::OK);
    assert_eq!(present(&one, &response).await, refused, "a replay");

    let options = start(&two, "/fn/start_confirmation").await;
    let response = key.get(&options, &Flaws::default());
    start(&two, "/fn/start_confirmation").await;
    assert_eq!(present(&two, &response).await, refused, "a later challenge replaces the earlier one");

    // A challenge for creating a passkey cannot be used to present one, or the other way around.
    let options = start(&browser, "/fn/start_enrollment").await;
    let mut crossed: Value = serde_json::from_str(&options).expect("JSON");
    crossed["rpId"] = crossed["rp"]["id"].clone();
    let response = key.get(&crossed.to_string(), &Flaws::default());
    assert_eq!(present(&browser, &response).await, refused);

    // Another account's session.
    let eve = app.signed_in(add(app, "eve@example.com", StaffRole::Admin).await).await;
    enroll(&eve, &mut authenticator(app)).await;
    let options = start(&two, "/fn/start_confirmation").await;
    let response = key.get(&options, &Flaws::default());
    start(&eve, "/fn/start_confirmation").await;
    assert_eq!(present(&eve, &response).await, refused);

    for (seconds, wanted) in [(299, StatusCode::OK), (301, refused)] {
        let browser = by_mail(app).await;
        let options = start(&browser, "/fn/start_confirmation").await;
        let response = key.get(&options, &Flaws::default());
        app.kit.clock.advance(Duration::from_secs(seconds));
        assert_eq!(present(&browser, &response).await, wanted, "after {seconds} seconds");
        app.kit.clock.advance(Duration::from_hours(1));
    }
}

/// SU-05: mail alone does not let anybody create the first passkey of a support agent or admin.
async fn su_05_the_first_passkey_needs_a_link_from_the_host(app: &TestApp) {
    let link = add(app, BOSS, StaffRole::Admin).await;
    let mailed = by_mail(app).await;
    assert_eq!(call(&mailed, "/fn/start_enrollment", &[]).await.0, StatusCode::FORBIDDEN);
    let page = mailed.get("/login/passkey").await.text().await.expect("a page");
    assert!(page.contains("latchkey admin reset"), "{page}");
    drop(link);
    for (seconds, wanted) in [(899, StatusCode::OK), (901, StatusCode::FORBIDDEN)] {
        let browser = app.signed_in(add(app, BOSS, StaffRole::Admin).await).await;
        app.kit.clock.advance(Duration::from_secs(seconds));
        assert_eq!(call(&browser, "/fn/start_enrollment", &[]).await.0, wanted, "after {seconds} seconds");
    }
}

/// SU-06: ten codes, each of which works once and only for its account.
async fn su_06_a_recovery_code_replaces_a_passkey_once(app: &TestApp) {
    let (_, _, codes) = boss(app).await;
    assert_eq!(codes.len(), 10);
    let eve = app.signed_in(add(app, "eve@example.com", StaffRole::Admin).await).await;
    let foreign = enroll(&eve, &mut authenticator(app)).await;
    let browser = by_mail(app).await;
    let page = async |browser: &Browser<'_>, code: &str| {
        let answer = browser.submit("/fn/confirm_recovery_code", &[("code", code), ("next", "/portal/account")]).await;
        (answer.status(), location(&answer).to_owned())
    };
    let again = (StatusCode::SEE_OTHER, "/login/confirm?next=/portal/account".to_owned());
    assert_eq!(page(&browser, &foreign[0]).await, again, "another account's");
    assert_eq!(page(&browser, "nonsense").await, again);
    let typed = codes[0].to_lowercase().replace('-', " ");
    assert_eq!(page(&browser, &typed).await, (StatusCode::SEE_OTHER, "/portal/account".to_owned()));
    assert!(browser.is_signed_in().await);
    // The code counts as a recent second factor, so that a lost passkey can be replaced.
    enroll(&browser, &mut authenticator(app)).await;
    assert_eq!(page(&by_mail(app).await, &codes[0]).await, again, "used");
}

/// SU-06: a session with mail only cannot try many codes.
async fn su_06_recovery_codes_cannot_be_guessed_quickly(app: &TestApp) {
    let (_, _, codes) = boss(app).await;
    let browser = by_mail(app).await;
    for _ in 0..5 {
        let status = call(&browser, "/fn/confirm_recovery_code", &[("code", "0000")]).await.0;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let status = call(&browser, "/fn/confirm_recovery_code", &[("code", &codes[0])]).await.0;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    app.kit.clock.advance(Duration::from_mins(1));
    assert_eq!(call(&browser, "/fn/confirm_recovery_code", &[("code", &codes[0])]).await.0, StatusCode::OK);
}

/// SU-08: an admin cannot remove the last passkey, even in two requests at once.
async fn su_08_the_last_passkey_of_an_admin_stays(app: &TestApp) {
    let (browser, _, _) = boss(app).await;
    let ids = async || {
        let mut reader = app.service().store().read().await.expect("a reader");
        let account = reader.find_account_by_email(&email(BOSS)).await.expect("read").expect("an account");
        let passkeys = reader.list_passkeys_of(account.id).await.expect("read");
        passkeys.iter().map(|passkey| passkey.id.to_string()).collect::<Vec<_>>()
    };
    let remove = async |id: &str| call(&browser, "/fn/remove_passkey", &[("id", id)]).await.0;
    assert_eq!(remove(&ids().await[0]).await, StatusCode::UNPROCESSABLE_ENTITY);
    enroll(&browser, &mut authenticator(app)).await;
    let both = ids().await;
    let (one, two) = tokio::join!(remove(&both[0]), remove(&both[1]));
    let mut statuses = [one, two];
    statuses.sort();
    assert_eq!(statuses, [StatusCode::OK, StatusCode::UNPROCESSABLE_ENTITY]);
    assert_eq!(ids().await.len(), 1);
}

/// SU-09: each wrong response is refused, and the audit log says why.
async fn su_09_wrong_responses_are_refused_and_recorded(app: &TestApp) {
    let (_, mut key, _) = boss(app).await;
    let browser = by_mail(app).await;
    // Makes the stored counter 7, so that a lower one is noticed.
    let options = start(&browser, "/fn/start_confirmation").await;
    let response = key.get(&options, &Flaws { counter: Some(7), ..Flaws::default() });
    assert_eq!(call(&browser, "/fn/confirm_passkey", &[("response", &response)]).await.0, StatusCode::OK);
    let browser = by_mail(app).await;
    let next = || Flaws { counter: Some(8), ..Flaws::default() };
    let vectors = [
        (Flaws { origin: Some("https://evil.example"), ..next() }, PasskeyRefusal::WrongOrigin),
        (Flaws { origin: Some("http://localhost:1"), ..next() }, PasskeyRefusal::WrongOrigin),
        (Flaws { relying_party: Some("evil.example"), ..next() }, PasskeyRefusal::WrongRelyingParty),
        (Flaws { is_in_other_frame: true, ..next() }, PasskeyRefusal::CrossOrigin),
        (Flaws { top_origin: Some("https://evil.example"), ..next() }, PasskeyRefusal::CrossOrigin),
        (Flaws { counter: Some(6), ..next() }, PasskeyRefusal::Counter),
        (Flaws { counter: Some(7), ..next() }, PasskeyRefusal::Counter),
        (Flaws { counter: Some(0), ..next() }, PasskeyRefusal::Counter),
        (Flaws { challenge: Some("AAAAAAAAAAAAAAAAAAAAAA"), ..next() }, PasskeyRefusal::WrongChallenge),
        (Flaws { kind: Some("webauthn.create"), ..next() }, PasskeyRefusal::WrongType),
        (Flaws { is_user_absent: true, ..next() }, PasskeyRefusal::UserNotVerified),
        (Flaws { is_user_unverified: true, ..next() }, PasskeyRefusal::UserNotVerified),
        (Flaws { is_signature_damaged: true, ..next() }, PasskeyRefusal::Signature),
        (Flaws { has_other_key: true, ..next() }, PasskeyRefusal::Signature),
        (Flaws { credential: Some("AAAAAAAAAAAAAAAAAAAAAA"), ..next() }, PasskeyRefusal::UnknownPasskey),
    ];
    for (flaws, why) in vectors {
        // Entries of the audit log are sorted by time.
        app.kit.clock.advance(Duration::from_secs(1));
        let options = start(&browser, "/fn/start_confirmation").await;
        let response = key.get(&options, &flaws);
        let status = call(&browser, "/fn/confirm_passkey", &[("response", &response)]).await.0;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{flaws:?}");
        assert_eq!(refusals(app).await.first(), Some(&why), "{flaws:?}");
        assert!(!browser.is_signed_in().await, "{flaws:?}");
    }
    let options = start(&browser, "/fn/start_confirmation").await;
    let response = key.get(&options, &next());
    assert_eq!(call(&browser, "/fn/confirm_passkey", &[("response", &response)]).await.0, StatusCode::OK);

    // The same for a new passkey.
    let mut other = authenticator(app);
    let vectors = [
        (Flaws { origin: Some("https://evil.example"), ..Flaws::default() }, PasskeyRefusal::WrongOrigin),
        (Flaws { relying_party: Some("evil.example"), ..Flaws::default() }, PasskeyRefusal::WrongRelyingParty),
        (Flaws { is_in_other_frame: true, ..Flaws::default() }, PasskeyRefusal::CrossOrigin),
        (Flaws { challenge: Some("AAAAAAAAAAAAAAAAAAAAAA"), ..Flaws::default() }, PasskeyRefusal::WrongChallenge),
        (Flaws { kind: Some("webauthn.get"), ..Flaws::default() }, PasskeyRefusal::WrongType),
    ];
    for (flaws, why) in vectors {
        // Entries of the audit log are sorted by time.
        app.kit.clock.advance(Duration::from_secs(1));
        let options = start(&browser, "/fn/start_enrollment").await;
        let response = other.create(&options, &flaws);
        let fields = [("response", response.as_str()), ("name", "Key")];
        assert_eq!(call(&browser, "/fn/finish_enrollment", &fields).await.0, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(refusals(app).await.first(), Some(&why), "{flaws:?}");
    }
}

/// SU-10: at the very next request, in all processes.
async fn su_10_sessions_end_when_the_role_changes_or_the_account_is_disabled(app: &TestApp) {
    let admin = app.service().admin(Operator::Host);
    let fresh = Operator::Host.fresh();
    let (browser, mut key, _) = boss(app).await;
    let other = app.another_process().await;
    other.admin(Operator::Host).remove_staff(&email(BOSS), &fresh).await.expect("removed");
    assert!(!browser.is_signed_in().await, "no role");
    add(app, BOSS, StaffRole::Admin).await;
    assert!(!browser.is_signed_in().await, "the old session does not come back");
    let browser = by_mail(app).await;
    assert_eq!(confirm(&browser, &mut key).await, StatusCode::OK);
    add(app, BOSS, StaffRole::Support).await;
    assert!(!browser.is_signed_in().await, "a lower role");
    let browser = by_mail(app).await;
    assert_eq!(confirm(&browser, &mut key).await, StatusCode::OK);
    admin.disable_account(&email(BOSS)).await.expect("disabled");
    assert!(!browser.is_signed_in().await, "disabled");
    let options = start(&app.browser(), "/fn/start_passkey_sign_in").await;
    assert!(!options.is_empty());
    let browser = app.browser();
    let response = key.get(&start(&browser, "/fn/start_passkey_sign_in").await, &Flaws::default());
    let status = call(&browser, "/fn/sign_in_with_passkey", &[("response", &response)]).await.0;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "a disabled account does not sign in");
}

/// ML-16: the token from before the second factor no longer works.
async fn ml_16_the_second_factor_replaces_the_session_token(app: &TestApp) {
    let link = add(app, BOSS, StaffRole::Admin).await;
    let browser = app.browser();
    let token = link.url.rsplit('/').next().expect("a token");
    let answer = browser.submit("/fn/confirm_host_link", &[("token", token)]).await;
    let cookies = answer.headers().get_all(header::SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
    let cookie = cookies.filter_map(|text| text.split(';').next()).find(|text| text.contains("session="));
    let old = cookie.expect("a session").to_owned();
    let with_old = async || {
        let request = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        let request = request.get(format!("{}/portal", app.origin())).header(header::COOKIE, &old);
        location(&request.send().await.expect("an answer")).to_owned()
    };
    assert_eq!(with_old().await, "/login/confirm?next=/portal");
    enroll(&browser, &mut authenticator(app)).await;
    assert!(browser.is_signed_in().await);
    assert_eq!(with_old().await, "/login");
}

/// A customer adds a passkey soon after signing in, and then signs in with it alone.
async fn customers_sign_in_with_a_passkey(app: &TestApp) {
    app.issue("ada@example.com").await;
    let browser = app.browser();
    browser.sign_in("ada@example.com").await;
    app.kit.clock.advance(Duration::from_secs(301));
    assert_eq!(call(&browser, "/fn/start_enrollment", &[]).await.0, StatusCode::FORBIDDEN, "an old sign-in");
    let browser = app.browser();
    browser.sign_in("ada@example.com").await;
    let mut key = authenticator(app);
    assert_eq!(enroll(&browser, &mut key).await.len(), 10);

    let other = app.browser();
    let options = start(&other, "/fn/start_passkey_sign_in").await;
    let response = key.get(&options, &Flaws::default());
    let stranger = app.browser();
    let status = call(&stranger, "/fn/sign_in_with_passkey", &[("response", &response)]).await.0;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "another browser");
    let fields = [("response", response.as_str()), ("next", "/portal/account")];
    let (status, done) = call(&other, "/fn/sign_in_with_passkey", &fields).await;
    assert_eq!((status, done["redirect_to"].as_str()), (StatusCode::OK, Some("/portal/account")));
    assert!(other.is_signed_in().await);
    let page = other.get("/portal/account").await.text().await.expect("a page");
    assert!(page.contains("Recovery codes left: 10"), "{page}");
    assert_eq!(call(&other, "/fn/sign_in_with_passkey", &fields).await.0, StatusCode::UNPROCESSABLE_ENTITY, "a replay");

    let mut reader = app.service().store().read().await.expect("a reader");
    let account = reader.find_account_by_email(&email("ada@example.com")).await.expect("read").expect("an account");
    let id = reader.list_passkeys_of(account.id).await.expect("read")[0].id.to_string();
    drop(reader);
    let (status, _) = call(&other, "/fn/rename_passkey", &[("id", &id), ("name", "Phone")]).await;
    assert_eq!(status, StatusCode::OK);
    assert!(other.get("/portal/account").await.text().await.expect("a page").contains("Phone"));
    let typed = "n".repeat(101);
    let answer = other.submit("/fn/rename_passkey", &[("id", &id), ("name", &typed)]).await;
    assert_eq!(location(&answer), format!("/portal/account#passkey-{id}"));
    let shown = other.get("/portal/account").await.text().await.expect("a page");
    assert!(shown.contains(&format!("maxlength=\"100\" required value=\"{typed}\"")), "{shown}");
    assert_eq!(call(&other, "/fn/remove_passkey", &[("id", &id)]).await.0, StatusCode::OK);
    let response = key.get(&start(&other, "/fn/start_passkey_sign_in").await, &Flaws::default());
    let status = call(&other, "/fn/sign_in_with_passkey", &[("response", &response)]).await.0;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "a removed passkey");
}

/// A command on the host helps an admin who has lost all passkeys and codes.
async fn a_reset_removes_passkeys_and_codes(app: &TestApp) {
    let (browser, mut key, codes) = boss(app).await;
    let admin = app.service().admin(Operator::Host);
    let (_, link) = admin.reset_staff(&email(BOSS), &Operator::Host.fresh()).await.expect("reset");
    assert!(!browser.is_signed_in().await);
    let browser = app.signed_in(link).await;
    let status = call(&browser, "/fn/confirm_recovery_code", &[("code", &codes[0])]).await.0;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(call(&browser, "/fn/start_confirmation", &[]).await.0, StatusCode::NOT_FOUND);
    enroll(&browser, &mut key).await;
    assert!(browser.is_signed_in().await);
}
