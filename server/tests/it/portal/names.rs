//! Names that people and apps give: they cannot change how the text around them looks.

use latchkey_licensing::email::EmailAddress;
use latchkey_service::Operator;
use latchkey_testkit::on_both;
use serde_json::json;

use crate::support::app::{TestApp, location, with_app};

on_both!(with_app: names_cannot_turn_other_text_around, refused_names_stay_in_their_fields);

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
        // It is only in the field in which it was typed, and not kept.
        let page = ada.get("/portal/account").await.text().await.expect("a page");
        assert!(!page.replace(&format!("value=\"{bad}\""), "").contains(bad), "{page}");
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

/// Without script, the page is loaded again after a refusal. It contains what was typed, once, and nothing that was accepted since.
async fn refused_names_stay_in_their_fields(app: &TestApp) {
    let issued = app.issue("ada@example.com").await;
    let license = issued.view.license.id.to_string();
    let made = app.desktop(Some(issued.key.expose())).activate("one").await;
    let machine = made.body["data"]["id"].as_str().expect("an id").to_owned();
    let ada = app.customer("ada@example.com").await;
    let computer = format!("/portal/licenses/{license}/machines/{machine}");
    let of_computer = [("license", license.as_str()), ("machine", machine.as_str())];
    let field = |name: &str| format!("name=\"name\" type=\"text\" maxlength=\"100\" value=\"{name}\"");
    let too_long = "n".repeat(101);
    for (function, fields, page) in
        [("/fn/rename_computer", &of_computer[..], computer.as_str()), ("/fn/rename", &[], "/portal/account")]
    {
        let rename = async |name: &str| {
            let fields: Vec<_> = fields.iter().copied().chain([("name", name)]).collect();
            ada.submit(function, &fields).await
        };
        let shown = async || ada.get(page).await.text().await.expect("a page").replace(" autocomplete=\"name\"", "");
        rename("Desk").await;
        assert!(shown().await.contains(&field("Desk")), "{page}");
        let answer = rename(&too_long).await;
        assert_eq!(location(&answer), page);
        let refused = shown().await;
        assert!(refused.contains("at most 100 characters") && refused.contains(&field(&too_long)), "{refused}");
        assert!(shown().await.contains(&field("Desk")), "it is shown once");
        rename(&too_long).await;
        rename("Other desk").await;
        assert!(shown().await.contains(&field("Other desk")), "what was accepted is shown");
    }
}
