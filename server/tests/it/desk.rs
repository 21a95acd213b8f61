//! What people who help customers see and do: lists, search, timelines, explanations, exports and acts on many licenses.

use std::time::Duration;

use latchkey_licensing::{
    email::EmailAddress,
    ids::{LicenseId, MachineId},
    license::Expiry,
    validation::{CheckKind, Scope, ValidationCode},
};
use latchkey_service::{
    Accounts, Activations, Admin, ApprovedPlan, AuditLog, BulkAct, BulkError, BulkOutcome, BulkReport, CatalogKind,
    EntryBody, EntryKind, IssueOutcome, IssuePlanItem, LicenseChange, Licenses, List, ListError, ListPage, MAX_BULK,
    Mails, NewLicense, NoteError, NoteSubject, Notify, Operator, Orders, OverviewRange, RecordKind, RowCount,
    SaveViewError, Selection, TimelineOf,
};
use latchkey_testkit::on_both;

use crate::support::app::{TestApp, with_app};

fn admin(app: &TestApp) -> Admin<'_> {
    app.service().admin(Operator::Host)
}

fn fields(given: &[(&str, &str)]) -> Vec<(String, String)> {
    given.iter().map(|(field, value)| ((*field).to_owned(), (*value).to_owned())).collect()
}

async fn page<L: List>(app: &TestApp, given: &[(&str, &str)]) -> ListPage<L> {
    admin(app).list::<L>(&fields(given)).await.expect("a page")
}

async fn refusal<L: List>(app: &TestApp, given: &[(&str, &str)]) -> String {
    match admin(app).list::<L>(&fields(given)).await {
        Err(ListError::Field(error)) => error.to_string(),
        other => panic!("{given:?}: {other:?}"),
    }
}

async fn export<L: List>(app: &TestApp, given: &[(&str, &str)]) -> (String, usize) {
    let begun = admin(app).export_list::<L>(&fields(given), &[], &Operator::Host.fresh()).await;
    let mut export = begun.expect("exported");
    let mut file = String::new();
    while let Some(part) = export.next_part().await.expect("read") {
        file.push_str(&part);
    }
    let rows = file.matches("\r\n").count() - 1;
    (file, rows)
}

fn approved(app: &TestApp, version: String) -> ApprovedPlan {
    ApprovedPlan { id: admin(app).new_bulk_act().expect("an id"), version }
}

/// Plans an act, and carries the plan out.
async fn apply(app: &TestApp, act: BulkAct, selection: &Selection, notify: Notify) -> BulkReport {
    let plan = admin(app).plan_bulk(act, selection).await.expect("planned");
    admin(app)
        .apply_bulk(act, selection, &approved(app, plan.version), notify, &Operator::Host.fresh())
        .await
        .expect("applied")
}

async fn issue_many(app: &TestApp, wanted: &[NewLicense]) -> Vec<IssueOutcome> {
    let plan = admin(app).plan_issue(wanted).await.expect("planned");
    admin(app)
        .issue_many(wanted, &approved(app, plan.version), Notify::Nobody, &Operator::Host.fresh())
        .await
        .expect("issued")
}

fn new_license(n: usize, policy: &str) -> NewLicense {
    NewLicense { email: address(n), name: None, policy: policy.to_owned() }
}

fn address(n: usize) -> EmailAddress {
    EmailAddress::parse(&format!("user{n:03}@example.com")).expect("an address")
}

