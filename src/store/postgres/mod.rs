//! What is particular to PostgreSQL: how a connection is set up, how a transaction runs, and what its refusals mean.
//!
//! # Transactions
//! Writes run at READ COMMITTED: each statement sees what is committed when it begins, so a writer that decides by what
//! it has read locks that first, see [`lock!`](macro@super::lock). Reads run at REPEATABLE READ, READ ONLY.
//!
//! They are begun and ended here rather than by diesel's transaction manager: joined writes share one savepoint, which is
//! moved along in one round trip for each of them, and none is left to pay at the end.
//!
//! # Time limits
//! The server ends statements and waits for locks that take too long, and the transaction of a client that has gone quiet.
//! The system ends a connection whose other end does not acknowledge. What neither sees (a server process that stands
//! still on a machine that runs) the [`Handle`](super::Handle) does: it waits for no answer without an end.

mod refusals;
mod setup;

use std::time::Duration;

use diesel::{
    Connection, PgConnection, QueryResult, RunQueryDsl,
    connection::{AnsiTransactionManager, SimpleConnection, TransactionManager},
    dsl::sql,
    result::{DatabaseErrorKind, Error},
    sql_query,
    sql_types::{BigInt, Text},
};

pub(super) use self::refusals::{Meaning, meaning, unique_columns};
use self::{
    refusals::is_lock_timeout,
    setup::{set_up, unreachable, with_parameters},
};
use super::{StoreError, conn::Access};
use crate::kernel::{config::PostgresUrl, time::Timestamp};

/// How long a job that shares its transaction waits for the lock of another node. It has those of the jobs before it, and
/// the other node may be waiting for one of these: so it does not wait for long, but goes on alone after they are stored.
const PARTED_LOCK_MS: u32 = 50;

/// The name of the lock under which the schema is changed: any number, as long as it is this one.
const MIGRATION_LOCK: i64 = 0x6f_746f_6d6f;

/// What a failed statement means for the transaction that it was part of, whatever its job made of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Trouble {
    /// What the job wrote must be undone.
    Undo,
    /// An insert met a row with the same key: one that another transaction stored meanwhile, or one that was there before
    /// and that the job did not look for. The next run sees it either way.
    Raced,
    /// Another transaction was in the way: the same may work right away.
    Again,
    /// The connection is of no use any more.
    Lost,
}

/// Where the savepoint is that parts the writes of one transaction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Savepoint {
    /// Nowhere.
    Unset,
    /// Before the next job.
    Here,
    /// Before a job that is to stay.
    Behind,
}

/// A connection to PostgreSQL.
pub struct Pg {
    conn: PgConnection,
    access: Access,
    savepoint: Savepoint,
    trouble: Option<Trouble>,
    /// Whether its refusals are understood.
    english: bool,
}

impl Pg {
    /// Connects.
    pub(super) fn open(
        url: &PostgresUrl,
        access: Access,
        statement_timeout: Duration,
    ) -> Result<Self, StoreError> {
        let conn = PgConnection::establish(&with_parameters(url.reveal()));
        let mut pg = Self {
            conn: conn.map_err(|error| unreachable(error, url))?,
            access,
            savepoint: Savepoint::Unset,
            trouble: None,
            english: true,
        };
        pg.execute(&set_up(access, statement_timeout))?;
        pg.speak_english()?;
        Ok(pg)
    }

    /// For [`run!`](super::run): what queries run on.
    #[doc(hidden)]
    pub fn connection(&mut self) -> &mut PgConnection {
        &mut self.conn
    }

    /// For [`run!`](super::run): notes what a failed query means for its transaction.
    #[doc(hidden)]
    pub fn noted<T>(&mut self, result: QueryResult<T>) -> Result<T, StoreError> {
        result.map_err(|error| {
            let trouble = self.trouble_of(&error);
            self.trouble = self.trouble.max(trouble);
            StoreError::from(error)
        })
    }

    /// Begins a transaction that writes; `parted` if several jobs will share it.
    pub(super) fn begin_write(&mut self, parted: bool) -> Result<(), StoreError> {
        if !parted {
            self.savepoint = Savepoint::Unset;
            return self.begin("BEGIN");
        }
        self.savepoint = Savepoint::Here;
        if self.english {
            let wait = format!("BEGIN; SET LOCAL lock_timeout = {PARTED_LOCK_MS}; SAVEPOINT job");
            return self.begin(&wait);
        }
        self.begin("BEGIN; SAVEPOINT job")
    }

    /// Begins a transaction that only reads.
    pub(super) fn begin_read(&mut self) -> Result<(), StoreError> {
        self.begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    }

    fn begin(&mut self, sql: &str) -> Result<(), StoreError> {
        self.trouble = self.trouble.filter(|trouble| *trouble == Trouble::Lost);
        let begun = AnsiTransactionManager::begin_transaction_sql(&mut self.conn, sql);
        self.noted(begun)
    }

    /// Parts what follows from what was written before.
    pub(super) fn begin_job(&mut self) -> Result<(), StoreError> {
        match self.savepoint {
            Savepoint::Here => {}
            Savepoint::Unset => self.execute("SAVEPOINT job")?,
            Savepoint::Behind => self.execute("RELEASE SAVEPOINT job; SAVEPOINT job")?,
        }
        self.savepoint = Savepoint::Here;
        Ok(())
    }

    /// Keeps what was written since [`Pg::begin_job`].
    pub(super) fn keep_job(&mut self) -> Result<(), StoreError> {
        self.still_sound()?;
        self.savepoint = Savepoint::Behind;
        Ok(())
    }

