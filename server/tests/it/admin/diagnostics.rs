//! The page of the instance's state: what it shows, to whom, and that it contains no secrets.

use std::time::Duration;

use latchkey_licensing::account::Role;
use latchkey_server::settings::{Secret, Settings};
use latchkey_service::{Operator, Worker, WorkerFailure};
use latchkey_testkit::{Backend, on_both};
use reqwest::StatusCode;
use sqlx::{Connection, Executor};

use crate::{
    admin::{
        staff,
        support::{done, mails, newest, page},
    },
    support::app::{TestApp, eventually, run, with_app},
};

on_both!(with_app: each_job_of_upkeep_is_noted, the_state_is_shown_to_admins, a_test_mail_is_sent_and_recorded, what_is_late_is_said);

/// Takes away a table that only reminders need.
async fn break_reminders(app: &TestApp) {
    let sql = "ALTER TABLE license_notices RENAME TO taken_away";
    let url = app.kit.database.url();
    if url.starts_with("sqlite") {
        sqlx::SqliteConnection::connect(url).await.expect("connected").execute(sql).await.map(drop)
    } else {
        sqlx::PgConnection::connect(url).await.expect("connected").execute(sql).await.map(drop)
    }
    .expect("renamed");
}

/// A job that fails is noted as itself, and the others go on.
async fn each_job_of_upkeep_is_noted(app: &TestApp) {
    let jobs = [Worker::Culling, Worker::ExpiredRows, Worker::Reminders];
    let states = async || {
        let diagnostics = app.service().admin(Operator::Host).diagnostics().await.expect("read");
        jobs.map(|job| {
            let state = diagnostics.workers.iter().find(|state| state.worker == job).copied().expect("known");
            (state.ran_at.is_some(), state.failed.is_some())
        })
    };
    assert_eq!(states().await, [(false, false); 3]);
    break_reminders(app).await;
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let upkeep = tokio::spawn(latchkey_server::workers::run_upkeep(app.service().clone(), stopped));
    eventually([(true, false), (true, false), (true, true)], states).await;
    stop.send(true).expect("it runs");
    upkeep.await.expect("no panic");
}

async fn the_state_is_shown_to_admins(app: &TestApp) {
    app.service().note_round(Worker::Mail, Some(WorkerFailure::Database));
    let admin = staff(app, Role::Admin).await;
    let shown = page(&admin, "/admin/diagnostics").await;
    let kind = app.service().store().kind();
    let migrations = concat!(env!("CARGO_MANIFEST_DIR"), "/../migrations/sqlite");
    let migrations = std::fs::read_dir(migrations).expect("the migrations").count();
    let (applied, all_applied) =
        (format!("{migrations} of {migrations}"), format!("All {migrations} migrations are applied."));
    let parts = [
        kind,
        &applied,
        &all_applied,
        "Mail queue",
        "the database was not available",
        "Not in this process",
        "Rotate the signing key",
        "latchkey audit verify --head HEAD",
        "server.portal_url",
        "No key, so nothing is sold",
        latchkey_stripe::API_VERSION,
        "No events yet",
        "Latchkey support report",
        env!("CARGO_PKG_VERSION"),
    ];
    for part in parts {
        assert!(shown.contains(part), "{part} is missing: {shown}");
    }
    assert_eq!(shown.contains("It differs from this computer"), kind == "PostgreSQL", "{shown}");
    assert!(!shown.contains("No mail is sent"), "this needs a click: {shown}");
    let all = page(&admin, "/admin/diagnostics?checks=all").await;
    assert!(all.contains("No mail is sent: it is written to files.") && all.contains("Stripe key"), "{all}");

    let support = staff(app, Role::Support).await;
    let answer = support.get("/admin/diagnostics").await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    let refused = answer.text().await.expect("a page");
    assert!(
        refused.contains("Only admins may see the state") && !refused.contains("migrations are applied"),
        "{refused}"
    );
}

async fn a_test_mail_is_sent_and_recorded(app: &TestApp) {
    let admin = staff(app, Role::Admin).await;
    let shown = done(&admin, "/admin/diagnostics/test-mail", &[]).await;
    assert!(shown.contains("A test mail to admin@example.com is on its way."), "{shown}");
    assert!(mails(app, "admin@example.com").await.contains(&"test".to_owned()));
    let email = latchkey_licensing::email::EmailAddress::parse("admin@example.com").expect("an address");
    let host = app.service().admin(Operator::Host);
    let (account, _) = host.add_customer(&email, None).await.expect("there");
    assert_eq!(newest(app, "account", &account.id.to_string()).await.0, "mail.tested");
    let support = staff(app, Role::Support).await;
    let answer = support.submit("/admin/diagnostics/test-mail", &[]).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert!(!mails(app, "support@example.com").await.contains(&"test".to_owned()));
}

async fn what_is_late_is_said(app: &TestApp) {
    // No worker sends mails here.
    staff(app, Role::Admin).await.submit("/admin/diagnostics/test-mail", &[]).await;
    app.kit.clock.advance(Duration::from_mins(11));
    let admin = staff(app, Role::Admin).await;
    let shown = page(&admin, "/admin/diagnostics").await;
    assert!(shown.contains("the oldest for 11 minutes") && shown.contains("Check the mail server"), "{shown}");
}

/// Values that must not appear anywhere.
const SECRETS: [&str; 6] = [
    "canary-smtp-password",
    "rk_test_canaryCanaryCanaryCanary",
    "whsec_canaryCanaryCanaryCanaryCanary",
    "cafecafecafecafecafecafecafecafecafecafecafecafecafecafecafecafe",
    "beefbeefbeefbeefbeefbeefbeefbeefbeefbeefbeefbeefbeefbeefbeefbeef",
    "canary-database-password",
];

fn set_secrets(settings: &mut Settings) {
    let [smtp, stripe, webhook, master, signing, database] = SECRETS;
    settings.mail.smtp_url = Secret::new(&format!("smtp://user:{smtp}@127.0.0.1:1?tls=required"));
    settings.mail.from = Some("a@example.com".to_owned());
    settings.stripe.secret_key = Some(Secret::new(stripe));
    settings.stripe.webhook_secrets = Some(Secret::new(webhook));
    // Nothing listens there.
    "http://127.0.0.1:1".clone_into(&mut settings.stripe.api_url);
    settings.secrets.master_secret = Secret::new(master);
    settings.secrets.signing_key = Secret::new(signing);
    settings.database.url = Secret::new(&format!("postgres://user:{database}@127.0.0.1/x"));
}

#[test]
fn the_page_contains_no_secrets() {
    run(async {
        let app = TestApp::start_with(Backend::Sqlite, |settings, _| set_secrets(settings)).await;
        let issued = app.issue("ada@example.com").await;
        let admin = staff(&app, Role::Admin).await;
        for path in ["/admin/diagnostics", "/admin/diagnostics?checks=all"] {
            let shown = page(&admin, path).await;
            assert!(shown.contains("secrets.master_secret") && shown.contains("(set)"), "{shown}");
            for secret in SECRETS.into_iter().chain([issued.key.expose(), "ada@example.com"]) {
                assert!(!shown.contains(secret), "{path} contains {secret}: {shown}");
            }
        }
        let all = page(&admin, "/admin/diagnostics?checks=all").await;
        assert!(all.contains("Mail cannot be sent") && all.contains("Test mode, restricted key"), "{all}");
    });
}
