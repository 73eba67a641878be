//! What is particular to SQLite: how a connection is set up, and what its messages mean.

use std::{
    fs,
    path::Path,
    thread::sleep,
    time::{Duration, Instant},
};

use diesel::{
    Connection, QueryResult, RunQueryDsl as _, SqliteConnection,
    connection::{AnsiTransactionManager, SimpleConnection, TransactionManager},
    dsl::sql,
    result::Error,
    sql_types::Text,
};

use super::{
    StoreError,
    conn::Access,
    paths::{folder, with_suffix},
};

/// How long a connection waits for a lock that another process holds (a backup, a shell, a second
/// server migrating). Within this process nobody waits: there is one writer, and in WAL mode
/// readers and the writer do not block each other.
const BUSY_TIMEOUT_MS: u32 = 5_000;

/// A second server that starts at the same moment waits for the first one's migrations, which may
/// rewrite a table.
const MIGRATE_BUSY_TIMEOUT_MS: u32 = 60_000;

/// Between two tries to switch a database to WAL while another connection does the same.
const SWITCH_AGAIN: Duration = Duration::from_millis(2);

/// The writer's page cache. Keeps the upper pages of every index at hand, so that a commit reads
/// nothing from the disk.
const WRITER_CACHE_KIB: u32 = 16 * 1024;

/// A reader's page cache: there are several, and what they read was mostly just written, so it is
/// in the system's cache. This holds the upper pages of the indexes.
const READER_CACHE_KIB: u32 = 512;

/// Pages of log (4 KiB each) after which a commit copies them into the database and pays two more
/// flushes. Sixteen times SQLite's own default: a page that many commits change is copied once for all
/// of them, so what a message writes to the disk falls with it (from 29 to 20 KiB between 4,000 and
/// this). The log is up to 64 MiB long then, which a start after a crash reads.
const CHECKPOINT_PAGES: u32 = 16_000;

/// What lies beside a database that is open, or was not closed. SQLite takes it for a part of whatever is in that place.
pub(super) const COMPANIONS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Those in which there may be what the database itself has not.
pub(super) const LOGS: [&str; 2] = ["-wal", "-journal"];

/// Opens the file, which is made if it is not there (its folder must be), and sets the connection
/// up.
pub(super) fn open(path: &Path, access: Access) -> Result<SqliteConnection, StoreError> {
    make(path);
    let mut conn = connect(path)?;
    let busy = match access {
        Access::Write | Access::Read => BUSY_TIMEOUT_MS,
        Access::Migrate => MIGRATE_BUSY_TIMEOUT_MS,
    };
    conn.batch_execute(&format!("PRAGMA busy_timeout = {busy};"))?;
    switch_to_wal(&mut conn, Duration::from_millis(busy.into()))?;
    conn.batch_execute(&set_up(access))?;
    Ok(conn)
}

/// Opens a file as it is, which SQLite makes if it is not there.
pub(super) fn connect(path: &Path) -> Result<SqliteConnection, StoreError> {
    // Under `.` no file name is taken for a URI, as `file:x` would be. An absolute path replaces
    // the dot.
    let path = Path::new(".").join(path);
    Ok(SqliteConnection::establish(utf8(&path)?)?)
}

/// A path as SQLite takes it.
fn utf8(path: &Path) -> Result<&str, StoreError> {
    path.to_str()
        .ok_or_else(|| StoreError::unavailable("the path of the database is not UTF-8"))
}

/// Makes a new database's file for its owner alone: SQLite would let everybody on the machine read people's messages. What
/// SQLite puts beside it has the same mode.
///
/// It gets its name once it is closed: whoever closes a file gives up the locks that its process has on it, also SQLite's.
/// What does not work SQLite tries again, and says why.
fn make(path: &Path) {
    if path.exists() {
        return;
    }
    let file = tempfile::Builder::new()
        .prefix(".otomo-")
        .tempfile_in(folder(path));
    let _ = file.map(|file| file.into_temp_path().persist_noclobber(path));
}

