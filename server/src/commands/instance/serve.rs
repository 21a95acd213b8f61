//! `serve`

use std::{net::SocketAddr, sync::Arc, time::Duration};

use latchkey_licensing::email::EmailAddress;
use latchkey_service::{HostLink, Mailer, Service};
use lettre::message::Mailbox;
use serde_json::json;
use tokio::{net::TcpListener, sync::watch};

use crate::{
    adapters::{FolderMailer, Relay, SmtpMailer},
    commands::catalog::NO_PRODUCTS,
    console, http,
    listener::{self, Limits},
    settings::{Settings, SettingsError},
    startup::Failure,
    workers,
};

/// How long requests and mail in progress may take after the process was asked to stop.
const SHUTDOWN: Duration = Duration::from_secs(25);

/// More connections than Prometheus opens.
const METRICS_CONNECTIONS: usize = 64;

pub(crate) async fn serve(service: Service, settings: Settings, is_demo: bool, as_json: bool) -> Result<(), Failure> {
    let listener = listen(settings.server.listen).await?;
    let metrics_listener = match settings.metrics.listen {
        Some(address) => Some(listen(address).await?),
        None => None,
    };
    let address = listener.local_addr().map_err(|why| Failure::Listen { address: settings.server.listen, why })?;
    let mailer = mailer(&settings, is_demo)?;
    if is_demo {
        mark_demo(&settings);
    }
    let portal_url = settings.portal_url();
    let router = http::router(service.clone(), &settings)?;
    for warning in settings.warnings() {
        tracing::warn!("{warning}");
    }
    let limits = limits(&settings);

    let (stop, stopped) = watch::channel(false);
    let outbox = tokio::spawn(workers::send_mail(service.clone(), mailer, stopped.clone()));
    let upkeep = tokio::spawn(workers::run_upkeep(service.clone(), stopped.clone()));
    let heartbeats = tokio::spawn(workers::record_heartbeat_watch(service.clone(), stopped.clone()));
    let keys = tokio::spawn(workers::refresh_keys(service.clone(), stopped.clone()));
    let bookkeeping = tokio::spawn(workers::write_bookkeeping(service.clone(), stopped.clone()));
    tokio::spawn(workers::watch_database_file(service.clone(), stopped.clone()));
    let sealing = tokio::spawn(workers::seal_audit_log(service.clone(), stopped.clone()));

    // Without keys there is nothing to handle.
    let sells = service.payments().is_some();
    let events = sells.then(|| tokio::spawn(workers::handle_events(service.clone(), stopped.clone())));
    let reconciling = sells.then(|| tokio::spawn(workers::reconcile_payments(service.clone(), stopped.clone())));

    // From here on, the process ends in good order if it is asked to stop.
    let stop_signal = stop_signal();
    tracing::info!(%address, database = service.store().kind(), "listening on {address}");
    announce(&service, &portal_url, is_demo, as_json).await?;

    let server = listener::serve(listener, router, limits, until_stopped(stopped.clone()));
    if let Some(listener) = metrics_listener {
        let router = http::operation::metrics::router(service.clone());
        let limits = Limits { connections: METRICS_CONNECTIONS, ..limits };
        tokio::spawn(listener::serve(listener, router, limits, until_stopped(stopped.clone())));
    }
    tokio::spawn(async move {
        stop_signal.await;
        stop.send_replace(true);
    });
    // A client that never finishes its request must not prevent the process from stopping.
    tokio::select! {
        () = server => {}
        () = async { until_stopped(stopped).await; tokio::time::sleep(SHUTDOWN).await } => {
            tracing::warn!("requests still in progress after {} s were aborted", SHUTDOWN.as_secs());
        }
    }
    // A mail that is not sent in time is retried after its lease expires.
    let _ = tokio::time::timeout(SHUTDOWN, async {
        let _ = tokio::join!(outbox, upkeep, heartbeats, keys, bookkeeping, sealing);
        for worker in [events, reconciling].into_iter().flatten() {
            let _ = worker.await;
        }
    })
    .await;
    if let Err(error) = service.write_bookkeeping().await {
        tracing::warn!(%error, "the last bookkeeping could not be written: {error}");
    }
    match service.seal_audit_log().await {
        Ok(_) => workers::log_audit_head(&service).await,
        Err(error) => tracing::warn!(%error, "the last rows of the audit log could not be sealed: {error}"),
    }
    service.store().close().await;
    Ok(())
}

