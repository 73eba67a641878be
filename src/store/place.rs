//! Whether the file of an SQLite database is still where it was opened, and its log beside it.
//!
//! Whoever deletes a database that is served, or puts another in its place, leaves the server with a file that has no name
//! any more: all that it writes there is gone with its process, and nothing fails until then. The same is so of the log, where
//! what was acknowledged lately is. So each transaction that writes looks first, which costs three microseconds beside a flush to
//! the disk, and no connection is opened to another file, or to an empty one that would be made for it. The same look finds that
//! the lock of its server is gone: the next server would serve the same file beside it ([`lock`](mod@super::lock)).
//!
//! Who writes over the file itself, as `cp` does, is not noticed: it is the same file. Until somebody meets what is lost: a file of
//! which a page is gone serves whatever is on its other pages, and writes go through. Which question asks for the lost page nobody
//! can say before, so whoever runs questions for others says afterwards whether one was refused so ([`Place::look_back`]), and
//! from then on the server is not ready: it needs a backup.

use std::{
    cell::Cell,
    fs, io,
    ops::{Deref, DerefMut},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use super::{Conn, StoreError, conn::Access, lock::lock_file, paths::with_suffix};
use crate::kernel::config::DatabaseUrl;

const MOVED: &str = "its file was deleted, moved or replaced while it was served: put it back, or stop the server and put a backup in \
     its place with otomo restore";

const LOG_MOVED: &str = "its log (the file that ends in -wal) was deleted, moved or replaced while it was served: stop the server, not \
     with kill -9, and it writes what it holds into the database";

const UNLOCKED: &str = "its lock (the file that ends in .lock) was deleted or replaced while it was served, and another server may serve it by \
     now: stop this one, and start one alone";

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
    /// The lock beside it, if there was one.
    lock: Option<(PathBuf, File)>,
    log: Arc<Mutex<Log>>,
    is_damaged: Arc<AtomicBool>,
}

/// The log, which SQLite makes beside the file itself, wherever a link to that may be.
#[derive(Debug)]
struct Log {
    path: PathBuf,
    /// `None` until it is there.
    file: Option<File>,
    /// How many connections are open. SQLite takes the log away with the last of them, and the next one makes another: while there
    /// is none, there is no log to miss.
    open: usize,
}

/// A connection that is counted for as long as it is open.
pub(super) struct Counted {
    // Before the connection, for it is dropped before it: nobody may look for a log that SQLite is about to take away.
    _count: Option<Count>,
    conn: Conn,
}

struct Count(Arc<Mutex<Log>>);

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
        let lock = lock_file(path);
        let locked = named(&lock).ok();
        Ok(Self(Some(Opened {
            path: path.clone(),
            file,
            lock: locked.map(|file| (lock, file)),
            log: Arc::new(Mutex::new(Log {
                path: log,
                file: None,
                open: 0,
            })),
            is_damaged: Arc::default(),
        })))
    }

    /// Whether all are still there.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], for as long as something else is there, or nothing.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        match &self.0 {
            Some(opened) => opened.check(&mut lock(&opened.log)),
            None => Ok(()),
        }
    }

    /// Opens a connection, if all are still there, also once it is open. Whoever writes meanwhile does not wait for it.
    pub(super) fn open(
        &self,
        url: &DatabaseUrl,
        access: Access,
        statement_timeout: Duration,
    ) -> Result<Counted, StoreError> {
        self.open_by(|| Conn::open(url, access, statement_timeout))
    }

    fn open_by(
        &self,
        open: impl FnOnce() -> Result<Conn, StoreError>,
    ) -> Result<Counted, StoreError> {
        self.check()?;
        let conn = open()?;
        // Opening waits for others, and makes a file where there is none.
        self.check()?;
        Ok(self.count(conn))
    }

    /// Counts a connection that was opened before this was known.
    pub(super) fn count(&self, conn: Conn) -> Counted {
        match &self.0 {
            Some(Opened { log, .. }) => Log::counted(log, conn),
            None => Counted { _count: None, conn },
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

impl Opened {
    fn check(&self, log: &mut Log) -> Result<(), StoreError> {
        is(&self.path, self.file, MOVED)?;
        if let Some((path, file)) = &self.lock {
            is(path, *file, UNLOCKED)?;
        }
        match log.file {
            Some(file) => is(&log.path, file, LOG_MOVED),
            None => {
                log.note();
                Ok(())
            }
        }
    }
}

impl Log {
    fn counted(shared: &Arc<Mutex<Self>>, conn: Conn) -> Counted {
        let mut log = lock(shared);
        log.open += 1;
        log.note();
        let _count = Some(Count(Arc::clone(shared)));
        Counted { _count, conn }
    }

    /// Remembers which file it is, once somebody has it open.
    fn note(&mut self) {
        if self.file.is_none() && self.open > 0 {
            self.file = named(&self.path).ok();
        }
    }
}

impl Drop for Count {
    fn drop(&mut self) {
        let mut log = lock(&self.0);
        log.open = log.open.saturating_sub(1);
        if log.open == 0 {
            log.file = None;
        }
    }
}

impl Deref for Counted {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        &self.conn
    }
}

impl DerefMut for Counted {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.conn
    }
}

