//! Why a database is not repaired.

use super::restoring;
use crate::{
    kernel::config::DatabaseUrl,
    store::{StoreError, backup::BackupFault, lock::LockFault, repair::Reading},
};

/// Why a database is not repaired. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum RepairFault {
    /// There is none.
    #[error("database.url: there is no database yet")]
    Missing,
    /// It is not the one that this binary knows.
    #[error("the database is not up to date: run otomo migrate first")]
    Outdated,
    /// Its list of changes is not the one of its tables.
    #[error(
        "{column} is there, and not in the list of changes that were made (__diesel_schema_migrations): {todo}"
    )]
    Unlisted {
        /// With its table.
        column: String,
        /// What to do about it.
        todo: String,
    },
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

impl RepairFault {
    /// Why a database is not the one that this binary knows.
    ///
    /// # Errors
    /// Those of the store.
    pub(super) fn outdated(reading: &mut Reading, url: &DatabaseUrl) -> Result<Self, StoreError> {
        let unlisted = reading.unlisted()?;
        Ok(unlisted.map_or(Self::Outdated, |column| Self::Unlisted {
            column,
            todo: relisting(url),
        }))
    }
}

/// What is done about a list of changes that has lost some of those that were made.
pub fn relisting(url: &DatabaseUrl) -> String {
    let restoring = restoring(url);
    format!("neither a start nor otomo migrate can make it again: {restoring}")
}
