//! Whether the file of an SQLite database is still where it was opened, and its log beside it.
//!
//! Whoever deletes a database that is served, or puts another in its place, leaves the server with a file that has no name
//! any more: all that it writes there is gone with its process, and nothing fails until then. The same is so of the log, where
//! what was acknowledged lately is. So each transaction that writes looks first, which costs two microseconds beside a flush to
//! the disk, and no connection is opened to another file, or to an empty one that would be made for it.
//!
//! Who writes over the file itself, as `cp` does, is not noticed: it is the same file. Until somebody meets what is lost: a file of
//! which a page is gone serves whatever is on its other pages, and writes go through. Which question asks for the lost page nobody
//! can say before, so whoever runs questions for others says afterwards whether one was refused so ([`Place::look_back`]), and
//! from then on the server is not ready: it needs a backup.

use std::{
    cell::Cell,
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{StoreError, paths::with_suffix};
use crate::kernel::config::DatabaseUrl;

const MOVED: &str = "its file was deleted, moved or replaced while it was served: put it back, or stop the server and put a backup in \
     its place with otomo restore";

const LOG_MOVED: &str = "its log (the file that ends in -wal) was deleted, moved or replaced while it was served: stop the server, not \
     with kill -9, and it writes what it holds into the database";

const DAMAGED: &str =
    "its file is damaged: stop the server, and put a backup in its place with otomo restore";

thread_local! {
    /// Whether a question on this thread was refused because the file is damaged. A job keeps its refusal to itself.
    static MET_DAMAGE: Cell<bool> = const { Cell::new(false) };
}

/// A question was refused because the file is damaged.
pub(super) fn meet_damage() {
    MET_DAMAGE.set(true);
}

/// The files that paths named when the database in them was opened. A server of PostgreSQL has no such place. Clones share what
/// is known of the log.
#[derive(Debug, Clone)]
pub(super) struct Place(Option<Opened>);

#[derive(Debug, Clone)]
struct Opened {
    path: PathBuf,
    file: File,
    log: Arc<Mutex<Log>>,
    is_damaged: Arc<AtomicBool>,
}

/// The log, which SQLite makes beside the file itself, wherever a link to that may be.
#[derive(Debug)]
struct Log {
    path: PathBuf,
    /// `None` until it is there.
    file: Option<File>,
}

/// A file, whatever it is called: its device and its number there.
type File = (u64, u64);

impl Place {
    /// Remembers where a database is that was opened just now.
    pub(super) fn of(url: &DatabaseUrl) -> Result<Self, StoreError> {
        let DatabaseUrl::Sqlite(path) = url else {
            return Ok(Self(None));
        };
        let moved = |cause| StoreError::unavailable_because(MOVED, cause);
        let file = named(path).map_err(moved)?;
        let log = with_suffix(&path.canonicalize().map_err(moved)?, "-wal");
        Ok(Self(Some(Opened {
            path: path.clone(),
            file,
            log: Arc::new(Mutex::new(Log {
                path: log,
                file: None,
            })),
            is_damaged: Arc::default(),
        })))
    }

    /// Whether both are still there.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], for as long as something else is there, or nothing.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        let Some(Opened {
            path, file, log, ..
        }) = &self.0
        else {
            return Ok(());
        };
        is(path, *file, MOVED)?;
        let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
        match log.file {
            Some(file) => is(&log.path, file, LOG_MOVED),
            None => {
                log.file = named(&log.path).ok();
                Ok(())
            }
        }
    }

    /// No connection is open for now, and the last one takes the log away: the next log is another file.
    pub(super) fn closed(&self) {
        if let Some(Opened { log, .. }) = &self.0 {
            log.lock().unwrap_or_else(PoisonError::into_inner).file = None;
        }
    }

    /// Notes whether questions that ran on this thread were refused because the file is damaged. Said once: everybody meets it.
    pub(super) fn look_back(&self) {
        let Some(Opened { is_damaged, .. }) = &self.0 else {
            return;
        };
        if MET_DAMAGE.take() && !is_damaged.swap(true, Ordering::Relaxed) {
            log::error!("the file of the database is damaged: a backup must be put in its place");
        }
    }

    /// Whether nobody has met damage in the file.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], from the first time on.
    pub(super) fn check_sound(&self) -> Result<(), StoreError> {
        match &self.0 {
            Some(opened) if opened.is_damaged.load(Ordering::Relaxed) => {
                Err(StoreError::unavailable(DAMAGED))
            }
            _ => Ok(()),
        }
    }
}

/// Whether a path names this file.
fn is(path: &Path, file: File, otherwise: &'static str) -> Result<(), StoreError> {
    match named(path) {
        Ok(found) if found == file => Ok(()),
        Ok(_another) => Err(StoreError::unavailable(otherwise)),
        Err(cause) => Err(StoreError::unavailable_because(otherwise, cause)),
    }
}

fn named(path: &Path) -> io::Result<File> {
    fs::metadata(path).map(|it| (it.dev(), it.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_gone_or_another_is_not_the_one_that_was_opened() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("otomo.db"), "").unwrap();
        let place = Place::of(&DatabaseUrl::Sqlite(at("otomo.db"))).unwrap();
        place.check().unwrap();
        fs::rename(at("otomo.db"), at("aside.db")).unwrap();
        place.check().unwrap_err();
        fs::write(at("otomo.db"), "").unwrap();
        place.check().unwrap_err();
        fs::rename(at("aside.db"), at("otomo.db")).unwrap();
        place.check().unwrap();
    }

    #[test]
    fn a_log_that_is_gone_or_another_is_not_the_one_that_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("otomo.db"), "").unwrap();
        let place = Place::of(&DatabaseUrl::Sqlite(at("otomo.db"))).unwrap();
        // It comes with the first connection that looks into the database.
        place.check().unwrap();
        fs::write(at("otomo.db-wal"), "").unwrap();
        place.check().unwrap();
        fs::rename(at("otomo.db-wal"), at("aside")).unwrap();
        place.check().unwrap_err();
        fs::write(at("otomo.db-wal"), "").unwrap();
        place.check().unwrap_err();
        place.closed();
        place.check().unwrap();
        fs::remove_file(at("otomo.db-wal")).unwrap();
        place.check().unwrap_err();
    }
}
