//! Customers' rights: their data as a file, and deleting the account.

use std::{fs, time::Duration};

use latchkey_licensing::{account::Role, email::EmailAddress};
use latchkey_service::{DeleteAccountError, IssuedLicense, LicenseChange, Mail, NoteSubject, Operator};
use latchkey_testkit::{Backend, on_both, stripe::Payment};
use reqwest::{Response, StatusCode, header};
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};

use crate::{
    admin::{
        staff,
        support::{act, audits, mails, newest, page},
    },
    billing::with_shop,
    support::{
        app::{Browser, TestApp, location, run, with_app},
        host::{Host, text},
        shop::Shop,
    },
};

on_both!(with_app:
    a_customer_exports_everything_and_no_secrets,
    what_belonged_to_a_previous_owner_is_not_exported,
    mails_to_an_earlier_address_are_hers,
    exports_are_limited,
    deleting_needs_a_recent_sign_in_and_the_address,
    licenses_work_on_after_the_account_was_deleted,
    the_address_is_free_again,
    an_account_is_deleted_once,
    staff_accounts_are_not_deleted,
    admins_export_and_delete
);

on_both!(with_shop: an_order_does_not_get_its_address_back, a_running_subscription_has_to_end_first);

on_both!(with_backend: nothing_in_the_database_names_a_deleted_person);

const ADA: &str = "ada@example.com";

fn with_backend(backend: Backend, test: impl AsyncFnOnce(Backend)) {
    run(async { test(backend).await });
}

fn email(text: &str) -> EmailAddress {
    EmailAddress::parse(text).expect("an address")
}

async fn sent(app: &TestApp) -> Vec<Mail> {
    app.kit.deliver_mail().await;
    app.kit.mail.take()
}

/// A customer with a license on a computer, an order and a note, whose name is known.
async fn ada(app: &TestApp) -> (IssuedLicense, Browser<'_>) {
    let issued = app.issue(ADA).await;
    assert_eq!(app.desktop(Some(issued.key.expose())).activate("lovelace").await.status, 201);
    app.add_order(issued.owner.id, 1).await;
    let host = app.service().admin(Operator::Host);
    host.add_note(&NoteSubject::Account(issued.owner.id), "called on Monday").await.expect("noted");
    let browser = app.customer(ADA).await;
    browser.submit("/fn/rename", &[("name", "Ada Lovelace")]).await;
    sent(app).await;
    // What happens later has later ids.
    app.kit.clock.advance(Duration::from_secs(1));
    (issued, browser)
}

/// The data in a file.
async fn data(answer: Response) -> Value {
    assert_eq!(answer.status(), StatusCode::OK);
    let headers = answer.headers();
    assert_eq!(headers[header::CONTENT_DISPOSITION], "attachment; filename=\"my-data.json\"");
    assert_eq!(headers[header::CACHE_CONTROL], "no-store");
    serde_json::from_str(&answer.text().await.expect("a body")).expect("JSON")
}

async fn export(browser: &Browser<'_>) -> Response {
    browser.submit("/portal/account/export", &[]).await
}