/// Opens a file that is there to look at it, and leaves it as it is: with its journal mode, and with the log of a server
/// that was killed.
///
/// With a log or a journal beside it, it is opened for reading alone: whoever may write copies the log into the file when
/// they close it as the last. Without, it is opened for writing, though nothing is written: a connection that only reads
/// makes an empty log for a file in WAL mode, and cannot take it away.
pub(super) fn look(path: &Path) -> Result<SqliteConnection, StoreError> {
    let file = fs::canonicalize(path)
        .map_err(|cause| StoreError::unavailable_because("its file cannot be found", cause))?;
    let is_there = |suffix: &&str| with_suffix(&file, suffix).exists();
    let mode = match LOGS.iter().any(is_there) {
        true => "ro",
        false => "rw",
    };
    let file = utf8(&file)?
        .replace('%', "%25")
        .replace('?', "%3f")
        .replace('#', "%23");
    let mut conn = SqliteConnection::establish(&format!("file:{file}?mode={mode}"))?;
    conn.batch_execute(&format!(
        "PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}; PRAGMA query_only = true;"
    ))?;
    Ok(conn)
}

/// Switches a new database to write-ahead logging; one that has it already is left alone.
///
/// Two that switch at once would wait for each other, so SQLite refuses one of them without the wait for locks. By its
/// next try the other one has done it.
fn switch_to_wal(conn: &mut SqliteConnection, patience: Duration) -> QueryResult<()> {
    let began = Instant::now();
    loop {
        match conn.batch_execute("PRAGMA journal_mode = WAL;") {
            Err(Error::DatabaseError(_, refusal))
                if refusal.message() == "database is locked" && began.elapsed() < patience =>
            {
                sleep(SWITCH_AGAIN);
            }
            switched => return switched,
        }
    }
}

/// Undoes everything until `depth` transactions and savepoints are left open (0: all of it). An error if fewer were open,
/// which is how a transaction shows that SQLite has ended itself, as it does when the disk is full.
pub(super) fn roll_back_to(conn: &mut SqliteConnection, depth: u32) -> Result<(), StoreError> {
    loop {
        let status = AnsiTransactionManager::transaction_manager_status_mut(conn);
        match status.transaction_depth()?.map_or(0, u32::from) {
            open if open > depth => AnsiTransactionManager::rollback_transaction(conn)?,
            open if open == depth => return Ok(()),
            _ => return Err(Error::NotInTransaction.into()),
        }
    }
}

/// What SQLite says of a file in which all is well.
const SOUND: &str = "ok";

/// How it begins to say that a row breaks a promise of its table. The file is sound then: `otomo doctor` finds such rows.
const PROMISES: [&str; 2] = ["CHECK constraint failed in ", "NULL value in "];

/// Reads all of a file, and says what is wrong with it: at most a hundred lines, none for a sound one.
pub(super) fn damage(conn: &mut SqliteConnection) -> QueryResult<Vec<String>> {
    let said = "SELECT integrity_check FROM pragma_integrity_check";
    let said: Vec<String> = sql::<Text>(said).load(conn)?;
    let is_damage =
        |line: &String| *line != SOUND && !PROMISES.iter().any(|promise| line.starts_with(promise));
    Ok(said.into_iter().filter(is_damage).collect())
}

/// Writes the first page again as it was: setting the number that SQLite leaves to applications, and that we do not
/// use, goes through the log to the disk like any change.
pub(super) fn rewrite(conn: &mut SqliteConnection) -> Result<(), StoreError> {
    Ok(conn.batch_execute("PRAGMA user_version = 0")?)
}

/// The statements that set a connection up once it can write.
fn set_up(access: Access) -> String {
    let cache = match access {
        Access::Write | Access::Migrate => WRITER_CACHE_KIB,
        Access::Read => READER_CACHE_KIB,
    };
    // A migration may rebuild a table, which SQLite allows only with the references unchecked; they
    // are checked at its end.
    let foreign_keys = access != Access::Migrate;
    let query_only = access == Access::Read;
    // No memory map: an I/O error would be a signal that kills the process instead of an error that
    // is answered.
    format!(
        "PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = {foreign_keys};
         PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES};
         PRAGMA cache_size = -{cache};
         PRAGMA mmap_size = 0;
         PRAGMA temp_store = MEMORY;
         PRAGMA query_only = {query_only};"
    )
}

