//! The transaction that a write job works in.

use std::ops::{Deref, DerefMut};

use super::Conn;
use crate::kernel::time::Timestamp;

/// A transaction: a connection, and the time at which everything in it happens.
///
/// What is written through it is stored when the job returns `Ok` and the commit succeeds. It must
/// be the job's only way to the outside: a job may be run twice.
pub struct Tx<'a> {
    conn: &'a mut Conn,
    now: Timestamp,
}

impl<'a> Tx<'a> {
    /// A transaction that was begun on `conn`.
    pub(super) fn new(conn: &'a mut Conn, now: Timestamp) -> Self {
        Self { conn, now }
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
