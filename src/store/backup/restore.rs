//! A backup in the place of a database.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::{MetadataExt as _, chown},
    path::{Path, PathBuf},
    time::SystemTime,
};

use super::{
    BackupFault,
    files::{HalfMade, check, connect, fault, flush_folder, free_name},
    path_of,
};
use crate::{
    kernel::config::DatabaseUrl,
    store::{
        lock::ServerLock,
        migrations,
        paths::with_suffix,
        sqlite::{COMPANIONS, LOGS},
    },
};

/// Puts a backup in the place of the database of `url`, which no server may serve meanwhile. What was there is kept beside
/// it, whole, under the name that is returned.
///
/// If this is interrupted there is the database that was, or the backup; the database without its log for the moment in which
/// they change places, and with it under its other name. It can be run again.
///
/// # Errors
/// [`BackupFault`]; then the database is as it was, but for [`BackupFault::NotFlushed`].
pub fn restore(url: &DatabaseUrl, from: &Path) -> Result<Option<PathBuf>, BackupFault> {
    let named = path_of(url)?;
    // A link to the database stays one.
    let place = fs::canonicalize(named).unwrap_or_else(|_new| named.to_owned());
    check_closed(from, &place)?;
    let _served_by_nobody = ServerLock::take(url)?;
    let beside = HalfMade::beside(&place)?;
    fs::copy(from, beside.path()).map_err(|source| fault(from, source))?;
    check(beside.path(), from)?;
    migrations::check_sqlite(&mut connect(beside.path())?).map_err(|source| {
        BackupFault::Foreign {
            path: from.to_owned(),
            source,
        }
    })?;
    belong_to_the_same(&place, beside.path())?;
    beside.flush()?;
    let kept = Kept::of(&place)?;
    if let Err(source) = beside.replace(&place) {
        kept.put_back();
        return Err(fault(&place, source));
    }
    let kept = kept.into_name();
    flush_folder(&place).map_err(|source| BackupFault::NotFlushed {
        path: place,
        kept: kept.clone(),
        source: Box::new(source),
    })?;
    Ok(kept)
}

/// All of a backup is in its one file.
fn check_closed(from: &Path, place: &Path) -> Result<(), BackupFault> {
    let Ok(backup) = fs::metadata(from) else {
        return Err(BackupFault::Missing(from.to_owned()));
    };
    let same = |it: fs::Metadata| (it.dev(), it.ino()) == (backup.dev(), backup.ino());
    if fs::metadata(place).is_ok_and(same) {
        return Err(BackupFault::Itself(from.to_owned()));
    }
    let has_content = |suffix: &&str| {
        let companion = fs::metadata(with_suffix(from, suffix));
        companion.is_ok_and(|it| it.len() > 0)
    };
    match LOGS.iter().any(has_content) {
        true => Err(BackupFault::NotClosed(from.to_owned())),
        false => Ok(()),
    }
}

/// Whoever runs the server may open what takes the place of its database, whoever restores it.
fn belong_to_the_same(place: &Path, new: &Path) -> Result<(), BackupFault> {
    let Ok(old) = fs::metadata(place) else {
        return Ok(());
    };
    fs::set_permissions(new, old.permissions())
        .and_then(|()| chown(new, Some(old.uid()), Some(old.gid())))
        .map_err(|source| fault(place, source))
}

/// What was in a place, under another name.
struct Kept {
    place: PathBuf,
    name: PathBuf,
    /// What has that name, by suffix; of the database itself it is another one.
    parts: Vec<&'static str>,
}

impl Kept {
    /// Gives all that is there another name: to the database beside its own, to its companions instead.
    fn of(place: &Path) -> Result<Self, BackupFault> {
        let mut kept = Self {
            place: place.to_owned(),
            name: free_name(place, "restore", SystemTime::now()),
            parts: Vec::new(),
        };
        match kept.take() {
            Ok(()) => Ok(kept),
            Err(fault) => {
                kept.put_back();
                Err(fault)
            }
        }
    }

    fn take(&mut self) -> Result<(), BackupFault> {
        if self.place.exists() {
            link(&self.place, &self.name).map_err(|source| fault(&self.name, source))?;
            self.parts.push("");
        }
        for suffix in COMPANIONS {
            let beside = with_suffix(&self.place, suffix);
            if beside.exists() {
                fs::rename(&beside, with_suffix(&self.name, suffix))
                    .map_err(|source| fault(&beside, source))?;
                self.parts.push(suffix);
            }
        }
        Ok(())
    }

    /// As it was, as far as that can be.
    fn put_back(self) {
        for suffix in self.parts {
            let name = with_suffix(&self.name, suffix);
            let _ = match suffix {
                "" => fs::remove_file(name),
                _ => fs::rename(name, with_suffix(&self.place, suffix)),
            };
        }
    }

    /// That of a companion where there was no database; `None` if there was nothing.
    fn into_name(self) -> Option<PathBuf> {
        let first = self.parts.first();
        first.map(|suffix| with_suffix(&self.name, suffix))
    }
}

/// Another name for the same file; a copy of it where the file system has no such names.
fn link(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        // A copy would be written over what has that name.
        Err(refused) if refused.kind() != io::ErrorKind::AlreadyExists => {
            fs::copy(from, to).and_then(|_| File::open(to)?.sync_all())
        }
        done => done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_not_written_over_what_was_kept() {
        let folder = tempfile::tempdir().unwrap();
        let [new, kept] = ["new.db", "kept.db"].map(|name| folder.path().join(name));
        fs::write(&new, "new").unwrap();
        fs::write(&kept, "kept").unwrap();
        let refused = link(&new, &kept).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&kept).unwrap(), b"kept");
    }
}
