//! Whether a database can be used, for those who look after a server: tried without a trace.
//!
//! Nothing is written to it: not even the table of changes is made, which diesel does when it is asked for them. What a write
//! takes is tried only where Otomo's tables are: a wrong `database.url` may name the database of somebody else.

use std::{
    io::{self, Seek as _, Write as _},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use nix::unistd::{AccessFlags, access};

use super::{Conn, StoreError, conn::Access, migrations, shape, sqlite};
use crate::kernel::{
    config::{DatabaseConfig, DatabaseUrl},
    time::Timestamp,
};

/// What SQLite writes at once, in bytes.
const PAGE: [u8; 4096] = [0; 4096];

/// What was found.
#[derive(Debug)]
pub struct Inspection {
    /// Changes of the schema that this binary has and the database has not.
    pub pending: Vec<String>,
    /// What the first of those would make, if it is there all the same: `table.column`.
    pub unlisted: Option<String>,
    /// The newest change that it has; none if nothing of Otomo's is in it.
    pub schema: Option<String>,
    /// What a write took until it was on the disk. None if nothing of Otomo's is in it: it was not tried.
    pub write: Option<Duration>,
    /// The database's own clock, if it has one.
    pub clock: Option<Timestamp>,
}

/// Connects, reads the schema, and tries what a write takes. For a database that is there.
///
/// # Errors
/// What of it does not work.
pub fn inspect(config: &DatabaseConfig) -> Result<Inspection, StoreError> {
    match &config.url {
        DatabaseUrl::Sqlite(path) => inspect_file(path),
        DatabaseUrl::Postgres(_) => inspect_server(config),
    }
}

/// Why a database that is not there yet cannot be made.
#[derive(Debug, thiserror::Error)]
#[error("nothing can be made in {}", folder.display())]
pub struct NoRoom {
    /// Its folder, or the nearest above it that is there.
    folder: PathBuf,
    /// What the system says.
    source: io::Error,
}

/// Whether the first start can make the file of a database, and its folder. Rights alone do not tell, as root or on a disk
/// that is mounted for reading: a file is made that has no name, so nobody sees it and it goes with its descriptor.
///
/// # Errors
/// [`NoRoom`] if it cannot.
pub fn can_make(database: &Path) -> Result<(), NoRoom> {
    let mut above = database.ancestors().skip(1);
    let folder = above.find(|it| it.exists()).unwrap_or(Path::new("."));
    tempfile::tempfile_in(folder)
        .map(drop)
        .map_err(|source| NoRoom {
            folder: folder.to_owned(),
            source,
        })
}

/// How far a database is brought up.
struct Standing {
    schema: Option<String>,
    pending: Vec<String>,
    unlisted: Option<String>,
}

impl Standing {
    fn of(conn: &mut Conn) -> Result<Self, StoreError> {
        let (schema, pending) = migrations::compare(conn)?;
        let unlisted = shape::unlisted(conn, &pending)?.into_iter().next();
        Ok(Self {
            schema,
            pending,
            unlisted,
        })
    }
}

/// A write is one to a file beside it: a commit of SQLite is a page at the end of a log, and a flush.
fn inspect_file(path: &Path) -> Result<Inspection, StoreError> {
    let mut conn = Conn::Sqlite(sqlite::look(path)?);
    let Standing {
        schema,
        pending,
        unlisted,
    } = Standing::of(&mut conn)?;
    let write = schema.as_ref().map(|_| try_write(path)).transpose()?;
    Ok(Inspection {
        pending,
        unlisted,
        schema,
        write,
        clock: None,
    })
}

/// What a write takes, where this user may make one.
fn try_write(path: &Path) -> Result<Duration, StoreError> {
    access(path, AccessFlags::W_OK)
        .map_err(|cause| StoreError::unavailable_because("this user may not write to it", cause))?;
    time_write(path)
        .map_err(|cause| StoreError::unavailable_because("nothing can be written beside it", cause))
}

/// What it takes to write a page over another and have it on the disk, in the folder of a file. The first one only makes the
/// file, which costs more.
fn time_write(path: &Path) -> io::Result<Duration> {
    let path = path.canonicalize()?;
    let folder = path.parent().unwrap_or(Path::new("/"));
    let mut beside = tempfile::Builder::new()
        .prefix(".otomo-doctor-")
        .tempfile_in(folder)?;
    let file = beside.as_file_mut();
    file.write_all(&PAGE)?;
    file.sync_all()?;
    file.rewind()?;
    let began = Instant::now();
    file.write_all(&PAGE)?;
    file.sync_data()?;
    Ok(began.elapsed())
}

/// A write is a message in the server's log that nobody reads: its commit is one like any other, and no table knows of it.
fn inspect_server(config: &DatabaseConfig) -> Result<Inspection, StoreError> {
    let mut conn = Conn::open(&config.url, Access::Write, config.statement_timeout)?;
    let clock = conn.clock()?;
    conn.begin_read()?;
    let standing = Standing::of(&mut conn);
    conn.roll_back()?;
    let Standing {
        schema,
        pending,
        unlisted,
    } = standing?;
    let write = match schema {
        None => None,
        Some(_) => {
            conn.begin_write(false)?;
            conn.refuse_read_only()?;
            conn.rewrite()?;
            let began = Instant::now();
            conn.commit()?;
            Some(began.elapsed())
        }
    };
    Ok(Inspection {
        pending,
        unlisted,
        schema,
        write,
        clock,
    })
}
