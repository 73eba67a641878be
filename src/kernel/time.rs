//! Points in time as the server counts them, and the clock they are read from.

use std::{
    fmt,
    ops::{Add, Sub},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

/// How far a node's clock may be from the store's. Beyond it people would be told wrong deadlines.
pub const CLOCK_TOLERANCE: Duration = Duration::from_secs(1);

/// The whole milliseconds of a span, as they are told and stored: at most those that a number can hold.
pub fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// A point in time: milliseconds since 1970 (UTC).
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Default, JsonSchema,
)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From milliseconds since 1970, as the database keeps them.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970: the `timestamp` of the wire (source documents 000 and 001).
    pub const fn unix_seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// How long until `later`; zero if that has passed.
    pub fn until(self, later: Timestamp) -> Duration {
        Duration::from_millis(u64::try_from(later.0.saturating_sub(self.0)).unwrap_or(0))
    }

    /// How far two are apart, whichever is later.
    pub const fn apart(self, other: Timestamp) -> Duration {
        Duration::from_millis(self.0.abs_diff(other.0))
    }
}

impl Add<Duration> for Timestamp {
    type Output = Timestamp;

    fn add(self, span: Duration) -> Timestamp {
        Timestamp(
            self.0
                .saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)),
        )
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Timestamp;

    fn sub(self, span: Duration) -> Timestamp {
        Timestamp(
            self.0
                .saturating_sub(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)),
        )
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}ms", self.0)
    }
}

/// Where the time of day comes from: the system, or a test's hand.
#[derive(Clone, Debug, Default)]
pub struct Clock(Source);

#[derive(Clone, Debug, Default)]
enum Source {
    #[default]
    System,
    /// What the hand shows.
    Standing(Arc<AtomicI64>),
    /// What the hand shows, and the runtime's time since the clock was made.
    Running {
        since: Instant,
        hand: Arc<AtomicI64>,
    },
}

impl Clock {
    /// The machine's own clock.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands still until [`Clock::advance`] moves it. Clones share the hand.
    pub fn manual(start: Timestamp) -> Self {
        Self(Source::Standing(Arc::new(AtomicI64::new(start.0))))
    }

    /// A clock that goes on with the runtime's time, which a test may have simulated, and that [`Clock::set`] and
    /// [`Clock::advance`] move. Clones share the hand.
    pub fn running(start: Timestamp) -> Self {
        Self(Source::Running {
            since: Instant::now(),
            hand: Arc::new(AtomicI64::new(start.0)),
        })
    }

    /// Whether it is the machine's own, and not in a test's hand.
    pub fn is_system(&self) -> bool {
        matches!(self.0, Source::System)
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::Standing(hand) => Timestamp(hand.load(Ordering::SeqCst)),
            Source::Running { since, hand } => {
                Timestamp(hand.load(Ordering::SeqCst)) + since.elapsed()
            }
            Source::System => {
                let since = SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .unwrap_or_default();
                Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
            }
        }
    }

    /// Sets a clock that is in a test's hand, forward or back; the system's clock cannot be set and ignores it.
    pub fn set(&self, now: Timestamp) {
        match &self.0 {
            Source::System => {}
            Source::Standing(hand) => hand.store(now.0, Ordering::SeqCst),
            Source::Running { since, hand } => {
                hand.store((now - since.elapsed()).0, Ordering::SeqCst);
            }
        }
    }

    /// Moves a clock forward that is in a test's hand; the system's clock cannot be moved and ignores it.
    pub fn advance(&self, span: Duration) {
        if let Source::Standing(hand) | Source::Running { hand, .. } = &self.0 {
            hand.fetch_add(
                i64::try_from(span.as_millis()).unwrap_or(0),
                Ordering::SeqCst,
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_running_clock_goes_with_the_runtime_and_with_its_hand() {
        let clock = Clock::running(Timestamp::from_millis(1_000));
        let same = clock.clone();
        tokio::time::advance(Duration::from_millis(500)).await;
        assert_eq!(same.now().millis(), 1_500);
        clock.advance(Duration::from_millis(250));
        assert_eq!(same.now().millis(), 1_750);
        clock.set(Timestamp::from_millis(10));
        tokio::time::advance(Duration::from_millis(5)).await;
        assert_eq!(same.now().millis(), 15);
    }
}
