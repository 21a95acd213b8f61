//! Authentication, parameters, idempotency, lists and faults.

use latchkey_testkit::stripe::{Fault, Payment};

use crate::client::{Client, id};

#[tokio::test]
async fn a_call_without_the_secret_key_is_refused() {
    let client = Client::start();
    for token in ["", "sk_test_another"] {
        let answer = client.send(client.request("GET", "/v1/account").bearer_auth(token)).await;
        // The client's own header comes first.
        assert_eq!(answer.status, 200);
        let url = format!("{}/v1/account", client.double.base_url());
        let answer = client.send(reqwest::Client::new().get(&url).bearer_auth(token)).await;
        assert_eq!((answer.status, answer.body["error"]["type"].as_str()), (401, Some("invalid_request_error")));
    }
    let url = format!("{}/v1/account", client.double.base_url());
    let basic = reqwest::Client::new().get(&url).basic_auth(client.double.api_key(), Some(""));
    assert_eq!(client.send(basic).await.status, 200);
}

/// Parameters, and the code and the parameter of the refusal.
type Case<'a> = (&'a [(&'a str, &'a str)], &'a str, &'a str);

#[tokio::test]
async fn bad_parameters_get_stripes_errors() {
    let client = Client::start();
    let price = client.price("4900", "eur", None).await;
    let cases: &[Case] = &[
        (&[], "parameter_missing", "mode"),
        (&[("mode", "payment")], "parameter_missing", "success_url"),
        (&[("mode", "payment"), ("price", "x")], "parameter_unknown", "price"),
        (&[("mode", "payment"), ("line_items[0][amount]", "1")], "parameter_unknown", "line_items[0][amount]"),
        (
            &[("mode", "payment"), ("success_url", "https://a.example"), ("line_items[0][price]", "price_none")],
            "resource_missing",
            "line_items[0][price]",
        ),
        (
            &[("mode", "payment"), ("success_url", "https://a.example"), ("line_items[0][price]", &price)],
            "parameter_missing",
            "line_items[0][quantity]",
        ),
    ];
    for (form, code, param) in cases {
        let answer = client.try_post("/v1/checkout/sessions", form).await;
        let error = &answer.body["error"];
        assert_eq!((answer.status, error["code"].as_str()), (400, Some(*code)), "{form:?}: {error}");
        assert_eq!(error["param"], *param, "{error}");
        assert!(answer.headers["request-id"].to_str().expect("text").starts_with("req_"));
    }
    let missing = client.send(client.request("GET", "/v1/checkout/sessions/cs_test_none")).await;
    assert_eq!((missing.status, missing.body["error"]["code"].as_str()), (404, Some("resource_missing")));
}