/// What an error means that SQLite describes in words only.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Meaning {
    /// The file, the disk or another process is in the way; the same may work later.
    Away,
    /// The file is not, or no longer, a sound database.
    Damaged,
    /// The statement is wrong.
    BadStatement,
}

/// Sorts a message of SQLite. Its texts are fixed (`sqlite3_errstr`), the codes behind them do not
/// reach us.
pub(super) fn meaning(message: &str) -> Meaning {
    const AWAY: [&str; 7] = [
        "database is locked",
        "database table is locked",
        "database schema is locked",
        "disk I/O error",
        "database or disk is full",
        "unable to open database file",
        "attempt to write a readonly database",
    ];
    const DAMAGED: [&str; 3] = [
        "database disk image is malformed",
        "file is not a database",
        "malformed database schema",
    ];
    if AWAY.iter().any(|text| message.starts_with(text)) {
        Meaning::Away
    } else if DAMAGED.iter().any(|text| message.starts_with(text)) {
        Meaning::Damaged
    } else {
        Meaning::BadStatement
    }
}

/// The columns that were to be unique, from `UNIQUE constraint failed: t.a, t.b`. SQLite names
/// columns, PostgreSQL the index; we speak of columns.
pub(super) fn unique_columns(message: &str) -> Vec<String> {
    let Some((_, columns)) = message.split_once("constraint failed: ") else {
        return Vec::new();
    };
    columns.split(", ").map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use std::{
        ffi::OsStr,
        fs::Permissions,
        os::unix::{ffi::OsStrExt as _, fs::PermissionsExt as _},
    };

    use super::*;

    #[test]
    fn any_file_can_be_looked_at_and_none_is_made_or_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("odd ?#%41&mode=rwc.db");
        look(&path).err().unwrap();
        open(&path, Access::Migrate)
            .unwrap()
            .batch_execute("CREATE TABLE theirs (a)")
            .unwrap();
        let mut conn = look(&path).unwrap();
        conn.batch_execute("SELECT * FROM theirs").unwrap();
        conn.batch_execute("INSERT INTO theirs VALUES (1)")
            .unwrap_err();
        drop(conn);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    /// What has no name in SQLite's words would be opened as a private temporary database, in which everything is well.
    #[test]
    fn a_path_that_is_not_utf8_is_refused_whoever_opens_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(OsStr::from_bytes(b"\xff.db"));
        fs::write(&path, "").unwrap();
        for opened in [connect(&path), look(&path), open(&path, Access::Migrate)] {
            let refused = opened.err().unwrap().to_string();
            assert!(refused.contains("not UTF-8"), "{refused}");
        }
    }

    #[test]
    fn a_new_file_is_its_owners_alone_and_one_that_is_there_keeps_its_mode() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new.db");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let conn = open(&path, Access::Migrate).unwrap();
        let mut files = fs::read_dir(folder.path()).unwrap();
        assert!(files.all(|file| mode(&file.unwrap().path()) == 0o600));
        drop(conn);
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        let _conn = open(&path, Access::Migrate).unwrap();
        assert_eq!(mode(&path), 0o640);
    }

    #[test]
    fn messages_are_sorted_by_what_can_be_done() {
        assert_eq!(meaning("database is locked"), Meaning::Away);
        assert_eq!(meaning("database or disk is full"), Meaning::Away);
        assert_eq!(meaning("file is not a database"), Meaning::Damaged);
        assert_eq!(meaning("no such table: calls"), Meaning::BadStatement);
    }

    #[test]
    fn a_conflict_names_its_columns() {
        let columns = unique_columns("UNIQUE constraint failed: inbox.user_id, inbox.seq");
        assert_eq!(columns, ["inbox.user_id", "inbox.seq"]);
        assert!(unique_columns("something else").is_empty());
    }
}
