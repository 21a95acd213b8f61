//! The audit log's chain: tampering in the database is found.

use latchkey_licensing::email::EmailAddress;
use latchkey_service::{ChainHead, ChainProblem, ChainReport, Operator};
use latchkey_testkit::on_both;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqliteConnection};

use crate::support::{
    app::{TestApp, with_app},
    host::{Host, text},
};

on_both!(
    with_app: op_01_an_untouched_log_is_intact,
    op_01_an_edit_is_found,
    op_01_a_deletion_is_found,
    op_01_a_reordering_is_found,
    op_01_a_truncation_is_found,
    op_01_rows_that_bypass_the_chain_are_found,
    processes_append_to_one_chain,
);

/// Writes about a dozen rows.
async fn fill(app: &TestApp) {
    for person in ["ada", "ben", "cleo", "dan"] {
        app.issue(&format!("{person}@example.com")).await;
    }
}

async fn verify(app: &TestApp, kept: Option<ChainHead>) -> ChainReport {
    app.service().admin(Operator::Host).verify_audit_log(kept).await.expect("verified")
}

/// Someone who may do anything in the database, but does not have the master secret.
async fn tamper(app: &TestApp, statements: &[&str]) {
    let url = app.kit.database.url();
    if url.starts_with("postgres") {
        let mut connection = PgConnection::connect(url).await.expect("connected");
        connection.execute("SET session_replication_role = replica").await.expect("triggers are off");
        for sql in statements {
            connection.execute(AssertSqlSafe((*sql).to_owned())).await.expect("changed");
        }
    } else {
        let mut connection = SqliteConnection::connect(url).await.expect("connected");
        let triggers = "DROP TRIGGER tr_audit_log_no_update; DROP TRIGGER tr_audit_log_no_delete;
                        DROP TRIGGER tr_audit_chain_no_update; DROP TRIGGER tr_audit_chain_no_delete;
                        PRAGMA foreign_keys = OFF";
        connection.execute(triggers).await.expect("triggers are off");
        if statements.iter().any(|sql| sql.starts_with("INSERT")) {
            connection.execute("DROP TRIGGER tr_audit_log_insert_waits").await.expect("it is off");
        }
        for sql in statements {
            connection.execute(AssertSqlSafe((*sql).to_owned())).await.expect("changed");
        }
    }
}

const ROW: &str = "(SELECT audit_id FROM audit_chain WHERE position = 3)";

async fn op_01_an_untouched_log_is_intact(app: &TestApp) {
    let empty = app.service().audit_head().await.expect("a head");
    fill(app).await;
    let report = verify(app, Some(empty)).await;
    assert_eq!((&report.problems[..], report.problem_count), (&[][..], 0));
    assert!(report.entries >= 8, "{report:?}");
    assert_eq!(report.head.position, report.entries);
    assert_eq!(app.service().audit_head().await.expect("a head"), report.head);
    fill(app).await;
    let later = verify(app, Some(report.head)).await;
    assert_eq!(later.problem_count, 0);
    assert!(later.entries > report.entries);
}

async fn op_01_an_edit_is_found(app: &TestApp) {
    fill(app).await;
    assert_eq!(verify(app, None).await.problem_count, 0);
    tamper(app, &[&format!("UPDATE audit_log SET detail = '{{\"note\":\"x\"}}' WHERE id = {ROW}")]).await;
    let report = verify(app, None).await;
    assert!(matches!(&report.problems[..], [ChainProblem::Changed { position: 3, .. }]), "{report:?}");
}

async fn op_01_a_deletion_is_found(app: &TestApp) {
    fill(app).await;
    assert_eq!(verify(app, None).await.problem_count, 0);
    tamper(app, &[&format!("DELETE FROM audit_log WHERE id = {ROW}")]).await;
    let report = verify(app, None).await;
    assert!(matches!(&report.problems[..], [ChainProblem::RowDeleted { position: 3, .. }]), "{report:?}");
    tamper_again(app, "DELETE FROM audit_chain WHERE position = 3").await;
    let report = verify(app, None).await;
    assert_eq!(report.problems, [ChainProblem::EntriesDeleted { first: 3, last: 3 }]);
}

/// On SQLite, the triggers are gone already.
async fn tamper_again(app: &TestApp, sql: &str) {
    let url = app.kit.database.url();
    if url.starts_with("postgres") {
        tamper(app, &[sql]).await;
    } else {
        let mut connection = SqliteConnection::connect(url).await.expect("connected");
        connection.execute(AssertSqlSafe(sql.to_owned())).await.expect("changed");
    }
}

