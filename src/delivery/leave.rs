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
    /// The server closed, and asked the client to stay away for so long before it comes back.
    ServerClosed(Duration),
}

impl Leave {
    /// The name in logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Leave::Clean => "clean",
            Leave::Reload => "reload",
            Leave::Broken => "broken",
            Leave::ServerClosed(_) => "server_closed",
        }
    }

    /// How long the session still counts; `None` for not at all.
    pub fn grace(self, graces: &Graces) -> Option<Duration> {
        match self {
            Leave::Clean => None,
            Leave::Reload => Some(graces.reload),
            Leave::Broken => Some(graces.leave),
            // Whoever does as they were told is not late.
            Leave::ServerClosed(wait) => Some(graces.leave + wait),
        }
    }

    /// Until when the session still counts if it ended `now`; `None` for not at all.
    pub fn grace_end(self, now: Timestamp, graces: &Graces) -> Option<Timestamp> {
        self.grace(graces).map(|grace| now + grace)
    }
}

#[cfg(test)]
impl Leave {
    /// Every way to leave; the server's own without a wait.
    pub(crate) const ALL: [Leave; 4] = [
        Leave::Clean,
        Leave::Reload,
        Leave::Broken,
        Leave::ServerClosed(Duration::ZERO),
    ];
}

/// How long a session may be gone before anybody hears of it. By default not at all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Graces {
    /// A page that reloads (`presence.reload_grace`).
    pub reload: Duration,
    /// A link that broke, or that the server closed (`presence.leave_grace`).
    pub leave: Duration,
}