#[tokio::test]
async fn a_repeated_idempotency_key_repeats_the_answer_and_refuses_other_parameters() {
    let client = Client::start();
    let send = async |name: &str| {
        let request = client.request("POST", "/v1/customers").header("Idempotency-Key", "key-1");
        client.send(request.form(&[("name", name)])).await
    };
    let (first, second, third) = (send("Jenny").await, send("Jenny").await, send("Jim").await);
    assert_eq!(first.body, second.body);
    assert!(!first.headers.contains_key("idempotent-replayed"));
    assert_eq!(second.headers["idempotent-replayed"], "true");
    assert_eq!((third.status, third.body["error"]["type"].as_str()), (400, Some("idempotency_error")));
    assert_eq!(client.get("/v1/customers").await["data"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn more_line_items_than_a_page_are_listed_without_gaps() {
    let client = Client::start();
    let mut form = vec![
        ("mode".to_owned(), "payment".to_owned()),
        ("success_url".to_owned(), "https://shop.example/thanks".to_owned()),
    ];
    for number in 0..120 {
        let price = client.price(&(100 + number).to_string(), "eur", None).await;
        form.push((format!("line_items[{number}][price]"), price));
        form.push((format!("line_items[{number}][quantity]"), "1".to_owned()));
    }
    let session =
        client.send(client.request("POST", "/v1/checkout/sessions?expand[]=line_items").form(&form)).await.body;
    assert_eq!(session["line_items"]["data"].as_array().map(Vec::len), Some(10));
    assert_eq!(session["line_items"]["has_more"], true);
    let mut amounts = Vec::new();
    let mut after = String::new();
    loop {
        let path = format!("/v1/checkout/sessions/{}/line_items?limit=50{after}", id(&session));
        let page = client.get(&path).await;
        let items = page["data"].as_array().expect("items");
        amounts.extend(items.iter().map(|item| item["amount_total"].as_i64().expect("an amount")));
        let Some(last) = items.last().filter(|_| page["has_more"] == true) else { break };
        after = format!("&starting_after={}", id(last));
    }
    assert_eq!(amounts, (100..220).collect::<Vec<i64>>());
}

#[tokio::test]
async fn lists_are_newest_first_and_page_in_both_directions() {
    let client = Client::start();
    let mut ids = Vec::new();
    for number in 0..7 {
        ids.push(id(&client.post("/v1/customers", &[("name", &number.to_string())]).await).to_owned());
    }
    ids.reverse();
    let names = |page: &serde_json::Value| -> Vec<String> {
        page["data"].as_array().expect("a list").iter().map(|one| id(one).to_owned()).collect()
    };
    let first = client.get("/v1/customers?limit=3").await;
    assert_eq!((names(&first), first["has_more"].as_bool()), (ids[..3].to_vec(), Some(true)));
    let next = client.get(&format!("/v1/customers?limit=3&starting_after={}", ids[2])).await;
    assert_eq!((names(&next), next["has_more"].as_bool()), (ids[3..6].to_vec(), Some(true)));
    let back = client.get(&format!("/v1/customers?limit=3&ending_before={}", ids[5])).await;
    assert_eq!((names(&back), back["has_more"].as_bool()), (ids[2..5].to_vec(), Some(true)));
    let start = client.get(&format!("/v1/customers?limit=3&ending_before={}", ids[2])).await;
    assert_eq!((names(&start), start["has_more"].as_bool()), (ids[..2].to_vec(), Some(false)));
    let refused = client.send(client.request("GET", "/v1/customers?limit=101")).await;
    assert_eq!(refused.status, 400);
}

#[tokio::test]
async fn events_are_filtered_by_type_and_time_and_reach_30_days_back() {
    let client = Client::start();
    let price = client.price("4900", "eur", None).await;
    let session = client.session("payment", &price, &[]).await;
    client.double.pay(&session, &Payment::by_card("jenny@shop.example")).expect("paid");
    let since = client.double.now();
    client.clock.advance(std::time::Duration::from_hours(29 * 24));
    client.post("/v1/customers", &[("name", "Late")]).await;
    let count = async |query: &str| {
        client.get(&format!("/v1/events?limit=100&{query}")).await["data"].as_array().map(Vec::len).expect("a list")
    };
    assert_eq!(count("type=checkout.session.completed").await, 1);
    assert_eq!(count("types[]=charge.succeeded&types[]=customer.created").await, 2);
    assert_eq!(count(&format!("created[gt]={since}")).await, 1);
    assert_eq!(count(&format!("created[lte]={since}&type=customer.created")).await, 0);
    client.clock.advance(std::time::Duration::from_hours(2 * 24));
    assert_eq!(count("type=checkout.session.completed").await, 0);
}

#[tokio::test]
async fn faults_are_played_once_each_and_calls_are_counted() {
    let client = Client::start();
    client.double.fail_next("/v1/account", Fault::TooManyRequests, 1);
    client.double.fail_next("/v1/account", Fault::ServerError, 1);
    assert_eq!(client.send(client.request("GET", "/v1/events")).await.status, 200);
    assert_eq!(client.send(client.request("GET", "/v1/account")).await.status, 429);
    assert_eq!(client.send(client.request("GET", "/v1/account")).await.status, 500);
    for fault in [Fault::Cut, Fault::Malformed] {
        client.double.fail_next("/v1/account", fault, 1);
        let response = client.request("GET", "/v1/account").send().await.expect("the head of an answer");
        let text = response.text().await;
        assert_eq!(text.is_err(), fault == Fault::Cut);
        assert!(text.is_err() || serde_json::from_str::<serde_json::Value>(&text.expect("a text")).is_err());
    }
    client.double.fail_next("/v1/account", Fault::Giant, 1);
    let giant = client.request("GET", "/v1/account").send().await.expect("an answer").bytes().await.expect("bytes");
    assert!(giant.len() > 10_000_000 && serde_json::from_slice::<serde_json::Value>(&giant).is_ok());
    assert_eq!(client.send(client.request("GET", "/v1/account")).await.status, 200);
    assert_eq!(client.double.count_calls("/v1/account"), 6);
}

#[tokio::test]
async fn a_paused_call_answers_with_what_was_true_when_it_arrived() {
    let client = Client::start();
    let price = client.price("4900", "eur", None).await;
    let session = client.session("payment", &price, &[]).await;
    client.double.pay(&session, &Payment::by_card("jenny@shop.example")).expect("paid");
    let payment = client.double.payment_of(&session).expect("a payment");
    let control = async |name: &str, input: serde_json::Value| {
        let url = format!("{}/_double/{name}", client.double.base_url());
        client.send(reqwest::Client::new().post(url).json(&input)).await.body
    };
    control("pause_call", serde_json::json!({ "prefix": "/v1/refunds", "nth": 2 })).await;
    let path = format!("/v1/refunds?payment_intent={payment}");
    assert_eq!(client.get(&path).await["data"], serde_json::json!([]), "the first is not held");
    let (held, later) = tokio::join!(client.get(&path), async {
        client.double.wait_for_pause().await;
        assert_eq!(control("paused_calls", serde_json::json!({})).await["count"], 1);
        client.post("/v1/refunds", &[("payment_intent", &payment)]).await;
        let later = client.get(&path).await;
        control("resume_calls", serde_json::json!({})).await;
        later
    });
    assert_eq!(held["data"], serde_json::json!([]));
    assert_eq!(later["data"].as_array().map(Vec::len), Some(1));
    assert_eq!(control("paused_calls", serde_json::json!({})).await["count"], 0);
}
