//! Sends API calls as the official packages do.

use latchkey_testkit::{
    TestClock,
    stripe::{Options, StripeDouble},
};
use serde_json::Value;
use std::sync::Arc;

/// A double with a clock that stands still, and a client for it.
pub(crate) struct Client {
    pub(crate) double: StripeDouble,
    pub(crate) clock: Arc<TestClock>,
    http: reqwest::Client,
}

/// The answer to a call.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
}

impl Client {
    pub(crate) fn start() -> Self {
        Self::with(Options::default())
    }

    pub(crate) fn with(options: Options) -> Self {
        let clock = Arc::new(TestClock::default());
        let double = StripeDouble::start(Options { clock: clock.clone(), ..options });
        Self { double, clock, http: reqwest::Client::new() }
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = method.parse().expect("a method");
        let url = format!("{}{path}", self.double.base_url());
        self.http.request(method, url).bearer_auth(self.double.api_key())
    }

    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer { status, headers, body: response.json().await.expect("JSON") }
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let answer = self.send(self.request("GET", path)).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.body
    }

    pub(crate) async fn try_post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.send(self.request("POST", path).form(form)).await
    }

    pub(crate) async fn post(&self, path: &str, form: &[(&str, &str)]) -> Value {
        let answer = self.try_post(path, form).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.body
    }

    /// A price of a new product. Returns its id.
    pub(crate) async fn price(&self, amount: &str, currency: &str, interval: Option<&str>) -> String {
        let product = self.post("/v1/products", &[("name", "Solo")]).await;
        let mut form = vec![("product", id(&product)), ("unit_amount", amount), ("currency", currency)];
        if let Some(interval) = interval {
            form.push(("recurring[interval]", interval));
        }
        id(&self.post("/v1/prices", &form).await).to_owned()
    }

    /// A session that sells a price. Returns its id.
    pub(crate) async fn session(&self, mode: &str, price: &str, more: &[(&str, &str)]) -> String {
        let mut form = vec![
            ("mode", mode),
            ("line_items[0][price]", price),
            ("success_url", "https://shop.example/thanks?session={CHECKOUT_SESSION_ID}"),
            ("cancel_url", "https://shop.example/pricing"),
        ];
        if !more.iter().any(|(name, _)| *name == "line_items[0][quantity]") {
            form.push(("line_items[0][quantity]", "1"));
        }
        form.extend(more);
        id(&self.post("/v1/checkout/sessions", &form).await).to_owned()
    }

    pub(crate) fn kinds(&self) -> Vec<String> {
        self.double.events().into_iter().map(|event| event.kind).collect()
    }
}

pub(crate) fn id(object: &Value) -> &str {
    object["id"].as_str().expect("an id")
}