fn lock(log: &Mutex<Log>) -> MutexGuard<'_, Log> {
    log.lock().unwrap_or_else(PoisonError::into_inner)
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
    use crate::store::{lock::ServerLock, migrations::migrate};

    /// A database that can be served, where it is, and its log.
    fn migrated(folder: &tempfile::TempDir) -> (Place, DatabaseUrl, PathBuf) {
        let file = folder.path().join("otomo.db");
        let log = with_suffix(&file, "-wal");
        let url = DatabaseUrl::Sqlite(file);
        migrate(&url).unwrap();
        (Place::of(&url).unwrap(), url, log)
    }

    /// A connection that has the log open.
    fn written_to(place: &Place, url: &DatabaseUrl) -> Result<Counted, StoreError> {
        let mut conn = place.open(url, Access::Write, Duration::ZERO)?;
        conn.begin_write(false)?;
        conn.commit()?;
        Ok(conn)
    }

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
        let (place, url, log) = migrated(&folder);
        let conn = written_to(&place, &url).unwrap();
        place.check().unwrap();
        fs::rename(&log, folder.path().join("aside")).unwrap();
        place.check().unwrap_err();
        fs::write(&log, "").unwrap();
        place.check().unwrap_err();
        written_to(&place, &url).map(drop).unwrap_err();
        drop(conn);
    }

    /// Opening may wait, and makes a file where there is none.
    #[test]
    fn a_file_that_is_moved_away_while_it_is_opened_leaves_nobody_in_another() {
        let folder = tempfile::tempdir().unwrap();
        let (place, url, _) = migrated(&folder);
        let [file, aside] = ["otomo.db", "aside.db"].map(|name| folder.path().join(name));
        let open = || Conn::open(&url, Access::Write, Duration::ZERO);
        let moved = place.open_by(|| {
            fs::rename(&file, &aside).unwrap();
            open()
        });
        assert!(file.exists());
        moved.map(drop).unwrap_err();
        fs::rename(&aside, &file).unwrap();
        place.open_by(open).map(drop).unwrap();
    }

    /// Between the moment in which SQLite takes the log away and that in which the connection is known to be gone.
    #[test]
    fn a_log_that_nobody_has_open_is_not_looked_for() {
        let folder = tempfile::tempdir().unwrap();
        let (place, url, log) = migrated(&folder);
        let Counted {
            _count: count,
            conn,
        } = written_to(&place, &url).unwrap();
        drop(count);
        assert!(log.exists());
        place.check().unwrap();
        drop(conn);
        assert!(!log.exists());
        place.check().unwrap();
    }

    /// From outside: whoever took the lock for a stale one deleted it, and a second server served the same file.
    #[test]
    fn a_lock_that_is_gone_or_another_lets_others_in() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("otomo.db"), "").unwrap();
        let url = DatabaseUrl::Sqlite(at("otomo.db"));
        // Who has none notices nothing.
        let unlocked = Place::of(&url).unwrap();
        let _held = ServerLock::take(&url).unwrap();
        let place = Place::of(&url).unwrap();
        place.check().unwrap();
        fs::remove_file(at("otomo.db.lock")).unwrap();
        place.check().unwrap_err();
        let _second = ServerLock::take(&url).unwrap();
        place.check().unwrap_err();
        unlocked.check().unwrap();
    }

    /// Whoever missed it would be unready until the next start.
    #[test]
    fn a_log_that_goes_with_the_last_connection_is_not_missed() {
        let folder = tempfile::tempdir().unwrap();
        let (place, url, log) = migrated(&folder);
        let open = || written_to(&place, &url);
        for _ in 0..2 {
            let (one, another) = (open().unwrap(), open().unwrap());
            place.check().unwrap();
            drop(one);
            place.check().unwrap();
            assert!(log.exists());
            drop(another);
            assert!(!log.exists());
            place.check().unwrap();
        }
        // One that goes while somebody has it open is.
        let _conn = open().unwrap();
        place.check().unwrap();
        fs::remove_file(&log).unwrap();
        place.check().unwrap_err();
        open().map(drop).unwrap_err();
    }
}
