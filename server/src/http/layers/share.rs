//! Makes services cheap to clone.
//!
//! The framework clones what is below each layer for each request, and with it everything below that: the cost of a request
//! would grow with the square of the number of layers.

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
};

use axum::extract::Request;
use tower::{Layer, Service, ServiceExt, util::Oneshot};

/// To be put below layers that clone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share;

impl<S> Layer<S> for Share {
    type Service = Shared<S>;

    fn layer(&self, inner: S) -> Shared<S> {
        Shared(Arc::new(inner))
    }
}

#[derive(Debug)]
pub(crate) struct Shared<S>(Arc<S>);

impl<S> Clone for Shared<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: Service<Request, Error = Infallible> + Clone> Service<Request> for Shared<S> {
    type Response = S::Response;
    type Error = Infallible;
    type Future = Oneshot<S, Request>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        S::clone(&self.0).oneshot(request)
    }
}
