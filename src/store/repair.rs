//! What should not be in a database, and how it is mended: the words that all rooms use for it, and the place where it is done.
//!
//! Each room knows what its tables promise beyond what the database itself sees to. It says so in [`Rule`]s, in its module
//! `repair`: one question for each promise, which finds the rows that break it, and for each of them what is done about it
//! ([`Remedy`]). [`crate::repair`] asks them all.
//!
//! - [`Reading`]: looks, and leaves no trace; beside servers, too. [`Operation`]: changes, all of it or nothing, while nobody
//!   serves the database.
//! - [`damage`]: what is wrong with an SQLite file itself. [`rows`], [`execute`]: questions and changes written out in SQL.
//!
//! # Why no server may run
//! A server knows in memory what is in the rows: the calls in their lanes, the board of otomo, the cursors of its clients. A row
//! that changes under it is news to nobody for seconds, and what it has decided meanwhile is refused. On SQLite its lock keeps
//! a repair out. On PostgreSQL transactions could lock rows as a server does; but a repair decides by what many rows say
//! together, of whole tables, and would hold up every call for as long as it takes. So it is refused while a node holds a
//! lease, and locks the table of nodes: none joins before its end.

use std::time::Duration;

use diesel::{
    QueryableByName, RunQueryDsl as _,
    connection::SimpleConnection as _,
    pg::Pg,
    sql_query,
    sql_types::{BigInt, Text},
    sqlite::Sqlite,
};

use super::{
    Conn, StoreError, Tx,
    conn::Access,
    lock::{LockFault, ServerLock},
    lossy, migrations, run, shape, sqlite,
};
use crate::kernel::{
    config::{Config, DatabaseConfig, DatabaseUrl},
    logging::chain,
    time::{Clock, Timestamp},
};

/// A text of SQL with its keys, for whichever database.
macro_rules! bound {
    ($text:expr, $keys:expr) => {
        ($keys.iter()).fold(sql_query($text).into_boxed(), |text, key| {
            text.bind::<Text, _>(*key)
        })
    };
}

/// No stream of events and no conversation comes further: clients count exactly up to twice as far, as all do who read numbers as
/// JavaScript does. A number beyond it was never given to anything.
pub const PLACE_MAX: i64 = 1 << 52;

/// Whether something may have this place in its stream or conversation.
pub fn is_place(seq: i64) -> bool {
    (1..=PLACE_MAX).contains(&seq)
}

/// What a room's rules go by.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// The time, on the store's clock.
    pub now: Timestamp,
    /// The settings of the servers of this database.
    pub config: &'a Config,
}

