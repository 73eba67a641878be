//! What comes from a client that polls: requests, one payload at a time, and perhaps a WebSocket.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use bytestring::ByteString;
use tokio::sync::{mpsc, oneshot};

use super::{
    link::Link,
    probe::{Probe, Step},
    registry::{PollingEndpoint, Posted, Request},
};
use crate::protocol::socket_io::SEPARATOR;

/// The requests of one client that polls.
pub(super) struct Requests {
    pub(super) receiver: mpsc::Receiver<Request>,
    pub(super) endpoint: Arc<PollingEndpoint>,
    post: Option<Post>,
    pub(super) probe: Option<Probe>,
    /// Whether packets were handled since the last [`Heard::Flush`](super::channel::Heard::Flush).
    pub(super) handled: bool,
}

/// A payload that is being read.
struct Post {
    /// What is left of it.
    rest: Option<ByteString>,
    done: oneshot::Sender<Posted>,
}

impl Requests {
    pub(super) fn new(endpoint: Arc<PollingEndpoint>, receiver: mpsc::Receiver<Request>) -> Self {
        Self {
            receiver,
            endpoint,
            post: None,
            probe: None,
            handled: false,
        }
    }

    /// A payload has come.
    pub(super) fn posted(&mut self, payload: ByteString, done: oneshot::Sender<Posted>) {
        self.post = Some(Post {
            rest: Some(payload),
            done,
        });
    }

    /// The next packet of the payload that is being read. Once there are no more, the client hears that it was taken.
    pub(super) fn next_packet(&mut self) -> Option<ByteString> {
        let post = self.post.as_mut()?;
        let Some(rest) = post.rest.take() else {
            self.answer_post(Posted::Taken);
            self.handled = true;
            return None;
        };
        match rest.split_once(char::from(SEPARATOR)) {
            Some((packet, behind)) => {
                post.rest = Some(rest.slice_ref(behind));
                Some(rest.slice_ref(packet))
            }
            None => Some(rest),
        }
    }

    /// Answers the payload that is being read if nothing of it is left: its last packet may be what ended the session, and a
    /// client whose post fails does not look at what its poll brings.
    pub(super) fn answer_handled_post(&mut self) {
        if self.post.as_ref().is_some_and(|post| post.rest.is_none()) {
            self.answer_post(Posted::Taken);
        }
    }

    /// Answers the payload that is being read, if one is.
    pub(super) fn answer_post(&mut self, posted: Posted) {
        if let Some(post) = self.post.take() {
            // A client that has given its post up needs no answer.
            let _ = post.done.send(posted);
        }
    }

    pub(super) fn poll_probe(&mut self, task: &mut Context<'_>, link: &Link) -> Poll<Step> {
        match &mut self.probe {
            Some(probe) => probe.poll(task, link.log()),
            None => Poll::Pending,
        }
    }
}
