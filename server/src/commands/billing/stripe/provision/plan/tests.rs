use serde_json::{Value, json};

use super::*;

const URL: &str = "https://portal.example.com/webhooks/stripe";

fn wanted(code: &str, source: Source) -> Wanted {
    Wanted {
        code: code.to_owned(),
        product_code: "draw".to_owned(),
        product_name: "Acme Draw".to_owned(),
        amount: Some(Money::new(4_900, "USD".parse().expect("a currency"))),
        recurring: None,
        tax_behavior: None,
        source,
    }
}

fn price(id: &str, more: Value) -> Price {
    let mut object = json!({
        "id": id, "active": true, "currency": "usd", "unit_amount": 4_900, "recurring": null, "product": "prod_1",
        "tax_behavior": "unspecified", "lookup_key": "draw", "metadata": { "latchkey": "x", "latchkey_price": "draw" },
    });
    object.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    serde_json::from_value(object).expect("a price")
}

fn product(metadata: Value) -> Product {
    serde_json::from_value(json!({ "id": "prod_1", "active": true, "name": "Acme Draw", "metadata": metadata }))
        .expect("a product")
}

fn endpoint(id: &str, more: Value) -> WebhookEndpoint {
    let events: Vec<&str> = HANDLED.iter().map(|(kind, _)| *kind).collect();
    let mut object = json!({
        "id": id, "url": URL, "status": "enabled", "enabled_events": events, "api_version": API_VERSION,
        "metadata": { "latchkey": "x" },
    });
    object.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    serde_json::from_value(object).expect("an endpoint")
}

/// Everything as a first run leaves it.
fn complete() -> Found {
    Found {
        products: vec![product(json!({ "latchkey": "x", "latchkey_product": "draw" }))],
        prices: vec![price("price_1", json!({}))],
        endpoints: vec![endpoint("we_1", json!({}))],
    }
}

fn steps(wanted: &Wanted, found: &Found) -> Vec<Step> {
    let plan = plan(std::slice::from_ref(wanted), Endpoint::At(URL), found);
    assert_eq!((plan.conflicts.len(), plan.notes.len()), (0, 0), "{plan:?}");
    plan.steps
}

fn create(replaces: Option<&str>) -> Step {
    Step::CreatePrice { code: "draw".to_owned(), product: "draw".to_owned(), replaces: replaces.map(str::to_owned) }
}

#[test]
fn an_empty_account_gets_each_product_once_before_its_prices() {
    let both = [wanted("draw", Source::Made(None)), wanted("draw-team", Source::Made(None))];
    let steps = plan(&both, Endpoint::At(URL), &Found::default()).steps;
    let shown: Vec<String> = steps.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "+ product draw: Acme Draw",
            "+ price draw",
            "+ price draw-team",
            "+ webhook endpoint https://portal.example.com/webhooks/stripe",
        ]
    );
}

#[test]
fn a_complete_account_needs_nothing() {
    let recorded = wanted("draw", Source::Made(Some("price_1".to_owned())));
    assert_eq!(steps(&recorded, &complete()), []);
}

#[test]
fn a_price_that_was_made_but_not_recorded_is_recorded() {
    let step = Step::RecordPrice { code: "draw".to_owned(), id: "price_1".to_owned() };
    assert_eq!(steps(&wanted("draw", Source::Made(None)), &complete()), [step]);
}

#[test]
fn a_price_with_other_terms_is_replaced() {
    let recorded = || wanted("draw", Source::Made(Some("price_1".to_owned())));
    let cases = [
        Wanted { amount: Some(Money::new(5_000, "USD".parse().expect("a currency"))), ..recorded() },
        Wanted { amount: Some(Money::new(4_900, "EUR".parse().expect("a currency"))), ..recorded() },
        Wanted { recurring: Some(("year", 1)), ..recorded() },
        Wanted { tax_behavior: Some("inclusive"), ..recorded() },
    ];
    for wanted in &cases {
        assert_eq!(steps(wanted, &complete()), [create(Some("price_1"))], "{wanted:?}");
    }
    // It lost its lookup key.
    let without = Found { prices: vec![price("price_1", json!({ "lookup_key": null }))], ..complete() };
    assert_eq!(steps(&cases[0], &without), [create(Some("price_1"))]);
}

#[test]
fn a_price_that_is_gone_or_inactive_is_made_again() {
    let recorded = wanted("draw", Source::Made(Some("price_1".to_owned())));
    let gone = Found { prices: Vec::new(), ..complete() };
    assert_eq!(steps(&recorded, &gone), [create(None)]);
    let inactive = Found { prices: vec![price("price_1", json!({ "active": false }))], ..complete() };
    assert_eq!(steps(&recorded, &inactive), [create(None)]);
}

