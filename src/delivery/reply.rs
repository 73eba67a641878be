//! Where the answer to a command goes: to the session that sent the command, in order with everything else the client is
//! sent, or to the HTTP request that posted it (`POST /api/commands`).

use std::cell::RefCell;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use super::line::SessionRef;
use crate::protocol::{command::RequestId, event::Event, frame::Frame};

/// Posted commands that may wait for one session. It takes all of them each time it is woken.
const POSTED_MAX: usize = 64;

/// The answer to a command that was posted.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The acknowledgement, or the error.
    pub event: Event,
    /// What the client calls its own command.
    pub request_id: Option<RequestId>,
}

/// A command for a session that came in an HTTP request of its own. It may still be answered for as long as anybody holds
/// `answer`; some commands never are.
#[derive(Debug)]
pub struct PostedCommand {
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
    pub(super) command: PostedCommand,
    /// Dropped unsent if there is no such session.
    pub(super) outcome: oneshot::Sender<PostOutcome>,
}

/// The posted commands that a session has yet to take.
#[derive(Debug, Default)]
pub(super) struct Postbox(RefCell<Vec<PostedCommand>>);

impl Postbox {
    pub(super) fn put(&self, command: PostedCommand) -> PostOutcome {
        let mut waiting = self.0.borrow_mut();
        if waiting.len() >= POSTED_MAX {
            return PostOutcome::Full;
        }
        waiting.push(command);
        PostOutcome::Taken
    }

    pub(super) fn take(&self) -> Vec<PostedCommand> {
        self.0.take()
    }
}

/// What became of a command that was posted to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PostOutcome {
    /// The session has it.
    Taken,
    /// The session has too many already.
    Full,
    /// There is no such session (any more).
    NoSession,
}

/// Where the answer to a command goes, and the request id it carries.
#[derive(Debug, Clone, Default)]
pub struct Reply {
    request_id: Option<RequestId>,
    waiting: Option<mpsc::Sender<Answer>>,
}

impl Reply {
    /// To the request that waits, or to the session if none does.
    pub fn new(request_id: Option<RequestId>, waiting: Option<mpsc::Sender<Answer>>) -> Self {
        Self {
            request_id,
            waiting,
        }
    }

    /// Whether a request waits for the answer: then it does not go to the session.
    pub fn is_posted(&self) -> bool {
        self.waiting.is_some()
    }

    /// The answer as the session is to send it, among other frames; `None` if a request waits for it.
    pub fn frame(&self, event: &Event) -> Option<Frame> {
        (!self.is_posted()).then(|| Frame::answer(event, self.request_id.as_ref()))
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
                // Fails if the request was given up, or was answered already.
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
