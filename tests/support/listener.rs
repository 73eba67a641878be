//! A connected client without a socket: a line of a worker whose transport writes down what it is given.

use std::{rc::Rc, time::Duration};

use actix::prelude::*;
use bytes::{Bytes, BytesMut};
use otomo::{
    delivery::{
        filter::Filter,
        inbox::{Seq, cursor::Cursor},
        line::{Accepted, Client, NewLine, SessionRef, Sink, Wake},
        lines::Lines,
        outbox::{Limits, Outbox},
        queued::Queued,
    },
    protocol::{close_code::CloseCode, frame::WireFormat, spec::Topics},
};
use serde_json::Value;
use tokio::sync::mpsc;

/// What is waited for comes in milliseconds; this is a test that hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// More than any test leaves unread.
const ROOM: usize = 1 << 20;

/// A client and what it was told, in order.
pub(crate) struct Listener {
    pub(crate) at: SessionRef,
    /// What it has heard and was not looked at.
    pub(crate) frames: mpsc::UnboundedReceiver<Value>,
}

impl Listener {
    /// A client of this worker that wants to hear everything, with versions or without.
    pub(crate) fn new(lines: &Lines, client: Client, versioned: bool) -> Self {
        let (told, frames) = mpsc::unbounded_channel();
        let (at, _) = lines.insert(NewLine {
            client,
            filter: Filter::new(Topics::ALL),
            versioned,
            cursor: Cursor::new(Seq::default(), Seq::default()),
            sink: Rc::new(Recorder { told }),
            session: Sleeper.start().recipient(),
            limits: Rc::new(Limits {
                soft: ROOM,
                hard: ROOM,
            }),
        });
        Self { at, frames }
    }

    /// The next frame.
    pub(crate) async fn next(&mut self) -> Value {
        let next = actix_rt::time::timeout(PATIENCE, self.frames.recv()).await;
        next.expect("nothing more is told")
            .expect("the line is there")
    }
}

/// Stands for the session's actor.
struct Sleeper;

impl Actor for Sleeper {
    type Context = Context<Self>;
}

impl Handler<Wake> for Sleeper {
    type Result = ();

    fn handle(&mut self, _: Wake, _: &mut Context<Self>) {}
}

/// A transport without a client.
struct Recorder {
    told: mpsc::UnboundedSender<Value>,
}

impl Recorder {
    fn record(&self, mut bytes: &[u8]) {
        while let Some((payload, rest)) = split_text_frame(bytes) {
            let frame = serde_json::from_slice(payload).unwrap();
            // Whoever was dropped hears nothing more.
            let _ = self.told.send(frame);
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

    fn abort(&self) {}
}
