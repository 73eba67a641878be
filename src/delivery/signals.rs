//! What delivery tells a session's actor.

use super::farewell::Farewell;

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
    close: Option<Box<Farewell>>,
}

impl Signals {
    /// Somebody wants this session closed.
    pub fn close(&mut self, farewell: Farewell) {
        self.close = Some(Box::new(farewell));
    }

    /// Whether somebody wants this session closed, and how.
    pub fn closing(&self) -> Option<Farewell> {
        self.close.as_deref().copied()
    }
}
