//! Somebody who looks at the list: a line of a worker whose transport writes down what it is given.

use std::{rc::Rc, time::Duration};

use actix::prelude::*;
use bytes::{Bytes, BytesMut};
use otomo::{
    delivery::{
        inbox::{Seq, cursor::Cursor},
        line::{Accepted, Client, Line, NewLine, SessionRef, Sink, Wake},
        lines::Lines,
        outbox::{Limits, Outbox},
        queued::Queued,
    },
    kernel::{
        identity::Role,
        ids::{SessionId, UserId},
    },
    protocol::{close_code::CloseCode, frame::WireFormat, spec::Topics},
};
use serde_json::Value;
use tokio::sync::mpsc;

use crate::house::eventually;

/// What is waited for comes in milliseconds; this is a test that hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// What a watcher was told, in order.
pub(crate) struct Watcher {
    pub(crate) at: SessionRef,
    line: Rc<Line>,
    frames: mpsc::UnboundedReceiver<Value>,
}

impl Watcher {
    /// A client of this worker that listens to everything and wants versions.
    pub(crate) fn new(lines: &Lines, user: &UserId, role: Role) -> Self {
        let (told, frames) = mpsc::unbounded_channel();
        let session = SessionId::new();
        let client = Client {
            user: user.clone(),
            role,
            device: session.into(),
            session,
        };
        let (at, line) = lines.insert(NewLine {
            client,
            wanted: Topics::ALL,
            versioned: true,
            cursor: Cursor::new(Seq::default(), Seq::default()),
            sink: Rc::new(Recorder { told }),
            session: Sleeper.start().recipient(),
            limits: Rc::new(Limits {
                soft: 1 << 20,
                hard: 1 << 20,
            }),
        });
        Self { at, line, frames }
    }

    /// The next frame.
    pub(crate) async fn next(&mut self) -> Value {
        let next = actix_rt::time::timeout(PATIENCE, self.frames.recv()).await;
        next.expect("nothing more is told")
            .expect("the line is there")
    }

    /// The next frame, which is the snapshot; and whom it lists.
    pub(crate) async fn snapshot(&mut self) -> Vec<Value> {
        let snapshot = self.next().await;
        assert_eq!(snapshot["type"], "otomo_status_snapshot");
        snapshot["otomos"].as_array().unwrap().clone()
    }

    /// The next frame, which is this status of this otomo; and its version.
    #[track_caller]
    pub(crate) fn expect(&mut self, otomo: &str, status: &str) -> impl Future<Output = u64> {
        let caller = std::panic::Location::caller();
        async move {
            let update = self.next().await;
            let told = (&update["type"], &update["userId"], &update["status"]);
            let expected = (
                &Value::from("otomo_status_update"),
                &Value::from(otomo),
                &Value::from(status),
            );
            assert_eq!(told, expected, "at {caller}");
            update["v"].as_u64().unwrap()
        }
    }

    /// Why the server wants this connection closed, once it does.
    pub(crate) async fn closed(&self) -> CloseCode {
        let mut why = None;
        eventually(async || {
            why = self.line.take_signals().close;
            why.is_some()
        })
        .await;
        why.unwrap().0
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
            // A watcher that was dropped reads nothing more.
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
