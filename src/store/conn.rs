//! A connection to the database, whichever database it is.

use std::time::Duration;

use diesel::{
    SqliteConnection,
    connection::{AnsiTransactionManager, TransactionManager},
    r2d2::R2D2Connection,
};

use super::{
    StoreError,
    postgres::{Pg, Trouble},
    sqlite,
};
use crate::kernel::{config::DatabaseUrl, time::Timestamp};

/// A connection. Queries go through [`run!`](super::run).
pub enum Conn {
    /// The bundled SQLite.
    Sqlite(SqliteConnection),
    /// A PostgreSQL server.
    Pg(Pg),
}

/// Runs one diesel query on whichever database `conn` is: the query is written out once per variant
/// of [`Conn`], with `c` bound to that variant's connection.
///
/// `conn` is a `&mut Conn` or what derefs to one, like a `&mut Tx`; it is not moved. The result is
/// a `Result<_, StoreError>`.
///
/// ```
/// use diesel::prelude::*;
/// use otomo::store::{Conn, StoreError, run, sql::schema::users};
///
/// fn name(conn: &mut Conn, user: &str) -> Result<Option<String>, StoreError> {
///     run!(conn, |c| users::table.find(user).select(users::name).get_result(c).optional())
/// }
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __run {
    ($conn:expr, |$c:ident| $query:expr) => {{
        // The type is written out so that a `Tx` is dereferenced and a `&mut Conn` reborrowed.
        let conn: &mut $crate::store::Conn = $conn;
        match conn {
            $crate::store::Conn::Sqlite($c) => $query.map_err($crate::store::StoreError::from),
            $crate::store::Conn::Pg(pg) => {
                let result = {
                    let $c = pg.connection();
                    $query
                };
                pg.noted(result)
            }
        }
    }};
}

/// Keeps other writers from rows until this transaction ends, in the order of the query. The query selects a text of each:
/// its key.
///
/// What is read of them afterwards cannot change before the commit. On SQLite nobody else writes anyway, and nothing is
/// done. See [the store's](crate::store#many-writers) own documentation.
///
/// ```
/// use diesel::prelude::*;
/// use otomo::store::{StoreError, Tx, lock, sql::schema::point_accounts as table};
///
/// fn lock_accounts(tx: &mut Tx<'_>, users: &[&str]) -> Result<(), StoreError> {
///     let accounts = table::table.filter(table::user_id.eq_any(users)).order(table::user_id);
///     lock!(tx, accounts.select(table::user_id))
/// }
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __lock {
    ($conn:expr, $query:expr) => {{
        let conn: &mut $crate::store::Conn = $conn;
        match conn {
            $crate::store::Conn::Sqlite(_) => Ok(()),
            $crate::store::Conn::Pg(pg) => {
                let locked: ::diesel::QueryResult<Vec<String>> =
                    $query.for_no_key_update().load(pg.connection());
                pg.noted(locked).map(drop)
            }
        }
    }};
}

/// Reads rows and keeps other writers from them until this transaction ends, in one statement: [`run!`](super::run) with an
/// arrow between the query and how it is run.
///
/// ```
/// use diesel::prelude::*;
/// use otomo::store::{StoreError, Tx, run_locked, sql::schema::point_accounts as table};
///
/// fn balance(tx: &mut Tx<'_>, user: &str) -> Result<Option<i64>, StoreError> {
///     run_locked!(tx, |c| table::table.find(user).select(table::balance) => get_result(c).optional())
/// }
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __run_locked {
    ($conn:expr, |$c:ident| $query:expr => $($run:tt)+) => {{
        let conn: &mut $crate::store::Conn = $conn;
        match conn {
            $crate::store::Conn::Sqlite($c) => $query
                .$($run)+
                .map_err($crate::store::StoreError::from),
            $crate::store::Conn::Pg(pg) => {
                let result = {
                    let $c = pg.connection();
                    $query.for_no_key_update().$($run)+
                };
                pg.noted(result)
            }
        }
    }};
}

/// What a connection is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Access {
    /// The one that writes.
    Write,
    /// One of those that read; a statement that writes is refused.
    Read,
    /// The one that changes the schema, before any other is open.
    Migrate,
}

impl Conn {
    /// Opens the database, ready for use.
    pub(super) fn open(
        url: &DatabaseUrl,
        access: Access,
        statement_timeout: Duration,
    ) -> Result<Self, StoreError> {
        match url {
            DatabaseUrl::Sqlite(path) => sqlite::open(path, access).map(Conn::Sqlite),
            DatabaseUrl::Postgres(url) => Pg::open(url, access, statement_timeout).map(Conn::Pg),
        }
    }

