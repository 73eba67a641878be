//! A device that calls and is called.

use otomo::{
    calls::{Asker, Calls, ClientCommand, Underway},
    delivery::{
        line::{Client, SessionRef},
        lines::Lines,
        reply::Reply,
    },
    kernel::ids::CallId,
    protocol::spec::Topic,
};
use serde_json::Value;

use crate::{fixture::user, listener::Listener};

/// A device and what it has heard.
pub(crate) struct Phone {
    pub(crate) client: Client,
    pub(crate) at: SessionRef,
    calls: Calls,
    listener: Listener,
}

impl Phone {
    pub(crate) fn new(lines: &Lines, client: &Client, calls: Calls) -> Self {
        let listener = Listener::new(lines, client.clone(), false);
        lines.get(listener.at).unwrap().subscribe(Topic::Calls);
        Self {
            client: client.clone(),
            at: listener.at,
            calls,
            listener,
        }
    }

    /// Reads up to `ready`. What belongs to a call comes after it.
    pub(crate) async fn ready(mut self) -> Self {
        while self.next().await["type"] != "ready" {}
        self
    }

    pub(crate) fn asks(&self, command: ClientCommand) {
        let asker = Asker {
            client: self.client.clone(),
            at: self.at,
            reply: Reply::default(),
            underway: Underway::default(),
        };
        self.calls.ask(asker, command).unwrap();
    }

    /// Requests a call.
    pub(crate) fn calls(&self, otomo: &str) -> CallId {
        let call = CallId::new();
        self.asks(ClientCommand::Request {
            to: user(otomo),
            call,
        });
        call
    }

    /// The next frame. Of the statuses only Hana's.
    pub(crate) async fn next(&mut self) -> Value {
        loop {
            let next = self.listener.next().await;
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
        std::iter::from_fn(|| self.listener.frames.try_recv().ok())
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
