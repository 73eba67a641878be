//! What can go wrong in the store, sorted by who is at fault.

use std::{error::Error as StdError, sync::Arc};

use diesel::{
    ConnectionError,
    result::{DatabaseErrorInformation, DatabaseErrorKind, Error as DieselError},
};

use super::{place, postgres, sqlite};

/// What was underneath. Shared, because all jobs of a lost batch are refused with the same cause.
pub(super) type Cause = Arc<dyn StdError + Send + Sync>;

/// A cause as libraries hand it out.
pub(super) type BoxedCause = Box<dyn StdError + Send + Sync>;

/// Why the store did not do what it was asked. Cheap to clone; the cause is the `source()`.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    // The data says no: the caller knows what that means.
    /// A row with the same values in these columns (`table.column`) is there already.
    #[error("the same {} is stored already", columns.join(" and "))]
    Conflict {
        /// The columns that are unique together.
        columns: Vec<String>,
        /// The database's own words.
        #[source]
        cause: Cause,
    },
    /// A row refers to one that is not there, or is still referred to.
    #[error("a row refers to one that is not there")]
    Reference(#[source] Cause),

    // The surroundings are at fault: the same may work later.
    /// More is waiting than is let in. Nothing was done.
    #[error("the store is overloaded: {0}")]
    Overloaded(&'static str),
    /// The database, or the store itself, is not there. A write that was answered so is not counted on, and is not to be
    /// found afterwards, unless the database went away at its commit: whoever asks again finds what was stored by its key.
    #[error("the store is unavailable: {0}")]
    Unavailable(&'static str, #[source] Option<Cause>),
    /// Another transaction was in the way, and went on instead of this one. The writer runs its jobs again before anybody
    /// is told.
    #[error("another transaction was in the way")]
    Crossed(#[source] Cause),

    // The operator must act.
    /// The database was written by a newer binary.
    #[error(
        "the database is newer than this binary (it has the change {0}): run a newer otomo, or go back to a backup"
    )]
    Newer(String),
    /// What is stored cannot be: damaged, or changed by another hand.
    #[error("the stored data is damaged: {0}")]
    Corrupt(String, #[source] Option<Cause>),

    // We are at fault.
    /// A change of the schema failed.
    #[error("the change {0} of the schema failed")]
    Migration(String, #[source] Cause),
    /// A statement that the database refuses.
    #[error("the database refused a statement")]
    Statement(#[source] Cause),
    /// The job panicked. What it had done was undone.
    #[error("a job of the store panicked: {0}")]
    Panicked(String),
}

impl StoreError {
    /// The database is away, and there is nothing more to say than that.
    pub(super) const fn unavailable(what: &'static str) -> Self {
        Self::Unavailable(what, None)
    }

    /// The database is away, for a reason.
    pub(super) fn unavailable_because(
        what: &'static str,
        cause: impl StdError + Send + Sync + 'static,
    ) -> Self {
        Self::Unavailable(what, Some(Arc::new(cause)))
    }

    /// A stored value that the code cannot read: `what` names the column and the value.
    pub fn corrupt(what: impl Into<String>) -> Self {
        Self::Corrupt(what.into(), None)
    }

    /// Whether `column` (`table.column`) is one of those that a row with the same values has taken.
    pub fn is_conflict_on(&self, column: &str) -> bool {
        matches!(self, Self::Conflict { columns, .. } if columns.iter().any(|taken| taken == column))
    }

    /// Whether the surroundings are at fault: whatever else is asked meanwhile meets the same.
    pub fn is_outage(&self) -> bool {
        matches!(self, Self::Overloaded(_) | Self::Unavailable(..))
    }

    /// What a panic said.
    pub(super) fn panicked(payload: &(dyn std::any::Any + Send)) -> Self {
        let said = payload
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        Self::Panicked(said.unwrap_or("without a message").to_owned())
    }
}

impl From<DieselError> for StoreError {
    fn from(error: DieselError) -> Self {
        let DieselError::DatabaseError(kind, info) = &error else {
            return match error {
                DieselError::DeserializationError(_) => Self::Corrupt(
                    "a column does not hold what it should".to_owned(),
                    Some(Arc::new(error)),
                ),
                _ => Self::Statement(Arc::new(error)),
            };
        };
        match kind {
            DatabaseErrorKind::UniqueViolation => Self::Conflict {
                columns: unique_columns(info.as_ref()),
                cause: Arc::new(error),
            },
            DatabaseErrorKind::ForeignKeyViolation => Self::Reference(Arc::new(error)),
            DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand => {
                Self::unavailable_because("the connection is lost", error)
            }
            DatabaseErrorKind::SerializationFailure => Self::Crossed(Arc::new(error)),
            DatabaseErrorKind::Unknown => Self::told_in_words(error),
            _ => Self::Statement(Arc::new(error)),
        }
    }
}

impl StoreError {
    /// Where there is no code, the texts say what was refused; each database has its own.
    fn told_in_words(error: DieselError) -> Self {
        let message = error.to_string();
        match (sqlite::meaning(&message), postgres::meaning(&message)) {
            (sqlite::Meaning::Away, _) | (_, postgres::Meaning::Away) => {
                Self::unavailable_because("the database does not answer", error)
            }
            (_, postgres::Meaning::Crossed) => Self::Crossed(Arc::new(error)),
            (sqlite::Meaning::Damaged, _) => {
                place::meet_damage();
                let what = "the file is no sound database".to_owned();
                Self::Corrupt(what, Some(Arc::new(error)))
            }
            _ => Self::Statement(Arc::new(error)),
        }
    }
}

/// SQLite names the columns, PostgreSQL the table and, apart, the columns.
fn unique_columns(info: &dyn DatabaseErrorInformation) -> Vec<String> {
    match (info.table_name(), info.details()) {
        (Some(table), Some(detail)) => postgres::unique_columns(table, detail),
        _ => sqlite::unique_columns(info.message()),
    }
}

impl From<ConnectionError> for StoreError {
    fn from(error: ConnectionError) -> Self {
        Self::unavailable_because("the database cannot be opened", error)
    }
}
