//! The transaction that a write job works in.

use std::ops::{Deref, DerefMut};

use super::{Conn, StoreError};
use crate::kernel::time::Timestamp;

/// A transaction: a connection, and the time at which everything in it happens.
///
/// What is written through it is stored when the job returns `Ok` and the commit succeeds. It must
/// be the job's only way to the outside: a job may be run more than once.
pub struct Tx<'a> {
    conn: &'a mut Conn,
    now: Timestamp,
}

impl<'a> Tx<'a> {
    /// A transaction that was begun on `conn`.
    pub(super) fn new(conn: &'a mut Conn, now: Timestamp) -> Self {
        Self { conn, now }
    }

    /// Keeps other writers from what goes by this name (`room:..`) until this transaction ends, where no row stands for it.
    /// See [the store's](crate::store#many-writers) own documentation.
    ///
    /// # Errors
    /// Those of the database.
    pub fn lock_name(&mut self, name: &str) -> Result<(), StoreError> {
        self.conn.lock_name(name)
    }

    /// What the job has read is no longer so, because another node was faster: it is to return this error, and will be run
    /// again.
    pub fn outrun(&mut self) -> StoreError {
        self.conn.outrun();
        StoreError::unavailable("another change was stored first")
    }

    /// The time, read once for the whole transaction, so that what is stored together carries the
    /// same time.
    pub fn now(&self) -> Timestamp {
        self.now
    }
}

impl Deref for Tx<'_> {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        self.conn
    }
}

impl DerefMut for Tx<'_> {
    fn deref_mut(&mut self) -> &mut Conn {
        self.conn
    }
}
