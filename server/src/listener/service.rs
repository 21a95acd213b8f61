//! Hands the requests of a connection to the router.

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, HttpBody},
    extract::ConnectInfo,
    http::{Request, Response, Version},
};
use futures_util::future::BoxFuture;
use hyper::{body::Incoming, service::Service};

use super::{
    bodies::{InProgress, Received, Sent},
    connection::Connection,
    house::Place,
};

/// Marks a request for which there is no place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FullHouse;

pub(super) struct ConnectionService {
    router: Router,
    connection: Arc<Connection>,
    peer: SocketAddr,
    is_extra: bool,
    body_limit: Duration,
}

impl ConnectionService {
    pub(super) fn new(router: Router, place: &Place, peer: SocketAddr, body_limit: Duration) -> Self {
        Self { router, connection: Arc::clone(place.connection()), peer, is_extra: place.is_extra(), body_limit }
    }
}

impl Service<Request<Incoming>> for ConnectionService {
    type Response = Response<Sent>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Sent>, Infallible>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let in_progress = InProgress::new(Arc::clone(&self.connection), request.version() == Version::HTTP_2);
        let mut request = request.map(|body| {
            if body.is_end_stream() {
                Body::empty()
            } else {
                Body::new(Received::new(body, Arc::clone(&self.connection), self.body_limit))
            }
        });
        request.extensions_mut().insert(ConnectInfo(self.peer));
        if self.is_extra {
            request.extensions_mut().insert(FullHouse);
        }
        let answer = tower::Service::call(&mut self.router.clone(), request);
        Box::pin(async move {
            let Ok(response) = answer.await;
            Ok(response.map(|body| in_progress.answer(body)))
        })
    }
}
