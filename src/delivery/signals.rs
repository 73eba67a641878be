//! What delivery tells a session's actor.

use crate::protocol::close_code::CloseCode;

/// What delivery tells a session's actor. Kept on the line and collected when the actor wakes,
/// so that however much there is to say, one message waits in its mailbox.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Signals {
    /// The time that the session asked for has come.
    pub alarm: bool,
    /// Durable events wait in the inbox and the outbox has room for them.
    pub read_inbox: bool,
    /// The outbox is over its hard limit.
    pub too_slow: bool,
    /// Commands were posted.
    pub posted: bool,
    /// The client's snapshots of the chat and of friends no longer hold.
    pub chat_outdated: bool,
    /// Somebody wants this session closed.
    pub close: Option<(CloseCode, &'static str)>,
}

/// Wakes a session's actor to collect its [`Signals`].
#[derive(Debug, Clone, Copy, actix::Message)]
#[rtype(result = "()")]
pub struct Wake;
