//! A copy of an SQLite database, taken while a server writes to it, and put in its place again.
//!
//! The copy is what one read transaction sees (`VACUUM INTO`): everything that was committed when it began, and nothing of
//! what came later. It is written beside its place, checked, flushed to the disk, and only then given its name: a file by
//! that name is a whole backup. What a run that was killed left half-made the next backup into that folder removes.
//! [`restore()`] is the way back; `files`: what both do with files.
//!
//! PostgreSQL has its own tools (`pg_dump`, `pg_restore`), which do the same.

mod files;
mod restore;
#[cfg(test)]
mod tests;

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime},
};

use diesel::connection::SimpleConnection as _;

use self::files::{HalfMade, check, connect, fault, flush_folder, free_name, remove_abandoned};
pub use self::restore::restore;
use super::{StoreError, lock::LockFault, paths::folder};
use crate::kernel::config::DatabaseUrl;

/// Why a database is not copied, or not put back.
#[derive(Debug, thiserror::Error)]
pub enum BackupFault {
    /// It is a PostgreSQL database.
    #[error(
        "database.url: this is PostgreSQL, which has its own tools: pg_dump --format=custom, and pg_restore"
    )]
    Postgres,
    /// There is no database.
    #[error("{} is not there", _0.display())]
    Missing(PathBuf),
    /// Something has the name already.
    #[error("{} is there already and is not overwritten", _0.display())]
    Exists(PathBuf),
    /// There is no folder for the copy.
    #[error("{} is no folder that is there: make it first, or mount what is to be there", _0.display())]
    NoFolder(PathBuf),
    /// What is to be put back is the database itself.
    #[error("{} is the database itself, and no backup of it", _0.display())]
    Itself(PathBuf),
    /// What is to be put back was not closed: a part of it is in a log beside it.
    #[error(
        "{} was not closed, so it is no backup: make one of it first (otomo backup --database-url sqlite://{})",
        _0.display(), _0.display()
    )]
    NotClosed(PathBuf),
    /// What is to be put back is no database of ours.
    #[error("{} cannot take the place of the database", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// Why.
        source: StoreError,
    },
    /// A database, or a backup, is damaged.
    #[error("{} is damaged: {problem}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite says of it.
        problem: String,
    },
    /// A server serves the database.
    #[error(transparent)]
    Served(#[from] LockFault),
    /// The database cannot be read or written.
    #[error("the database cannot be copied")]
    Store(#[from] StoreError),
    /// The backup is in its place, and may not be any more after a power cut.
    #[error(
        "the backup has taken the place of {}, and its name may not be on the disk yet: do it again",
        path.display()
    )]
    NotFlushed {
        /// The database.
        path: PathBuf,
        /// What was there before.
        kept: Option<PathBuf>,
        /// What the system says.
        source: Box<BackupFault>,
    },
    /// A file cannot be read or written.
    #[error("{}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// What was copied.
#[derive(Debug)]
pub struct Copied {
    /// Its size.
    pub bytes: u64,
    /// How long it took, the check included.
    pub took: Duration,
    /// What runs that were killed had left half-made in the folder of the copy, and is not there any more.
    pub removed: Vec<PathBuf>,
}

/// Copies the database of `url` beside itself, before something is done to it, and returns the name that the copy has.
///
/// # Errors
/// [`BackupFault`].
pub fn back_up_beside(url: &DatabaseUrl, before: &str) -> Result<PathBuf, BackupFault> {
    let named = path_of(url)?;
    let place = fs::canonicalize(named).unwrap_or_else(|_new| named.to_owned());
    let name = free_name(&place, before, SystemTime::now());
    back_up(url, &name)?;
    Ok(name)
}

/// Copies the database of `url` into `to`, while a server may write to it.
///
/// # Errors
/// [`BackupFault`]; then there is nothing by the name of `to` that was not there before.
pub fn back_up(url: &DatabaseUrl, to: &Path) -> Result<Copied, BackupFault> {
    let (from, began) = (path_of(url)?, Instant::now());
    if !from.exists() {
        return Err(BackupFault::Missing(from.to_owned()));
    }
    if to.exists() {
        return Err(BackupFault::Exists(to.to_owned()));
    }
    // None is made: under a mount point that is mistyped, or not mounted, the copy would be on the disk of the system.
    let folder = folder(to);
    if !folder.is_dir() {
        return Err(BackupFault::NoFolder(folder.to_owned()));
    }
    let removed = remove_abandoned(folder);
    let beside = HalfMade::beside(to)?;
    let path = beside.path();
    let mut conn = connect(from)?;
    // The name is a text of SQL: a quotation mark in it is doubled.
    let name = path.display().to_string().replace('\'', "''");
    conn.batch_execute(&format!("VACUUM INTO '{name}'"))
        .map_err(StoreError::from)?;
    // The copy is as sound as what it was made of.
    check(path, from)?;
    let bytes = beside.flush()?;
    beside.name_anew(to).map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => BackupFault::Exists(to.to_owned()),
        _ => fault(to, source),
    })?;
    flush_folder(to)?;
    let took = began.elapsed();
    Ok(Copied {
        bytes,
        took,
        removed,
    })
}

fn path_of(url: &DatabaseUrl) -> Result<&Path, BackupFault> {
    match url {
        DatabaseUrl::Postgres(_) => Err(BackupFault::Postgres),
        DatabaseUrl::Sqlite(path) => Ok(path),
    }
}
