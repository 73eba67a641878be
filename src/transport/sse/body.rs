//! The body of a response that is an event stream.

use std::{
    convert::Infallible,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use actix_web::body::{BodySize, MessageBody};
use bytes::Bytes;

use super::handoff::Handoff;
use crate::session::gate::Permit;

/// What the HTTP dispatcher sends. It drops the body as soon as the client is gone, which ends the session.
pub(super) struct Body {
    handoff: Rc<Handoff>,
    /// Counts the stream as connected while it is held.
    _permit: Permit,
}

impl Body {
    pub(super) fn new(handoff: Rc<Handoff>, permit: Permit) -> Self {
        Self {
            handoff,
            _permit: permit,
        }
    }
}

impl MessageBody for Body {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Infallible>>> {
        self.handoff.poll_take(task).map(|next| next.map(Ok))
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        self.handoff.end();
    }
}
