//! Names that people and apps give: they cannot change how the text around them looks.

use latchkey_licensing::email::EmailAddress;
use latchkey_service::Operator;
use latchkey_testkit::on_both;
use serde_json::json;

use crate::support::app::{TestApp, with_app};

on_both!(with_app: names_cannot_turn_other_text_around);

/// U+202E lets all text after it run from right to left.
async fn names_cannot_turn_other_text_around(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let license = issued.view.license.id.to_string();
    let desktop = app.desktop(Some(issued.key.expose()));
    let activation = |name: &str| {
        let attributes = json!({ "fingerprint": "pc", "name": name, "hostname": "host", "platform": "linux" });
        json!({ "data": { "type": "machines", "attributes": attributes } })
    };
    for bad in ["\u{202e}PC", "PC\u{2066}", "P\u{2028}C", "P\u{1b}[2JC"] {
        let answer = desktop.post("/v1/machines", activation(bad)).await;
        assert_eq!((answer.status, answer.pointer()), (422, "/data/attributes/name"), "{answer:?}");
    }
    let answer = desktop.post("/v1/machines", activation("Adas PC שלום")).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let machine = answer.body["data"]["id"].as_str().expect("an id").to_owned();
    let ada = app.customer("ada@example.com").await;
    for bad in ["\u{202e}Ada", "Ada\u{2067}"] {
        ada.submit("/fn/rename", &[("name", bad)]).await;
        let page = ada.get("/portal/account").await.text().await.expect("a page");
        assert!(page.contains("value=\"Ada\"") && !page.contains(bad), "{page}");
        let desk = bad.replace("Ada", "Desk");
        ada.submit("/fn/rename_computer", &[("license", &license), ("machine", &machine), ("name", &desk)]).await;
        let page = ada.get(&format!("/portal/licenses/{license}")).await.text().await.expect("a page");
        assert!(page.contains("Desk") && !page.contains(&desk), "{page}");
    }
    // A name that staff or an import gives is cleaned.
    let bob = EmailAddress::parse("bob@example.com").expect("an address");
    let added = app.service().admin(Operator::Host).add_customer(&bob, Some("Bob\u{202e}by".to_owned())).await;
    let (account, _) = added.expect("added");
    assert_eq!(account.name.as_deref(), Some("Bob by"));
}
