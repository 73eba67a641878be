//! Where the answer to a command goes: to the session that sent the command, in order with everything else the client is
//! sent, or to the HTTP request that posted it (`POST /api/commands`).
//!
//! To a session it goes as an event, or, if a Socket.IO client asked for that, as the acknowledgement of the client's own
//! event. Such a client waits for one in any case: a command that has no answer is acknowledged without one as soon as
//! nobody is left who could answer.

use std::{
    cell::Cell,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use super::{dispatch::Dispatch, line::SessionRef, lines::To};
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
#[derive(Default)]
pub(super) struct Postbox(Cell<Option<Box<Posted>>>);

/// Boxed, because almost no session is posted anything.
#[derive(Debug, Default)]
struct Posted(Vec<PostedCommand>);

impl Postbox {
    pub(super) fn put(&self, command: PostedCommand) -> PostOutcome {
        let mut posted = self.0.take().unwrap_or_default();
        let outcome = match posted.0.len() < POSTED_MAX {
            true => {
                posted.0.push(command);
                PostOutcome::Taken
            }
            false => PostOutcome::Full,
        };
        self.0.set(Some(posted));
        outcome
    }

    pub(super) fn take(&self) -> Vec<PostedCommand> {
        self.0.take().map(|posted| posted.0).unwrap_or_default()
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

/// Where an answer goes.
#[derive(Debug, Clone, Default)]
pub enum AnswerTo {
    /// To the session, as an event.
    #[default]
    Session,
    /// To the session, as an acknowledgement.
    Acknowledgement(Arc<Unacknowledged>),
    /// To the request that waits.
    Request(mpsc::Sender<Answer>),
}

/// An event of a Socket.IO client that is to be acknowledged. Dropped before it was, it is acknowledged without an answer.
pub struct Unacknowledged {
    number: u64,
    at: SessionRef,
    dispatch: Dispatch,
    done: AtomicBool,
}

impl Unacknowledged {
    /// `number` is what the client calls its event.
    pub fn new(number: u64, at: SessionRef, dispatch: Dispatch) -> Arc<Self> {
        Arc::new(Self {
            number,
            at,
            dispatch,
            done: AtomicBool::new(false),
        })
    }

    /// Whether it is for the caller to acknowledge it: it is for one alone.
    fn begin(&self) -> bool {
        !self.done.swap(true, Ordering::AcqRel)
    }

    /// Its acknowledgement, once.
    fn take(&self, answer: Option<&Event>, request_id: Option<&RequestId>) -> Option<Frame> {
        self.begin()
            .then(|| Frame::acknowledgement(self.number, answer, request_id))
    }
}

impl Drop for Unacknowledged {
    fn drop(&mut self) {
        if let Some(frame) = self.take(None, None) {
            self.dispatch.tell(To::Session(self.at), frame);
        }
    }
}

impl fmt::Debug for Unacknowledged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Unacknowledged({})", self.number)
    }
}

/// Where the answer to a command goes, and the request id it carries.
#[derive(Debug, Clone, Default)]
pub struct Reply {
    request_id: Option<RequestId>,
    to: AnswerTo,
}

impl Reply {
    /// The answer to the command with this request id.
    pub fn new(request_id: Option<RequestId>, to: AnswerTo) -> Self {
        Self { request_id, to }
    }

    /// The answer as it may come out: the session is to send the one frame or the other, among others. `None` if a request
    /// waits for it, which is answered with [`Reply::send`].
    pub fn either(&self, one: &Event, other: &Event) -> Option<(Frame, Frame)> {
        let request_id = self.request_id.as_ref();
        let both = |frame: &dyn Fn(&Event) -> Frame| (frame(one), frame(other));
        match &self.to {
            AnswerTo::Request(_) => None,
            AnswerTo::Acknowledgement(unacknowledged) if unacknowledged.begin() => {
                let number = unacknowledged.number;
                Some(both(&|event| {
                    Frame::acknowledgement(number, Some(event), request_id)
                }))
            }
            AnswerTo::Session | AnswerTo::Acknowledgement(_) => {
                Some(both(&|event| Frame::answer(event, request_id)))
            }
        }
    }

    /// What the client calls its command, if the answer is for its session, as an event.
    pub fn as_event(&self) -> Option<Option<&RequestId>> {
        matches!(self.to, AnswerTo::Session).then_some(self.request_id.as_ref())
    }

    /// Answers. `to_session` sends a frame to the session that the command came by.
    pub fn send(&self, event: &Event, to_session: impl FnOnce(Frame)) {
        let request_id = self.request_id.as_ref();
        match &self.to {
            AnswerTo::Session => to_session(Frame::answer(event, request_id)),
            AnswerTo::Acknowledgement(unacknowledged) => {
                let first = unacknowledged.take(Some(event), request_id);
                // What is said after it has no place there.
                to_session(first.unwrap_or_else(|| Frame::answer(event, request_id)));
            }
            AnswerTo::Request(waiting) => {
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
    use crate::{
        backplane::Backplane, delivery::dispatch::Settings, kernel::ids::SessionId,
        protocol::event::HeartbeatAck,
    };

    #[test]
    fn an_answer_goes_to_who_waits_and_else_to_the_session() {
        let event = Event::from(HeartbeatAck { timestamp: 1 });
        let mut to_session = 0;
        Reply::default().send(&event, |_| to_session += 1);
        let (answer, mut waiting) = mpsc::channel(1);
        let reply = Reply::new(None, AnswerTo::Request(answer));
        reply.send(&event, |_| to_session += 1);
        // A second one has no place.
        reply.send(&event, |_| to_session += 1);
        drop(reply);
        assert_eq!(to_session, 1);
        assert!(waiting.try_recv().is_ok());
        assert!(waiting.blocking_recv().is_none());
    }

    #[test]
    fn an_event_is_acknowledged_once_and_what_is_said_after_it_is_an_event() {
        let dispatch = Dispatch::new(
            Settings::default(),
            Backplane::alone("n1".parse().unwrap()),
            Arc::default(),
        );
        let at = SessionRef {
            worker: 0,
            slot: 0,
            session: SessionId::new(),
        };
        let unacknowledged = Unacknowledged::new(3, at, dispatch);
        let reply = Reply::new(None, AnswerTo::Acknowledgement(unacknowledged));
        let event = Event::from(HeartbeatAck { timestamp: 1 });
        let mut told = Vec::new();
        reply.send(&event, |frame| told.push(frame.json().clone()));
        reply
            .clone()
            .send(&event, |frame| told.push(frame.json().clone()));
        assert!(
            told[0].starts_with(b"[{") && told[1].starts_with(b"{"),
            "{told:?}"
        );
    }
}
