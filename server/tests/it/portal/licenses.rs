//! What customers do in the portal with computers, keys and files, without scripts.

use std::time::Duration;

use latchkey_licensing::{
    air_gap::{Action, AirGapRequest},
    certificate::{self, FileKind, FileSecret},
    claims,
    email::EmailAddress,
    ids::MachineId,
    machine::{Fingerprint, Machine, MachineFacts},
    policy::ExpiryStrategy,
};
use latchkey_service::{IssuedLicense, LicenseChange, Notify, Operator};
use latchkey_store::DeactivatedBy;
use reqwest::{
    StatusCode,
    multipart::{Form, Part},
};

use crate::support::app::{Browser, TestApp, location, with_app};
use latchkey_testkit::on_both;

const DAY: Duration = Duration::from_hours(24);

async fn activate(app: &TestApp, issued: &IssuedLicense, fingerprint: &str) -> String {
    let made = app.desktop(Some(issued.key.expose())).activate(fingerprint).await;
    made.body["data"]["id"].as_str().expect("an id").to_owned()
}

async fn page(browser: &Browser<'_>, path: &str) -> String {
    let answer = browser.get(path).await;
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    answer.text().await.expect("a page")
}

async fn free(browser: &Browser<'_>, license: &str, machine: &str) {
    let answer = browser.submit("/fn/free_computer", &[("license", license), ("machine", machine)]).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
}

fn request(action: Action, fingerprint: &str, app: &TestApp, issued: &IssuedLicense) -> String {
    let facts = MachineFacts {
        name: Some("Lab PC".to_owned()),
        platform: Some("Windows 11".to_owned()),
        ..MachineFacts::default()
    };
    let fingerprint = Fingerprint::parse(fingerprint).expect("a fingerprint");
    AirGapRequest::new(action, fingerprint, facts, app.service().now(), &issued.key).to_text()
}

on_both!(
    with_app: the_swap_allowance_is_enforced,
    the_swap_allowance_is_exact,
    many_licenses_are_on_several_pages_and_can_be_searched,
    freeing_waits_for_the_license,
    a_computer_is_renamed,
    an_offline_file_is_downloaded,
    a_computer_without_internet_is_activated_and_deactivated,
    history_starts_when_the_license_came_to_its_owner,
    invalid_requests_are_explained,
    an_expired_license_is_not_activated_offline,
    a_request_survives_the_sign_in,
    other_texts_do_not_appear_in_urls,
    a_key_is_replaced,
    history_is_shown_in_plain_words,
    a_page_shows_a_hundred_computers_and_counts_all,
);

/// Six times in thirty days, as the default policy says. The seventh must wait.
async fn the_swap_allowance_is_enforced(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let id = issued.view.license.id.to_string();
    let browser = app.browser();
    browser.sign_in("ada@example.com").await;
    let path = format!("/portal/licenses/{id}");
    assert!(page(&browser, &path).await.contains("6 of 6 left this month"));
    for round in 0..6 {
        let machine = activate(app, &issued, &format!("m{round}")).await;
        free(&browser, &id, &machine).await;
        assert!(page(&browser, &path).await.contains(&format!("{} of 6 left this month", 5 - round)));
        app.kit.clock.advance(DAY);
    }
    let machine = activate(app, &issued, "seventh").await;
    free(&browser, &id, &machine).await;
    let shown = page(&browser, "/portal/licenses").await;
    assert!(shown.contains("You can free the next one in 24 days"), "{shown}");
    // A deactivation by the app does not count, and the first swap is available again after its month.
    assert_eq!(app.desktop(Some(issued.key.expose())).delete("/v1/machines/seventh").await.status, 204);
    let machine = activate(app, &issued, "eighth").await;
    app.kit.clock.advance(DAY * 24 + Duration::from_secs(1));
    browser.sign_in("ada@example.com").await;
    free(&browser, &id, &machine).await;
    assert!(page(&browser, &path).await.contains("0 of 6 left this month"));
}