async fn wh_20_cursors_lead_through_a_list_and_nowhere_else(app: &TestApp) {
    let wanted: Vec<_> = (0..60).map(|n| new_license(n, "chartgpt-lifetime")).collect();
    issue_many(app, &wanted).await;
    let first = page::<Accounts>(app, &[("sort", "email")]).await;
    assert_eq!((first.rows.len(), first.count, &first.previous), (25, RowCount::Exactly(60), &None));
    let cursor = first.next.expect("a cursor");
    let second = page::<Accounts>(app, &[("sort", "email"), ("after", &cursor)]).await;
    assert_eq!(second.rows[0].account.email, address(25));
    let last = page::<Accounts>(app, &[("sort", "email"), ("after", &second.next.expect("a cursor"))]).await;
    assert_eq!((last.rows.len(), &last.next), (10, &None));
    let back = page::<Accounts>(app, &[("sort", "email"), ("before", &last.previous.expect("a cursor"))]).await;
    assert_eq!(back.rows, second.rows);
    assert!(!cursor.contains('@') && cursor.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
    // Of another order, of another list, and damaged.
    assert!(refusal::<Accounts>(app, &[("sort", "name"), ("after", &cursor)]).await.starts_with("after"));
    assert!(refusal::<Licenses>(app, &[("before", &cursor)]).await.starts_with("before"));
    for at in [0, cursor.len() / 2, cursor.len() - 2] {
        let mut damaged = cursor.clone().into_bytes();
        damaged[at] = if damaged[at] == b'A' { b'B' } else { b'A' };
        let damaged = String::from_utf8(damaged).expect("ASCII");
        assert!(refusal::<Accounts>(app, &[("sort", "email"), ("after", &damaged)]).await.starts_with("after"));
    }
    for cursor in ["x", "../../etc/passwd", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
        assert!(refusal::<Accounts>(app, &[("sort", "email"), ("after", cursor)]).await.starts_with("after"));
    }
    for (field, value) in [("page_size", "0"), ("page_size", "101"), ("sort", "role"), ("id", "1"), ("offset", "5")] {
        assert!(refusal::<Accounts>(app, &[(field, value)]).await.starts_with(field), "{field}");
    }
    assert!(refusal::<Licenses>(app, &[("policy", "gold")]).await.contains("chartgpt-lifetime"));
    // Wildcards of SQL are plain characters.
    for text in ["%", "_", "user00_", "user0%"] {
        assert_eq!(page::<Accounts>(app, &[("q", text)]).await.count, RowCount::Exactly(0), "{text}");
    }
    assert_eq!(page::<Accounts>(app, &[("q", "USER00")]).await.count, RowCount::Exactly(10));
    assert_eq!(page::<Licenses>(app, &[("status", "active"), ("policy", "chartgpt-lifetime")]).await.rows.len(), 25);
    assert_eq!(page::<Orders>(app, &[]).await.count, RowCount::Exactly(0));
    assert_eq!(page::<Mails>(app, &[]).await.count, RowCount::Exactly(0));
}

async fn everything_at_hand_finds_its_record(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let order = app.add_order(issued.owner.id, 1).await;
    let number = latchkey_licensing::order::number(order.parse().expect("an id"));
    let key = issued.key.expose();
    let only = async |text: &str| {
        let found = admin(app).find(text).await.expect("found");
        let kinds: Vec<_> = found.groups.iter().map(|group| group.kind).collect();
        (kinds, found.only().map(|found| found.title.clone()))
    };
    let license = vec![RecordKind::License];
    let plain = key.replace('-', "").to_lowercase();
    for text in [
        key,
        &key.to_lowercase(),
        &key.replace('-', " "),
        &plain,
        issued.key.tail(),
        &issued.view.license.id.to_string(),
    ] {
        assert_eq!(only(text).await.0, license, "{text}");
    }
    assert_eq!(only(&number.to_lowercase()).await, (vec![RecordKind::Order], Some(number.clone())));
    for text in [order.as_str(), "cs_test_1", "cus_1"] {
        assert_eq!(only(text).await.0, [RecordKind::Order], "{text}");
    }
    // The order has the same address.
    assert_eq!(only("ada@example.com").await, (vec![RecordKind::Account, RecordKind::Order], None));
    assert_eq!(only("nobody@example.com").await, (vec![], None));
    assert_eq!(only("' OR 1=1 --").await, (vec![], None));
    // Entries of the catalog by a part of their code or name. Only records are gone to at once.
    app.add_entitlement("BATCH_EXPORT").await;
    let entries = async |text: &str| {
        let found = admin(app).find(text).await.expect("found");
        let entries: Vec<_> = found.entries.iter().map(|entry| (entry.kind, entry.code.clone())).collect();
        (entries, found.only().is_none())
    };
    let entry = |kind, code: &str| (kind, code.to_owned());
    assert_eq!(entries("batch_ex").await, (vec![entry(CatalogKind::Entitlement, "BATCH_EXPORT")], true));
    assert_eq!(entries("EXTRA").await.0, [entry(CatalogKind::Entitlement, "BATCH_EXPORT")]);
    let lifetime = entries("chartgpt-life").await.0;
    assert!(lifetime.contains(&entry(CatalogKind::Policy, "chartgpt-lifetime")), "{lifetime:?}");
    assert!(lifetime.contains(&entry(CatalogKind::Price, "chartgpt-lifetime")), "{lifetime:?}");
    assert!(entries("chartg").await.0.contains(&entry(CatalogKind::Product, "chartgpt")));
    assert_eq!(entries("c").await.0, []);
    let almost = format!("{}{}", &key[..key.len() - 1], if key.ends_with('0') { '1' } else { '0' });
    assert_eq!(only(&almost).await, (vec![], None));
}

async fn a_timeline_merges_changes_mails_and_notes(app: &TestApp) {
    let email = EmailAddress::parse("ada@example.com").expect("an address");
    let issued = admin(app).issue_license(&email, "chartgpt-lifetime", Notify::Customer).await.expect("issued");
    let id = issued.view.license.id;
    app.kit.clock.advance(Duration::from_secs(1));
    admin(app).add_note(&NoteSubject::License(id), " Called about the key. ").await.expect("noted");
    app.kit.clock.advance(Duration::from_secs(1));
    admin(app).suspend_license(id, Notify::Nobody).await.expect("suspended");
    app.kit.clock.advance(Duration::from_secs(1));
    let order = app.add_order(issued.owner.id, 1).await;
    admin(app).add_note(&NoteSubject::Order(order.parse().expect("an id")), "Paid twice?").await.expect("noted");
    app.kit.clock.advance(Duration::from_secs(1));
    admin(app).add_note(&NoteSubject::Account(issued.owner.id), "Friendly.").await.expect("noted");

    let of = TimelineOf::Account(issued.owner.id);
    let all = admin(app).timeline(&of, None, 100).await.expect("a timeline");
    let kinds: Vec<_> = all.entries.iter().map(|entry| entry.kind).collect();
    assert_eq!(kinds[..3], [EntryKind::Note, EntryKind::Note, EntryKind::Change]);
    assert_eq!(kinds[3], EntryKind::Note);
    // The account, the license and the mail were made in the same transaction.
    assert_eq!(kinds.len(), 7, "{kinds:?}");
    assert!(kinds[4..].contains(&EntryKind::Mail) && kinds[4..].contains(&EntryKind::Purchase), "{kinds:?}");
    assert!(matches!(&all.entries[3].body, EntryBody::Note(note) if note.body == "Called about the key."));
    let mut pages = Vec::new();
    let mut after = None;
    loop {
        let page = admin(app).timeline(&of, after.as_deref(), 2).await.expect("a timeline");
        pages.extend(page.entries);
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    assert_eq!(pages, all.entries);
    let of_license = admin(app).timeline(&TimelineOf::License(id), None, 1).await.expect("a timeline");
    assert!(admin(app).timeline(&of, of_license.next.as_deref(), 2).await.is_err(), "a cursor of another timeline");

    // The customer, who sees the license's history, does not see notes.
    assert!(!app.kit.history(id).await.iter().any(|verb| verb.contains("note")));
    let missing = NoteSubject::License(LicenseId::new(app.service().now(), [9; 10]));
    assert!(matches!(admin(app).add_note(&missing, "x").await, Err(NoteError::NotFound)));
    assert!(matches!(admin(app).add_note(&NoteSubject::License(id), " \n").await, Err(NoteError::Text)));
    let details = admin(app).account_details(issued.owner.id).await.expect("read").expect("an account");
    assert_eq!((details.licenses.items.len(), details.orders.items.len(), details.mails.items.len()), (1, 1, 1));
    let details = admin(app).order_details(order.parse().expect("an id")).await.expect("read").expect("an order");
    assert_eq!(details.account.map(|account| account.id), Some(issued.owner.id));
    assert!(admin(app).license_details(id).await.expect("read").is_some());
}

async fn an_explanation_lists_every_check_and_has_no_effect(app: &TestApp) {
    let policy = app
        .add_policy("trial", |policy| {
            policy.duration = Some(Duration::from_hours(24));
            policy.expiry_basis = latchkey_licensing::policy::ExpiryBasis::FromFirstValidation;
        })
        .await;
    let issued = app.issue_under("ada@example.com", &policy.code).await;
    let id = issued.view.license.id;
    admin(app).suspend_license(id, Notify::Nobody).await.expect("suspended");
    let scope = Scope {
        fingerprints: Some(vec!["unknown".to_owned()]),
        entitlements: Some(vec!["GOLD".to_owned()]),
        version: Some("2.0".to_owned()),
        ..Scope::default()
    };
    let before = app.kit.history(id).await;
    let explained = admin(app).explain_validation(id, &scope).await.expect("explained").expect("a license");
    assert_eq!(explained.verdict.code, ValidationCode::Suspended);
    assert!(explained.is_key_refused);
    let failed: Vec<_> =
        explained.checks.iter().filter(|check| check.failure.is_some()).map(|check| check.check).collect();
    let expected = [
        CheckKind::Standing,
        CheckKind::Entitlements,
        CheckKind::Fingerprints,
        CheckKind::Unsupported,
        CheckKind::Limits,
    ];
    assert_eq!(failed, expected);
    admin(app).reinstate_license(id, Notify::Nobody).await.expect("reinstated");
    let explained = admin(app).explain_validation(id, &Scope::default()).await.expect("explained").expect("a license");
    // An app gets the same result.
    app.service().write_bookkeeping().await.expect("written");
    let license =
        app.service().store().read().await.expect("a reader").find_license(id).await.expect("read").expect("a license");
    assert_eq!((license.last_validated_at, license.expiry), (None, Expiry::AfterFirstUse));
    assert_eq!(app.kit.history(id).await.len(), before.len() + 1, "only the reinstatement");
    let body = serde_json::json!({ "meta": { "key": issued.key.expose() } });
    let answer = app.desktop(None).post("/v1/licenses/actions/validate-key", body).await;
    assert_eq!(answer.body["meta"]["code"], explained.verdict.code.as_str());
    let missing = LicenseId::new(app.service().now(), [9; 10]);
    assert!(admin(app).explain_validation(missing, &scope).await.expect("read").is_none());
}

async fn wh_23_exports_are_complete_harmless_and_recorded(app: &TestApp) {
    let wanted: Vec<_> = (0..520).map(|n| new_license(n, "chartgpt-lifetime")).collect();
    issue_many(app, &wanted).await;
    let evil = EmailAddress::parse("eve@example.com").expect("an address");
    admin(app).add_customer(&evil, Some("=HYPERLINK(\"http://x\",\"y\")".to_owned())).await.expect("added");
    let (file, count) = export::<Accounts>(app, &[("sort", "email")]).await;
    assert_eq!(count, 521);
    assert!(file.starts_with("\u{feff}id,email,name,role,"), "{}", &file[..60]);
    assert_eq!(file.matches("\r\n").count(), 522);
    assert!(file.contains(",\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\",customer,"), "the formula is a text");
    let (file, count) = export::<Accounts>(app, &[("q", "user51")]).await;
    assert_eq!((count, file.lines().count()), (10, 11));
    let (file, _) = export::<Licenses>(app, &[("q", "user000")]).await;
    let created = app.service().now().rfc3339();
    assert!(file.contains(&created) && file.contains("user000@example.com") && file.contains("ACTIVE"), "{file}");
    let with_cursor =
        admin(app).export_list::<Accounts>(&fields(&[("after", "x")]), &[], &Operator::Host.fresh()).await;
    assert!(with_cursor.is_err());
    // The audit log says which fields were given, but not their values, which may be addresses.
    let entries = page::<AuditLog>(app, &[("event", "list.exported")]).await.rows;
    assert_eq!(entries.len(), 3, "a refused export is not recorded");
    assert!(entries.iter().all(|entry| !entry.detail.contains("user")), "{entries:?}");
    assert!(entries.iter().any(|entry| entry.subject_id == "licenses" && entry.detail.contains("\"q\"")));
}

async fn acts_on_many_licenses_are_planned_and_reported(app: &TestApp) {
    let wanted: Vec<_> = (0..120).map(|n| new_license(n % 100, "chartgpt-lifetime")).collect();
    let issued = issue_many(app, &wanted).await;
    let ids: Vec<LicenseId> = issued
        .iter()
        .map(|outcome| match outcome {
            IssueOutcome::Issued(id) => *id,
            other => panic!("{other:?}"),
        })
        .collect();
    admin(app).revoke_license(ids[0], Notify::Nobody).await.expect("revoked");
    admin(app).suspend_license(ids[1], Notify::Nobody).await.expect("suspended");
    let missing = LicenseId::new(app.service().now(), [9; 10]);
    let chosen = Selection::Ids([ids[0], ids[1], ids[2], ids[2], missing].to_vec());
    let planned = admin(app).plan_bulk(BulkAct::Suspend, &chosen).await.expect("planned");
    let outcome = |at: usize| planned.report.items[at].outcome.clone();
    assert!(matches!(outcome(0), BulkOutcome::Refused(why) if why.contains("stays revoked")), "{planned:?}");
    assert_eq!((outcome(1), outcome(2)), (BulkOutcome::Unchanged, BulkOutcome::Changed));
    assert!(matches!(outcome(3), BulkOutcome::Refused(_)) && planned.report.items.len() == 4, "each once");
    assert_eq!(app.kit.history(ids[2]).await, ["license.issued"], "a plan changes nothing");

    app.kit.clock.advance(Duration::from_secs(1));
    let all = Selection::Filter(fields(&[("policy", "chartgpt-lifetime")]));
    let report = apply(app, BulkAct::Suspend, &all, Notify::Customer).await;
    assert_eq!((report.items.len(), report.changed(), report.refused()), (120, 118, 1));
    assert_eq!(app.kit.history(ids[119]).await, ["license.suspended", "license.issued"]);
    assert_eq!(page::<Licenses>(app, &[("status", "suspended")]).await.count, RowCount::Exactly(119));
    assert_eq!(page::<Mails>(app, &[("kind", "suspended")]).await.count, RowCount::Exactly(118));
    let again = apply(app, BulkAct::Suspend, &all, Notify::Customer).await;
    assert_eq!((again.changed(), again.refused()), (0, 1), "the second time nothing is left to do");
    let report = apply(app, BulkAct::Reinstate, &all, Notify::Nobody).await;
    assert_eq!(report.changed(), 119);
    // A lifetime license has nothing to renew.
    let renewed = apply(app, BulkAct::Renew, &Selection::Ids(ids[1..3].to_vec()), Notify::Nobody).await;
    assert_eq!(renewed.refused(), 2);
    let revoked = apply(app, BulkAct::Revoke, &Selection::Ids(ids[..3].to_vec()), Notify::Nobody).await;
    assert_eq!((revoked.changed(), &revoked.items[0].outcome), (2, &BulkOutcome::Unchanged));
    let bad = admin(app).plan_bulk(BulkAct::Renew, &Selection::Filter(fields(&[("status", "gone")]))).await;
    assert!(matches!(bad, Err(BulkError::Field(_))), "{bad:?}");
    let many = Selection::Ids((0..=MAX_BULK).map(|n| LicenseId::from(uuid_of(n))).collect());
    assert!(matches!(admin(app).plan_bulk(BulkAct::Renew, &many).await, Err(BulkError::TooMany)));
    let refused = admin(app).plan_issue(&[new_license(1, "gold")]).await;
    assert!(matches!(refused, Err(BulkError::PolicyNotFound(_))), "{refused:?}");
}

fn uuid_of(n: usize) -> uuid::Uuid {
    uuid::Uuid::from_u128(n.try_into().expect("small"))
}

async fn licenses_with_a_term_are_renewed_together(app: &TestApp) {
    app.add_policy("yearly", |policy| policy.duration = Some(Duration::from_hours(24 * 365))).await;
    let issued = app.issue_under("ada@example.com", "yearly").await;
    let change = LicenseChange {
        expiry: Some(Some(app.service().now().plus(Duration::from_hours(1)))),
        ..LicenseChange::default()
    };
    admin(app).change_license(issued.view.license.id, change).await.expect("changed");
    let soon = fields(&[("expires_to", &app.service().now().plus(Duration::from_hours(2)).rfc3339())]);
    let planned = admin(app).plan_bulk(BulkAct::Renew, &Selection::Filter(soon.clone())).await.expect("planned");
    assert_eq!(planned.report.changed(), 1);
    let overview = admin(app).overview(OverviewRange::Days7, true).await.expect("read");
    assert_eq!((overview.attention.expiring_licenses, overview.expiries.values.iter().sum::<i64>()), (1, 1));
    app.kit.clock.advance(Duration::from_secs(1));
    let report = apply(app, BulkAct::Renew, &Selection::Filter(soon), Notify::Nobody).await;
    assert_eq!(report.changed(), 1);
    assert_eq!(app.kit.history(issued.view.license.id).await[0], "license.renewed");
    let overview = admin(app).overview(OverviewRange::Days30, true).await.expect("read");
    assert_eq!((overview.attention.expiring_licenses, overview.new_licenses.values.len()), (0, 30));
    assert_eq!(overview.new_licenses.values.last(), Some(&1));
}

async fn an_admin_frees_a_machine(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let answer = app.desktop(Some(issued.key.expose())).activate("fp-1").await;
    assert_eq!(answer.status, 201, "{:?}", answer.body);
    let id: MachineId = answer.body["data"]["id"].as_str().expect("an id").parse().expect("an id");
    let found = admin(app).find("fp-1").await.expect("found");
    assert_eq!(found.only().map(|found| found.title.as_str()), Some("PC fp-1"));
    assert_eq!(
        page::<latchkey_service::Machines>(app, &[("active", "yes"), ("fingerprint", "fp-1")]).await.rows.len(),
        1
    );
    assert!(admin(app).free_machine(id).await.expect("freed").is_some());
    assert!(admin(app).free_machine(id).await.expect("nothing").is_none(), "it is free already");
    let log = page::<Activations>(app, &[("license", &issued.view.license.id.to_string())]).await.rows;
    let verbs: Vec<_> = log.iter().map(|row| (row.verb.as_str(), row.actor_kind.as_str())).collect();
    assert_eq!(verbs, [("machine.deactivated", "host"), ("machine.activated", "app")]);
    let of = TimelineOf::Machine(issued.view.license.id, id);
    let timeline = admin(app).timeline(&of, None, 10).await.expect("a timeline");
    assert!(timeline.entries.len() == 2 && timeline.entries.iter().all(|entry| entry.kind == EntryKind::Activation));
    assert_eq!(page::<latchkey_service::Machines>(app, &[("active", "no")]).await.rows[0].machine.id, id);
}

/// A plan costs the same for few and for many licenses.
async fn a_plan_reads_all_licenses_at_once(app: &TestApp) {
    app.add_policy("yearly", |policy| policy.duration = Some(Duration::from_hours(24 * 365))).await;
    let wanted: Vec<_> = (0..60).map(|n| new_license(n, "yearly")).collect();
    issue_many(app, &wanted).await;
    let cost = async |act: BulkAct, given: &[(&str, &str)]| {
        let selection = Selection::Filter(fields(given));
        let before = app.service().store().counters().statements;
        let plan = admin(app).plan_bulk(act, &selection).await.expect("planned");
        (plan.report.changed(), app.service().store().counters().statements - before)
    };
    // The catalog's cache is filled.
    cost(BulkAct::Suspend, &[]).await;
    for act in [BulkAct::Suspend, BulkAct::Renew, BulkAct::Revoke, BulkAct::MailKey] {
        let (one, many) = (cost(act, &[("q", "user007")]).await, cost(act, &[("q", "user")]).await);
        assert_eq!((one.0, many.0), (1, 60), "{act:?}");
        assert_eq!(one.1, many.1, "{act:?}");
        assert!(many.1 <= 4, "{act:?}: {} statements", many.1);
    }
    let cost_of_issue = async |count: usize| {
        let before = app.service().store().counters().statements;
        admin(app).plan_issue(&wanted[..count]).await.expect("planned");
        app.service().store().counters().statements - before
    };
    assert_eq!(cost_of_issue(1).await, cost_of_issue(60).await);
}

async fn a_plan_is_carried_out_once_and_only_as_it_was_seen(app: &TestApp) {
    let issued: Vec<LicenseId> =
        [app.issue("ada@example.com").await, app.issue("bob@example.com").await].map(|one| one.view.license.id).into();
    let both = Selection::Ids(issued.clone());
    let plan = admin(app).plan_bulk(BulkAct::Suspend, &both).await.expect("planned");
    assert_eq!((plan.report.changed(), plan.report.mails()), (2, 2));
    app.kit.clock.advance(Duration::from_secs(1));
    admin(app).suspend_license(issued[0], Notify::Nobody).await.expect("suspended");
    let late = admin(app)
        .apply_bulk(BulkAct::Suspend, &both, &approved(app, plan.version), Notify::Nobody, &Operator::Host.fresh())
        .await;
    assert!(matches!(late, Err(BulkError::Changed)), "{late:?}");
    assert_eq!(app.kit.history(issued[1]).await, ["license.issued"]);

    // A key that is mailed again leaves the license as it is, so only the plan's id shows that it was done.
    let plan = admin(app).plan_bulk(BulkAct::MailKey, &both).await.expect("planned");
    let approved = approved(app, plan.version);
    let report = admin(app).mail_keys(&both, &approved).await.expect("applied");
    assert_eq!((report.changed(), report.mails()), (2, 2));
    let again = admin(app).mail_keys(&both, &approved).await;
    assert!(matches!(again, Err(BulkError::AlreadyDone)), "{again:?}");
    assert_eq!(page::<Mails>(app, &[("kind", "license_issued")]).await.count, RowCount::Exactly(2));
    let begun = page::<AuditLog>(app, &[("event", "bulk_act.begun")]).await.rows;
    assert_eq!(begun.len(), 1);
    assert!(begun[0].detail.contains("\"licenses\":2") && begun[0].detail.contains("mail_key"), "{begun:?}");
}

async fn licenses_are_issued_line_by_line(app: &TestApp) {
    let banned = app.issue("bob@example.com").await.owner;
    let mut tx = app.service().store().write().await.expect("a transaction");
    let now = app.service().now();
    tx.set_account_disabled(banned.id, Some(now), now).await.expect("banned");
    tx.commit().await.expect("committed");
    app.issue("ada@example.com").await;
    let new = |email: &str, name: Option<&str>| NewLicense {
        email: EmailAddress::parse(email).expect("an address"),
        name: name.map(str::to_owned),
        policy: "chartgpt-lifetime".to_owned(),
    };
    let wanted =
        [new("ada@example.com", Some("Other")), new("bob@example.com", None), new("eve@example.com", Some("Eve"))];
    let plan = admin(app).plan_issue(&wanted).await.expect("planned");
    assert!(matches!(&plan.items[0], IssuePlanItem::Known(account) if account.name.is_none()), "{plan:?}");
    assert_eq!(plan.items[1..], [IssuePlanItem::OwnerIsBanned, IssuePlanItem::NewAccount]);
    let approved = approved(app, plan.version);
    let outcomes =
        admin(app).issue_many(&wanted, &approved, Notify::Customer, &Operator::Host.fresh()).await.expect("issued");
    let is_issued = outcomes.iter().map(|outcome| matches!(outcome, IssueOutcome::Issued(_))).collect::<Vec<_>>();
    assert_eq!(is_issued, [true, false, true]);
    let eve = page::<Accounts>(app, &[("q", "eve")]).await.rows.remove(0);
    assert_eq!((eve.account.name.as_deref(), eve.licenses), (Some("Eve"), 1));
    assert_eq!(page::<Mails>(app, &[("kind", "license_issued")]).await.count, RowCount::Exactly(2));
    // Sending the form twice issues nothing twice. Eve has an account now, which is another plan.
    let again = admin(app).issue_many(&wanted, &approved, Notify::Customer, &Operator::Host.fresh()).await;
    assert!(matches!(again, Err(BulkError::Changed)), "{again:?}");
    let plan = admin(app).plan_issue(&wanted).await.expect("planned");
    let same_id = ApprovedPlan { version: plan.version, ..approved };
    let again = admin(app).issue_many(&wanted, &same_id, Notify::Customer, &Operator::Host.fresh()).await;
    assert!(matches!(again, Err(BulkError::AlreadyDone)), "{again:?}");
    assert_eq!(page::<Licenses>(app, &[]).await.count, RowCount::Exactly(4));
}

/// Two admins issue to the same people, in opposite orders: neither waits for the other forever.
async fn lists_in_opposite_orders_are_issued_at_the_same_time(app: &TestApp) {
    let other = app.another_process().await;
    for round in 0..6 {
        let mut wanted: Vec<_> = (0..50)
            .map(|n| NewLicense {
                email: EmailAddress::parse(&format!("user{n:03}-{round}@example.com")).expect("an address"),
                name: None,
                policy: "chartgpt-lifetime".to_owned(),
            })
            .collect();
        // Half of them have accounts, of which some own nothing.
        for new in wanted.iter().step_by(2) {
            admin(app).add_customer(&new.email, None).await.expect("added");
        }
        let mut tries = Vec::new();
        for service in [app.service().clone(), other.clone()] {
            let host = service.admin(Operator::Host);
            let version = host.plan_issue(&wanted).await.expect("planned").version;
            let approved = ApprovedPlan { id: host.new_bulk_act().expect("an id"), version };
            tries.push((service.clone(), wanted.clone(), approved));
            wanted.reverse();
        }
        let tries = tries.into_iter().map(|(service, wanted, approved)| {
            tokio::spawn(async move {
                let fresh = Operator::Host.fresh();
                let host = service.admin(Operator::Host);
                host.issue_many(&wanted, &approved, Notify::Nobody, &fresh).await
            })
        });
        for done in tries.collect::<Vec<_>>() {
            // The slower one may find that there are accounts that were not in its plan.
            match done.await.expect("no panic") {
                Ok(outcomes) => {
                    assert!(outcomes.iter().all(|outcome| matches!(outcome, IssueOutcome::Issued(_))), "{outcomes:?}");
                }
                Err(error) => assert!(matches!(error, BulkError::Changed), "{error}"),
            }
        }
    }
}

/// Commands on the host have no account, to which a view could belong.
async fn the_host_has_no_views(app: &TestApp) {
    let saved = admin(app).save_view::<Licenses>("Active", &fields(&[("status", "active")]), "status=active").await;
    assert!(matches!(saved, Err(SaveViewError::NoAccount)), "{saved:?}");
    let desk = admin(app).list_desk::<Licenses>(&[]).await.expect("read");
    assert!(desk.views.is_empty() && desk.page.is_ok());
    assert_eq!(desk.names.policies[0].0, "chartgpt-lifetime");
}

on_both!(with_app:
    wh_20_cursors_lead_through_a_list_and_nowhere_else,
    everything_at_hand_finds_its_record,
    a_timeline_merges_changes_mails_and_notes,
    an_explanation_lists_every_check_and_has_no_effect,
    wh_23_exports_are_complete_harmless_and_recorded,
    acts_on_many_licenses_are_planned_and_reported,
    licenses_with_a_term_are_renewed_together,
    an_admin_frees_a_machine,
    a_plan_reads_all_licenses_at_once,
    a_plan_is_carried_out_once_and_only_as_it_was_seen,
    licenses_are_issued_line_by_line,
    lists_in_opposite_orders_are_issued_at_the_same_time,
    the_host_has_no_views,
);
