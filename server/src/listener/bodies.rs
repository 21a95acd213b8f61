//! The bodies of requests, which have to arrive in time, and of responses.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    BoxError,
    body::{Body, Bytes, HttpBody},
};
use hyper::body::{Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep};

use super::connection::Connection;

/// The client took too long for a body.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the body did not arrive in time")]
pub(crate) struct BodyTimeout;

/// The body of a request.
#[derive(Debug)]
pub(super) struct Received {
    body: Incoming,
    connection: Arc<Connection>,
    until: Instant,
    /// Set while the client has to send more.
    waiting: Option<Pin<Box<Sleep>>>,
}

impl Received {
    pub(super) fn new(body: Incoming, connection: Arc<Connection>, limit: Duration) -> Self {
        Self { body, connection, until: Instant::now() + limit, waiting: None }
    }

    fn stop_waiting(&mut self) {
        if self.waiting.take().is_some() {
            self.connection.wait_ended();
        }
    }
}

impl HttpBody for Received {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            self.stop_waiting();
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let until = self.until;
        if self.waiting.is_none() {
            self.connection.wait_began();
        }
        let timer = self.waiting.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
        if timer.as_mut().poll(cx).is_ready() {
            self.stop_waiting();
            return Poll::Ready(Some(Err(BodyTimeout.into())));
        }
        Poll::Pending
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Received {
    fn drop(&mut self) {
        self.stop_waiting();
    }
}

/// A request without a complete response.
#[derive(Debug)]
pub(super) struct InProgress {
    connection: Arc<Connection>,
    is_answering: bool,
}

impl InProgress {
    pub(super) fn new(connection: Arc<Connection>, is_multiplexed: bool) -> Self {
        connection.request_began(is_multiplexed);
        Self { connection, is_answering: false }
    }

    /// The response, with which the request is in progress until it is sent.
    pub(super) fn answer(mut self, body: Body) -> Sent {
        self.connection.answer_began();
        self.is_answering = true;
        Sent { body, _request: self }
    }
}

impl Drop for InProgress {
    fn drop(&mut self) {
        if self.is_answering {
            self.connection.answer_ended();
        }
        self.connection.request_ended();
    }
}

/// The body of a response.
#[derive(Debug)]
pub(super) struct Sent {
    body: Body,
    _request: InProgress,
}

impl HttpBody for Sent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