/// A promise that a room's tables keep, whatever happens.
#[derive(Clone, Copy)]
pub struct Rule {
    /// Its name: what is told, and what tests go by.
    pub name: &'static str,
    /// Finds what breaks it.
    pub find: fn(&mut Conn, &Scene<'_>) -> Result<Vec<Breakage>, StoreError>,
}

/// Something that should not be.
pub struct Breakage {
    /// What it is about, like `the call 0198..`.
    pub subject: String,
    /// What is wrong with it.
    pub found: String,
    /// What can be done about it.
    pub remedy: Remedy,
}

/// What can be done about a breakage.
pub enum Remedy {
    /// It is mended so.
    Mend {
        /// In words.
        what: String,
        /// In deeds.
        how: Mend,
    },
    /// Nothing that would be safe.
    Leave {
        /// What a person can do.
        todo: String,
    },
}

/// Mends one breakage, in a transaction of its own within the repair's.
pub type Mend = Box<dyn FnOnce(&mut Tx<'_>) -> Result<(), StoreError>>;

impl Breakage {
    /// One that is mended by `how`.
    pub fn mended(
        subject: impl Into<String>,
        found: impl Into<String>,
        what: impl Into<String>,
        how: impl FnOnce(&mut Tx<'_>) -> Result<(), StoreError> + 'static,
    ) -> Self {
        let (what, how) = (what.into(), Box::new(how));
        Self {
            subject: subject.into(),
            found: found.into(),
            remedy: Remedy::Mend { what, how },
        }
    }

    /// One that is left to people.
    pub fn left(
        subject: impl Into<String>,
        found: impl Into<String>,
        todo: impl Into<String>,
    ) -> Self {
        Self {
            subject: subject.into(),
            found: found.into(),
            remedy: Remedy::Leave { todo: todo.into() },
        }
    }

    /// Whether it can be mended.
    pub fn is_mendable(&self) -> bool {
        matches!(self.remedy, Remedy::Mend { .. })
    }
}

/// A look at a database as it is at one moment, however long it takes. Nothing is written to it.
pub struct Reading {
    conn: Conn,
    now: Timestamp,
}

impl Reading {
    /// Begins to look.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if it cannot be opened.
    pub fn begin(config: &DatabaseConfig) -> Result<Self, StoreError> {
        let mut conn = match &config.url {
            DatabaseUrl::Sqlite(path) => Conn::Sqlite(sqlite::look(path)?),
            DatabaseUrl::Postgres(_) => Conn::open(&config.url, Access::Migrate, Duration::ZERO)?,
        };
        prepare(&mut conn)?;
        let now = now(&mut conn)?;
        conn.begin_read()?;
        Ok(Self { conn, now })
    }

    /// Whether the schema is the one of this binary.
    ///
    /// # Errors
    /// [`StoreError::Newer`] if a newer binary has been here.
    pub fn is_current(&mut self) -> Result<bool, StoreError> {
        let (schema, pending) = migrations::compare(&mut self.conn)?;
        Ok(schema.is_some() && pending.is_empty())
    }

    /// What is there of a change that is not in the list of those that were made: `table.column`.
    ///
    /// # Errors
    /// As [`Reading::is_current`].
    pub fn unlisted(&mut self) -> Result<Option<String>, StoreError> {
        let (_, pending) = migrations::compare(&mut self.conn)?;
        let unlisted = shape::unlisted(&mut self.conn, &pending)?;
        Ok(unlisted.into_iter().next())
    }

    /// When that moment is, on the store's clock.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// What questions are asked on.
    pub fn conn(&mut self) -> &mut Conn {
        &mut self.conn
    }
}

/// The right to change a database that no server serves, until it is dropped.
#[derive(Debug)]
pub struct Closed {
    _held: ServerLock,
}

impl Closed {
    /// Keeps servers from an SQLite database. Those of PostgreSQL are kept out by [`Operation::begin`].
    ///
    /// # Errors
    /// [`LockFault::Held`] if a server serves it.
    pub fn take(url: &DatabaseUrl) -> Result<Self, LockFault> {
        ServerLock::take(url).map(|_held| Self { _held })
    }
}

/// When SQLite looks whether what is changed refers to something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum References {
    /// At the end: until then what refers to nothing may be mended.
    AtTheEnd,
    /// With each change.
    AtOnce,
}

/// One transaction in which a database is mended. Dropped without [`Operation::commit`], it has changed nothing.
pub struct Operation<'a> {
    conn: Conn,
    now: Timestamp,
    _closed: &'a Closed,
}

impl<'a> Operation<'a> {
    /// Begins it. On PostgreSQL no node can join, nor renew its lease, before its end; whether one holds a lease is to be looked
    /// at after this.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database cannot be opened, or somebody else writes to it.
    pub fn begin(
        config: &DatabaseConfig,
        closed: &'a Closed,
        references: References,
    ) -> Result<Self, StoreError> {
        let access = match config.url {
            // References stay checked: what is mended is right in the database's own eyes.
            DatabaseUrl::Sqlite(_) => Access::Write,
            // Without a limit to the time of a statement.
            DatabaseUrl::Postgres(_) => Access::Migrate,
        };
        let mut conn = Conn::open(&config.url, access, Duration::ZERO)?;
        prepare(&mut conn)?;
        conn.begin_write(false)?;
        match &mut conn {
            // Until this transaction ends.
            Conn::Sqlite(c) if references == References::AtTheEnd => {
                c.batch_execute("PRAGMA defer_foreign_keys = TRUE")?;
            }
            Conn::Sqlite(_) => {}
            Conn::Pg(pg) => {
                let locked = pg
                    .connection()
                    .batch_execute("LOCK TABLE nodes IN EXCLUSIVE MODE");
                pg.noted(locked)?;
            }
        }
        // After the wait for that, which has no limit: what holds by then is what counts.
        let now = now(&mut conn)?;
        Ok(Self {
            conn,
            now,
            _closed: closed,
        })
    }

    /// When it takes place, on the store's clock.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// What questions are asked on.
    pub fn conn(&mut self) -> &mut Conn {
        &mut self.conn
    }

