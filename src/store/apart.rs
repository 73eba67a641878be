//! Writes beside the writer thread: the few that must neither wait behind the others nor be refused with them, which are
//! those by which a node joins, renews its lease, leaves, and settles what a dead one left.

use std::sync::{Arc, Mutex, PoisonError};

use super::{
    StoreError, Tx,
    clock::StoreClock,
    conn::Access,
    place::{Counted, Place},
    postgres::Trouble,
};
use crate::kernel::config::DatabaseConfig;

/// A connection of its own, opened with the first write. Clones share it.
#[derive(Clone)]
pub(super) struct Apart(Arc<Shared>);

struct Shared {
    config: DatabaseConfig,
    clock: StoreClock,
    place: Place,
    conn: Mutex<Option<Counted>>,
}

impl Apart {
    pub(super) fn new(config: &DatabaseConfig, clock: StoreClock, place: Place) -> Self {
        Self(Arc::new(Shared {
            config: config.clone(),
            clock,
            place,
            conn: Mutex::default(),
        }))
    }

    /// Runs `job` in a transaction. Blocks.
    pub(super) fn write<T, E: From<StoreError>>(
        &self,
        job: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        // A job that panicked has taken its connection along.
        let mut idle = self.0.conn.lock().unwrap_or_else(PoisonError::into_inner);
        let mut conn = self.begin(idle.take())?;
        let outcome = job(&mut Tx::new(&mut conn, self.0.clock.now()));
        let outcome = match outcome {
            Ok(stored) => conn.commit().map(|()| stored).map_err(E::from),
            Err(fault) => Err(fault),
        };
        self.0.place.look_back();
        let sound = outcome.is_ok() || conn.roll_back().is_ok();
        if sound && !conn.is_broken() {
            *idle = Some(conn);
        }
        outcome
    }

    /// A connection with a transaction. One that was lost while it was idle shows that at its next use.
    fn begin(&self, idle: Option<Counted>) -> Result<Counted, StoreError> {
        self.0.place.check()?;
        if let Some(mut conn) = idle {
            match conn.begin_write(false) {
                Ok(()) => return Ok(conn),
                Err(_) if conn.trouble() == Some(Trouble::Lost) => {}
                Err(fault) => return Err(fault),
            }
        }
        let Shared { config, place, .. } = &*self.0;
        let mut conn = place.open(&config.url, Access::Write, config.statement_timeout)?;
        conn.begin_write(false)?;
        Ok(conn)
    }
}
