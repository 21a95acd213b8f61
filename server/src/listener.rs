//! Accepts connections and serves HTTP/1.1 and HTTP/2 on them.
//!
//! What a client can cost is bounded here: how long it may take for a header and a body, how long its connection may be idle, and
//! how many connections there are. If there are too many, the one that has been idle for the longest time makes room. If none is
//! idle, a few more are accepted and get a refusal, except requests that ask whether the server is well.

mod bodies;
mod connection;
mod descriptors;
mod house;
mod limits;
mod service;
mod socket;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use tokio::{
    net::{TcpListener, TcpStream},
    time::MissedTickBehavior,
};

use connection::Ask;
use house::{House, Place};
use service::ConnectionService;
use socket::Socket;

pub(crate) use bodies::BodyTimeout;
pub(crate) use descriptors::raise_limit;
pub use limits::Limits;
pub(crate) use service::FullHouse;

/// The longest header that is read, with the request line.
const MAX_HEADER: usize = 24 * 1024;

/// How many requests a client may send at once on an HTTP/2 connection.
const MAX_STREAMS: u32 = 100;

/// How many bytes of bodies a client may send ahead, on one HTTP/2 stream and on all of a connection.
const STREAM_WINDOW: u32 = 64 * 1024;
const CONNECTION_WINDOW: u32 = 256 * 1024;

/// How often the server asks whether the client of an HTTP/2 connection is still there, and how long the client may take to answer.
const PING: Duration = Duration::from_secs(20);

/// How long accepting pauses after it failed, for example because there are no descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves until `stopped` ends, and then until all requests in progress have their response.
pub async fn serve(listener: TcpListener, router: Router, limits: Limits, stopped: impl Future<Output = ()>) {
    let house = House::new(limits);
    let server = Server::new(router);
    let mut sweep = tokio::time::interval(limits.sweep_interval());
    sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tokio::pin!(stopped);
    let mut is_failing = false;
    loop {
        tokio::select! {
            () = &mut stopped => break,
            _ = sweep.tick() => house.sweep(),
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    is_failing = false;
                    server.take(&house, stream, peer);
                }
                // The client was faster.
                Err(error) if is_of_client(&error) => {}
                Err(error) => {
                    if !is_failing {
                        tracing::error!(%error, "a connection cannot be accepted: {error}");
                    }
                    is_failing = true;
                    house.make_room();
                    tokio::time::sleep(PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    house.close();
    loop {
        tokio::select! {
            () = house.emptied() => break,
            _ = sweep.tick() => house.sweep(),
        }
    }
}

fn is_of_client(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    )
}

struct Server {
    router: Router,
    /// For connections that may send one request after another.
    lasting: Arc<auto::Builder<TokioExecutor>>,
    /// For connections that get one response.
    single: Arc<auto::Builder<TokioExecutor>>,
}

impl Server {
    fn new(router: Router) -> Self {
        Self { router: router.with_state(()), lasting: Arc::new(builder(true)), single: Arc::new(builder(false)) }
    }

    fn take(&self, house: &Arc<House>, stream: TcpStream, peer: SocketAddr) {
        let Some(place) = house.admit() else {
            return;
        };
        // Responses are small and sent in parts. With the delay, each part would wait for an acknowledgment.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY could not be set");
        }
        let builder = if place.is_extra() { &self.single } else { &self.lasting };
        let service = ConnectionService::new(self.router.clone(), &place, peer, house.limits().body);
        tokio::spawn(run(Arc::clone(builder), stream, service, place));
    }
}

/// Serves one connection until it ends or is asked to.
async fn run(builder: Arc<auto::Builder<TokioExecutor>>, stream: TcpStream, service: ConnectionService, place: Place) {
    let connection = place.connection();
    let socket = TokioIo::new(Socket::new(stream, Arc::clone(connection)));
    let serving = builder.serve_connection(socket, service);
    tokio::pin!(serving);
    loop {
        tokio::select! {
            biased;
            ended = serving.as_mut() => {
                if let Err(error) = ended {
                    tracing::trace!(%error, "a connection ended with an error");
                }
                break;
            }
            ask = connection.asked() => match ask {
                Ask::Finish => serving.as_mut().graceful_shutdown(),
                Ask::Close => break,
            },
        }
    }
}

fn builder(is_lasting: bool) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    // The house limits how long a header may take: the limit here would also apply to idle connections.
    builder.http1().keep_alive(is_lasting).max_buf_size(MAX_HEADER).header_read_timeout(None::<Duration>);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(u32::try_from(MAX_HEADER).unwrap_or(u32::MAX))
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING);
    builder
}
