//! The pages of records.

use latchkey_licensing::{account::Role, email::EmailAddress};
use latchkey_service::{
    Notify, Operator,
    ports::payments::{IncomingEvent, ObjectKind, ObjectRef},
};
use latchkey_testkit::on_both;
use reqwest::StatusCode;

use crate::{
    admin::{staff, support::page},
    support::app::{TestApp, with_app},
};

on_both!(with_app:
    every_record_has_a_page_with_what_belongs_to_it,
    a_record_is_inspected_without_its_secrets,
    a_history_is_read_page_by_page,
    what_is_not_there_is_not_found,
    a_page_says_why_a_license_fails_and_what_to_do,
    evidence_for_a_dispute_is_collected
);

const NONE: &str = "0190f3c2-0000-7000-8000-000000000000";

/// A customer with a license on a machine, an order, an event about it and a mail.
struct Records {
    customer: String,
    license: String,
    machine: String,
    order: String,
    event: String,
    mail: String,
    key: String,
}

impl Records {
    async fn new(app: &TestApp) -> Self {
        let ada = EmailAddress::parse("ada@example.com").expect("an address");
        let host = app.service().admin(Operator::Host);
        let issued = host.issue_license(&ada, "chartgpt-lifetime", Notify::Customer).await.expect("issued");
        let made = app.desktop(Some(issued.key.expose())).activate("laptop").await;
        let mut reader = app.service().store().read().await.expect("a reader");
        let mails = reader.list_mails_to(&ada, None, 10).await.expect("read");
        let order = app.add_order(issued.owner.id, 1).await;
        let now = app.service().now();
        let event = IncomingEvent {
            id: "evt_1".to_owned(),
            kind: "checkout.session.completed".to_owned(),
            is_live: false,
            api_version: Some("2026-10-01".to_owned()),
            created_at: now,
            object: Some(ObjectRef { kind: ObjectKind::Checkout, id: "cs_test_1".to_owned() }),
            is_of_known_kind: true,
            problem: None,
            named_objects: Vec::new(),
            body: br#"{"id":"evt_1","object":"event"}"#.to_vec(),
        };
        app.service().store_event(&event).await.expect("stored");
        Self {
            customer: format!("/admin/customers/{}", issued.owner.id),
            license: format!("/admin/licenses/{}", issued.view.license.id),
            machine: format!("/admin/machines/{}", made.body["data"]["id"].as_str().expect("an id")),
            order: format!("/admin/orders/{order}"),
            event: "/admin/events/evt_1".to_owned(),
            mail: format!("/admin/mails/{}", mails.last().expect("a mail").id),
            key: issued.key.expose().to_owned(),
        }
    }
}

async fn every_record_has_a_page_with_what_belongs_to_it(app: &TestApp) {
    let records = Records::new(app).await;
    let browser = staff(app, Role::Support).await;
    let links = |path: &str| format!("href=\"{path}\"");
    let owner = links(&records.customer);
    for (path, shown) in [
        (&records.license, vec![owner.as_str(), &links(&records.machine), "Lifetime", "1 of 2", "Machine activated"]),
        (
            &records.customer,
            vec![&links(&records.license), &links(&records.order), "ada@example.com", "License issued"],
        ),
        (&records.machine, vec![&links(&records.license), owner.as_str(), "laptop", "Machine activated"]),
        (&records.order, vec![owner.as_str(), "149.00", "cs_test_1", "pi_", "chartgpt-lifetime"]),
        (&records.event, vec![&links(&records.order), "cs_test_1", "\"id\": \"evt_1\"", "By webhook"]),
        (&records.mail, vec![owner.as_str(), "License issued by hand", "ada@example.com"]),
    ] {
        let found = page(&browser, path).await;
        for text in shown {
            assert!(found.contains(text), "{path} lacks {text}: {found}");
        }
        assert!(!found.contains(&records.key), "{path} shows the key");
    }
    // What support may not do is there, locked, with the reason.
    let license = page(&browser, &records.license).await;
    assert!(license.contains("Only admins may do this."), "{license}");
    assert!(!license.contains(&links(&format!("{}/revoke", records.license))), "{license}");
    let admin = staff(app, Role::Admin).await;
    let license = page(&admin, &records.license).await;
    assert!(license.contains(&links(&format!("{}/revoke", records.license))), "{license}");
}

