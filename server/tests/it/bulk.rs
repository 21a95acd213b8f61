//! Licenses in bulk, on both databases: what was taken in is all there, with its history, or nothing is.

use std::collections::BTreeMap;

use latchkey_licensing::email::EmailAddress;
use latchkey_service::{ImportItem, ImportReport, LicenseRow, Operator, RowRefusal};

use crate::app::{TestApp, with_app};
use latchkey_testkit::on_both;

/// More than are written at once.
const ROWS: u64 = 450;

/// Two licenses for each of the first addresses, one for the others; `spoil` are the lines that are wrong.
fn rows(spoil: &'static [u64]) -> impl Iterator<Item = ImportItem> + Send {
    (1..=ROWS).map(|line| {
        let policy = if spoil.contains(&line) { "nowhere" } else { "chartgpt-lifetime" };
        let email = format!("user{}@example.com", line % 300);
        let row = LicenseRow { email, policy: policy.to_owned(), ..LicenseRow::default() };
        ImportItem::Row { line, row: Ok(row) }
    })
}

async fn import(app: &TestApp, spoil: &'static [u64], is_partial: bool) -> (ImportReport, Vec<u64>) {
    let mut refused = Vec::new();
    let tell = |refusal: RowRefusal| refused.push(refusal.line);
    let admin = app.service().admin(Operator::Host);
    let report = admin.import_licenses(rows(spoil), rows(spoil), is_partial, tell).await.expect("read");
    (report, refused)
}

/// How often the history of something tells of each thing.
async fn history(app: &TestApp, kind: &str, id: String) -> BTreeMap<String, usize> {
    let mut reader = app.service().store().read().await.expect("read");
    let mut verbs = BTreeMap::new();
    for row in reader.list_audit_of(kind, &id, 100).await.expect("listed") {
        *verbs.entry(row.verb).or_default() += 1;
    }
    verbs
}

on_both!(
    with_app: everything_taken_in_has_its_history,
    one_refused_row_leaves_nothing,
    a_key_that_is_there_twice_leaves_nothing,
);

async fn everything_taken_in_has_its_history(app: &TestApp) {
    let (report, refused) = import(app, &[7, 449], true).await;
    assert_eq!((report.rows, report.imported, report.refused), (ROWS, ROWS - 2, 2));
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

async fn one_refused_row_leaves_nothing(app: &TestApp) {
    let (report, refused) = import(app, &[450], false).await;
    assert_eq!((report.imported, report.refused, refused), (0, 1, vec![450]));
    let email = EmailAddress::parse("user1@example.com").expect("an address");
    let mut reader = app.service().store().read().await.expect("read");
    assert!(reader.find_account_by_email(&email).await.expect("asked").is_none());
    assert_eq!(reader.list_licenses(None, 10).await.expect("listed"), []);
}

/// What only shows when the rows are taken: all that was written until then is taken back.
async fn a_key_that_is_there_twice_leaves_nothing(app: &TestApp) {
    let key = app.issue("ada@example.com").await.key.expose().to_owned();
    let twice = || {
        rows(&[]).map(|item| match item {
            ImportItem::Row { line: ROWS, row } => {
                ImportItem::Row { line: ROWS, row: row.map(|row| LicenseRow { key: Some(key.clone()), ..row }) }
            }
            other => other,
        })
    };
    let admin = app.service().admin(Operator::Host);
    let mut refused = Vec::new();
    let report =
        admin.import_licenses(twice(), twice(), false, |refusal| refused.push(refusal.line)).await.expect("read");
    assert_eq!((report.imported, refused), (0, vec![ROWS]));
    let mut reader = app.service().store().read().await.expect("read");
    assert_eq!(reader.list_licenses(None, 10).await.expect("listed").len(), 1);
    let email = EmailAddress::parse("user1@example.com").expect("an address");
    assert!(reader.find_account_by_email(&email).await.expect("asked").is_none());
}
