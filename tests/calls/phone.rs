//! A device that calls and is called: a line of a worker whose transport writes down what it is given.

use std::rc::Rc;

use actix::prelude::*;
use bytes::{Bytes, BytesMut};
use otomo::{
    calls::{Asker, Calls, Wish},
    delivery::{
        inbox::{Seq, cursor::Cursor},
        line::{Accepted, Client, Line, NewLine, SessionRef, Sink, Wake},
        lines::Lines,
        outbox::{Limits, Outbox},
        queued::Queued,
    },
    kernel::ids::CallId,
    protocol::{
        close_code::CloseCode,
        frame::WireFormat,
        spec::{Topic, Topics},
    },
};
use serde_json::Value;
use tokio::sync::mpsc;

use crate::house::{PATIENCE, user};

/// A device and what it has heard.
pub(crate) struct Phone {
    pub(crate) client: Client,
    pub(crate) at: SessionRef,
    calls: Calls,
    frames: mpsc::UnboundedReceiver<Value>,
    _line: Rc<Line>,
}

impl Phone {
    pub(crate) fn new(lines: &Lines, client: &Client, calls: Calls) -> Self {
        let (told, frames) = mpsc::unbounded_channel();
        let (at, line) = lines.insert(NewLine {
            client: client.clone(),
            wanted: Topics::ALL,
            versioned: false,
            cursor: Cursor::new(Seq::default(), Seq::default()),
            sink: Rc::new(Recorder { told }),
            session: Sleeper.start().recipient(),
            limits: Rc::new(Limits {
                soft: 1 << 20,
                hard: 1 << 20,
            }),
        });
        line.subscribe(Topic::Calls);
        Self {
            client: client.clone(),
            at,
            calls,
            frames,
            _line: line,
        }
    }

    /// Reads up to `ready`. What belongs to a call comes after it.
    pub(crate) async fn ready(mut self) -> Self {
        while self.next().await["type"] != "ready" {}
        self
    }

    pub(crate) fn asks(&self, wish: Wish) {
        let asker = Asker {
            client: self.client.clone(),
            at: self.at,
            request_id: None,
        };
        self.calls.ask(asker, wish).unwrap();
    }

    /// Requests a call.
    pub(crate) fn calls(&self, otomo: &str) -> CallId {
        let call = CallId::new();
        self.asks(Wish::Request {
            to: user(otomo),
            call,
        });
        call
    }

    /// The next frame. Of the statuses only Hana's.
    pub(crate) async fn next(&mut self) -> Value {
        loop {
            let next = actix_rt::time::timeout(PATIENCE, self.frames.recv()).await;
            let next = next.expect("nothing more is told");
            let next = next.expect("the line is there");
            if !is_beside(&next) {
                return next;
            }
        }
    }

    /// The next frames, which are of these types; returns the last.
    #[track_caller]
    pub(crate) fn hears(&mut self, types: &'static [&str]) -> impl Future<Output = Value> {
        let caller = std::panic::Location::caller();
        async move {
            let mut last = Value::Null;
            for expected in types {
                last = self.next().await;
                assert_eq!(last["type"], *expected, "{last} at {caller}");
            }
            last
        }
    }

    /// What is heard before a frame of this type, and that frame.
    pub(crate) async fn hears_until(&mut self, expected: &str) -> Vec<Value> {
        let mut heard = vec![self.next().await];
        while heard[heard.len() - 1]["type"] != expected {
            heard.push(self.next().await);
        }
        heard
    }

    /// What has been heard by now and was not looked at.
    pub(crate) fn heard(&mut self) -> Vec<Value> {
        std::iter::from_fn(|| self.frames.try_recv().ok())
            .filter(|frame| !is_beside(frame))
            .collect()
    }
}

/// A status that no test is about.
fn is_beside(frame: &Value) -> bool {
    frame["type"] == "otomo_status_update" && frame["userId"] != "hana"
}

/// The types of some frames.
pub(crate) fn types(frames: &[Value]) -> Vec<&str> {
    frames
        .iter()
        .map(|frame| frame["type"].as_str().unwrap())
        .collect()
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
            // A phone that was dropped hears nothing more.
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

    fn stalled(&self) -> Option<std::time::Duration> {
        None
    }

    fn finish(&self, _: &mut Outbox<Queued>, _: CloseCode, _: &str) {}

    fn abort(&self) {}
}
