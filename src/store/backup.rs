//! A copy of an SQLite database, taken while a server writes to it, and put in its place again.
//!
//! The copy is what one read transaction sees (`VACUUM INTO`): everything that was committed when it began, and nothing of
//! what came later. It is written beside its place, checked, flushed to the disk, and only then given its name: a file by
//! that name is a whole backup.
//!
//! PostgreSQL has its own tools (`pg_dump`, `pg_restore`), which do the same.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use diesel::{
    Connection as _, RunQueryDsl as _, SqliteConnection, connection::SimpleConnection as _,
    dsl::sql, sql_types::Text,
};
use tempfile::NamedTempFile;

use super::{
    StoreError,
    lock::{LockFault, ServerLock},
    migrations,
};
use crate::kernel::config::DatabaseUrl;

/// What lies beside a database that is open, or was not closed.
const COMPANIONS: [&str; 2] = ["-wal", "-shm"];

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
    /// The copy is damaged: what it was made of is.
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
}

/// Copies the database of `url` into `to`, while a server may write to it.
///
/// # Errors
/// [`BackupFault`]; then there is nothing by the name of `to` that was not there before.
pub fn back_up(url: &DatabaseUrl, to: &Path) -> Result<Copied, BackupFault> {
    let (from, began) = (sqlite(url)?, Instant::now());
    if to.exists() {
        return Err(BackupFault::Exists(to.to_owned()));
    }
    let beside = temporary(to)?;
    let path = beside.path();
    let mut conn = connect(from)?;
    // The name is a text of SQL: a quotation mark in it is doubled.
    let name = path.display().to_string().replace('\'', "''");
    conn.batch_execute(&format!("VACUUM INTO '{name}'"))
        .map_err(StoreError::from)?;
    check(path)?;
    let bytes = finish(beside, to)?;
    let took = began.elapsed();
    Ok(Copied { bytes, took })
}

/// Puts a backup in the place of the database of `url`, which no server may serve meanwhile. What was there is kept beside
/// it, under the name that is returned.
///
/// # Errors
/// [`BackupFault`]; then the database is as it was.
pub fn restore(url: &DatabaseUrl, from: &Path) -> Result<Option<PathBuf>, BackupFault> {
    let to = match url {
        DatabaseUrl::Sqlite(path) => path,
        DatabaseUrl::Postgres(_) => return Err(BackupFault::Postgres),
    };
    if !from.exists() {
        return Err(BackupFault::Missing(from.to_owned()));
    }
    let _served_by_nobody = ServerLock::take(url)?;
    let beside = temporary(to)?;
    fs::copy(from, beside.path()).map_err(|source| file(from, source))?;
    check(beside.path())?;
    migrations::check_sqlite(&mut connect(beside.path())?)?;
    let kept = set_aside(to)?;
    finish(beside, to)?;
    Ok(kept)
}

fn sqlite(url: &DatabaseUrl) -> Result<&Path, BackupFault> {
    match url {
        DatabaseUrl::Postgres(_) => Err(BackupFault::Postgres),
        DatabaseUrl::Sqlite(path) if !path.exists() => Err(BackupFault::Missing(path.clone())),
        DatabaseUrl::Sqlite(path) => Ok(path),
    }
}

fn connect(path: &Path) -> Result<SqliteConnection, BackupFault> {
    let path = Path::new(".").join(path);
    let text = path.to_str().unwrap_or_default();
    let mut conn = SqliteConnection::establish(text).map_err(StoreError::from)?;
    // A server that writes, or migrates, is waited for.
    conn.batch_execute("PRAGMA busy_timeout = 60000;")
        .map_err(StoreError::from)?;
    Ok(conn)
}

/// An empty file in the same folder, so that it can be given its name in one step.
fn temporary(place: &Path) -> Result<NamedTempFile, BackupFault> {
    let folder = folder(place);
    fs::create_dir_all(folder).map_err(|source| file(folder, source))?;
    NamedTempFile::new_in(folder).map_err(|source| file(folder, source))
}

