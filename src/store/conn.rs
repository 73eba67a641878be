//! A connection to the database, whichever database it is.

use diesel::{
    SqliteConnection,
    connection::{AnsiTransactionManager, TransactionManager},
    r2d2::R2D2Connection,
    result::Error,
};

use super::{StoreError, sqlite};
use crate::kernel::config::DatabaseUrl;

/// A connection. Queries go through [`run!`](super::run).
pub enum Conn {
    /// The bundled SQLite.
    Sqlite(SqliteConnection),
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
    pub(super) fn open(url: &DatabaseUrl, access: Access) -> Result<Self, StoreError> {
        match url {
            DatabaseUrl::Sqlite(path) => sqlite::open(path, access).map(Conn::Sqlite),
        }
    }

    /// Begins a transaction that will write. On SQLite it takes the write lock now: a transaction
    /// that reads first and asks for the lock later can be refused in the middle.
    pub(super) fn begin_write(&mut self) -> Result<(), StoreError> {
        match self {
            Conn::Sqlite(c) => AnsiTransactionManager::begin_transaction_sql(c, "BEGIN IMMEDIATE"),
        }
        .map_err(StoreError::from)
    }

    /// Begins a transaction that only reads: every query in it sees the same moment.
    pub(super) fn begin_read(&mut self) -> Result<(), StoreError> {
        match self {
            Conn::Sqlite(c) => AnsiTransactionManager::begin_transaction_sql(c, "BEGIN DEFERRED"),
        }
        .map_err(StoreError::from)
    }

    /// Sets a savepoint in the transaction at hand; [`Conn::commit`] and [`Conn::roll_back_to`] end
    /// it.
    pub(super) fn savepoint(&mut self) -> Result<(), StoreError> {
        crate::__run!(self, |c| AnsiTransactionManager::begin_transaction(c))
    }

    /// Commits the transaction, or releases the innermost savepoint.
    pub(super) fn commit(&mut self) -> Result<(), StoreError> {
        crate::__run!(self, |c| AnsiTransactionManager::commit_transaction(c))
    }

    /// Undoes everything until `depth` transactions and savepoints are left open (0: all of it). An
    /// error if fewer were open, which is how a transaction shows that the database itself has
    /// ended (SQLite does so when the disk is full).
    pub(super) fn roll_back_to(&mut self, depth: u32) -> Result<(), StoreError> {
        loop {
            match self.depth()? {
                open if open > depth => {
                    crate::__run!(self, |c| AnsiTransactionManager::rollback_transaction(c))?;
                }
                open if open == depth => return Ok(()),
                _ => return Err(Error::NotInTransaction.into()),
            }
        }
    }

    /// Writes a page and changes nothing, in the transaction at hand.
    pub(super) fn rewrite(&mut self) -> Result<(), StoreError> {
        match self {
            Conn::Sqlite(c) => sqlite::rewrite(c),
        }
    }

    /// How many transactions and savepoints are open.
    fn depth(&mut self) -> Result<u32, StoreError> {
        crate::__run!(self, |c| {
            AnsiTransactionManager::transaction_manager_status_mut(c)
                .transaction_depth()
                .map(|depth| depth.map_or(0, u32::from))
        })
    }

    /// Whether the connection cannot be used any more: lost, or with a transaction that nobody can
    /// end.
    pub(super) fn is_broken(&mut self) -> bool {
        match self {
            Conn::Sqlite(c) => c.is_broken(),
        }
    }
}
