//! Why a database is not repaired.

use crate::store::{StoreError, backup::BackupFault, lock::LockFault};

/// Why a database is not repaired. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum RepairFault {
    /// There is none.
    #[error("database.url: there is no database yet")]
    Missing,
    /// It is not the one that this binary knows.
    #[error("the database is not up to date: run otomo migrate first")]
    Outdated,
    /// A server may be running.
    #[error(
        "the node {node} serves this database: stop all nodes first, or wait {seconds} s for its lease to run out if it was \
         killed"
    )]
    Served {
        /// Its name.
        node: String,
        /// How long it counts as alive.
        seconds: u64,
    },
    /// A server runs.
    #[error("a database is repaired while no server runs on it")]
    Locked(#[from] LockFault),
    /// Without a copy nothing is changed.
    #[error("the database is not changed without a backup of it")]
    Backup(#[from] BackupFault),
    /// The store failed.
    #[error("the database cannot be repaired")]
    Store(#[from] StoreError),
}
