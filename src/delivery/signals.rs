//! What delivery tells a session's actor.

use crate::protocol::close_code::CloseCode;

/// What delivery tells a session's actor. Kept on the line and collected when the actor wakes,
/// so that however much there is to say, it is woken once.
#[derive(Debug, Default, PartialEq, Eq)]
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
    /// Somebody wants this session closed. Boxed, because it comes once for each line.
    close: Option<Box<(CloseCode, &'static str)>>,
}

impl Signals {
    /// Somebody wants this session closed.
    pub fn close(&mut self, code: CloseCode, reason: &'static str) {
        self.close = Some(Box::new((code, reason)));
    }

    /// Whether somebody wants this session closed, and why.
    pub fn closing(&self) -> Option<(CloseCode, &'static str)> {
        self.close.as_deref().copied()
    }
}
