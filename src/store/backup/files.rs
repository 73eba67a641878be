//! Files that are whole as soon as they have their name, and a look whether they are sound.

use std::{
    ffi::OsStr,
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use diesel::{
    RunQueryDsl as _, SqliteConnection, connection::SimpleConnection as _, dsl::sql,
    sql_types::Text,
};
use tempfile::NamedTempFile;

use super::BackupFault;
use crate::store::{StoreError, sqlite};

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
    let found: Vec<String> = sql::<Text>("SELECT integrity_check FROM pragma_integrity_check")
        .load(&mut conn)
        .map_err(|error| damaged(error.to_string()))?;
    match found.iter().find(|line| *line != "ok") {
        None => Ok(()),
        Some(problem) => Err(damaged(problem.clone())),
    }
}

/// How the name of a half-made file begins and ends.
const PART: (&str, &str) = (".otomo-", ".part");

/// An empty file in the same folder, which must be there, so that it can be given its name in one step. What others have left
/// there half-made is removed: whoever writes one holds a lock on it, which the system releases with the process.
pub(super) fn temporary(place: &Path) -> Result<NamedTempFile, BackupFault> {
    let folder = folder(place);
    remove_abandoned(folder);
    loop {
        let made = tempfile::Builder::new()
            .prefix(PART.0)
            .suffix(PART.1)
            .tempfile_in(folder)
            .map_err(|source| fault(folder, source))?;
        // Until it was locked another could take it for abandoned.
        let is_taken = matches!(made.as_file().try_lock(), Err(TryLockError::WouldBlock));
        if !is_taken && made.path().exists() {
            return Ok(made);
        }
    }
}

/// Removes what was half-made by those who were killed. What cannot be removed stays: it is in nobody's way.
fn remove_abandoned(folder: &Path) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let is_part = |path: &PathBuf| {
        let name = path.file_name().and_then(OsStr::to_str);
        name.is_some_and(|name| name.starts_with(PART.0) && name.ends_with(PART.1))
    };
    for path in entries.map(|entry| entry.path()).filter(is_part) {
        if let Ok(file) = File::open(&path)
            && file.try_lock().is_ok()
        {
            let _ = fs::remove_file(&path);
        }
    }
}

/// Returns once all of a file is on the disk, with its size in bytes.
pub(super) fn flush(of: &NamedTempFile) -> Result<u64, BackupFault> {
    let bytes = (|| {
        of.as_file().sync_all()?;
        Ok(of.as_file().metadata()?.len())
    })();
    bytes.map_err(|source| fault(of.path(), source))
}

/// Returns once the name of a file is on the disk.
pub(super) fn flush_folder(of: &Path) -> Result<(), BackupFault> {
    let folder = folder(of);
    let flushed = File::open(folder).and_then(|folder| folder.sync_all());
    flushed.map_err(|source| fault(folder, source))
}

/// Where a file is, or is to be.
pub(super) fn folder(of: &Path) -> &Path {
    match of.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

pub(super) fn fault(path: &Path, source: io::Error) -> BackupFault {
    BackupFault::File {
        path: path.to_owned(),
        source,
    }
}
