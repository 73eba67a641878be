//! A transport that writes down what it is given, as JSON.

use std::{cell::RefCell, time::Duration};

use bytes::{Bytes, BytesMut};
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

use super::messages;

/// A transport without a client.
pub(crate) struct Recorder {
    /// `None` once the connection has ended.
    told: RefCell<Option<mpsc::UnboundedSender<Value>>>,
}

impl Recorder {
    /// A transport, and what it is given to write, until the connection ends.
    pub(crate) fn new() -> (Self, mpsc::UnboundedReceiver<Value>) {
        let (told, frames) = mpsc::unbounded_channel();
        let told = RefCell::new(Some(told));
        (Self { told }, frames)
    }

    fn record(&self, mut bytes: &[u8]) {
        while let Some((payload, rest)) = split_text_frame(bytes) {
            let frame = serde_json::from_slice(payload).unwrap();
            messages::check_event(&frame).unwrap_or_else(|fault| panic!("{fault}"));
            // Whoever was dropped hears nothing more.
            let _ = self.told.borrow().as_ref().map(|told| told.send(frame));
            bytes = rest;
        }
    }
}

/// The payload of the first text frame (RFC 6455, section 5.2), and what follows it.
fn split_text_frame(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (header, length) = match bytes {
        [] => return None,
        [0x81, 126, high, low, ..] => (4, u16::from_be_bytes([*high, *low]).into()),
        [0x81, 127, length @ ..] => {
            let length = u64::from_be_bytes(length[..8].try_into().unwrap());
            (10, usize::try_from(length).unwrap())
        }
        [0x81, length, ..] => (2, usize::from(*length)),
        _ => panic!("no text frame: {bytes:?}"),
    };
    Some(bytes[header..].split_at(length))
}

impl Sink for Recorder {
    fn pump(&self, outbox: &mut Outbox<Queued>) {
        let mut bytes = BytesMut::new();
        outbox.pull(usize::MAX, &mut |queued: Queued| {
            queued
                .frame
                .write(queued.stamp, WireFormat::WebSocket, &mut bytes);
        });
        self.record(&bytes);
    }

    fn send_shared(&self, bytes: &Bytes) -> Accepted {
        self.record(bytes);
        Accepted::Taken
    }

    fn format(&self) -> WireFormat {
        WireFormat::WebSocket
    }

    fn ping(&self) {}

    fn stalled(&self) -> Option<Duration> {
        None
    }

    fn finish(&self, _: &mut Outbox<Queued>, _: CloseCode, _: &str) {}

    fn abort(&self) {
        self.told.take();
    }
}
