//! A transport that writes down what it is given, write by write.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use otomo::{
    delivery::{
        line::{Accepted, Sink},
        outbox::Outbox,
        queued::Queued,
    },
    protocol::{close_code::CloseCode, frame::WireFormat},
};
use serde_json::Value;
use tokio::sync::mpsc;

/// What left in one write.
#[derive(Debug)]
pub(crate) struct Write {
    /// When.
    pub(crate) at: Instant,
    /// The messages.
    pub(crate) messages: Vec<Value>,
}

/// A transport without a client.
pub(crate) struct Writer {
    written: RefCell<mpsc::UnboundedSender<Write>>,
    /// Whether the client takes anything.
    reads: Rc<Cell<bool>>,
}

impl Writer {
    pub(crate) fn new(reads: Rc<Cell<bool>>) -> (Self, mpsc::UnboundedReceiver<Write>) {
        let (written, writes) = mpsc::unbounded_channel();
        let written = RefCell::new(written);
        (Self { written, reads }, writes)
    }
}

impl Sink for Writer {
    fn pump(&self, outbox: &mut Outbox<Queued>) {
        let mut messages = Vec::new();
        if self.reads.get() {
            outbox.pull(usize::MAX, &mut |queued: Queued| {
                messages.push(serde_json::from_slice(queued.frame.json()).unwrap());
            });
        }
        if !messages.is_empty() {
            let at = Instant::now();
            // Who was dropped reads nothing.
            let _ = self.written.borrow().send(Write { at, messages });
        }
    }

    fn send_shared(&self, _: &Bytes) -> Accepted {
        Accepted::Busy
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
