//! The connections that read.

use std::{sync::Arc, time::Duration};

use r2d2::ManageConnection;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::{
    Conn, StoreError,
    conn::Access,
    place::{Counted, Place},
};
use crate::kernel::{
    config::{DatabaseConfig, DatabaseUrl},
    logging::chain,
};

/// How long a read waits for its turn. A client that waited longer has asked again by now, and that only
/// lengthens the queue.
const TURN_TIMEOUT: Duration = Duration::from_secs(2);

/// How long opening a connection may take once a read has its turn.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A bounded number of connections for reads, and the queue for them.
///
/// The queue is a semaphore with as many permits as there are connections, so a read waits as a
/// future. Waiting inside `r2d2` would hold a thread for each that waits.
#[derive(Clone)]
pub(super) struct Pool {
    connections: r2d2::Pool<Opener>,
    turns: Arc<Semaphore>,
    place: Place,
}

/// The right to take one connection.
pub(super) struct Turn {
    connections: r2d2::Pool<Opener>,
    place: Place,
    _permit: OwnedSemaphorePermit,
}

impl Pool {
    /// A pool of at most `database.pool_size` connections. Opens one, so that a database that cannot be opened is
    /// found at the start.
    pub(super) fn open(config: &DatabaseConfig, place: Place) -> Result<Self, StoreError> {
        let size = config.pool_size;
        let connections = r2d2::Pool::builder()
            .max_size(size)
            .min_idle(Some(1))
            .test_on_check_out(false)
            .connection_timeout(CONNECT_TIMEOUT)
            .error_handler(Box::new(LogFailure))
            .build(Opener {
                url: config.url.clone(),
                place: place.clone(),
                statement_timeout: config.statement_timeout,
            })
            .map_err(no_connection)?;
        let turns = Arc::new(Semaphore::new(usize::try_from(size).unwrap_or(usize::MAX)));
        Ok(Self {
            connections,
            turns,
            place,
        })
    }

    /// Waits for a free connection.
    pub(super) async fn turn(self) -> Result<Turn, StoreError> {
        match timeout(TURN_TIMEOUT, self.turns.acquire_owned()).await {
            Ok(Ok(permit)) => Ok(Turn {
                connections: self.connections,
                place: self.place,
                _permit: permit,
            }),
            Ok(Err(_closed)) => Err(StoreError::unavailable("it is closed")),
            Err(_elapsed) => Err(StoreError::Overloaded("too many reads are waiting")),
        }
    }

    /// Lets no further read begin, and waits for those under way.
    pub(super) async fn close(&self) {
        let all = self.connections.max_size();
        let _ = self.turns.acquire_many(all).await;
        self.turns.close();
    }
}

impl Turn {
    /// Runs `job` in a read transaction: all its queries see the same moment. Blocks.
    pub(super) fn read<T, E: From<StoreError>>(
        self,
        job: impl FnOnce(&mut Conn) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut conn = self.begun()?;
        let outcome = job(&mut conn);
        self.place.look_back();
        // If the transaction cannot be ended the pool throws the connection away; what was read is
        // read.
        let _ = conn.roll_back();
        outcome
    }

    /// A connection with a transaction. One that was lost while it was idle shows that at its next use; there may be as
    /// many of them as there are connections.
    fn begun(&self) -> Result<r2d2::PooledConnection<Opener>, StoreError> {
        let mut lost = 0;
        loop {
            let mut conn = self.connections.get().map_err(no_connection)?;
            match conn.begin_read() {
                Ok(()) => return Ok(conn),
                Err(_) if conn.is_broken() && lost < self.connections.max_size() => lost += 1,
                Err(fault) => return Err(fault),
            }
        }
    }
}

/// Opens connections for `r2d2`, set up to read.
struct Opener {
    url: DatabaseUrl,
    place: Place,
    statement_timeout: Duration,
}

impl ManageConnection for Opener {
    type Connection = Counted;
    type Error = StoreError;

    fn connect(&self) -> Result<Counted, StoreError> {
        self.place
            .open(&self.url, Access::Read, self.statement_timeout)
    }

    fn is_valid(&self, conn: &mut Counted) -> Result<(), StoreError> {
        conn.begin_read()?;
        conn.roll_back()
    }

    /// A read that panicked leaves its transaction open, which counts as broken: the connection is
    /// thrown away.
    fn has_broken(&self, conn: &mut Counted) -> bool {
        conn.is_broken()
    }
}

/// Failures of the pool's own threads, which nobody waits for.
#[derive(Debug)]
struct LogFailure;

impl r2d2::HandleError<StoreError> for LogFailure {
    fn handle_error(&self, fault: StoreError) {
        log::warn!("no connection for reading cause={}", chain(&fault));
    }
}

fn no_connection(cause: r2d2::Error) -> StoreError {
    StoreError::unavailable_because("no connection for reading", cause)
}
