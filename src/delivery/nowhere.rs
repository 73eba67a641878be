//! A transport without a client, for tests of what is above one.

use std::{cell::RefCell, rc::Rc, time::Duration};

use bytes::Bytes;

use super::{
    outbox::Outbox,
    queued::Queued,
    sink::{Accepted, Sink},
};
use crate::protocol::{close_code::CloseCode, frame::WireFormat};

/// A transport without a client, which is never closed.
pub(super) struct Nowhere {
    /// What becomes of bytes that many lines share.
    shared: Accepted,
    /// Where the JSON of what waits goes; it stays in the outbox without that.
    told: Option<Rc<RefCell<Vec<Bytes>>>>,
}

impl Nowhere {
    /// One that takes nothing.
    pub(super) const DEAF: Self = Self {
        shared: Accepted::Busy,
        told: None,
    };

    /// One that takes what all are told, and nothing else.
    #[cfg(test)]
    pub(super) const HEARS_BROADCASTS: Self = Self {
        shared: Accepted::Taken,
        told: None,
    };

    /// One that notes what it takes, which is everything, by way of the outbox.
    pub(super) fn noting(told: &Rc<RefCell<Vec<Bytes>>>) -> Self {
        Self {
            told: Some(Rc::clone(told)),
            ..Self::DEAF
        }
    }
}

impl Sink for Nowhere {
    fn pump(&self, outbox: &mut Outbox<Queued>) {
        if let Some(told) = &self.told {
            let mut told = told.borrow_mut();
            outbox.pull(usize::MAX, &mut |queued: Queued| {
                told.push(queued.frame.json().clone());
            });
        }
    }

    fn send_shared(&self, _: &Bytes) -> Accepted {
        self.shared
    }

    fn format(&self) -> WireFormat {
        WireFormat::WebSocket
    }

    fn ping(&self) {}

    fn stalled(&self) -> Option<Duration> {
        None
    }

    fn finish(&self, _: &mut Outbox<Queued>, _: CloseCode, _: &str) {}

    fn abort(&self) {}
}
