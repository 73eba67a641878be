//! Whether the file of an SQLite database is still where it was opened.
//!
//! Whoever deletes a database that is served, or puts another in its place, leaves the server with a file that has no name
//! any more: all that it writes there is gone with its process, and nothing fails until then. So each transaction that
//! writes looks first, which costs a microsecond beside a flush to the disk, and no connection is opened to another file,
//! or to an empty one that would be made for it.

use std::{
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use super::StoreError;
use crate::kernel::config::DatabaseUrl;

const MOVED: &str = "its file was deleted, moved or replaced while it was served: put it back, or stop the server and put a backup in \
     its place with otomo restore";

/// The file that a path named when the database in it was opened. A server of PostgreSQL has no such place.
#[derive(Debug, Clone)]
pub(super) struct Place(Option<Opened>);

#[derive(Debug, Clone)]
struct Opened {
    path: PathBuf,
    file: File,
}

/// A file, whatever it is called: its device and its number there.
type File = (u64, u64);

impl Place {
    /// Remembers where a database is that was opened just now.
    pub(super) fn of(url: &DatabaseUrl) -> Result<Self, StoreError> {
        let DatabaseUrl::Sqlite(path) = url else {
            return Ok(Self(None));
        };
        let path = path.clone();
        let file = named(&path).map_err(|cause| StoreError::unavailable_because(MOVED, cause))?;
        Ok(Self(Some(Opened { path, file })))
    }

    /// Whether it is still there.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], for as long as something else is there, or nothing.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        let Some(Opened { path, file }) = &self.0 else {
            return Ok(());
        };
        match named(path) {
            Ok(found) if found == *file => Ok(()),
            Ok(_another) => Err(StoreError::unavailable(MOVED)),
            Err(cause) => Err(StoreError::unavailable_because(MOVED, cause)),
        }
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
}
