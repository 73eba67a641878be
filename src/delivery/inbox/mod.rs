//! The durable inbox: what must not be lost, as a gap-free stream per user.
//!
//! - [`records`]: its rows: append, read, drop.
//! - [`prune`]: the retention, in small steps. [`repair`]: what may not be in it.
//! - [`resume`]: what a client that returns gets.
//! - [`cursor`]: how far one connection has come in it. [`heads`]: how far the streams of many users reach.

pub mod cursor;
pub mod heads;
pub mod prune;
pub mod records;
pub mod repair;
pub mod resume;

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

/// What a stream holds: the events from `first` to `head`, without a gap.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Extent {
    /// The first event that is still there. The one after the head, if none is.
    pub first: Seq,
    /// The last event that was ever appended; 0 if none was.
    pub head: Seq,
}

impl Extent {
    /// The stream of somebody who never had an event.
    pub const EMPTY: Self = Self {
        first: Seq::new(1),
        head: Seq::new(0),
    };

    /// Whether everything that came after `after` is still there.
    pub fn continues(&self, after: Seq) -> bool {
        self.first <= after.next()
    }
}