    /// Undoes what was written since [`Pg::begin_job`].
    pub(super) fn undo_job(&mut self) -> Result<(), StoreError> {
        self.execute("ROLLBACK TO SAVEPOINT job")?;
        self.savepoint = Savepoint::Here;
        self.trouble = self.trouble.filter(|trouble| *trouble == Trouble::Lost);
        Ok(())
    }

    /// Commits. PostgreSQL itself would answer the commit of a failed transaction with a quiet rollback.
    pub(super) fn commit(&mut self) -> Result<(), StoreError> {
        self.still_sound()?;
        self.execute("COMMIT")
    }

    /// Undoes the whole transaction, if one is open.
    pub(super) fn roll_back(&mut self) -> Result<(), StoreError> {
        match self.is_in_transaction() {
            Ok(false) => Ok(()),
            Ok(true) | Err(_) => self.execute("ROLLBACK"),
        }
    }

    /// An error if what was written cannot stay.
    fn still_sound(&mut self) -> Result<(), StoreError> {
        if self.trouble.is_some() {
            return Err(Error::RollbackTransaction.into());
        }
        match self.is_in_transaction() {
            Ok(true) => Ok(()),
            Ok(false) => Err(Error::NotInTransaction.into()),
            Err(error) => Err(error.into()),
        }
    }

    fn is_in_transaction(&mut self) -> QueryResult<bool> {
        let status = AnsiTransactionManager::transaction_manager_status_mut(&mut self.conn);
        status.transaction_depth().map(|depth| depth.is_some())
    }

    /// Whether the connection cannot be used any more. Asked between transactions.
    pub(super) fn is_broken(&mut self) -> bool {
        self.trouble == Some(Trouble::Lost) || !matches!(self.is_in_transaction(), Ok(false))
    }

    /// What has failed since the transaction began, and was not undone.
    pub(super) fn trouble(&self) -> Option<Trouble> {
        self.trouble
    }

    /// Writes to the write-ahead log, and changes nothing.
    pub(super) fn rewrite(&mut self) -> Result<(), StoreError> {
        self.execute("SELECT pg_logical_emit_message(true, 'otomo', '')")
    }

    /// Whether the transaction may change something. What [`Pg::rewrite`] writes to the log is no change.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if it may not.
    pub(super) fn refuse_read_only(&mut self) -> Result<(), StoreError> {
        let says = diesel::select(sql::<Text>("current_setting('transaction_read_only')"));
        let says: QueryResult<String> = says.get_result(&mut self.conn);
        match self.noted(says)?.as_str() {
            "off" => Ok(()),
            _ => Err(StoreError::unavailable(
                "it takes no changes: default_transaction_read_only is on, or it is a replica of another",
            )),
        }
    }

    /// Waits until nobody else changes the schema, and keeps others from it until the transaction ends.
    pub(super) fn lock_schema(&mut self) -> Result<(), StoreError> {
        self.execute(&format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
    }

    /// Waits until nobody else has what goes by this name, and keeps others from it until the transaction ends.
    pub(super) fn lock_name(&mut self, name: &str) -> Result<(), StoreError> {
        let lock = sql_query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))");
        let locked = lock.bind::<Text, _>(name).execute(&mut self.conn);
        self.noted(locked).map(drop)
    }

    /// Has the job run again.
    pub(super) fn outrun(&mut self) {
        self.trouble = self.trouble.max(Some(Trouble::Raced));
    }

    /// The server's own clock.
    pub(super) fn clock(&mut self) -> Result<Timestamp, StoreError> {
        let now = sql::<BigInt>("(extract(epoch FROM clock_timestamp()) * 1000)::bigint");
        let now = diesel::select(now).get_result(&mut self.conn);
        self.noted(now).map(Timestamp::from_millis)
    }

    /// What it refuses is told in words, and only superusers may choose the language.
    fn speak_english(&mut self) -> Result<(), StoreError> {
        let language = diesel::select(sql::<Text>("current_setting('lc_messages')"));
        let language: QueryResult<String> = language.get_result(&mut self.conn);
        let language = self.noted(language)?;
        let english = ["", "C", "POSIX", "en"].iter().any(|prefix| {
            let rest = language.strip_prefix(prefix);
            rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
        });
        self.english = english || self.conn.batch_execute("SET lc_messages = 'C'").is_ok();
        if !self.english {
            log::warn!(
                "postgresql speaks another language than english, so some of its refusals are not understood: \
                 alter role .. set lc_messages = 'C' language={language}"
            );
        }
        Ok(())
    }

    fn execute(&mut self, sql: &str) -> Result<(), StoreError> {
        let done = self.conn.batch_execute(sql);
        self.noted(done)
    }

    fn trouble_of(&self, error: &Error) -> Option<Trouble> {
        let Error::DatabaseError(kind, info) = error else {
            return None;
        };
        Some(match kind {
            DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand => {
                Trouble::Lost
            }
            // The server has become a standby: the next connection may find the new primary.
            DatabaseErrorKind::ReadOnlyTransaction if self.access == Access::Write => Trouble::Lost,
            DatabaseErrorKind::UniqueViolation => Trouble::Raced,
            DatabaseErrorKind::SerializationFailure => Trouble::Again,
            _ if meaning(info.message()) == Meaning::Crossed => Trouble::Again,
            _ if is_lock_timeout(info.message()) => Trouble::Again,
            _ => Trouble::Undo,
        })
    }
}
