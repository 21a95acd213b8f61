//! A webhook endpoint that stores what it receives.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};

#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    pub(crate) signature: String,
    pub(crate) body: Vec<u8>,
}

#[derive(Clone, Debug)]
pub(crate) struct Receiver {
    pub(crate) url: String,
    received: Arc<Mutex<Vec<Delivery>>>,
    status: Arc<Mutex<StatusCode>>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/webhooks/stripe", listener.local_addr().expect("an address"));
        let received = Arc::new(Mutex::new(Vec::new()));
        let receiver = Self { url, received, status: Arc::new(Mutex::new(StatusCode::OK)) };
        let router = Router::new().route("/webhooks/stripe", post(receive)).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        receiver
    }

    pub(crate) fn answer_with(&self, status: StatusCode) {
        *self.status.lock().expect("a lock") = status;
    }

    pub(crate) fn received(&self) -> Vec<Delivery> {
        self.received.lock().expect("a lock").clone()
    }
}

async fn receive(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let signature = headers["stripe-signature"].to_str().expect("text").to_owned();
    receiver.received.lock().expect("a lock").push(Delivery { signature, body: body.to_vec() });
    *receiver.status.lock().expect("a lock")
}
