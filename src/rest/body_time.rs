//! The time that a request's body may take: what `server.handshake_timeout` is for the request before it. Without it
//! a client that sends a byte now and then, or none, would hold a connection and its handler for as long as it likes.
//!
//! What nobody has read when the answer is there, as of a request that is refused for its header, is not waited for: the
//! connection is closed. actix-http does so only while somebody still holds the body; what was dropped and comes in
//! chunks it reads and throws away, without an end. So the answer holds the body until it is sent.

use std::{
    cell::RefCell,
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
};

use actix_rt::time::{Sleep, sleep};
use actix_web::{
    Error, HttpMessage as _,
    body::{BodySize, BoxBody, MessageBody},
    dev::{Payload, ServiceRequest, ServiceResponse},
    error::PayloadError,
    middleware::Next,
    web::Data,
};
use bytes::Bytes;
use futures_core::Stream;

use super::Shared;

/// A request's body, for its handler and for the answer.
type Body = Rc<RefCell<Payload>>;

/// Gives bodies their time.
pub(super) async fn limit(
    shared: Data<Shared>,
    mut request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let body: Body = match request.take_payload() {
        Payload::None => return next.call(request).await,
        body => Rc::new(RefCell::new(body)),
    };
    let over = Box::pin(sleep(shared.config.server.handshake_timeout));
    let timed = Timed {
        body: Rc::clone(&body),
        over,
    };
    request.set_payload(Payload::Stream {
        payload: Box::pin(timed),
    });
    let mut response = next.call(request).await?;
    // For an answer without a body.
    let mut extensions = response.response_mut().extensions_mut();
    extensions.insert(Rc::clone(&body));
    drop(extensions);
    Ok(response.map_body(|_, answer| {
        BoxBody::new(Answer {
            answer,
            _request: body,
        })
    }))
}

/// A body that fails when its time is over.
struct Timed {
    body: Body,
    over: Pin<Box<Sleep>>,
}

impl Stream for Timed {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Poll::Ready(chunk) = Pin::new(&mut *self.body.borrow_mut()).poll_next(cx) {
            return Poll::Ready(chunk);
        }
        ready!(self.over.as_mut().poll(cx));
        let late = io::Error::from(io::ErrorKind::TimedOut);
        Poll::Ready(Some(Err(PayloadError::Io(late))))
    }
}

/// An answer that holds the body of its request. It is never taken for its bytes alone (`try_into_bytes`).
struct Answer {
    answer: BoxBody,
    _request: Body,
}

impl MessageBody for Answer {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.answer.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.answer).poll_next(cx)
    }
}
