//! Imports: all rows are imported with their history, or none.

use std::{collections::BTreeMap, sync::mpsc, time::Duration};

use latchkey_licensing::{
    email::EmailAddress,
    license_key::{KEY_RANDOM_BYTES, KeyPrefix, LicenseKey},
    policy::KeyScheme,
};
use latchkey_service::{
    ImportError, ImportItem, ImportReport, ImportTerms, LicenseRow, Notify, Operator, RejectedRow, RowProblem, Service,
};

use crate::support::app::{TestApp, with_app};
use latchkey_testkit::on_both;

/// More rows than a single statement writes.
const ROWS: u64 = 450;

/// Rows with two licenses for each of the first addresses, and one for each of the others. Those on the lines
/// `invalid` have an unknown policy.
fn rows(invalid: &'static [u64]) -> impl Iterator<Item = ImportItem<String>> + Send {
    (1..=ROWS).map(|line| {
        let policy = if invalid.contains(&line) { "nowhere" } else { "chartgpt-lifetime" };
        let email = EmailAddress::parse(&format!("user{}@example.com", line % 300)).expect("an address");
        ImportItem::Row { line, row: Ok(Box::new(LicenseRow::new(email, policy.to_owned()))) }
    })
}

async fn import(app: &TestApp, invalid: &'static [u64], is_partial: bool) -> (ImportReport, Vec<u64>) {
    let mut refused = Vec::new();
    let report_refusal = |refusal: RejectedRow<String>| refused.push(refusal.line);
    let admin = app.service().admin(Operator::Host);
    let report = admin.import_licenses(rows(invalid), terms(is_partial), report_refusal).await.expect("read");
    (report, refused)
}

/// The same rows. Before the row on line `at` is read, `action` runs in another task, and the import waits for
/// it. At that point, earlier rows are staged.
fn interrupted<F: Future<Output = ()> + Send + 'static>(
    rows: impl Iterator<Item = ImportItem<String>> + Send,
    at: u64,
    action: impl Fn() -> F + Send,
) -> impl Iterator<Item = ImportItem<String>> + Send {
    rows.inspect(move |item| {
        if matches!(item, ImportItem::Row { line, .. } if *line == at) {
            let (done, wait) = mpsc::channel();
            let task = action();
            tokio::spawn(async move {
                task.await;
                done.send(()).expect("the import waits");
            });
            wait.recv().expect("it is done");
        }
    })
}

/// The same rows, with a given key on line 5.
fn with_key(rows: impl Iterator<Item = ImportItem<String>> + Send) -> impl Iterator<Item = ImportItem<String>> + Send {
    rows.map(|item| match item {
        ImportItem::Row { line: 5, row: Ok(mut row) } => {
            row.key = Some(a_key());
            ImportItem::Row { line: 5, row: Ok(row) }
        }
        other => other,
    })
}

fn a_key() -> LicenseKey {
    LicenseKey::new(&KeyPrefix::parse("CGPT").expect("a prefix"), &[7; KEY_RANDOM_BYTES])
}

/// Another import of the key on line 5.
async fn import_the_key(service: Service) {
    let email = EmailAddress::parse("eve@example.com").expect("an address");
    let mut row = LicenseRow::new(email, "chartgpt-lifetime".to_owned());
    row.key = Some(a_key());
    let rows = [ImportItem::<String>::Row { line: 1, row: Ok(Box::new(row)) }];
    let report =
        service.admin(Operator::Host).import_licenses(rows.into_iter(), terms(false), |_| {}).await.expect("read");
    assert_eq!(report.imported, 1);
}

async fn licenses(app: &TestApp) -> usize {
    let mut reader = app.service().store().read().await.expect("read");
    reader.list_licenses(None, 1_000).await.expect("listed").len()
}

/// How often each verb appears in a history.
async fn history(app: &TestApp, kind: &str, id: String) -> BTreeMap<String, usize> {
    let mut reader = app.service().store().read().await.expect("read");
    let mut verbs = BTreeMap::new();
    for row in reader.list_audit_of(kind, &id, 100).await.expect("listed") {
        *verbs.entry(row.verb).or_default() += 1;
    }
    verbs
}