async fn op_01_a_reordering_is_found(app: &TestApp) {
    fill(app).await;
    assert_eq!(verify(app, None).await.problem_count, 0);
    // Two rows exchange their places, together with their codes.
    let swap = |from: i64, to: i64| format!("UPDATE audit_chain SET position = {to} WHERE position = {from}");
    tamper(app, &[&swap(3, 1_000), &swap(5, 3), &swap(1_000, 5)]).await;
    let report = verify(app, None).await;
    let changed: Vec<_> =
        report.problems.iter().map(|problem| matches!(problem, ChainProblem::Changed { .. })).collect();
    assert!(changed.len() >= 2 && changed.iter().all(|changed| *changed), "{report:?}");
}

async fn op_01_a_truncation_is_found(app: &TestApp) {
    fill(app).await;
    let head = verify(app, None).await.head;
    tamper(app, &["DELETE FROM audit_log WHERE id IN (SELECT audit_id FROM audit_chain WHERE position > 5)"]).await;
    tamper_again(app, "DELETE FROM audit_chain WHERE position > 5").await;
    let report = verify(app, None).await;
    assert_eq!(report.problems, [ChainProblem::WrongEnd { expected: head.position, found: 5 }]);
    // Someone who also adapts the stored end leaves a valid, shorter chain. A head that was kept reveals it.
    let adapt = "UPDATE audit_head SET position = 5, mac = (SELECT mac FROM audit_chain WHERE position = 5)";
    tamper_again(app, adapt).await;
    assert_eq!(verify(app, None).await.problem_count, 0);
    fill(app).await;
    let report = verify(app, Some(head)).await;
    assert_eq!(report.problems, [ChainProblem::HeadNotFound { position: head.position }]);
}

async fn op_01_rows_that_bypass_the_chain_are_found(app: &TestApp) {
    fill(app).await;
    assert_eq!(verify(app, None).await.problem_count, 0);
    let id = if app.kit.database.url().starts_with("postgres") {
        "'00000000-0000-0000-0000-000000000001'"
    } else {
        "x'00000000000000000000000000000001'"
    };
    let sql = format!(
        "INSERT INTO audit_log (id, at, actor_kind, verb, subject_kind, subject_id, detail)
         VALUES ({id}, 1, 'host', 'license.revoked', 'license', 'x', '{{}}')"
    );
    tamper(app, &[&sql]).await;
    let report = verify(app, None).await;
    assert!(matches!(&report.problems[..], [ChainProblem::Unchained { .. }]), "{report:?}");
}

/// Each process appends what it finds. Together they append each row once.
async fn processes_append_to_one_chain(app: &TestApp) {
    let other = app.another_process().await;
    let address = |number: u32| EmailAddress::parse(&format!("p{number}@example.com")).expect("an address");
    for round in 0..5 {
        for number in 0..20 {
            let admin = app.service().admin(Operator::Host);
            admin.add_customer(&address(round * 20 + number), None).await.expect("added");
        }
        let (left, right) = tokio::join!(app.service().seal_audit_log(), other.seal_audit_log());
        assert!(left.expect("sealed") + right.expect("sealed") >= 20);
    }
    let report = verify(app, None).await;
    assert_eq!(report.problem_count, 0, "{report:?}");
    assert!(report.entries >= 100);
}

/// The command's output and exit codes, and that a server seals what it wrote when it stops.
#[test]
fn op_01_the_command_reports_tampering() {
    let host = Host::with_products();
    let server = host.serve(&[], &[]);
    assert!(server.stop());
    let logged = host.server_log();
    let head = host.json(&["audit", "head"])["head"].as_str().expect("a head").to_owned();
    assert!(logged.contains(&head), "{head} in {logged}");
    let report = host.json(&["audit", "verify", "--head", &head]);
    assert_eq!((report["intact"].as_bool(), report["head"].as_str()), (Some(true), Some(head.as_str())));
    let said = host.refusal(&["audit", "verify", "--head", "1:zz"], 2);
    assert!(said.contains("audit head"), "{said}");
    let other = format!("1:{}", "0".repeat(64));
    let output = host.run(&["audit", "verify", "--head", &other]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("entry 1 is not the one that was kept"), "{}", text(&output.stdout));
    assert!(text(&output.stderr).contains("1 problem"), "{}", text(&output.stderr));
    let output = host.run(&["audit", "verify", "--head", &other, "--json"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["problems"][0]["kind"], "head_not_found");
    assert_eq!(output.status.code(), Some(1));
}
