//! A running double, as tests use it.

mod deliver;
mod inspect;
mod sell;

use std::{io, net::TcpListener, time::Duration};

use serde_json::Value;
use tokio::runtime::Runtime;

use super::{
    Options, deliveries,
    server::{App, router},
    shared::Shared,
    state::State,
};

/// A Stripe server. It runs until it is dropped.
#[derive(Debug)]
pub struct StripeDouble {
    app: App,
    base_url: String,
    api_key: String,
    /// Its own, so that it also answers tests that block their thread.
    runtime: Option<Runtime>,
}

/// A recorded event.
#[derive(Clone, Debug)]
pub struct Event {
    pub id: String,
    /// The type, such as `charge.refunded`.
    pub kind: String,
    /// In seconds since 1970.
    pub created: i64,
    /// The object as it was when the event was recorded.
    pub object: Value,
}

/// The order in which waiting events are delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    AsRecorded,
    Reversed,
    Random(u64),
    /// The ids of events. Others keep waiting.
    Given(Vec<String>),
}

impl StripeDouble {
    /// # Panics
    /// Panics if the port is in use.
    pub fn start(options: Options) -> Self {
        Self::try_start(options).expect("the port is free")
    }

    /// Fails if the port is in use.
    pub fn try_start(options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", options.port))?;
        listener.set_nonblocking(true)?;
        let base_url = format!("http://{}", listener.local_addr()?);
        let api_key = options.api_key.clone();
        // Without proxies: all endpoints are on this machine.
        let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build();
        let client = client.expect("an HTTP client without TLS");
        let app = App { shared: Shared::new(State::new(options, base_url.clone())), client };
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let router = router(app.clone());
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
            axum::serve(listener, router).await
        });
        runtime.spawn(deliveries::run(app.shared.clone(), app.client.clone()));
        Ok(Self { app, base_url, api_key, runtime: Some(runtime) })
    }

    /// Without a slash at the end: `http://127.0.0.1:12111`.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    pub fn api_key(&self) -> &str {
        &self.api_key
    }

    /// The real time, in seconds since 1970.
    pub fn now(&self) -> i64 {
        self.app.shared.lock().now()
    }

    /// Moves the clock of billing, and does everything that becomes due: subscriptions renew or end. As with Stripe's test
    /// clocks, checkout sessions and the signatures of deliveries stay in real time.
    pub fn advance(&self, by: Duration) {
        let mut state = self.app.shared.lock();
        state.clock.advance(by);
        state.catch_up();
    }

    /// Does everything that became due, after a shared clock was moved. API calls do this as well.
    pub fn catch_up(&self) {
        self.app.shared.lock().catch_up();
    }

    /// Runs a future on the double's own runtime.
    async fn run<T: Send + 'static>(&self, future: impl Future<Output = T> + Send + 'static) -> T {
        let runtime = self.runtime.as_ref().expect("the double runs");
        runtime.spawn(future).await.expect("the double does not panic")
    }
}

impl Drop for StripeDouble {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Waiting would not be allowed within another runtime.
            runtime.shutdown_background();
        }
    }
}