on_both!(
    with_app: everything_imported_has_a_history,
    one_invalid_row_prevents_the_import,
    a_key_in_use_prevents_the_import,
    an_import_does_not_block_others,
    a_key_taken_during_the_import_prevents_it,
    a_partial_import_skips_a_key_taken_during_it,
    a_catalog_changed_during_the_import_prevents_it,
    lc_08_a_signing_key_replaced_during_the_import_prevents_it,
    rows_of_a_crashed_import_are_deleted_after_a_day,
);

async fn everything_imported_has_a_history(app: &TestApp) {
    let (report, refused) = import(app, &[7, 449], true).await;
    assert_eq!((report.rows, report.imported, report.rejected), (ROWS, ROWS - 2, 2));
    assert_eq!(refused, [7, 449]);
    let mut reader = app.service().store().read().await.expect("read");
    let licenses = reader.list_licenses(None, 1_000).await.expect("listed");
    drop(reader);
    assert_eq!(licenses.len() as u64, ROWS - 2);
    for license in licenses {
        let of_license = history(app, "license", license.id.to_string()).await;
        assert_eq!(of_license, BTreeMap::from([("license.issued".to_owned(), 1)]));
        let of_account = history(app, "account", license.account.to_string()).await;
        assert_eq!(of_account, BTreeMap::from([("account.made".to_owned(), 1)]));
    }
}

async fn one_invalid_row_prevents_the_import(app: &TestApp) {
    let (report, refused) = import(app, &[450], false).await;
    assert_eq!((report.imported, report.rejected, refused), (0, 1, vec![450]));
    let email = EmailAddress::parse("user1@example.com").expect("an address");
    let mut reader = app.service().store().read().await.expect("read");
    assert!(reader.find_account_by_email(&email).await.expect("asked").is_none());
    assert_eq!(reader.list_licenses(None, 10).await.expect("listed"), []);
}

/// A conflict that is only detected when the rows are written: everything written before is rolled back.
async fn a_key_in_use_prevents_the_import(app: &TestApp) {
    let key = app.issue("ada@example.com").await.key;
    let twice = rows(&[]).map(|item| match item {
        ImportItem::Row { line: ROWS, row: Ok(mut row) } => {
            row.key = Some(key.clone());
            ImportItem::Row { line: ROWS, row: Ok(row) }
        }
        other => other,
    });
    let admin = app.service().admin(Operator::Host);
    let mut refused = Vec::new();
    let report = admin.import_licenses(twice, terms(false), |refusal| refused.push(refusal.line)).await.expect("read");
    assert_eq!((report.imported, refused), (0, vec![ROWS]));
    let mut reader = app.service().store().read().await.expect("read");
    assert_eq!(reader.list_licenses(None, 10).await.expect("listed").len(), 1);
    let email = EmailAddress::parse("user1@example.com").expect("an address");
    assert!(reader.find_account_by_email(&email).await.expect("asked").is_none());
}

/// Others write between the steps, and see no license until all are imported.
async fn an_import_does_not_block_others(app: &TestApp) {
    let service = app.service().clone();
    let others = interrupted(rows(&[]), 401, || {
        let service = service.clone();
        async move {
            let ada = EmailAddress::parse("ada@example.com").expect("an address");
            service
                .admin(Operator::Host)
                .issue_license(&ada, "chartgpt-lifetime", Notify::Nobody)
                .await
                .expect("issued");
            let mut reader = service.store().read().await.expect("read");
            assert_eq!(reader.list_licenses(None, 1_000).await.expect("listed").len(), 1);
            let imported = EmailAddress::parse("user1@example.com").expect("an address");
            assert!(reader.find_account_by_email(&imported).await.expect("asked").is_none());
        }
    });
    let report = app.service().admin(Operator::Host).import_licenses(others, terms(false), |_| {}).await.expect("read");
    assert_eq!((report.imported, licenses(app).await as u64), (ROWS, ROWS + 1));
}