/// The allowance is exact when two browsers free two computers concurrently.
async fn the_swap_allowance_is_exact(app: &TestApp) {
    app.add_policy("swaps", |policy| {
        policy.max_machines = Some(20);
        policy.swap_allowance = Some(latchkey_licensing::policy::SwapAllowance { count: 3, window: DAY });
    })
    .await;
    let issued = app.issue_under("ada@example.com", "swaps").await;
    let id = issued.view.license.id.to_string();
    let browser = app.browser();
    browser.sign_in("ada@example.com").await;
    let mut machines = Vec::new();
    for n in 0..10 {
        machines.push(activate(app, &issued, &format!("m{n}")).await);
    }
    let mut tries = Vec::new();
    for machine in &machines {
        let fields = [("license", id.as_str()), ("machine", machine.as_str())];
        let request = browser.form("/fn/free_computer", &fields).await;
        tries.push(tokio::spawn(async move { request.send().await.expect("an answer").status() }));
    }
    for attempt in tries {
        attempt.await.expect("no panic");
    }
    let left = app
        .service()
        .admin(Operator::Host)
        .license(issued.view.license.id, &Operator::Host.fresh())
        .await
        .expect("there")
        .view
        .machines;
    assert_eq!(left.len(), 7);
}

/// Freeing waits for the license's lock, so that what it counts cannot change.
async fn freeing_waits_for_the_license(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let (id, machine) = (issued.view.license.id, activate(app, &issued, "one").await);
    let browser = app.browser();
    browser.sign_in("ada@example.com").await;
    let mut tx = app.service().store().write().await.expect("a transaction");
    tx.lock_license(id).await.expect("locked");
    let request =
        browser.form("/fn/free_computer", &[("license", id.to_string().as_str()), ("machine", machine.as_str())]).await;
    let attempt = tokio::spawn(async move { request.send().await.expect("an answer").status() });
    // The waiting cannot be observed, but it has had enough time when several pages were served to the same
    // browser.
    for _ in 0..50 {
        page(&browser, "/portal/account").await;
        assert!(!attempt.is_finished(), "it did not wait for the lock");
    }
    drop(tx);
    assert_eq!(attempt.await.expect("no panic"), StatusCode::SEE_OTHER);
    let left =
        app.service().admin(Operator::Host).license(id, &Operator::Host.fresh()).await.expect("there").view.machines;
    assert!(left.is_empty());
}

async fn a_computer_is_renamed(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let id = issued.view.license.id.to_string();
    let machine = activate(app, &issued, "one").await;
    let browser = app.browser();
    browser.sign_in("ada@example.com").await;
    let path = format!("/portal/licenses/{id}/machines/{machine}");
    let rename = async |name: &str| {
        let fields = [("license", id.as_str()), ("machine", machine.as_str()), ("name", name)];
        let answer = browser.submit("/fn/rename_computer", &fields).await;
        assert_eq!((answer.status(), location(&answer)), (StatusCode::SEE_OTHER, path.as_str()));
        page(&browser, &path).await
    };
    assert!(rename("  Büro <b>  ").await.contains("The computer was renamed to Büro &lt;b&gt;."));
    assert!(rename(&"x".repeat(101)).await.contains("at most 100 characters"));
    assert!(rename("a\u{7}b").await.contains("at most 100 characters"));
    let history = page(&browser, &format!("/portal/licenses/{id}")).await;
    assert!(history.contains("PC one renamed to Büro &lt;b&gt;") && history.contains("PC one activated"), "{history}");
    assert!(rename("").await.contains("Computer 1"));
    // The app sees the name. Other customers' computers do not exist.
    let eve = app.browser();
    app.issue("eve@example.com").await;
    eve.sign_in("eve@example.com").await;
    assert_eq!(eve.get(&path).await.status(), StatusCode::NOT_FOUND);
    eve.submit("/fn/rename_computer", &[("license", id.as_str()), ("machine", machine.as_str()), ("name", "Mine")])
        .await;
    assert!(!page(&browser, &path).await.contains("Mine"));
}

