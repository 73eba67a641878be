//! What keeps a node that is not itself any more from writing.
//!
//! A node that was frozen for longer than its lease, or could not reach the database for so long, may have been taken for
//! dead: others have settled what it left. So on a database that several nodes share each transaction of the writer looks
//! before its commit whether the node's row in `nodes` still has its epoch and a lease, and holds the row until then: whoever
//! takes it waits for that, and afterwards nothing is written any more. At the end and not at the beginning, because a lock
//! that is taken there goes with the savepoint of a job that is undone, and a node that is frozen in between holds none.

use std::sync::{Arc, Mutex, PoisonError};

use diesel::prelude::*;

use super::{Conn, StoreError, sql::schema::nodes};
use crate::kernel::ids::NodeId;

/// The node is not itself any more: it has to join again.
#[derive(Debug, thiserror::Error)]
#[error("the node's lease is over, and others may have taken its place")]
struct NotCurrent;

/// As whom a store writes. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Fence(Arc<Mutex<Writer>>);

/// Who a store's writes are from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Writer {
    /// Nobody in particular: the database is this process's alone, or nothing is served yet. Nothing is looked at.
    #[default]
    Anybody,
    /// A node, in this epoch, for as long as that is its own.
    Node {
        /// Which.
        name: NodeId,
        /// Which life of it.
        epoch: i64,
    },
    /// A node between two lives: everything is refused.
    Nobody,
}

impl Fence {
    pub(super) fn set(&self, writer: Writer) {
        *self.writer() = writer;
    }

    /// Whether anybody writes at all.
    ///
    /// # Errors
    /// The refusal, for which [`StoreError::is_fenced`] is true.
    pub(super) fn check_open(&self) -> Result<(), StoreError> {
        match *self.writer() {
            Writer::Anybody | Writer::Node { .. } => Ok(()),
            Writer::Nobody => Err(refusal()),
        }
    }

    /// Whether what was written in a transaction may be committed, which is to follow at once.
    ///
    /// # Errors
    /// The refusal, for which [`StoreError::is_fenced`] is true; and those of the query.
    pub(super) fn check(&self, conn: &mut Conn) -> Result<(), StoreError> {
        let writer = self.writer().clone();
        let is_current = match writer {
            Writer::Anybody => true,
            Writer::Nobody => false,
            Writer::Node { name, epoch } => holds(conn, &name, epoch)?,
        };
        if is_current { Ok(()) } else { Err(refusal()) }
    }

    fn writer(&self) -> std::sync::MutexGuard<'_, Writer> {
        // A value is in place or not.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn refusal() -> StoreError {
    StoreError::unavailable_because(
        "this node has been away for too long; it joins again",
        NotCurrent,
    )
}

/// Whether a node has this epoch and a lease, which stays so until the transaction ends.
fn holds(conn: &mut Conn, name: &NodeId, epoch: i64) -> Result<bool, StoreError> {
    let own = nodes::table
        .find(name.as_str())
        .filter(nodes::epoch.eq(epoch))
        .filter(nodes::lease_until.is_not_null())
        .select(nodes::epoch);
    let found = match conn {
        // It has one writer at a time.
        Conn::Sqlite(c) => own.get_result::<i64>(c).optional()?,
        Conn::Pg(pg) => {
            let held = own.for_share().get_result::<i64>(pg.connection());
            pg.noted(held.optional())?
        }
    };
    Ok(found.is_some())
}

impl StoreError {
    /// Whether it is because this node is not itself any more.
    pub fn is_fenced(&self) -> bool {
        let Self::Unavailable(_, Some(cause)) = self else {
            return false;
        };
        cause.is::<NotCurrent>()
    }
}