/// The key is taken after its row was staged, which the last step detects.
async fn a_key_taken_during_the_import_prevents_it(app: &TestApp) {
    let service = app.service().clone();
    let race = || interrupted(with_key(rows(&[])), 401, || import_the_key(service.clone()));
    let mut refused = Vec::new();
    let admin = app.service().admin(Operator::Host);
    let report_refusal = |refusal: RejectedRow<String>| refused.push((refusal.line, refusal.why));
    let report = admin.import_licenses(race(), terms(false), report_refusal).await.expect("read");
    assert_eq!((report.imported, report.rejected, licenses(app).await), (0, 1, 1));
    assert_eq!(refused, [(5, RowProblem::KeyTaken)]);
    let report = admin.import_licenses(with_key(rows(&[])), terms(true), |_| {}).await.expect("read");
    assert_eq!((report.imported, licenses(app).await as u64), (ROWS - 1, ROWS));
}

async fn a_partial_import_skips_a_key_taken_during_it(app: &TestApp) {
    let service = app.service().clone();
    let race = interrupted(with_key(rows(&[])), 401, || import_the_key(service.clone()));
    let report = app.service().admin(Operator::Host).import_licenses(race, terms(true), |_| {}).await.expect("read");
    assert_eq!((report.imported, report.rejected, licenses(app).await as u64), (ROWS - 1, 1, ROWS));
}

/// Rows were checked against the old catalog, and may have a different meaning under the new one.
async fn a_catalog_changed_during_the_import_prevents_it(app: &TestApp) {
    let service = app.service().clone();
    let change = interrupted(rows(&[]), 401, || {
        let service = service.clone();
        async move {
            let admin = service.admin(Operator::Host);
            let (mut file, _) = admin.catalog().await.expect("read");
            "Another name".clone_into(&mut file.policies[0].name);
            let plan = admin.plan_catalog(&file).await.expect("planned");
            admin.apply_catalog(&file, &plan, &Operator::Host.fresh()).await.expect("applied");
        }
    });
    let result = app.service().admin(Operator::Host).import_licenses(change, terms(true), |_| {}).await;
    assert!(matches!(result, Err(ImportError::CatalogChanged)), "{result:?}");
    assert_eq!(licenses(app).await, 0);
}

/// LC-08: license keys that the replaced key has signed are not imported.
async fn lc_08_a_signing_key_replaced_during_the_import_prevents_it(app: &TestApp) {
    app.add_policy("signed", |policy| policy.key_scheme = KeyScheme::Ed25519Sign).await;
    let service = app.service().clone();
    let signed = || {
        rows(&[]).map(|item| match item {
            ImportItem::Row { line, row: Ok(mut row) } => {
                "signed".clone_into(&mut row.policy);
                ImportItem::Row { line, row: Ok(row) }
            }
            other => other,
        })
    };
    let rotation = interrupted(signed(), 401, || {
        let service = service.clone();
        async move {
            service.admin(Operator::Host).rotate_signing_key(&Operator::Host.fresh()).await.expect("rotated");
        }
    });
    let admin = app.service().admin(Operator::Host);
    let result = admin.import_licenses(rotation, terms(true), |_| {}).await;
    assert!(matches!(result, Err(ImportError::SigningKeysChanged)), "{result:?}");
    assert_eq!(licenses(app).await, 0);
    assert_eq!(admin.import_licenses(signed(), terms(true), |_| {}).await.expect("read").imported, ROWS);
}

/// Nothing else ever reads them.
async fn rows_of_a_crashed_import_are_deleted_after_a_day(app: &TestApp) {
    let service = app.service().clone();
    let crash = tokio::spawn(async move {
        let crashing = rows(&[]).inspect(|item| {
            assert!(!matches!(item, ImportItem::Row { line: 401, .. }), "the process ends here");
        });
        service.admin(Operator::Host).import_licenses(crashing, terms(true), |_| {}).await.map(drop)
    });
    assert!(crash.await.is_err());
    assert_eq!(licenses(app).await, 0);
    let removed = async || app.service().remove_expired_rows().await.expect("removed");
    app.kit.clock.advance(Duration::from_hours(23));
    assert_eq!(removed().await, 0);
    app.kit.clock.advance(Duration::from_hours(2));
    assert_eq!((removed().await, removed().await), (400, 0));
    let (report, _) = import(app, &[], false).await;
    assert_eq!(report.imported, ROWS);
}

/// The tests import licenses of customers who have some.
fn terms(is_partial: bool) -> ImportTerms {
    ImportTerms { is_partial, may_repeat: true }
}
