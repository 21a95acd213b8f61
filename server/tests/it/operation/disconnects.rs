//! Clients that disconnect in the middle of a request: no transaction stays open, no acknowledged write is
//! lost, and the database logs no warnings.

use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use latchkey_service::Entropy;
use latchkey_testkit::{Backend, SeededEntropy, on_both};
use sqlx::{Connection, PgConnection};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tracing_subscriber::{Layer, layer::SubscriberExt, util::SubscriberInitExt};

use crate::support::app::{TestApp, with_backend};

on_both!(with_backend: interrupted_requests_leave_no_transaction_open);

/// The number of interrupted requests.
const CUT_OFF: usize = 2_000;

/// How many of them run concurrently.
const AT_A_TIME: usize = 16;

/// Counts PostgreSQL's warnings.
struct Complaints(Arc<AtomicU64>);

impl<S: tracing::Subscriber> Layer<S> for Complaints {
    fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        let is_notice = event.metadata().target().starts_with("sqlx::postgres::notice");
        if is_notice && *event.metadata().level() <= tracing::Level::WARN {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
}

static COMPLAINTS: LazyLock<Arc<AtomicU64>> = LazyLock::new(|| {
    let count = Arc::new(AtomicU64::new(0));
    // Fails only if this process already has a subscriber, which then shows the warnings itself.
    let _ = tracing_subscriber::registry().with(Complaints(count.clone())).try_init();
    count
});

/// Sends a request and disconnects after a while, usually before the response arrives.
async fn cut_off(address: std::net::SocketAddr, request: &[u8], after: Duration) {
    let mut socket = TcpStream::connect(address).await.expect("the server listens");
    socket.set_nodelay(true).expect("a socket option");
    socket.write_all(request).await.expect("sent");
    let mut answer = [0; 64];
    let _ = tokio::time::timeout(after, socket.read(&mut answer)).await;
    // Closed with a reset, as when a process is killed.
    let _ = socket.set_zero_linger();
}

fn up_to_four_milliseconds(random: &SeededEntropy) -> Duration {
    let mut bytes = [0; 2];
    random.fill(&mut bytes).expect("random bytes");
    Duration::from_micros(u64::from(u16::from_le_bytes(bytes)) / 16)
}

fn activation(address: std::net::SocketAddr, key: &str, fingerprint: &str) -> Vec<u8> {
    let body = format!(r#"{{"data":{{"type":"machines","attributes":{{"fingerprint":"{fingerprint}"}}}}}}"#);
    format!(
        "POST /v1/machines HTTP/1.1\r\nhost: {address}\r\nauthorization: License {key}\r\n\
         content-type: application/vnd.api+json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

async fn interrupted_requests_leave_no_transaction_open(backend: Backend) {
    let complaints = COMPLAINTS.load(Ordering::SeqCst);
    let app = TestApp::start_unlimited(backend).await;
    app.add_policy("many", |policy| policy.max_machines = None).await;
    let issued = app.issue_under("ada@example.com", "many").await;
    let (id, key) = (issued.view.license.id, issued.key.expose().to_owned());
    let validation = format!(
        "POST /v1/licenses/{id}/actions/validate HTTP/1.1\r\nhost: {}\r\nauthorization: License {key}\r\n\
         content-length: 0\r\n\r\n",
        app.address
    );
    let random = SeededEntropy::new(7);
    let mut under_way = tokio::task::JoinSet::new();
    for n in 0..CUT_OFF {
        let request = match n % 3 {
            0 => validation.clone().into_bytes(),
            _ => activation(app.address, &key, &format!("cut-{n}")),
        };
        let (address, after) = (app.address, up_to_four_milliseconds(&random));
        under_way.spawn(async move { cut_off(address, &request, after).await });
        if under_way.len() >= AT_A_TIME {
            under_way.join_next().await.expect("one is under way").expect("no panic");
        }
        // Between them, requests that wait for their response: everything acknowledged must be stored.
        if n % 100 == 0 {
            let answer = app.desktop(Some(&key)).activate(&format!("acknowledged-{n}")).await;
            assert_eq!(answer.status, 201, "{:?}", answer.body);
        }
    }
    while let Some(result) = under_way.join_next().await {
        result.expect("no panic");
    }

    // The database accepts writes immediately.
    assert_eq!(app.desktop(Some(&key)).activate("after").await.status, 201);
    let machines =
        app.service().store().read_without_snapshot().await.expect("a reader").list_active_machines(id).await;
    let machines = machines.expect("read");
    let has = |name: &str| machines.iter().any(|machine| machine.fingerprint.as_str() == name);
    for n in (0..CUT_OFF).step_by(100) {
        assert!(has(&format!("acknowledged-{n}")), "acknowledged-{n} was acknowledged");
    }
    let history = app.kit.history(id).await;
    let activated = history.iter().filter(|verb| *verb == "machine.activated").count();
    assert_eq!(activated.min(1_000), machines.len().min(1_000), "a machine and its audit row exist together");
    if backend == Backend::Postgres {
        assert_eq!(open_transactions(app.kit.database.url()).await, 0);
        assert_eq!(COMPLAINTS.load(Ordering::SeqCst), complaints, "PostgreSQL warned about a transaction");
    }
}

/// The number of connections with an idle transaction.
async fn open_transactions(url: &str) -> i64 {
    let mut connection = PgConnection::connect(url).await.expect("PostgreSQL answers");
    for _ in 0..200 {
        let count: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'",
        )
        .fetch_one(&mut connection)
        .await
        .expect("counted");
        if count == 0 {
            return 0;
        }
        // A rollback may be in progress.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    1
}
