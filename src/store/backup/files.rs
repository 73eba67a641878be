//! Files that are whole as soon as they have their name, and a look whether they are sound.

use std::{
    ffi::OsStr,
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use diesel::{SqliteConnection, connection::SimpleConnection as _};
use tempfile::NamedTempFile;

use super::BackupFault;
use crate::store::{
    StoreError,
    paths::{folder, with_suffix},
    sqlite::{self, COMPANIONS},
};

pub(super) fn connect(path: &Path) -> Result<SqliteConnection, BackupFault> {
    let mut conn = sqlite::connect(path)?;
    // A server that writes, or migrates, is waited for.
    conn.batch_execute("PRAGMA busy_timeout = 60000;")
        .map_err(StoreError::from)?;
    Ok(conn)
}

/// Reads all of a database. If it is damaged `told` is what people hear of.
pub(super) fn check(path: &Path, told: &Path) -> Result<(), BackupFault> {
    let damaged = |problem: String| BackupFault::Damaged {
        path: told.to_owned(),
        problem,
    };
    let mut conn = connect(path)?;
    let found = sqlite::damage(&mut conn).map_err(|error| damaged(error.to_string()))?;
    match found.into_iter().next() {
        None => Ok(()),
        Some(problem) => Err(damaged(problem)),
    }
}

/// How the name of a half-made file begins and ends, and what that of its lock has beyond it.
const PART: (&str, &str) = (".otomo-", ".part");
const LOCK: &str = ".lock";

/// A file that is being written under a name of its own, and is removed unless it is given another.
///
/// Whoever writes one holds a lock, which the system releases with the process: so those of killed ones can be told from the
/// others. The lock is on a file beside it, since the file itself is a database: on a network mount a lock of ours would
/// keep SQLite out.
pub(super) struct HalfMade {
    file: NamedTempFile,
    /// Is dropped last: until then nobody takes the file for abandoned.
    _lock: NamedTempFile,
}

impl HalfMade {
    /// An empty file in the folder of `place`, which must be there, so that it can be given that name in one step.
    pub(super) fn beside(place: &Path) -> Result<Self, BackupFault> {
        let folder = folder(place);
        let make = || loop {
            let lock = tempfile::Builder::new()
                .prefix(PART.0)
                .suffix(&format!("{}{LOCK}", PART.1))
                .tempfile_in(folder)?;
            // Until it was locked another could take it for abandoned.
            let is_taken = matches!(lock.as_file().try_lock(), Err(TryLockError::WouldBlock));
            if is_taken || !lock.path().exists() {
                continue;
            }
            let name = lock.path().file_stem().unwrap_or_default();
            let file = tempfile::Builder::new()
                .prefix(name)
                .rand_bytes(0)
                .tempfile_in(folder)?;
            return Ok(Self { file, _lock: lock });
        };
        make().map_err(|source| fault(folder, source))
    }

    pub(super) fn path(&self) -> &Path {
        self.file.path()
    }

    /// Returns once all of it is on the disk, with its size in bytes.
    pub(super) fn flush(&self) -> Result<u64, BackupFault> {
        let file = self.file.as_file();
        let bytes = file.sync_all().and_then(|()| Ok(file.metadata()?.len()));
        bytes.map_err(|source| fault(self.path(), source))
    }

    /// Gives it its name, and to nothing else that has that name.
    pub(super) fn name_anew(self, name: &Path) -> io::Result<()> {
        self.file.persist_noclobber(name).map_err(|it| it.error)?;
        Ok(())
    }

    /// Puts it in the place of what has that name.
    pub(super) fn replace(self, name: &Path) -> io::Result<()> {
        self.file.persist(name).map_err(|it| it.error)?;
        Ok(())
    }
}

/// Removes from a folder what was half-made by those who were killed, and returns it. What cannot be removed stays: it is in
/// nobody's way; and so does what has no lock, which may be somebody else's.
pub(super) fn remove_abandoned(folder: &Path) -> Vec<PathBuf> {
    let mut removed = Vec::new();
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for lock in entries.map(|entry| entry.path()) {
        let name = lock.file_name().and_then(OsStr::to_str);
        let of = name.and_then(|name| name.strip_suffix(LOCK));
        let is_part = |of: &&str| of.starts_with(PART.0) && of.ends_with(PART.1);
        if let Some(of) = of.filter(is_part) {
            removed.extend(remove_if_abandoned(&folder.join(of), &lock));
        }
    }
    removed
}

fn remove_if_abandoned(part: &Path, lock: &Path) -> Vec<PathBuf> {
    // Nothing else is opened, nor removed: to open a pipe is to wait for who reads it.
    let is_file = |path: &Path| fs::symlink_metadata(path).is_ok_and(|it| it.is_file());
    // On a network mount only who may write can lock.
    let open = || File::options().write(true).open(lock).ok();
    let Some(held) = is_file(lock).then(open).flatten() else {
        return Vec::new();
    };
    if held.try_lock().is_err() {
        return Vec::new();
    }
    let beside = COMPANIONS.map(|suffix| with_suffix(part, suffix));
    // The lock is last: without it nobody would take the others for abandoned.
    let all = beside.into_iter().chain([part.to_owned(), lock.to_owned()]);
    all.filter(|path| is_file(path))
        .take_while(|path| fs::remove_file(path).is_ok())
        .collect()
}

/// Returns once the name of a file is on the disk.
pub(super) fn flush_folder(of: &Path) -> Result<(), BackupFault> {
    let folder = folder(of);
    let flushed = File::open(folder).and_then(|folder| folder.sync_all());
    flushed.map_err(|source| fault(folder, source))
}

pub(super) fn fault(path: &Path, source: io::Error) -> BackupFault {
    BackupFault::File {
        path: path.to_owned(),
        source,
    }
}

/// A name that nothing has, nor anything beside it: of a second one within a second it has a number.
pub(super) fn free_name(place: &Path, before: &str, now: SystemTime) -> PathBuf {
    let since = now.duration_since(UNIX_EPOCH);
    let seconds = since.unwrap_or_default().as_secs();
    let first = with_suffix(place, &format!(".before-{before}-{seconds}"));
    let is_taken = |name: &Path| {
        let beside = |suffix: &&str| with_suffix(name, suffix).exists();
        name.exists() || COMPANIONS.iter().any(beside)
    };
    let mut name = first.clone();
    let mut number = 2;
    while is_taken(&name) {
        name = with_suffix(&first, &format!("-{number}"));
        number += 1;
    }
    name
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_is_kept_has_a_name_that_nothing_has_nor_anything_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("otomo.db");
        let now = UNIX_EPOCH + Duration::from_secs(7);
        let free = || free_name(&place, "restore", now);
        let named = |end: &str| with_suffix(&place, &format!(".before-restore-7{end}"));
        assert_eq!(free(), named(""));
        fs::write(named(""), "kept").unwrap();
        assert_eq!(free(), named("-2"));
        fs::write(named("-2-wal"), "kept, without its database").unwrap();
        assert_eq!(free(), named("-3"));
    }
}
