//! The store's clock: what deadlines, leases and sweeps go by.
//!
//! On SQLite it is the node's own. Nodes that share a PostgreSQL server go by the server's: each measures how far its own
//! clock is from that, every few seconds, and adds the distance. Between two looks nobody asks the server.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use super::{Conn, StoreError};
use crate::kernel::time::{Clock, Timestamp};

/// Between two looks at the server's clock. A clock that is set by hand is noticed in that time.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// An answer that took longer says little: the clock was read anywhere in that time. The last good one stands.
const ANSWER_MAX: Duration = Duration::from_millis(250);

/// The node's clock, and its distance from the database's. Clones share the distance.
#[derive(Clone)]
pub(super) struct StoreClock {
    own: Clock,
    /// In milliseconds: what is to be added.
    distance: Arc<AtomicI64>,
}

impl StoreClock {
    pub(super) fn new(own: Clock) -> Self {
        Self {
            own,
            distance: Arc::default(),
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        let distance = self.distance.load(Ordering::Relaxed);
        Timestamp::from_millis(self.own.now().millis().saturating_add(distance))
    }

    /// Looks at the database's clock, if it has one. A clock in a test's hand stays there.
    fn measure(&self, conn: &mut Conn) -> Result<(), StoreError> {
        if !self.own.is_system() {
            return Ok(());
        }
        let (before, began) = (self.own.now(), Instant::now());
        let Some(theirs) = conn.clock()? else {
            return Ok(());
        };
        let took = began.elapsed();
        if took <= ANSWER_MAX {
            let own = before + took / 2;
            let distance = theirs.millis().saturating_sub(own.millis());
            self.distance.store(distance, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// When the writer looks at the clock again: it has a connection at hand.
pub(super) struct Look {
    clock: StoreClock,
    looked_at: Option<Instant>,
}

impl Look {
    pub(super) fn new(clock: StoreClock) -> Self {
        Self {
            clock,
            looked_at: None,
        }
    }

    /// The time, after a look at the database's clock if one is due.
    pub(super) fn now(&mut self, conn: &mut Conn) -> Result<Timestamp, StoreError> {
        let fresh = |at: Instant| at.elapsed() < LOOK_EVERY;
        if !self.looked_at.is_some_and(fresh) {
            self.clock.measure(conn)?;
            self.looked_at = Some(Instant::now());
        }
        Ok(self.clock.now())
    }
}
