//! How a session ended, and how long its user counts as there after that.

use std::time::Duration;

use crate::kernel::time::Timestamp;

/// How a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Leave {
    /// The client said goodbye (close 1000, logout): it means it.
    Clean,
    /// The page went away (close 1001, or none): most often a reload.
    Reload,
    /// No pong, a reset: a tunnel, a dead battery.
    Broken,
    /// The server closed: the client will most likely come back.
    ServerClosed,
}

impl Leave {
    /// Every way to leave.
    pub const ALL: [Leave; 4] = [
        Leave::Clean,
        Leave::Reload,
        Leave::Broken,
        Leave::ServerClosed,
    ];

    /// How long the session still counts; `None` for not at all.
    pub fn grace(self, graces: &Graces) -> Option<Duration> {
        match self {
            Leave::Clean => None,
            Leave::Reload => Some(graces.reload),
            Leave::Broken | Leave::ServerClosed => Some(graces.leave),
        }
    }

    /// Until when the session still counts if it ended `now`; `None` for not at all.
    pub fn grace_end(self, now: Timestamp, graces: &Graces) -> Option<Timestamp> {
        self.grace(graces).map(|grace| now + grace)
    }
}

/// How long a session may be gone before anybody hears of it. By default not at all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Graces {
    /// A page that reloads (`presence.reload_grace`).
    pub reload: Duration,
    /// A link that broke, or that the server closed (`presence.leave_grace`).
    pub leave: Duration,
}
