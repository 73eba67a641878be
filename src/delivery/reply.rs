//! Where the answer to a command goes: to the session that the command came by, in its place among all that the client
//! hears, or to a request that waits for it (`POST /api/commands`).

use std::cell::RefCell;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use super::line::SessionRef;
use crate::protocol::{command::RequestId, event::Event, frame::Frame};

/// Commands that may wait for a session. It takes all of them whenever it is woken.
const POSTED_MAX: usize = 64;

/// The answer to a command that was posted.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The acknowledgement, or the error.
    pub event: Event,
    /// What the client calls its own command.
    pub request_id: Option<RequestId>,
}

/// A command for a session that came by a request of its own. Whoever holds `answer` still owes one; when nobody does, there
/// is none, as some commands have none.
#[derive(Debug)]
pub struct Posted {
    /// The command as it came.
    pub json: Bytes,
    /// Room for one answer.
    pub answer: mpsc::Sender<Answer>,
}

/// A posted command on its way to its session.
#[derive(actix::Message)]
#[rtype(result = "()")]
pub(super) struct Post {
    pub(super) to: SessionRef,
    pub(super) posted: Posted,
    /// Dropped unsent if there is no such session.
    pub(super) taken: oneshot::Sender<Posting>,
}

/// The posted commands that a session has yet to take.
#[derive(Debug, Default)]
pub(super) struct Postbox(RefCell<Vec<Posted>>);

impl Postbox {
    pub(super) fn put(&self, posted: Posted) -> Posting {
        let mut waiting = self.0.borrow_mut();
        if waiting.len() >= POSTED_MAX {
            return Posting::Full;
        }
        waiting.push(posted);
        Posting::Taken
    }

    pub(super) fn take(&self) -> Vec<Posted> {
        self.0.take()
    }
}

/// What became of a command that was posted to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Posting {
    /// The session has it.
    Taken,
    /// The session has too many already.
    Full,
    /// There is no such session (any more).
    NoSession,
}

/// Where an answer goes, and what the client calls the command.
#[derive(Debug, Clone, Default)]
pub struct Reply {
    request_id: Option<RequestId>,
    waiting: Option<mpsc::Sender<Answer>>,
}

impl Reply {
    /// To whoever waits, or else to the session.
    pub fn new(request_id: Option<RequestId>, waiting: Option<mpsc::Sender<Answer>>) -> Self {
        Self {
            request_id,
            waiting,
        }
    }

    /// Answers. `to_session` sends a frame to the session that the command came by.
    pub fn send(&self, event: &Event, to_session: impl FnOnce(Frame)) {
        match &self.waiting {
            None => to_session(Frame::answer(event, self.request_id.as_ref())),
            Some(waiting) => {
                let answer = Answer {
                    event: event.clone(),
                    request_id: self.request_id.clone(),
                };
                // Who has stopped to wait needs none, and a command has one answer.
                let _ = waiting.try_send(answer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::event::HeartbeatAck;

    #[test]
    fn an_answer_goes_to_who_waits_and_else_to_the_session() {
        let event = Event::from(HeartbeatAck { timestamp: 1 });
        let mut to_session = 0;
        Reply::default().send(&event, |_| to_session += 1);
        let (answer, mut waiting) = mpsc::channel(1);
        let reply = Reply::new(None, Some(answer));
        reply.send(&event, |_| to_session += 1);
        // A second one has no place.
        reply.send(&event, |_| to_session += 1);
        drop(reply);
        assert_eq!(to_session, 1);
        assert!(waiting.try_recv().is_ok());
        assert!(waiting.blocking_recv().is_none());
    }
}