fn folder(of: &Path) -> &Path {
    match of.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Reads all of it.
fn check(path: &Path) -> Result<(), BackupFault> {
    let damaged = |problem: String| BackupFault::Damaged {
        path: path.to_owned(),
        problem,
    };
    let mut conn = connect(path)?;
    let found: Vec<String> = sql::<Text>("SELECT integrity_check FROM pragma_integrity_check")
        .load(&mut conn)
        .map_err(|error| damaged(error.to_string()))?;
    match found.iter().find(|line| *line != "ok") {
        None => Ok(()),
        Some(problem) => Err(damaged(problem.clone())),
    }
}

/// Gives a file its name once it is on the disk. Returns its size.
fn finish(from: NamedTempFile, to: &Path) -> Result<u64, BackupFault> {
    let bytes = (|| {
        from.as_file().sync_all()?;
        Ok(from.as_file().metadata()?.len())
    })();
    let bytes = bytes.map_err(|source| file(to, source))?;
    from.persist_noclobber(to)
        .map_err(|refused| match refused.error.kind() {
            io::ErrorKind::AlreadyExists => BackupFault::Exists(to.to_owned()),
            _ => file(to, refused.error),
        })?;
    let folder = folder(to);
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|source| file(folder, source))?;
    Ok(bytes)
}

/// Gives what is in the place of a database another name, with what lies beside it: its log belongs to it alone.
fn set_aside(path: &Path) -> Result<Option<PathBuf>, BackupFault> {
    if !path.exists() {
        return Ok(None);
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let seconds = now.unwrap_or_default().as_secs();
    let kept = with_suffix(path, &format!(".before-restore-{seconds}"));
    if kept.exists() {
        return Err(BackupFault::Exists(kept));
    }
    // The log first: if this ends in the middle, the new database has no log that is not its own.
    for companion in COMPANIONS {
        let (from, to) = (with_suffix(path, companion), with_suffix(&kept, companion));
        if from.exists() {
            fs::rename(&from, &to).map_err(|source| file(&from, source))?;
        }
    }
    fs::rename(path, &kept).map_err(|source| file(path, source))?;
    Ok(Some(kept))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn file(path: &Path, source: io::Error) -> BackupFault {
    BackupFault::File {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database(folder: &Path, name: &str) -> (DatabaseUrl, PathBuf) {
        let path = folder.join(name);
        let url = DatabaseUrl::Sqlite(path.clone());
        migrations::migrate(&url).unwrap();
        (url, path)
    }

    fn add(path: &Path, user: &str) {
        let mut conn = connect(path).unwrap();
        conn.batch_execute(&format!("PRAGMA user_version = {user}"))
            .unwrap();
    }

    fn mark(path: &Path) -> String {
        let mut conn = connect(path).unwrap();
        sql::<diesel::sql_types::BigInt>("SELECT user_version FROM pragma_user_version")
            .get_result::<i64>(&mut conn)
            .unwrap()
            .to_string()
    }

    #[test]
    fn a_copy_is_whole_is_not_overwritten_and_takes_the_place_of_the_database_again() {
        let folder = tempfile::tempdir().unwrap();
        let (url, path) = database(folder.path(), "otomo.db");
        add(&path, "7");
        let copy = folder.path().join("it's a copy.db");
        assert!(back_up(&url, &copy).unwrap().bytes > 0);
        assert!(matches!(back_up(&url, &copy), Err(BackupFault::Exists(_))));
        add(&path, "9");
        let kept = restore(&url, &copy).unwrap().unwrap();
        assert_eq!((mark(&path), mark(&kept)), ("7".into(), "9".into()));
    }

    #[test]
    fn what_is_no_sound_backup_is_not_put_anywhere_and_a_served_database_stays() {
        let folder = tempfile::tempdir().unwrap();
        let (url, path) = database(folder.path(), "otomo.db");
        add(&path, "7");
        let copy = folder.path().join("copy.db");
        back_up(&url, &copy).unwrap();
        let served = ServerLock::take(&url).unwrap();
        assert!(matches!(
            restore(&url, &copy),
            Err(BackupFault::Served(LockFault::Held(_)))
        ));
        drop(served);
        let mut torn = fs::read(&copy).unwrap();
        torn.truncate(torn.len() / 2);
        let half = folder.path().join("half.db");
        fs::write(&half, torn).unwrap();
        fs::write(
            folder.path().join("text.db"),
            "no database, but long enough for one",
        )
        .unwrap();
        for name in ["half.db", "text.db", "none.db"] {
            assert!(restore(&url, &folder.path().join(name)).is_err(), "{name}");
        }
        assert_eq!(mark(&path), "7");
        let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
        assert!(left.len() <= 8, "nothing half-made stays: {left:?}");
    }
}