    /// Begins a transaction that will write; `parted` if several jobs will share it. On SQLite it takes the write lock
    /// now: a transaction that reads first and asks for the lock later can be refused in the middle.
    pub(super) fn begin_write(&mut self, parted: bool) -> Result<(), StoreError> {
        match self {
            Conn::Sqlite(c) => Ok(AnsiTransactionManager::begin_transaction_sql(
                c,
                "BEGIN IMMEDIATE",
            )?),
            Conn::Pg(pg) => pg.begin_write(parted),
        }
    }

    /// Begins a transaction that only reads: every query in it sees the same moment.
    pub(super) fn begin_read(&mut self) -> Result<(), StoreError> {
        match self {
            Conn::Sqlite(c) => Ok(AnsiTransactionManager::begin_transaction_sql(
                c,
                "BEGIN DEFERRED",
            )?),
            Conn::Pg(pg) => pg.begin_read(),
        }
    }

    /// Parts what follows from what was written before; [`Conn::keep_job`] or [`Conn::undo_job`] ends that part.
    pub(super) fn begin_job(&mut self) -> Result<(), StoreError> {
        match self {
            Conn::Sqlite(c) => Ok(AnsiTransactionManager::begin_transaction(c)?),
            Conn::Pg(pg) => pg.begin_job(),
        }
    }

    /// Keeps what was written since [`Conn::begin_job`].
    pub(super) fn keep_job(&mut self) -> Result<(), StoreError> {
        match self {
            Conn::Sqlite(c) => Ok(AnsiTransactionManager::commit_transaction(c)?),
            Conn::Pg(pg) => pg.keep_job(),
        }
    }

    /// Undoes what was written since [`Conn::begin_job`]. An error says that the transaction has ended by itself.
    pub(super) fn undo_job(&mut self) -> Result<(), StoreError> {
        match self {
            Conn::Sqlite(c) => sqlite::roll_back_to(c, 1),
            Conn::Pg(pg) => pg.undo_job(),
        }
    }

    /// Commits.
    pub(super) fn commit(&mut self) -> Result<(), StoreError> {
        match self {
            Conn::Sqlite(c) => Ok(AnsiTransactionManager::commit_transaction(c)?),
            Conn::Pg(pg) => pg.commit(),
        }
    }

    /// Undoes the whole transaction.
    pub(super) fn roll_back(&mut self) -> Result<(), StoreError> {
        match self {
            Conn::Sqlite(c) => sqlite::roll_back_to(c, 0),
            Conn::Pg(pg) => pg.roll_back(),
        }
    }

    /// Keeps other writers from what goes by this name, which need not be a row, until this transaction ends.
    pub(super) fn lock_name(&mut self, name: &str) -> Result<(), StoreError> {
        match self {
            Conn::Sqlite(_) => Ok(()),
            Conn::Pg(pg) => pg.lock_name(name),
        }
    }

    /// The job at hand has seen that another transaction has changed what it had read.
    pub(super) fn outrun(&mut self) {
        if let Conn::Pg(pg) = self {
            pg.outrun();
        }
    }

    /// What has failed in this transaction and concerns more than the job that met it.
    pub(super) fn trouble(&self) -> Option<Trouble> {
        match self {
            Conn::Sqlite(_) => None,
            Conn::Pg(pg) => pg.trouble().filter(|trouble| *trouble != Trouble::Undo),
        }
    }

    /// Refuses a transaction that may not change anything, which PostgreSQL says of itself.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if it may not.
    pub(super) fn refuse_read_only(&mut self) -> Result<(), StoreError> {
        match self {
            Conn::Sqlite(_) => Ok(()),
            Conn::Pg(pg) => pg.refuse_read_only(),
        }
    }

    /// Goes to the disk and changes nothing, in the transaction at hand.
    pub(super) fn rewrite(&mut self) -> Result<(), StoreError> {
        match self {
            Conn::Sqlite(c) => sqlite::rewrite(c),
            Conn::Pg(pg) => pg.rewrite(),
        }
    }

    /// The database's own clock, if it has one.
    pub(super) fn clock(&mut self) -> Result<Option<Timestamp>, StoreError> {
        match self {
            Conn::Sqlite(_) => Ok(None),
            Conn::Pg(pg) => pg.clock().map(Some),
        }
    }

    /// Whether other nodes may write to the same database.
    pub(super) fn shares_database(&self) -> bool {
        match self {
            Conn::Sqlite(_) => false,
            Conn::Pg(_) => true,
        }
    }

    /// Whether the connection cannot be used any more: lost, or with a transaction that nobody can
    /// end.
    pub(super) fn is_broken(&mut self) -> bool {
        match self {
            Conn::Sqlite(c) => c.is_broken(),
            Conn::Pg(pg) => pg.is_broken(),
        }
    }
}
