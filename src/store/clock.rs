//! The store's clock: what deadlines, leases and sweeps go by.
//!
//! It is set by another clock every second, and between two looks goes on as time passes on this machine, whatever is
//! done to the machine's time of day. Nodes that share a PostgreSQL server go by the server's clock, so they agree.
//!
//! On SQLite it is set by the machine's time of day. Where that jumps (somebody sets it, a virtual machine goes on after a
//! pause) nobody talked in the minutes between: while a call is charged by the minute the store's clock does not follow, and
//! the node says that its clock is off.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use super::{Conn, StoreError};
use crate::kernel::time::{CLOCK_TOLERANCE, Clock, Timestamp};

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

    fn costs(&self, conn: &mut Conn) -> Result<bool, StoreError> {
        self.0.costs.get().map_or(Ok(false), |costs| costs(conn))
    }
}

/// When the writer looks at the clocks again: it has a connection at hand, and nobody writes beside it.
pub(super) struct Look {
    clock: StoreClock,
    looked_at: Option<Instant>,
    /// The machine's time of day has jumped, and is not followed for now.
    keeps: bool,
}

impl Look {
    pub(super) fn new(clock: StoreClock) -> Self {
        Self {
            clock,
            looked_at: None,
            keeps: false,
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
            self.keeps = false;
            return Ok(());
        }
        let jump_ms = theirs.millis().saturating_sub(ours.millis());
        if self.clock.costs(conn)? {
            if !std::mem::replace(&mut self.keeps, true) {
                log::warn!(
                    "clock jumped and is not followed jump_ms={jump_ms} cause=a call is charged by the minute: it is followed \
                     once none is, or at the next start"
                );
            }
            return Ok(());
        }
        self.keeps = false;
        self.clock.set(theirs);
        log::warn!("clock jumped and is followed jump_ms={jump_ms}");
        Ok(())
    }
}