async fn a_record_is_inspected_without_its_secrets(app: &TestApp) {
    let records = Records::new(app).await;
    let browser = staff(app, Role::Admin).await;
    for (path, member) in [
        (&records.license, "individual_entitlements"),
        (&records.customer, "disabled_at"),
        (&records.machine, "fingerprint"),
        (&records.order, "paid_minor"),
        (&records.event, "api_version"),
        (&records.mail, "next_attempt_at"),
    ] {
        let found = page(&browser, &format!("{path}?tab=inspect")).await;
        assert!(
            found.contains(&format!("&quot;{member}&quot;")) || found.contains(&format!("\"{member}\"")),
            "{path}: {found}"
        );
        assert!(!found.contains(&records.key), "{path} shows the key");
    }
    let license = page(&browser, &format!("{}?tab=inspect", records.license)).await;
    assert!(license.contains("latchkey license show") && license.contains("curl -H"), "{license}");
}

async fn a_history_is_read_page_by_page(app: &TestApp) {
    let records = Records::new(app).await;
    let browser = staff(app, Role::Support).await;
    for number in 0..30 {
        let path = format!("{}/note", records.license);
        let answer = browser.submit(&path, &[("text", &format!("note number {number}."))]).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        app.kit.clock.advance(std::time::Duration::from_secs(1));
    }
    let first = page(&browser, &records.license).await;
    assert!(first.contains("note number 29.") && !first.contains("note number 2."), "{first}");
    let next = first.split("?after=").nth(1).expect("a link").split(['#', '"']).next().expect("a cursor");
    let second = page(&browser, &format!("{}?after={next}", records.license)).await;
    assert!(second.contains("note number 2.") && second.contains("License issued"), "{second}");
    assert!(!second.contains("note number 29."), "{second}");
    // A damaged link leads to the start.
    let damaged = page(&browser, &format!("{}?after=x", records.license)).await;
    assert!(damaged.contains("note number 29."), "{damaged}");
}

async fn what_is_not_there_is_not_found(app: &TestApp) {
    let browser = staff(app, Role::Admin).await;
    for path in ["customers", "licenses", "machines", "orders", "mails"] {
        for id in [NONE, "x"] {
            let path = format!("/admin/{path}/{id}");
            assert_eq!(browser.get(&path).await.status(), StatusCode::NOT_FOUND, "{path}");
        }
    }
    assert_eq!(browser.get("/admin/events/evt_none").await.status(), StatusCode::NOT_FOUND);
    for path in ["licenses", "orders", "customers"] {
        for act in ["note", "nothing"] {
            let path = format!("/admin/{path}/{NONE}/{act}");
            assert_eq!(browser.get(&path).await.status(), StatusCode::NOT_FOUND, "{path}");
            assert_eq!(browser.submit(&path, &[("text", "x")]).await.status(), StatusCode::NOT_FOUND, "{path}");
        }
    }
}

async fn a_page_says_why_a_license_fails_and_what_to_do(app: &TestApp) {
    let records = Records::new(app).await;
    let browser = staff(app, Role::Support).await;
    let explain = format!("{}/explain", records.license);
    let before = page(&browser, &records.license).await;
    let valid = page(&browser, &format!("{explain}?fingerprint=laptop")).await;
    assert!(valid.contains("It validates: the app gets VALID."), "{valid}");
    let other = page(&browser, &format!("{explain}?fingerprint=other&entitlements=PRO")).await;
    for shown in [
        "ENTITLEMENTS_MISSING",
        "FINGERPRINT_SCOPE_MISMATCH",
        "It does not validate",
        "Change terms",
        "value=\"other\"",
    ] {
        assert!(other.contains(shown), "{shown} is missing: {other}");
    }
    // It is not a use of the license.
    assert!(before.contains("Never"), "{before}");
    assert!(page(&browser, &records.license).await.contains("Never"));
    let id = records.license.rsplit('/').next().expect("an id").parse().expect("an id");
    app.service().admin(Operator::Host).suspend_license(id, Notify::Nobody).await.expect("suspended");
    let suspended = page(&browser, &explain).await;
    let reinstate = format!("href=\"{}/reinstate\"", records.license);
    assert!(suspended.contains("SUSPENDED") && suspended.contains(&reinstate), "{suspended}");
}

async fn evidence_for_a_dispute_is_collected(app: &TestApp) {
    let records = Records::new(app).await;
    let browser = staff(app, Role::Support).await;
    let found = page(&browser, &format!("{}/evidence", records.order)).await;
    for shown in
        ["Delivered electronically", "Account ada@example.com since", "Payment pi_", "No dispute about this order"]
    {
        assert!(found.contains(shown), "{shown} is missing: {found}");
    }
    assert!(!found.contains(&records.key));
}
