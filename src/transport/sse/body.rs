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

/// What the HTTP dispatcher sends. Dropped by it as soon as the client is gone, which the session hears then.
pub(super) struct Body {
    handoff: Rc<Handoff>,
    /// Counts the stream for as long as it is held.
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
