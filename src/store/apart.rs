//! Writes beside the writer: for those few that must neither wait behind the others nor be refused with them. A node that
//! renews its lease, or joins.

use std::sync::{Arc, Mutex, PoisonError};

use super::{Conn, StoreError, Tx, conn::Access};
use crate::kernel::{config::DatabaseUrl, time::Clock};

/// A connection of its own, opened with the first write. Clones share it.
#[derive(Clone)]
pub(super) struct Apart(Arc<Shared>);

struct Shared {
    url: DatabaseUrl,
    clock: Clock,
    conn: Mutex<Option<Conn>>,
}

impl Apart {
    pub(super) fn new(url: DatabaseUrl, clock: Clock) -> Self {
        Self(Arc::new(Shared {
            url,
            clock,
            conn: Mutex::default(),
        }))
    }

    /// Runs `job` in a transaction. Blocks.
    pub(super) fn write<T, E: From<StoreError>>(
        &self,
        job: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let shared = &self.0;
        // A job that panicked has taken its connection along.
        let mut place = shared.conn.lock().unwrap_or_else(PoisonError::into_inner);
        let mut conn = match place.take() {
            Some(conn) => conn,
            None => Conn::open(&shared.url, Access::Write)?,
        };
        conn.begin_write()?;
        let outcome = job(&mut Tx::new(&mut conn, shared.clock.now()));
        let outcome = match outcome {
            Ok(stored) => conn.commit().map(|()| stored).map_err(E::from),
            Err(fault) => Err(fault),
        };
        let sound = outcome.is_ok() || conn.roll_back_to(0).is_ok();
        if sound && !conn.is_broken() {
            *place = Some(conn);
        }
        outcome
    }
}