async fn delete(browser: &Browser<'_>) {
    let answer = browser.submit("/fn/delete_account", &[("phrase", "Ada@Example.com ")]).await;
    assert_eq!((answer.status(), location(&answer)), (StatusCode::SEE_OTHER, "/login/deleted"));
    assert_eq!(answer.headers()["clear-site-data"], r#""cookies", "storage""#);
}

async fn a_customer_exports_everything_and_no_secrets(app: &TestApp) {
    let (issued, browser) = ada(app).await;
    let exported = data(export(&browser).await).await;
    assert_eq!(exported["format"], "latchkey-personal-data-1");
    assert_eq!(exported["account"]["email"], ADA);
    assert_eq!(exported["account"]["name"], "Ada Lovelace");
    assert_eq!(exported["sessions"][0]["browser"], "Chrome on Linux");
    assert_eq!(exported["sessions"][0]["network"], "127.0.0.0/24");
    let license = &exported["licenses"][0];
    assert_eq!(license["id"], issued.view.license.id.to_string());
    assert_eq!(license["policy"], "chartgpt-lifetime");
    assert_eq!(license["machines"][0]["name"], "PC lovelace");
    assert_eq!(license["machines"][0]["platform"], "linux");
    let order = &exported["orders"][0];
    assert_eq!((&order["email"], &order["total_minor"]), (&Value::from(ADA), &Value::from(14_900)));
    assert_eq!(order["lines"][0]["price"], "chartgpt-lifetime");
    assert_eq!(order["payments"][0]["paid_minor"], 14_900);
    assert_eq!(exported["notes"][0]["text"], "called on Monday");
    let events: Vec<&str> =
        exported["audit_log"].as_array().expect("rows").iter().filter_map(|row| row["event"].as_str()).collect();
    for event in ["account.data_exported", "sign_in.confirmed", "machine.activated", "license.issued"] {
        assert!(events.contains(&event), "{event} is missing: {events:?}");
    }
    let text = exported.to_string();
    assert!(!text.contains(issued.key.expose()), "the key is in the file");
    assert!(!text.contains("token") && !text.contains("hash"), "{text}");
    assert_eq!(newest(app, "account", &issued.owner.id.to_string()).await.0, "account.data_exported");
    // Mails are listed without their content.
    browser.submit("/fn/request_sign_in", &[("email", ADA)]).await;
    let exported = data(export(&browser).await).await;
    assert_eq!(exported["mails"][0]["kind"], "sign_in");
    assert!(exported["mails"][0].get("text").is_none());
}

async fn what_belonged_to_a_previous_owner_is_not_exported(app: &TestApp) {
    let issued = app.issue("bob@example.com").await;
    let desktop = app.desktop(Some(issued.key.expose()));
    assert_eq!(desktop.activate("bobs").await.status, 201);
    assert_eq!(desktop.delete("/v1/machines/bobs").await.status, 204);
    app.kit.clock.advance(Duration::from_secs(1));
    let browser = app.customer(ADA).await;
    let host = app.service().admin(Operator::Host);
    let change = LicenseChange { owner: Some(email(ADA)), ..LicenseChange::default() };
    host.change_license(issued.view.license.id, change).await.expect("changed");
    app.kit.clock.advance(Duration::from_secs(1));
    assert_eq!(desktop.activate("adas").await.status, 201);
    let exported = data(export(&browser).await).await;
    let text = exported.to_string();
    assert!(text.contains("PC adas") && !text.contains("PC bobs"), "{text}");
    assert!(text.contains("license.changed") && !text.contains("license.issued"), "{text}");
}

/// They are exported, and deleted with the account. The next owner of the address does not get them.
async fn mails_to_an_earlier_address_are_hers(app: &TestApp) {
    let (issued, _) = ada(app).await;
    let host = app.service().admin(Operator::Host);
    host.mail_license_key(issued.view.license.id).await.expect("mailed");
    let reason = latchkey_service::Reason::new(latchkey_service::ReasonCode::CustomerRequest, "").expect("a reason");
    let new_address = email("ada@new.example");
    host.because(&reason).set_email(issued.owner.id, &new_address, &Operator::Host.fresh()).await.expect("changed");
    sent(app).await;
    let browser = app.customer("ada@new.example").await;
    let eve = app.customer(ADA).await;
    eve.submit("/fn/request_sign_in", &[("email", ADA)]).await;
    let of = |exported: &Value, address: &str| {
        let mails = exported["mails"].as_array().expect("mails").iter();
        let mails = mails.filter(|mail| mail["to"] == address).filter_map(|mail| mail["kind"].as_str());
        mails.map(str::to_owned).collect::<Vec<_>>()
    };
    let exported = data(export(&browser).await).await;
    let before = of(&exported, ADA);
    assert!(
        before.contains(&"license_issued".to_owned()) && before.contains(&"email_changed".to_owned()),
        "{before:?}"
    );
    assert!(of(&exported, "ada@new.example").contains(&"email_changed".to_owned()));
    assert_eq!(of(&data(export(&eve).await).await, ADA), ["sign_in"]);
    browser.submit("/fn/delete_account", &[("phrase", "ada@new.example")]).await;
    assert_eq!(mails(app, "ada@new.example").await, ["account_deleted"]);
    assert_eq!(mails(app, ADA).await, ["sign_in"], "only the next owner's");
}

async fn exports_are_limited(app: &TestApp) {
    let (_, browser) = ada(app).await;
    for _ in 0..3 {
        data(export(&browser).await).await;
    }
    let answer = export(&browser).await;
    assert_eq!((answer.status(), location(&answer)), (StatusCode::SEE_OTHER, "/portal/account"));
    assert!(page(&browser, "/portal/account").await.contains("Too many requests."));
    app.kit.clock.advance(Duration::from_hours(1));
    data(export(&browser).await).await;
}

/// SU-07, at both edges. What was typed is kept.
async fn deleting_needs_a_recent_sign_in_and_the_address(app: &TestApp) {
    let (issued, browser) = ada(app).await;
    let form = page(&browser, "/portal/account/delete").await;
    for said in ["What is erased", "What stays", "keeps working with its key", "Your order without your address", ADA] {
        assert!(form.contains(said), "{said} is missing: {form}");
    }
    let answer = browser.submit("/fn/delete_account", &[("phrase", "ada")]).await;
    assert_eq!((answer.status(), location(&answer)), (StatusCode::SEE_OTHER, "/portal/account/delete"));
    let again = page(&browser, "/portal/account/delete").await;
    assert!(again.contains("To confirm, type") && again.contains("value=\"ada\""), "{again}");
    app.kit.clock.advance(Duration::from_secs(301));
    browser.submit("/fn/delete_account", &[("phrase", ADA)]).await;
    let late = page(&browser, "/portal/account/delete").await;
    assert!(late.contains("/login?next=/portal/account/delete") && late.contains("a new proof"), "{late}");
    assert!(mails(app, ADA).await.iter().all(|kind| kind != "account_deleted"));
    let record = app.service().admin(Operator::Host).find_account(&issued.owner.email).await.expect("read");
    assert_eq!(record.map(|account| account.id), Some(issued.owner.id));
}

async fn licenses_work_on_after_the_account_was_deleted(app: &TestApp) {
    let (issued, browser) = ada(app).await;
    let other = app.customer(ADA).await;
    delete(&browser).await;
    assert!(!browser.is_signed_in().await && !other.is_signed_in().await);
    assert!(page(&browser, "/login/deleted").await.contains("Your account was deleted"));
    let notices = sent(app).await;
    let subjects: Vec<(&str, &str)> = notices.iter().map(|mail| (mail.to.as_str(), mail.subject.as_str())).collect();
    assert_eq!(subjects, [(ADA, "Your Latchkey account was deleted")]);

    let desktop = app.desktop(Some(issued.key.expose()));
    let meta = serde_json::json!({ "meta": { "key": issued.key.expose() } });
    let answer = desktop.post("/v1/licenses/actions/validate-key", meta).await;
    assert_eq!((answer.status, &answer.body["meta"]["code"]), (200, &Value::from("VALID")), "{:?}", answer.body);
    assert_eq!(desktop.activate("second").await.status, 201, "a free slot can still be used");
    let host = app.service().admin(Operator::Host);
    let license = host.license(issued.view.license.id, &Operator::Host.fresh()).await.expect("there");
    assert!(license.owner.is_deleted() && license.owner.name.is_none());
    let names: Vec<Option<&str>> = license.view.machines.iter().map(|machine| machine.facts.name.as_deref()).collect();
    assert_eq!(names, [None, Some("PC second")], "only the names from before are erased");
    // No mail is sent to the pseudonym.
    host.suspend_license(issued.view.license.id, latchkey_service::Notify::Customer).await.expect("suspended");
    app.kit.clock.advance(Duration::from_hours(24 * 400));
    app.service().queue_reminders().await.expect("queued");
    assert!(sent(app).await.is_empty());
    let wanted = ("account.deleted".to_owned(), "customer".to_owned(), None);
    assert_eq!(newest(app, "account", &issued.owner.id.to_string()).await, wanted);
}

async fn the_address_is_free_again(app: &TestApp) {
    let (issued, browser) = ada(app).await;
    delete(&browser).await;
    sent(app).await;
    // It behaves as an unknown address, and so does the pseudonym.
    let pseudonym = EmailAddress::pseudonym(issued.owner.id);
    for address in [ADA, pseudonym.as_str()] {
        let answer = app.browser().submit("/fn/request_sign_in", &[("email", address)]).await;
        assert_eq!(location(&answer), "/login/code");
    }
    assert!(sent(app).await.is_empty());
    let host = app.service().admin(Operator::Host);
    assert!(host.sign_in_link(&pseudonym, &Operator::Host.fresh()).await.is_err());
    let again = app.issue(ADA).await;
    assert_ne!(again.owner.id, issued.owner.id);
    let browser = app.customer(ADA).await;
    let shown = page(&browser, "/portal/licenses").await;
    assert!(shown.contains(again.key.tail()) && !shown.contains(issued.key.tail()), "{shown}");
}

async fn an_account_is_deleted_once(app: &TestApp) {
    let (issued, _) = ada(app).await;
    let other = app.another_process().await;
    let tries = (0..6).map(|number| {
        let service = if number % 2 == 0 { app.service().clone() } else { other.clone() };
        let account = issued.owner.clone();
        tokio::spawn(
            async move { service.admin(Operator::Host).delete_account(&account, &Operator::Host.fresh()).await },
        )
    });
    let tries: Vec<_> = tries.collect();
    let mut deleted = 0;
    for result in tries {
        match result.await.expect("no panic") {
            Ok(_) => deleted += 1,
            Err(DeleteAccountError::Deleted) => {}
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!((deleted, sent(app).await.len()), (1, 1));
}

async fn staff_accounts_are_not_deleted(app: &TestApp) {
    let browser = staff(app, Role::Support).await;
    let answer = browser.submit("/fn/delete_account", &[("phrase", "support@example.com")]).await;
    assert_eq!(location(&answer), "/portal/account/delete");
    assert!(page(&browser, "/portal/account").await.contains("cannot be deleted yet"));
}

async fn admins_export_and_delete(app: &TestApp) {
    let (issued, hers) = ada(app).await;
    let id = issued.owner.id.to_string();
    let path = |act: &str| format!("/admin/customers/{id}/{act}");
    let support = staff(app, Role::Support).await;
    for act in ["export", "delete"] {
        assert_eq!(support.submit(&path(act), &[("reason", "customer_request")]).await.status(), StatusCode::FORBIDDEN);
    }
    let admin = staff(app, Role::Admin).await;
    let reason = ("reason", "customer_request");
    assert_eq!(act(&admin, &path("export"), &[]).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let exported = data(act(&admin, &path("export"), &[reason, ("note", "by mail")]).await).await;
    assert_eq!(exported["account"]["email"], ADA);
    let wanted = ("customer_request".to_owned(), "by mail".to_owned());
    assert_eq!(newest(app, "account", &id).await.2, Some(wanted));

    let answer = act(&admin, &path("delete"), &[reason, ("phrase", "eve@example.com")]).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(hers.is_signed_in().await);
    let answer = act(&admin, &path("delete"), &[reason, ("phrase", ADA)]).await;
    assert_eq!(
        (answer.status(), location(&answer)),
        (StatusCode::SEE_OTHER, format!("/admin/customers/{id}").as_str())
    );
    assert!(!hers.is_signed_in().await);
    let shown = page(&admin, &format!("/admin/customers/{id}")).await;
    assert!(shown.contains("The account was deleted.") && shown.contains("deleted.invalid"), "{shown}");
    assert!(!shown.contains(ADA) && !shown.contains("called on Monday"), "{shown}");
    for act in ["export", "delete", "email", "sign-out", "disable"] {
        assert_eq!(admin.get(&path(act)).await.status(), StatusCode::FORBIDDEN, "{act}");
    }
    assert_eq!(audits(app, "account", &id).await[0].actor_kind, "admin");

    // SU-07.
    let eve = app.issue("eve@example.com").await.owner.id;
    app.kit.clock.advance(Duration::from_secs(301));
    for (act, phrase) in [("export", ""), ("delete", "eve@example.com")] {
        let late = admin.submit(&format!("/admin/customers/{eve}/{act}"), &[reason, ("phrase", phrase)]).await;
        assert_eq!(late.status(), StatusCode::FORBIDDEN, "{act}");
    }
    assert!(app.service().admin(Operator::Host).find_account(&email("eve@example.com")).await.expect("read").is_some());
}

/// Also when Stripe, which still has the address, says something new about the order.
async fn an_order_does_not_get_its_address_back(shop: &Shop) {
    let started = shop.buy_by_card(ADA, 1).await;
    shop.deliver().await;
    let host = shop.service().admin(Operator::Host);
    let account = host.find_account(&email(ADA)).await.expect("read").expect("an account");
    assert_eq!(shop.order(started.order).await.email.as_deref(), Some(ADA));
    host.delete_account(&account, &Operator::Host.fresh()).await.expect("deleted");
    assert_eq!(shop.order(started.order).await.email, None);
    let mut reader = shop.service().store().read().await.expect("a reader");
    let events = reader.list_stripe_events(None, None, 100).await.expect("read");
    assert!(!events.is_empty());
    for event in events {
        let (_, body) = reader.find_stripe_event(&event.id).await.expect("read").expect("an event");
        assert!(!String::from_utf8_lossy(&body).contains(ADA), "{}", event.kind);
    }
    drop(reader);
    let session = shop.order(started.order).await.checkout.expect("a checkout");
    let payment = shop.stripe.payment_of(&session).expect("a payment");
    shop.stripe.refund(&payment, Some(4_900)).expect("refunded");
    shop.deliver().await;
    let order = shop.order(started.order).await;
    assert_eq!((order.refunded_minor, order.email, order.account), (4_900, None, Some(account.id)));
    assert!(host.find_account(&email(ADA)).await.expect("read").is_none(), "no account is created");
    // Buying again makes another account.
    let again = shop.buy_by_card(ADA, 1).await;
    shop.deliver().await;
    assert_ne!(shop.order(again.order).await.account, Some(account.id));
}

async fn a_running_subscription_has_to_end_first(shop: &Shop) {
    let subscribed = shop.subscribe_to("monthly", &Payment::by_card(ADA)).await;
    let host = shop.service().admin(Operator::Host);
    let account = host.find_account(&email(ADA)).await.expect("read").expect("an account");
    let refused = host.delete_account(&account, &Operator::Host.fresh()).await.expect_err("refused").to_string();
    assert!(refused.contains("still runs: cancel it on the order's page"), "{refused}");
    let browser = shop.app.customer(ADA).await;
    let form = page(&browser, "/portal/account/delete").await;
    let order = format!("/portal/orders/{}", subscribed.0);
    assert!(form.contains(&format!("href=\"{order}\"")) && form.contains("still runs"), "{form}");
    assert!(!form.contains("Delete my account"), "{form}");
    let answer = browser.submit("/fn/delete_account", &[("phrase", ADA)]).await;
    assert_eq!(location(&answer), "/portal/account/delete");
    let admin = staff(&shop.app, Role::Admin).await;
    let answer = admin.get(&format!("/admin/customers/{}/delete", account.id)).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert!(answer.text().await.expect("a page").contains("still runs"));
    shop.stripe.cancel_at_period_end(&subscribed.1, true).expect("canceled");
    shop.deliver().await;
    delete(&browser).await;
}

/// Every text in the database.
async fn dump(backend: Backend, url: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    match backend {
        Backend::Sqlite => {
            let mut conn = SqliteConnection::connect(url).await.expect("connected");
            let sql = "SELECT tables.name, columns.name FROM sqlite_schema AS tables
                       JOIN pragma_table_info(tables.name) AS columns WHERE tables.type = 'table'";
            let columns: Vec<(String, String)> = sqlx::query_as(sql).fetch_all(&mut conn).await.expect("read");
            for (table, column) in columns {
                let sql = format!("SELECT CAST({column} AS TEXT) FROM {table} WHERE {column} IS NOT NULL");
                let values: Vec<Vec<u8>> = sqlx::query_scalar(AssertSqlSafe(sql.replace("AS TEXT", "AS BLOB")))
                    .fetch_all(&mut conn)
                    .await
                    .expect("read");
                found.extend(values.iter().map(|value| (table.clone(), String::from_utf8_lossy(value).into_owned())));
            }
        }
        Backend::Postgres => {
            let mut conn = PgConnection::connect(url).await.expect("connected");
            let sql = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'";
            let tables: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut conn).await.expect("read");
            for table in tables {
                let sql = format!("SELECT rows::text FROM {table} AS rows");
                let values: Vec<String> =
                    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut conn).await.expect("read");
                found.extend(values.into_iter().map(|value| (table.clone(), value)));
            }
        }
    }
    found
}

/// Apart from the name on the receipts, and from names of computers in the audit log, which is never changed.
async fn nothing_in_the_database_names_a_deleted_person(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (_, browser) = ada(&app).await;
    browser.submit("/fn/request_email_change", &[("email", "ada@new.example")]).await;
    app.browser().submit("/fn/request_sign_in", &[("email", ADA)]).await;
    let tables = async |wanted: &str| -> Vec<String> {
        let mut tables: Vec<String> = dump(backend, app.kit.database.url())
            .await
            .into_iter()
            .filter(|(_, text)| text.contains(wanted))
            .map(|(table, _)| table)
            .collect();
        tables.dedup();
        tables.sort();
        tables.dedup();
        tables
    };
    assert_eq!(tables(ADA).await, ["accounts", "email_changes", "orders", "outbox", "sign_in_requests"]);
    assert!(!tables("Lovelace").await.is_empty() && !tables("called on Monday").await.is_empty());
    delete(&browser).await;
    assert_eq!(tables(ADA).await, ["outbox"]);
    assert_eq!(mails(&app, ADA).await, ["account_deleted"], "only the last mail is on its way");
    assert_eq!(tables("ada@new.example").await, [""; 0], "the address that she asked for");
    assert_eq!(tables("PC lovelace").await, ["audit_log"]);
    for gone in ["Lovelace", "called on Monday"] {
        assert_eq!(tables(gone).await, [""; 0], "{gone}");
    }
    sent(&app).await;
    app.kit.clock.advance(Duration::from_hours(24 * 8));
    app.service().remove_expired_rows().await.expect("removed");
    assert_eq!(tables(ADA).await, [""; 0]);
    assert_eq!(tables("ada@new.example").await, [""; 0]);
}

/// `account export` and `account delete`, with their exit codes.
#[test]
fn commands_export_and_delete() {
    let host = Host::with_products();
    let issued = host.json(&["license", "issue", "--email", ADA, "--policy", "chartgpt-lifetime", "--no-mail"]);
    let key = issued["key"].as_str().expect("a key");
    let exported = host.json(&["account", "export", ADA]);
    assert_eq!(exported["account"]["email"], ADA);
    assert_eq!(exported["licenses"].as_array().map(Vec::len), Some(1));
    let plain = text(&host.run(&["account", "export", ADA]).stdout);
    assert!(serde_json::from_str::<Value>(&plain).is_ok() && !plain.contains(key), "{plain}");
    for words in [["account", "export", "nobody@example.com"], ["account", "delete", "nobody@example.com"]] {
        assert!(host.refusal(&words, 1).contains("no account with the address"));
    }
    assert!(host.refusal(&["account", "export", "ada"], 2).contains("not an e-mail address"));
    // Without a terminal, it has to be confirmed.
    assert!(host.refusal(&["account", "delete", ADA], 2).contains("add --yes"));
    host.json(&["admin", "add", "boss@example.com"]);
    assert!(host.refusal(&["account", "delete", "boss@example.com", "--yes"], 1).contains("latchkey admin remove"));
    let deleted = host.json(&["account", "delete", ADA, "--yes"]);
    assert_eq!((&deleted["deleted"], &deleted["licenses"]), (&Value::from(true), &Value::from(1)));
    assert!(host.refusal(&["account", "delete", ADA, "--yes"], 1).contains("no account with the address"));
    let shown = host.json(&["license", "show", issued["id"].as_str().expect("an id")]);
    assert_eq!((&shown["status"], &shown["key"]), (&Value::from("ACTIVE"), &Value::from(key)));
    assert!(shown["email"].as_str().is_some_and(|email| email.ends_with("@deleted.invalid")), "{shown}");
    assert!(host.json(&["audit", "verify"])["problems"].as_array().is_none_or(Vec::is_empty));
    assert!(fs::exists(host.folder.path().join("data")).expect("read"));
}