/// What clients may cost, with as many descriptors as the system allows.
fn limits(settings: &Settings) -> Limits {
    let wanted = Limits::new(&settings.server);
    let limits = wanted.within(listener::raise_limit());
    if limits.connections < wanted.connections {
        tracing::warn!(
            "the system allows {} connections and not {} as server.max_connections says: raise the limit of open files",
            limits.connections,
            wanted.connections
        );
    }
    limits
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|why| Failure::Listen { address, why })
}

async fn announce(service: &Service, portal_url: &str, is_demo: bool, as_json: bool) -> Result<(), Failure> {
    let demo = if is_demo { service.prepare_demo().await? } else { None };
    let is_empty = service.is_catalog_empty().await?;
    if is_empty && as_json {
        tracing::warn!("{NO_PRODUCTS}");
    }
    if as_json {
        let links = demo.map(|demo| {
            let person =
                |(email, link): (EmailAddress, HostLink)| json!({ "email": email.as_str(), "sign_in_url": *link.url });
            json!({ "customer": person(demo.customer), "admin": person(demo.admin) })
        });
        console::json(&json!({ "url": portal_url, "demo": links }));
        return Ok(());
    }
    console::line("");
    console::line(&format!("Latchkey is serving {portal_url}"));
    if is_empty {
        console::line(NO_PRODUCTS);
    }
    if let Some(demo) = demo {
        console::line(&format!("  Customer {}:", demo.customer.0));
        console::line(&format!("    {}", *demo.customer.1.url));
        console::line(&format!("  Admin {}:", demo.admin.0));
        console::line(&format!("    {}", *demo.admin.1.url));
        console::line(&format!("  Each link signs in once, within {} minutes.", demo.customer.1.minutes));
    }
    Ok(())
}

fn mailer(settings: &Settings, is_demo: bool) -> Result<Arc<dyn Mailer>, Failure> {
    let invalid = |_| SettingsError("mail.from is not a valid sender".to_owned());
    let from = if let Some(from) = &settings.mail.from {
        from.parse().map_err(invalid)?
    } else {
        let address = "licenses@localhost.localdomain".parse().map_err(invalid)?;
        Mailbox::new(Some(settings.brand.name.clone()), address)
    };
    match Relay::in_settings(settings)? {
        Some(relay) => Ok(Arc::new(SmtpMailer::new(relay, from))),
        None => Ok(Arc::new(FolderMailer::new(settings.data_dir.join("outbox"), from, is_demo))),
    }
}

async fn until_stopped(mut stopped: watch::Receiver<bool>) {
    // An error means that the sender is gone, so there is nothing to wait for.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

/// Listens for signals at once. The future ends when one asks the process to stop.
fn stop_signal() -> impl Future<Output = ()> {
    #[cfg(unix)]
    let terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate());
    async move {
        let interrupt = async {
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        #[cfg(unix)]
        let terminate = async {
            match terminate {
                Ok(mut signal) => signal.recv().await,
                Err(_) => std::future::pending().await,
            }
        };
        #[cfg(not(unix))]
        let terminate = std::future::pending::<Option<()>>();
        tokio::select! {
            () = interrupt => {}
            _ = terminate => {}
        }
        tracing::info!("stopping after the requests in progress");
    }
}

/// The file that marks a data folder as the demo's.
const DEMO_MARK: &str = "demo";

/// Whether the data folder is the demo's.
pub(crate) fn is_demo(settings: &Settings) -> bool {
    settings.data_dir.join(DEMO_MARK).is_file()
}

fn mark_demo(settings: &Settings) {
    let text = "`latchkey serve --demo` uses this folder. Commands that find this file use the demo's brand.\n";
    if let Err(error) = std::fs::write(settings.data_dir.join(DEMO_MARK), text) {
        tracing::warn!(%error, "the data folder cannot be marked as the demo's, so mails of commands have no brand: {error}");
    }
}
