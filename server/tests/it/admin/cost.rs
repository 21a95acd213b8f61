//! The database cost of pages: it is bounded, and does not grow with the number of records.

use latchkey_licensing::{account::Role, email::EmailAddress};
use latchkey_service::{NoteSubject, Notify, Operator, ports::payments::IncomingEvent};
use latchkey_testkit::on_both;

use crate::{
    admin::{staff, support::page},
    support::app::{Browser, TestApp, with_unlimited_app},
};

on_both!(with_unlimited_app: pages_cost_the_same_for_many_records);

/// The most statements of a list: the session, the catalog, the views, the count and the rows.
const LIST: u64 = 7;

/// The pages and the most statements that each may take.
fn pages(records: &[String; 6]) -> Vec<(String, u64)> {
    let lists = ["customers", "licenses", "machines", "activations", "orders", "events", "mails", "audit"];
    let lists = lists.map(|list| (format!("/admin/{list}"), LIST));
    let [customer, license, machine, order, event, mail] = records.clone();
    let others = [
        ("/admin".to_owned(), 24),
        ("/admin/search?q=ada".to_owned(), 6),
        (customer, 16),
        (license, 16),
        (machine, 12),
        (order, 14),
        (event, 6),
        (mail, 4),
        ("/admin/catalog".to_owned(), 13),
        ("/admin/catalog/policies/chartgpt-lifetime".to_owned(), 18),
        ("/admin/catalog/products/chartgpt".to_owned(), 18),
        ("/admin/diagnostics".to_owned(), 22),
        ("/admin/bulk/licenses/suspend?all=on&filter=".to_owned(), 14),
        ("/admin/export/licenses?all=on&filter=".to_owned(), 8),
        ("/admin/new/licenses".to_owned(), 6),
    ];
    lists.into_iter().chain(others).collect()
}

/// A customer with everything, or more of it.
async fn fill(app: &TestApp, address: &str, rounds: std::ops::Range<usize>) -> [String; 6] {
    let host = app.service().admin(Operator::Host);
    let email = EmailAddress::parse(address).expect("an address");
    let mut paths = None;
    for round in rounds {
        let issued = host.issue_license(&email, "chartgpt-lifetime", Notify::Customer).await.expect("issued");
        let id = issued.view.license.id;
        let made = app.desktop(Some(issued.key.expose())).activate(&format!("{address}-{round}")).await;
        assert_eq!(made.status, 201, "{:?}", made.body);
        host.add_note(&NoteSubject::License(id), "called").await.expect("noted");
        let order = app.add_order(issued.owner.id, round).await;
        let event_id = format!("evt_{round}");
        let event = IncomingEvent {
            id: event_id.clone(),
            kind: "customer.updated".to_owned(),
            is_live: false,
            api_version: None,
            created_at: app.service().now(),
            object: None,
            is_of_known_kind: true,
            problem: None,
            named_objects: Vec::new(),
            body: b"{}".to_vec(),
        };
        app.service().store_event(&event).await.expect("stored");
        if paths.is_none() {
            let mut reader = app.service().store().read().await.expect("a reader");
            let mails = reader.list_mails_to(&email, None, 1).await.expect("read");
            paths = Some([
                format!("/admin/customers/{}", issued.owner.id),
                format!("/admin/licenses/{id}"),
                format!("/admin/machines/{}", made.body["data"]["id"].as_str().expect("an id")),
                format!("/admin/orders/{order}"),
                format!("/admin/events/{event_id}"),
                format!("/admin/mails/{}", mails.first().expect("a mail").id),
            ]);
        }
    }
    paths.expect("a round")
}

async fn costs(app: &TestApp, browser: &Browser<'_>, pages: &[(String, u64)]) -> Vec<(String, u64)> {
    let mut costs = Vec::new();
    for (path, _) in pages {
        // What is cached is cached, and no bookkeeping is left to write.
        page(browser, path).await;
        app.service().write_bookkeeping().await.expect("written");
        app.service().seal_audit_log().await.expect("sealed");
        let before = app.service().store().counters().statements;
        page(browser, path).await;
        costs.push((path.clone(), app.service().store().counters().statements - before));
    }
    costs
}

async fn pages_cost_the_same_for_many_records(app: &TestApp) {
    let records = fill(app, "ada@example.com", 1..3).await;
    let browser = staff(app, Role::Admin).await;
    let pages = pages(&records);
    let few = costs(app, &browser, &pages).await;
    let above: Vec<_> =
        few.iter().zip(&pages).filter(|((_, cost), (_, most))| cost > most).map(|(cost, _)| cost).collect();
    assert!(above.is_empty(), "{above:?} of {few:?}");
    fill(app, "ada@example.com", 3..12).await;
    for n in 0..3 {
        fill(app, &format!("user{n}@example.org"), 12 + 4 * n..16 + 4 * n).await;
    }
    assert_eq!(costs(app, &browser, &pages).await, few);
}
