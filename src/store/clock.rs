//! The store's clock: what deadlines, leases and sweeps go by.
//!
//! It is set by another clock every second, and between two looks goes on as time passes on this machine, whatever is
//! done to the machine's time of day. Nodes that share a PostgreSQL server go by the server's clock, so they agree.
//!
//! On SQLite it is set by the machine's time of day. Where that jumps (somebody sets it, a virtual machine goes on after a
//! pause) nobody talked in the minutes between: while a call is charged by the minute, or nobody can say whether one is, the
//! store's clock does not follow, and the node says that its clock is off.

use std::{
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use super::{Conn, StoreError};
use crate::kernel::{
    logging::chain,
    time::{CLOCK_TOLERANCE, Clock, Timestamp},
};

/// Between two looks at the clock that sets this one. A jump is noticed in that time.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// An answer that took longer says little: the clock was read anywhere in that time. The last good one stands.
const ANSWER_MAX: Duration = Duration::from_millis(250);

/// Finds out in the database whether the time that passes costs somebody something.
pub type Costs = fn(&mut Conn) -> Result<bool, StoreError>;

/// The clock. Clones share what it shows.
#[derive(Clone)]
pub(super) struct StoreClock(Arc<Face>);

struct Face {
    own: Clock,
    since: Instant,
    /// What it would have shown at `since`, in milliseconds since 1970.
    shown: AtomicI64,
    costs: OnceLock<Costs>,
}

impl StoreClock {
    pub(super) fn new(own: Clock) -> Self {
        Self(Arc::new(Face {
            shown: AtomicI64::new(own.now().millis()),
            own,
            since: Instant::now(),
            costs: OnceLock::new(),
        }))
    }

    /// The time. A clock in a test's hand shows what the hand does.
    pub(super) fn now(&self) -> Timestamp {
        if !self.0.own.is_system() {
            return self.0.own.now();
        }
        let shown = self.0.shown.load(Ordering::Relaxed);
        Timestamp::from_millis(shown) + self.0.since.elapsed()
    }

    /// From now on it does not follow the machine's time of day while this is so.
    pub(super) fn keep_while(&self, costs: Costs) {
        let _kept_already = self.0.costs.set(costs);
    }

    fn set(&self, now: Timestamp) {
        let shown = now - self.0.since.elapsed();
        self.0.shown.store(shown.millis(), Ordering::Relaxed);
    }

    /// Why a jump is not followed, if it is not. Damage is a reason, too: else one page that is lost would refuse every write.
    fn keeps(&self, conn: &mut Conn) -> Result<Option<Why>, StoreError> {
        match self.0.costs.get().map_or(Ok(false), |costs| costs(conn)) {
            Ok(costs) => Ok(costs.then_some(Why::Charged)),
            // The transaction may have ended with it.
            Err(fault) if fault.is_outage() => Err(fault),
            Err(fault) => Ok(Some(Why::Unknown(chain(&fault).to_string()))),
        }
    }
}

/// Why a jump is not followed.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Why {
    Charged,
    Unknown(String),
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Charged => f.write_str("a call is charged by the minute"),
            Self::Unknown(fault) => write!(
                f,
                "nobody can say whether a call is charged by the minute, {fault}"
            ),
        }
    }
}

/// When the writer looks at the clocks again: it has a connection at hand, and nobody writes beside it.
pub(super) struct Look {
    clock: StoreClock,
    looked_at: Option<Instant>,
    /// The machine's time of day has jumped, and is not followed for now.
    keeps: Option<Why>,
}

impl Look {
    pub(super) fn new(clock: StoreClock) -> Self {
        Self {
            clock,
            looked_at: None,
            keeps: None,
        }
    }

    /// The time, after a look at the clock that sets this one if that is due.
    pub(super) fn now(&mut self, conn: &mut Conn) -> Result<Timestamp, StoreError> {
        let fresh = |at: Instant| at.elapsed() < LOOK_EVERY;
        if self.clock.0.own.is_system() && !self.looked_at.is_some_and(fresh) {
            let began = Instant::now();
            match conn.clock()? {
                Some(theirs) => self.agree(theirs, began.elapsed()),
                None => self.follow(conn)?,
            }
            self.looked_at = Some(Instant::now());
        }
        Ok(self.clock.now())
    }

    /// Goes by the database's clock, which was asked for so long.
    fn agree(&self, theirs: Timestamp, took: Duration) {
        if took <= ANSWER_MAX {
            self.clock.set(theirs + took / 2);
        }
    }

    /// Goes by the machine's time of day, unless that has jumped and it would cost somebody something. Both go on alike
    /// between jumps, so what is below the tolerance stays.
    fn follow(&mut self, conn: &mut Conn) -> Result<(), StoreError> {
        let (ours, theirs) = (self.clock.now(), self.clock.0.own.now());
        if ours.apart(theirs) <= CLOCK_TOLERANCE {
            self.keeps = None;
            return Ok(());
        }
        let jump_ms = theirs.millis().saturating_sub(ours.millis());
        let before = std::mem::replace(&mut self.keeps, self.clock.keeps(conn)?);
        if let Some(why) = &self.keeps {
            if before != self.keeps {
                log::warn!(
                    "clock jumped and is not followed jump_ms={jump_ms} cause={why}: it is followed once that is not so, or at \
                     the next start"
                );
            }
            return Ok(());
        }
        self.clock.set(theirs);
        log::warn!("clock jumped and is followed jump_ms={jump_ms}");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{kernel::config::DatabaseUrl, store::conn::Access};

    const JUMP: Duration = Duration::from_secs(3_600);

    /// A clock from which the machine's time of day has jumped back, and a connection.
    fn jumped(folder: &tempfile::TempDir, costs: Costs) -> (Look, Conn) {
        let url = DatabaseUrl::Sqlite(folder.path().join("otomo.db"));
        let conn = Conn::open(&url, Access::Migrate, Duration::ZERO).unwrap();
        let clock = StoreClock::new(Clock::system());
        clock.keep_while(costs);
        clock.set(Clock::system().now() + JUMP);
        (Look::new(clock), conn)
    }

    fn is_kept(look: &mut Look, conn: &mut Conn) -> bool {
        look.looked_at = None;
        let now = look.now(conn).unwrap();
        Clock::system().now().until(now) > JUMP / 2
    }

    /// Not known is no reason to refuse each write.
    #[test]
    fn where_nobody_can_say_what_the_time_costs_it_costs_something_and_writes_go_on() {
        let folder = tempfile::tempdir().unwrap();
        let (mut look, mut conn) = jumped(&folder, |_| Err(StoreError::corrupt("calls.price")));
        for _ in 0..2 {
            assert!(is_kept(&mut look, &mut conn));
            assert!(matches!(look.keeps, Some(Why::Unknown(_))));
        }
    }

    #[test]
    fn a_jump_is_followed_unless_it_costs_somebody_something() {
        let folder = tempfile::tempdir().unwrap();
        let answers: [(Costs, Option<Why>); 2] =
            [(|_| Ok(true), Some(Why::Charged)), (|_| Ok(false), None)];
        for (costs, why) in answers {
            let (mut look, mut conn) = jumped(&folder, costs);
            assert_eq!(is_kept(&mut look, &mut conn), why.is_some());
            assert_eq!(look.keeps, why);
        }
    }
}