    /// Does one thing. If it fails, it alone is undone.
    ///
    /// # Errors
    /// Those of the database.
    pub fn attempt(&mut self, mend: Mend) -> Result<(), StoreError> {
        self.conn.begin_job()?;
        match mend(&mut Tx::new(&mut self.conn, self.now)) {
            Ok(()) => self.conn.keep_job(),
            Err(fault) => {
                self.conn.undo_job()?;
                Err(fault)
            }
        }
    }

    /// Whether nothing refers to what is not there. Then SQLite's own count of what does is cleared: it counts by changes, goes
    /// wrong where something referred to nothing before them, and would refuse the end.
    ///
    /// # Errors
    /// Those of the database.
    pub fn is_whole(&mut self) -> Result<bool, StoreError> {
        if !dangling(&mut self.conn)?.is_empty() {
            return Ok(false);
        }
        if let Conn::Sqlite(c) = &mut self.conn {
            c.batch_execute("PRAGMA defer_foreign_keys = FALSE")?;
        }
        Ok(true)
    }

    /// Keeps all that was done.
    ///
    /// # Errors
    /// Those of the database; then nothing was done.
    pub fn commit(mut self) -> Result<(), StoreError> {
        self.conn.commit()
    }
}

/// Makes a connection ready for the questions of rules.
fn prepare(conn: &mut Conn) -> Result<(), StoreError> {
    match conn {
        Conn::Sqlite(c) => Ok(lossy::teach(c)?),
        Conn::Pg(_) => Ok(()),
    }
}

/// The store's time: PostgreSQL's own, or this machine's.
fn now(conn: &mut Conn) -> Result<Timestamp, StoreError> {
    Ok(conn.clock()?.unwrap_or_else(|| Clock::system().now()))
}

/// What SQLite finds wrong with its file, at most a hundred lines; nothing for PostgreSQL, which looks after its files itself.
///
/// # Errors
/// If it cannot even look.
pub fn damage(conn: &mut Conn) -> Result<Vec<String>, StoreError> {
    let Conn::Sqlite(c) = conn else {
        return Ok(Vec::new());
    };
    match sqlite::damage(c).map_err(StoreError::from) {
        // So damaged that it cannot be read to its end.
        Err(fault @ StoreError::Corrupt(..)) => Ok(vec![chain(&fault).to_string()]),
        found => found,
    }
}

/// Rows of a table that refer to rows that are not there.
#[derive(Debug, QueryableByName)]
pub struct Dangling {
    /// The table.
    #[diesel(sql_type = Text)]
    pub table: String,
    /// To whose rows they refer.
    #[diesel(sql_type = Text)]
    pub parent: String,
    /// How many they are.
    #[diesel(sql_type = BigInt)]
    pub rows: i64,
}

/// Rows of SQLite that refer to rows that are not there. PostgreSQL lets nobody store one.
///
/// # Errors
/// Those of the database.
pub fn dangling(conn: &mut Conn) -> Result<Vec<Dangling>, StoreError> {
    let question = "SELECT \"table\", parent, count(*) AS rows FROM pragma_foreign_key_check
        GROUP BY \"table\", parent ORDER BY \"table\", parent";
    match conn {
        Conn::Sqlite(_) => rows(conn, question, &[]),
        Conn::Pg(_) => Ok(Vec::new()),
    }
}

/// The rows of a question that is the same text on both databases, with `keys` in its places as in [`execute`]: ids out of a
/// damaged database are no part of what is asked.
///
/// # Errors
/// Those of the database.
pub fn rows<T>(conn: &mut Conn, question: &str, keys: &[&str]) -> Result<Vec<T>, StoreError>
where
    T: QueryableByName<Sqlite> + QueryableByName<Pg> + 'static,
{
    run!(conn, |c| bound!(question, keys).load::<T>(c))
}

/// Whether a column holds a text that can be read, as SQL: one row that does not would keep a question from being answered for all.
/// PostgreSQL stores no other.
pub fn is_text(conn: &Conn, column: &str) -> String {
    match conn {
        Conn::Sqlite(_) => format!("{column} IS lossy({column})"),
        Conn::Pg(_) => "TRUE".to_owned(),
    }
}

/// Makes a change that is the same text on both databases, with `keys` in the places of `$1`, `$2` and so on, which appear in
/// that order. Returns how many rows it changed.
///
/// # Errors
/// Those of the database.
pub fn execute(conn: &mut Conn, change: &str, keys: &[&str]) -> Result<usize, StoreError> {
    run!(conn, |c| bound!(change, keys).execute(c))
}