/// The file opens with the key on that computer, is valid as long as chosen, and at most as long as the
/// policy says.
async fn an_offline_file_is_downloaded(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let id = issued.view.license.id;
    let machine = activate(app, &issued, "one").await;
    let browser = app.browser();
    browser.sign_in("ada@example.com").await;
    let shown = page(&browser, &format!("/portal/licenses/{id}/machines/{machine}")).await;
    assert!(shown.contains("30 days") && shown.contains("7 days") && !shown.contains("90 days"), "{shown}");
    let path = format!("/portal/licenses/{id}/machines/{machine}/file");
    let secret = FileSecret::of_machine(&issued.key, &Fingerprint::parse("one").expect("a fingerprint"));
    for (days, lasts) in [("7", 7), ("30", 30), ("9000", 30), ("0", 1)] {
        let answer = browser.submit(&path, &[("days", days)]).await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()["content-type"], "application/octet-stream");
        assert_eq!(answer.headers()["content-disposition"], format!("attachment; filename=\"{machine}.lic\""));
        let text = answer.text().await.expect("a file");
        let dataset = certificate::open(FileKind::Machine, &text, &[app.public_key], Some(&secret)).expect("good");
        let claims = claims::read(FileKind::Machine, &dataset, app.service().now()).expect("good");
        assert_eq!(claims.expires_at, app.service().now().plus(DAY * lasts));
    }
    assert!(page(&browser, &format!("/portal/licenses/{id}")).await.contains("License file for PC one created"));
    // Nobody else gets it, nor does anyone for a suspended license.
    let computer = path.strip_suffix("/file").expect("the computer's page");
    assert_eq!(location(&app.browser().submit(&path, &[("days", "7")]).await), format!("/login?next={computer}"));
    let forged =
        browser.client.post(format!("{}{path}", app.origin())).form(&[("days", "7")]).send().await.expect("an answer");
    assert_eq!(forged.status(), StatusCode::FORBIDDEN, "a form of another site is refused");
    app.issue("eve@example.com").await;
    let eve = app.browser();
    eve.sign_in("eve@example.com").await;
    assert_eq!(eve.submit(&path, &[("days", "7")]).await.status(), StatusCode::NOT_FOUND);
    app.service().admin(Operator::Host).suspend_license(id, Notify::Nobody).await.expect("suspended");
    assert_eq!(location(&browser.submit(&path, &[("days", "7")]).await), format!("/portal/licenses/{id}"));
}

/// The complete air gap: entering a request, installing the file, and deactivating again.
async fn a_computer_without_internet_is_activated_and_deactivated(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let id = issued.view.license.id;
    let browser = app.browser();
    browser.sign_in("ada@example.com").await;
    let text = request(Action::Activate, "lab", app, &issued);
    let shown = page(&browser, &format!("/portal/offline?request={text}")).await;
    assert!(shown.contains("Activate Lab PC?") && shown.contains("0 of 2 computers in use"), "{shown}");
    assert!(
        app.service()
            .admin(Operator::Host)
            .license(id, &Operator::Host.fresh())
            .await
            .expect("there")
            .view
            .machines
            .is_empty(),
        "showing a request changes nothing"
    );
    // As a file with an editor's line breaks.
    let (half, rest) = text.split_at(60);
    let file = Part::text(format!("{half}\r\n{rest}\r\n")).file_name("request.txt");
    let upload = browser
        .client
        .post(format!("{}/portal/offline/upload", app.origin()))
        .header("sec-fetch-site", "same-origin")
        .multipart(Form::new().part("file", file))
        .send()
        .await
        .expect("an answer");
    assert_eq!(location(&upload), format!("/portal/offline?request={text}"));

    let done = browser.submit("/fn/carry_out_request", &[("request", &text)]).await;
    let computer = location(&done).to_owned();
    assert!(computer.starts_with(&format!("/portal/licenses/{id}/machines/")), "{computer}");
    assert!(page(&browser, &computer).await.contains("The computer was activated."));
    let again = browser.submit("/fn/carry_out_request", &[("request", &text)]).await;
    assert_eq!(location(&again), computer, "sending it twice is not an error");
    let file = browser.submit(&format!("{computer}/file"), &[("days", "30")]).await.text().await.expect("a file");
    let secret = FileSecret::of_machine(&issued.key, &Fingerprint::parse("lab").expect("a fingerprint"));
    assert!(certificate::open(FileKind::Machine, &file, &[app.public_key], Some(&secret)).is_ok());

    // Deactivated again, which does not use up a swap.
    app.kit.clock.advance(DAY);
    let out = request(Action::Deactivate, "lab", app, &issued);
    assert!(page(&browser, &format!("/portal/offline?request={out}")).await.contains("Deactivate Lab PC?"));
    let done = browser.submit("/fn/carry_out_request", &[("request", &out)]).await;
    assert_eq!(location(&done), format!("/portal/licenses/{id}"));
    let shown = page(&browser, &format!("/portal/licenses/{id}")).await;
    assert!(shown.contains("Lab PC was deactivated") && shown.contains("6 of 6 left"), "{shown}");
    // Sending the same request later does not end a later activation.
    app.kit.clock.advance(DAY);
    activate(app, &issued, "lab").await;
    let done = browser.submit("/fn/carry_out_request", &[("request", &out)]).await;
    let form = format!("/portal/offline?request={out}");
    assert_eq!(location(&done), form);
    assert!(page(&browser, &form).await.contains("older than the computer"));
    // Nor does a request made before the computer's last file: the customer would have both.
    let early = request(Action::Deactivate, "lab", app, &issued);
    app.kit.clock.advance(DAY);
    let view = app.service().admin(Operator::Host).license(id, &Operator::Host.fresh()).await.expect("there").view;
    let machine = view.machines[0].id;
    browser.submit(&format!("/portal/licenses/{id}/machines/{machine}/file"), &[("days", "30")]).await;
    browser.submit("/fn/carry_out_request", &[("request", &early)]).await;
    let view = app.service().admin(Operator::Host).license(id, &Operator::Host.fresh()).await.expect("there").view;
    assert_eq!(view.machines.len(), 1, "the machine is still active");
    // A user who frees it in the portal learns that the file stays valid.
    let question = page(&browser, &format!("/portal/licenses/{id}/machines/{machine}/free")).await;
    assert!(question.contains("It may have a license file"), "{question}");
    let (license, machine) = (id.to_string(), machine.to_string());
    browser.submit("/fn/free_computer", &[("license", &license), ("machine", &machine)]).await;
    let shown = page(&browser, &format!("/portal/licenses/{id}")).await;
    assert!(shown.contains("continues to work until its file expires"), "{shown}");
}

