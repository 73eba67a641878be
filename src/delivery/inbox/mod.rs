//! The durable inbox: what must not be lost, as a gap-free stream per user.
//!
//! - [`cursor`]: how far one connection has come in it.

pub mod cursor;

use std::fmt;

/// A place in a user's stream of durable events. The first event is 1; 0 is the place before it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Seq(u64);

impl Seq {
    /// The place with this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number, as it stands on the wire.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The place of the event after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}