#[test]
fn what_others_made_is_never_touched() {
    let foreign = [
        json!({ "metadata": {} }),
        json!({ "metadata": { "latchkey_price": "draw" } }),
        json!({
            "metadata": { "latchkey": "x", "latchkey_price": "other" },
        }),
    ];
    for metadata in foreign {
        let found = Found { prices: vec![price("price_1", metadata)], ..complete() };
        let plan = plan(&[wanted("draw", Source::Made(None))], Endpoint::At(URL), &found);
        assert!(plan.steps.is_empty() && plan.conflicts[0].contains("price_1"), "{plan:?}");
    }
    let product = Found { products: vec![product(json!({ "latchkey_product": "draw" }))], ..Found::default() };
    let made = plan(&[wanted("draw", Source::Made(None))], Endpoint::At(URL), &product).steps;
    assert!(matches!(made[0], Step::CreateProduct { .. }), "{made:?}");
    let manual = json!({ "metadata": {}, "status": "disabled", "enabled_events": ["charge.refunded"] });
    let found = Found { endpoints: vec![endpoint("we_9", manual)], ..complete() };
    let plan = plan(&[], Endpoint::At(URL), &found);
    assert!(plan.steps.is_empty() && plan.notes[0].contains("we_9") && plan.notes[0].contains("refund.created"));
}

#[test]
fn an_endpoint_is_updated_or_made_again_if_its_version_is_another() {
    let other = |more| Found { endpoints: vec![endpoint("we_1", more)], ..complete() };
    let update = [Step::UpdateEndpoint { id: "we_1".to_owned() }];
    let create = [Step::CreateEndpoint { url: URL.to_owned() }];
    assert_eq!(plan(&[], Endpoint::At(URL), &other(json!({ "status": "disabled" }))).steps, update);
    assert_eq!(plan(&[], Endpoint::At(URL), &other(json!({ "enabled_events": ["invoice.paid"] }))).steps, update);
    assert_eq!(plan(&[], Endpoint::At(URL), &other(json!({ "enabled_events": ["*"] }))).steps, []);
    assert_eq!(plan(&[], Endpoint::At(URL), &other(json!({ "url": "https://other.example/" }))).steps, create);
    for version in [json!("2020-08-27"), Value::Null] {
        let plan = plan(&[], Endpoint::At(URL), &other(json!({ "api_version": version })));
        assert_eq!((plan.steps.as_slice(), plan.notes.len()), (create.as_slice(), 1));
    }
    let nowhere = plan(&[], Endpoint::Unreachable, &Found::default());
    assert!(nowhere.steps.is_empty() && nowhere.notes[0].contains("stripe listen"));
}

#[test]
fn a_named_price_has_to_be_as_the_catalog_says() {
    let named = |id: &str| wanted("draw", Source::Named(id.to_owned()));
    assert_eq!(steps(&named("price_1"), &complete()), []);
    let open = Wanted { amount: None, ..named("price_1") };
    let amount = Money::new(4_900, "USD".parse().expect("a currency"));
    assert_eq!(
        steps(&open, &complete()),
        [Step::RecordAmount { code: "draw".to_owned(), id: "price_1".to_owned(), amount }]
    );
    let with = |more| Found { prices: vec![price("price_1", more)], ..complete() };
    let monthly = json!({ "recurring": { "interval": "month", "interval_count": 1 } });
    for (found, word) in [
        (with(json!({ "active": false })), "not active"),
        (with(json!({ "unit_amount": null })), "no fixed amount"),
        (with(json!({ "unit_amount": 1 })), "costs $0.01"),
        (with(monthly), "another interval"),
        (Found { prices: Vec::new(), ..complete() }, "does not exist"),
    ] {
        let plan = plan(&[named("price_1")], Endpoint::At(URL), &found);
        assert!(plan.steps.is_empty() && plan.conflicts[0].contains(word), "{word}: {plan:?}");
    }
}

/// Stripe shows the secret of an endpoint only when it is made.
#[test]
fn an_endpoint_whose_secret_is_lost_is_made_again() {
    let wanted = wanted("draw", Source::Made(Some("price_1".to_owned())));
    let plan = plan(std::slice::from_ref(&wanted), Endpoint::Again(URL), &complete());
    assert_eq!(plan.steps, [Step::CreateEndpoint { url: URL.to_owned() }]);
    assert!(plan.notes.iter().any(|note| note.contains("we_1") && note.contains("Delete it")), "{plan:?}");
}