/// What happened before a license was transferred is not shown to its new owner.
async fn history_starts_when_the_license_came_to_its_owner(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let id = issued.view.license.id;
    let machine = activate(app, &issued, "adas").await;
    let ada = app.browser();
    ada.sign_in("ada@example.com").await;
    app.kit.clock.advance(DAY);
    ada.submit("/fn/free_computer", &[("license", &id.to_string()), ("machine", &machine)]).await;
    assert!(page(&ada, &format!("/portal/licenses/{id}")).await.contains("PC adas freed"));
    app.issue("eve@example.com").await;
    app.kit.clock.advance(DAY);
    let owner = Some(EmailAddress::parse("eve@example.com").expect("an address"));
    let change = LicenseChange { owner, ..LicenseChange::default() };
    app.service().admin(Operator::Host).change_license(id, change).await.expect("moved");
    let eve = app.browser();
    eve.sign_in("eve@example.com").await;
    let shown = page(&eve, &format!("/portal/licenses/{id}")).await;
    assert!(shown.contains("License terms changed") && !shown.contains("PC adas"), "{shown}");
}

async fn invalid_requests_are_explained(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let other = app.issue("eve@example.com").await;
    let browser = app.browser();
    browser.sign_in("ada@example.com").await;
    let foreign = request(Action::Activate, "lab", app, &other);
    let own = request(Action::Activate, "lab", app, &issued);
    for (text, said) in [
        ("nonsense", "That is not a request from the app"),
        (&own[..own.len() - 3], "Part of the request is missing"),
        (foreign.as_str(), "a license key that is not in your account"),
    ] {
        // A request is kept in the URL. Anything else may be a key and does not appear there.
        let refused = browser.submit("/fn/carry_out_request", &[("request", text)]).await;
        let shown_request = if text == "nonsense" { "x" } else { text };
        let form = format!("/portal/offline?request={shown_request}");
        assert_eq!((refused.status(), location(&refused)), (StatusCode::SEE_OTHER, form.as_str()));
        let shown = browser.get(&form).await.text().await.expect("a page");
        assert!(shown.contains(said), "{said}");
        let looked = browser.get(&format!("/portal/offline?request={text}")).await;
        assert_eq!(looked.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert!(looked.text().await.expect("a page").contains(said), "{said}");
    }
    activate(app, &issued, "one").await;
    activate(app, &issued, "two").await;
    let path = format!("/portal/offline?request={own}");
    let refused = browser.submit("/fn/carry_out_request", &[("request", &own)]).await;
    assert_eq!(location(&refused), path);
    let shown = page(&browser, &path).await;
    assert!(shown.contains("All computers of this license are in use"), "{shown}");
    // Lists the active computers with links to free them, and has no button that could not work.
    assert!(shown.contains("All slots of this license are in use") && shown.contains("Free PC one"), "{shown}");
    assert!(!shown.contains("Activate this computer"), "{shown}");
    app.service()
        .admin(Operator::Host)
        .suspend_license(issued.view.license.id, Notify::Nobody)
        .await
        .expect("suspended");
    browser.submit("/fn/carry_out_request", &[("request", &own)]).await;
    let shown = page(&browser, &path).await;
    assert!(shown.contains("suspended, revoked or expired") && shown.contains("has been suspended since"), "{shown}");
    assert!(page(&browser, "/portal/offline").await.contains("Enter a request"));
}

/// Nobody carries a file that the app refuses.
async fn an_expired_license_is_not_activated_offline(app: &TestApp) {
    app.add_policy("a-day", |policy| {
        policy.duration = Some(DAY);
        policy.expiry_strategy = ExpiryStrategy::RestrictAccess;
    })
    .await;
    let issued = app.issue_under("ada@example.com", "a-day").await;
    let browser = app.browser();
    browser.sign_in("ada@example.com").await;
    let own = request(Action::Activate, "lab", app, &issued);
    let path = format!("/portal/offline?request={own}");
    assert!(page(&browser, &path).await.contains("Activate this computer"));
    app.kit.clock.advance(DAY * 2);
    let shown = page(&browser, &path).await;
    assert!(shown.contains("This license expired") && !shown.contains("Activate this computer"), "{shown}");
    let refused = browser.submit("/fn/carry_out_request", &[("request", &own)]).await;
    assert_eq!(location(&refused), path);
    let machines = app.desktop(Some(issued.key.expose())).get("/v1/machines").await;
    assert_eq!(machines.body["data"].as_array().map(Vec::len), Some(0));
}

/// Scanning a code with a phone that is not signed in leads to the request after signing in.
async fn a_request_survives_the_sign_in(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let path = format!("/portal/offline?request={}", request(Action::Activate, "lab", app, &issued));
    let browser = app.browser();
    let sent = browser.get(&path).await;
    let login = location(&sent).to_owned();
    assert!(login.starts_with("/login?next=/portal/offline%3Frequest%3Dlk1."), "{login}");
    let form = page(&browser, &login).await;
    assert!(form.contains(&format!("value=\"{path}\"")), "{form}");
    // A mistyped code or a second mail does not lose the request.
    let mistyped = browser.submit("/fn/request_sign_in", &[("email", "ada"), ("next", &path)]).await;
    assert_eq!(location(&mistyped), login);
    let asked = browser.submit("/fn/request_sign_in", &[("email", "ada@example.com"), ("next", &path)]).await;
    assert_eq!(location(&asked), "/login/code");
    let code_page = page(&browser, "/login/code").await;
    assert!(code_page.contains(&login), "{code_page}");
    app.kit.deliver_mail().await;
    let (token, _) = crate::support::app::secrets_in(&app.kit.mail.take().pop().expect("a mail").text);
    assert_eq!(location(&browser.confirm_link(&token).await), path);
    assert!(page(&browser, &path).await.contains("Activate Lab PC?"));
}

/// A key that is pasted instead of a request does not appear in a URL.
async fn other_texts_do_not_appear_in_urls(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let browser = app.browser();
    browser.sign_in("ada@example.com").await;
    for (field, text) in [("request", issued.key.expose()), ("file", issued.key.expose()), ("file", "")] {
        let upload = browser
            .client
            .post(format!("{}/portal/offline/upload", app.origin()))
            .header("sec-fetch-site", "same-origin")
            .multipart(Form::new().part(field, Part::text(text.to_owned()).file_name("x.txt")))
            .send()
            .await
            .expect("an answer");
        assert_eq!(location(&upload), "/portal/offline?request=x");
    }
    let shown = browser.get("/portal/offline?request=x").await.text().await.expect("a page");
    assert!(shown.contains("That is not a request from the app"), "{shown}");
    // A user whose session has expired signs in first and keeps the pasted text.
    let stranger = app.browser();
    for (text, next) in [("x", "/portal/offline"), ("lk1.a.b", "/portal/offline%3Frequest%3Dlk1.a.b")] {
        let sent = stranger
            .client
            .post(format!("{}/portal/offline/upload", app.origin()))
            .header("sec-fetch-site", "same-origin")
            .multipart(Form::new().text("request", text))
            .send()
            .await
            .expect("an answer");
        let asked = stranger.get(location(&sent)).await;
        assert_eq!(location(&asked), format!("/login?next={next}"));
    }
}

/// The old key stops working with the next request, and the new key replaces it everywhere.
async fn a_key_is_replaced(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let id = issued.view.license.id;
    activate(app, &issued, "one").await;
    let browser = app.browser();
    browser.sign_in("ada@example.com").await;
    let question = page(&browser, &format!("/portal/licenses/{id}/new-key")).await;
    assert!(
        question.contains("stops working immediately") && question.contains("PC one stays activated"),
        "{question}"
    );
    assert!(question.contains("also sent to your e-mail address"), "{question}");
    app.kit.clock.advance(Duration::from_secs(1));
    let done = browser.submit("/fn/replace_key", &[("id", &id.to_string())]).await;
    assert_eq!(location(&done), format!("/portal/licenses/{id}"));
    let shown = page(&browser, &format!("/portal/licenses/{id}")).await;
    assert!(shown.contains("This license has a new key") && shown.contains("License key replaced"), "{shown}");
    let admin = app.service().admin(Operator::Host);
    let key = admin.license(id, &Operator::Host.fresh()).await.expect("there").key;
    assert_ne!(key, issued.key);
    // The new key is there to be entered in the app, once.
    assert!(shown.contains(key.expose()), "{shown}");
    assert!(!page(&browser, &format!("/portal/licenses/{id}")).await.contains(key.expose()));
    assert_eq!(app.desktop(Some(issued.key.expose())).get("/v1/me").await.code(), "LICENSE_INVALID");
    let me = app.desktop(Some(key.expose())).get("/v1/machines/one").await;
    assert_eq!(me.status, 200, "the computer stays activated");
    // Not for other customers, not while suspended, and not if the policy does not allow it.
    app.issue("eve@example.com").await;
    let eve = app.browser();
    eve.sign_in("eve@example.com").await;
    eve.submit("/fn/replace_key", &[("id", &id.to_string())]).await;
    admin.suspend_license(id, Notify::Nobody).await.expect("suspended");
    browser.submit("/fn/replace_key", &[("id", &id.to_string())]).await;
    admin.reinstate_license(id, Notify::Nobody).await.expect("reinstated");
    assert_eq!(admin.license(id, &Operator::Host.fresh()).await.expect("there").key, key);
    app.add_policy("fixed", |policy| policy.customer_replaces_key = false).await;
    let fixed = app.issue_under("ada@example.com", "fixed").await;
    let fixed_id = fixed.view.license.id;
    browser.submit("/fn/replace_key", &[("id", &fixed_id.to_string())]).await;
    assert_eq!(admin.license(fixed_id, &Operator::Host.fresh()).await.expect("there").key, fixed.key);
    let page = page(&browser, &format!("/portal/licenses/{fixed_id}")).await;
    assert!(!page.contains("Replace this key"));
}

/// A deactivation by the server is shown as such.
async fn history_is_shown_in_plain_words(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let id = issued.view.license.id;
    let admin = app.service().admin(Operator::Host);
    admin.suspend_license(id, Notify::Nobody).await.expect("suspended");
    admin.reinstate_license(id, Notify::Nobody).await.expect("reinstated");
    let machine = activate(app, &issued, "one").await;
    let mut tx = app.service().store().write().await.expect("a transaction");
    tx.set_machine_deactivated(machine.parse().expect("an id"), DeactivatedBy::Server, app.service().now())
        .await
        .expect("done");
    tx.commit().await.expect("committed");
    let browser = app.browser();
    browser.sign_in("ada@example.com").await;
    let shown = page(&browser, &format!("/portal/licenses/{id}")).await;
    for line in
        ["License issued", "License suspended", "License reinstated", "PC one activated", "The seller", "The app"]
    {
        assert!(shown.contains(line), "{line}: {shown}");
    }
}

/// A page shows the first hundred computers and counts them all; the others are found by their ids.
async fn a_page_shows_a_hundred_computers_and_counts_all(app: &TestApp) {
    app.add_policy("site", |policy| policy.max_machines = Some(150)).await;
    let issued = app.issue_under("ada@example.com", "site").await;
    let license = issued.view.license.id;
    let now = app.service().now();
    let mut tx = app.service().store().write().await.expect("a transaction");
    let mut last = None;
    for slot in 1..=120_u8 {
        let machine = Machine {
            id: MachineId::new(now, [slot; 10]),
            license,
            slot: u32::from(slot),
            fingerprint: Fingerprint::parse(&format!("pc-{slot}")).expect("a fingerprint"),
            facts: MachineFacts { name: Some(format!("Desk {slot}")), ..MachineFacts::default() },
            metadata: "{}".to_owned(),
            last_heartbeat_at: None,
            is_resurrected: false,
            last_check_out_at: None,
            last_seen_at: now,
            created_at: now,
            updated_at: now,
        };
        tx.insert_machine(&machine, &[slot; 32]).await.expect("inserted");
        last = Some(machine.id.to_string());
    }
    tx.commit().await.expect("committed");
    let (license, machine) = (license.to_string(), last.expect("a machine"));
    let browser = app.browser();
    browser.sign_in("ada@example.com").await;
    let shown = page(&browser, &format!("/portal/licenses/{license}")).await;
    assert!(shown.contains("120 of 150 computers in use"), "{shown}");
    assert!(shown.contains("first 100 of 120 computers"), "{shown}");
    assert!(shown.contains(">Desk 100<") && !shown.contains(">Desk 101<"), "{shown}");
    let path = format!("/portal/licenses/{license}/machines/{machine}");
    assert!(page(&browser, &path).await.contains("Desk 120"));
    assert!(page(&browser, &format!("{path}/free")).await.contains("Free Desk 120?"));
    free(&browser, &license, &machine).await;
    let shown = page(&browser, &format!("/portal/licenses/{license}")).await;
    assert!(shown.contains("119 of 150 computers in use"), "{shown}");
    // The list of licenses reads them as a set.
    app.issue("ada@example.com").await;
    let shown = page(&browser, "/portal/licenses").await;
    assert!(shown.contains("119 of 150") && shown.contains("0 of 2"), "{shown}");
}

async fn many_licenses_are_on_several_pages_and_can_be_searched(app: &TestApp) {
    app.issue("eve@example.com").await;
    let mut tails = Vec::new();
    for _ in 0..60 {
        tails.push(app.issue("ada@example.com").await.key.tail().to_owned());
    }
    let ada = app.customer("ada@example.com").await;
    let rows = |page: &str| page.matches("<th scope=\"row\"").count();
    let next = |page: &str| {
        let link = page.split("href=\"/portal/licenses?").nth(1)?.split('"').next()?;
        page.contains("Next page").then(|| format!("/portal/licenses?{link}"))
    };
    let first = page(&ada, "/portal/licenses").await;
    assert_eq!(rows(&first), 25);
    assert!(!first.contains("First page"), "{first}");
    let second = page(&ada, &next(&first).expect("a link")).await;
    assert_eq!(rows(&second), 25);
    assert!(second.contains("First page"), "{second}");
    let third = page(&ada, &next(&second).expect("a link")).await;
    assert_eq!((rows(&third), next(&third)), (10, None));
    for tail in &tails {
        assert!([&first, &second, &third].iter().any(|page| page.contains(tail)), "{tail}");
    }
    // All of a key, its end, and its end as people write it.
    let tail = &tails[42];
    let wanted = tails.iter().filter(|other| *other == tail).count();
    for text in [tail.clone(), tail.to_lowercase(), format!("-{tail}%20"), format!("CGPT-AAAAA-{tail}")] {
        assert_eq!(rows(&page(&ada, &format!("/portal/licenses?q={text}")).await), wanted, "{text}");
    }
    for text in ["%25", "_", "%5C", "ada@example.com", "%3Cscript%3E"] {
        let found = page(&ada, &format!("/portal/licenses?q={text}")).await;
        assert!(found.contains("No license key ends with this text."), "{text}: {found}");
    }
    let few = app.customer("eve@example.com").await;
    let only = page(&few, "/portal/licenses").await;
    assert!(!only.contains("role=\"search\"") && !only.contains("Next page"), "{only}");
    let other = page(&few, &next(&first).expect("a link")).await;
    assert!(rows(&other) <= 1, "a cursor shows only the customer's own licenses");
}
