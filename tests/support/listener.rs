//! A connected client without a socket: a line of a worker whose transport writes down what it is given.

use std::{rc::Rc, task::Waker};

use otomo::{
    delivery::{
        filter::Filter,
        inbox::{Seq, cursor::Cursor},
        line::{Client, NewLine, SessionRef},
        lines::Lines,
        outbox::Limits,
    },
    protocol::spec::Topics,
};
use serde_json::Value;
use tokio::sync::mpsc;

use crate::{recorder::Recorder, waiting::PATIENCE};

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
        let (recorder, frames) = Recorder::new();
        let (at, _) = lines.insert(NewLine {
            client,
            filter: Filter::new(Topics::ALL),
            versioned,
            cursor: Cursor::new(Seq::default(), Seq::default()),
            sink: Rc::new(recorder),
            session: Waker::noop().clone(),
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
