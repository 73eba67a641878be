//! One server for one SQLite file.
//!
//! A second one would take the leases of the first for those of a server that died, and show its otomo as offline. So
//! a server locks a file beside the database for as long as it lives. The system releases the lock with the process,
//! however that ends; the file stays, and means nothing without the lock. Backups, shells, `otomo migrate` and
//! `otomo token` do not ask for it. Whoever deletes the file lets a second server in; the first one notices and writes no more
//! (`place`).

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
};

use super::paths::with_suffix;
use crate::kernel::config::DatabaseUrl;

/// What the name of the lock file has beyond the database's own.
const SUFFIX: &str = ".lock";

/// The right to serve a database, until it is dropped.
#[derive(Debug)]
pub struct ServerLock {
    /// Holds the lock: it is released when this is closed. None on PostgreSQL, which several servers share.
    _file: Option<File>,
}

/// Why a database cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum LockFault {
    /// Another server does.
    #[error(
        "database.url: another server serves {}; stop that one, or give this one a file of its own",
        _0.display()
    )]
    Held(PathBuf),
    /// The lock file cannot be made, opened or locked: most likely nothing can be made in its folder, nor a database.
    #[error(
        "database.url: {} cannot be made or locked ({cause}): let this user write to its folder, or name a file in one \
         where it may",
        path.display()
    )]
    Unusable {
        /// The lock file.
        path: PathBuf,
        /// What the system says. Told in the middle: what to do comes last.
        cause: io::Error,
    },
}

impl ServerLock {
    /// Takes the lock, and makes the folder of the database if it is not there. Does not wait.
    ///
    /// # Errors
    /// [`LockFault::Held`] if another server has it.
    pub fn take(url: &DatabaseUrl) -> Result<Self, LockFault> {
        let DatabaseUrl::Sqlite(database) = url else {
            return Ok(Self { _file: None });
        };
        let path = lock_file(database);
        match lock(&path) {
            Ok(file) => Ok(Self { _file: Some(file) }),
            Err(TryLockError::WouldBlock) => Err(LockFault::Held(database.clone())),
            Err(TryLockError::Error(cause)) => Err(LockFault::Unusable { path, cause }),
        }
    }
}

fn lock(path: &Path) -> Result<File, TryLockError> {
    let open = || {
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).open(path)
    };
    let file = open().map_err(TryLockError::Error)?;
    file.try_lock()?;
    Ok(file)
}

/// Beside the file itself, even where the database is named by a link to it.
pub(super) fn lock_file(database: &Path) -> PathBuf {
    let database = fs::canonicalize(database).unwrap_or_else(|_new| database.to_owned());
    with_suffix(&database, SUFFIX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_server_at_a_time_has_the_database_by_whatever_name() {
        let folder = tempfile::tempdir().unwrap();
        let url = |name: &str| DatabaseUrl::Sqlite(folder.path().join(name));
        let own = url("data/otomo.db");
        let held = ServerLock::take(&own).unwrap();
        let second = ServerLock::take(&own).unwrap_err();
        assert!(second.to_string().contains("another server"), "{second}");
        assert!(ServerLock::take(&url("data/another.db")).is_ok());
        drop(held);

        fs::write(folder.path().join("data/otomo.db"), "").unwrap();
        let linked = folder.path().join("linked.db");
        std::os::unix::fs::symlink(folder.path().join("data/otomo.db"), linked).unwrap();
        let _held = ServerLock::take(&own).unwrap();
        assert!(matches!(
            ServerLock::take(&url("linked.db")),
            Err(LockFault::Held(_))
        ));
    }
}
