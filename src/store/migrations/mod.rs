//! Changes of the schema, carried in the binary.
//!
//! Each folder of `migrations/sqlite` is one change, and the folder of the same name in
//! `migrations/postgres` is the same change. All changes that are due are made in one
//! transaction: it is all of them or none, and a second process that starts at the same moment
//! waits at its beginning and then finds nothing left to do.
//!
//! PostgreSQL's texts are compared byte by byte (`COLLATE "C"`), as SQLite's are: the order of
//! lists, pages and pairs does not depend on the server's language.

#[cfg(test)]
mod tests;

use std::{fs, time::Duration};

use diesel::{
    Connection as _, RunQueryDsl, SqliteConnection,
    backend::Backend,
    dsl::sql,
    migration::{Migration, MigrationSource, MigrationVersion},
    pg::Pg,
    sql_types::{BigInt, Bool, Text},
    sqlite::Sqlite,
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{
    Conn, StoreError,
    conn::Access,
    error::{BoxedCause, Cause},
    run,
};
use crate::kernel::config::DatabaseUrl;

/// The changes for SQLite, oldest first.
const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// The same for PostgreSQL: the same changes by the same names.
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// The changes that a database has. Diesel's own question for them makes the table if it is not there.
const MADE: &str = "SELECT version FROM __diesel_schema_migrations";

/// Brings the database up to this binary, and makes the file and its folder if they are not there.
/// Returns the names of the changes made, oldest first; none if it was up to date. Blocks, for up
/// to a minute if another process is at it.
///
/// # Errors
/// [`StoreError::Newer`] if a newer binary has been here; [`StoreError::Migration`] if a change
/// failed, in which case none was made; [`StoreError::Unavailable`] if the database cannot be
/// opened.
pub fn migrate(url: &DatabaseUrl) -> Result<Vec<String>, StoreError> {
    make_folder(url)?;
    let mut conn = Conn::open(url, Access::Migrate, Duration::ZERO)?;
    conn.begin_write(false)?;
    let made = match &mut conn {
        Conn::Sqlite(c) => {
            let made = bring_up(c, &SQLITE)?;
            // Looks at every row there is: not at each start.
            if !made.is_empty() {
                refuse_dangling(c)?;
            }
            made
        }
        Conn::Pg(pg) => {
            pg.lock_schema()?;
            bring_up(pg.connection(), &POSTGRES)?
        }
    };
    conn.commit()?;
    Ok(made)
}

/// The newest change that the database has, and those that this binary has and it has not. Only reads.
///
/// # Errors
/// [`StoreError::Newer`] if a newer binary has been here; what the database says.
pub(super) fn compare(conn: &mut Conn) -> Result<(Option<String>, Vec<String>), StoreError> {
    match conn {
        Conn::Sqlite(c) => compare_sqlite(c),
        Conn::Pg(_) => {
            let there = "SELECT to_regclass('__diesel_schema_migrations') IS NOT NULL";
            let made = match run!(conn, |c| sql::<Bool>(there).get_result(c))? {
                true => run!(conn, |c| sql::<Text>(MADE).load(c))?,
                false => Vec::new(),
            };
            compare_with::<Pg>(&POSTGRES, &made)
        }
    }
}

/// What all changes come to on SQLite, made in memory.
///
/// # Errors
/// [`StoreError::Migration`] if a change failed.
pub(super) fn made_in_memory() -> Result<SqliteConnection, StoreError> {
    let mut conn = SqliteConnection::establish(":memory:")?;
    bring_up(&mut conn, &SQLITE)?;
    Ok(conn)
}

/// The same of those before one of them.
///
/// # Errors
/// [`StoreError::Migration`] if a change failed.
pub(super) fn made_before(first: &str) -> Result<SqliteConnection, StoreError> {
    let mut conn = SqliteConnection::establish(":memory:")?;
    let known = MigrationSource::<Sqlite>::migrations(&SQLITE).map_err(failed("(the list)"))?;
    for change in known {
        let name = change.name().to_string();
        if name == first {
            break;
        }
        change.run(&mut conn).map_err(failed(&name))?;
    }
    Ok(conn)
}

/// Whether this binary can use an SQLite database, which may lack changes. Only reads.
///
/// # Errors
/// [`StoreError::Newer`] if a newer binary has been there; [`StoreError::Corrupt`] if it is no database of ours.
pub(super) fn check_sqlite(conn: &mut SqliteConnection) -> Result<(), StoreError> {
    match compare_sqlite(conn)? {
        (Some(_), _) => Ok(()),
        (None, _) => Err(StoreError::corrupt("it is no database of Otomo")),
    }
}

fn compare_sqlite(
    conn: &mut SqliteConnection,
) -> Result<(Option<String>, Vec<String>), StoreError> {
    let there =
        "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = '__diesel_schema_migrations')";
    let made = match sql::<Bool>(there).get_result(conn)? {
        true => sql::<Text>(MADE).load(conn)?,
        false => Vec::new(),
    };
    compare_with::<Sqlite>(&SQLITE, &made)
}

fn compare_with<DB: Backend>(
    changes: &EmbeddedMigrations,
    made: &[MigrationVersion<'_>],
) -> Result<(Option<String>, Vec<String>), StoreError> {
    let known = MigrationSource::<DB>::migrations(changes).map_err(failed("(the list)"))?;
    refuse_newer(&known, made)?;
    let (made, due): (Vec<_>, Vec<_>) = known
        .iter()
        .map(|change| change.name())
        .partition(|name| made.contains(&name.version()));
    let newest = made.last().map(ToString::to_string);
    Ok((newest, due.iter().map(ToString::to_string).collect()))
}

fn make_folder(url: &DatabaseUrl) -> Result<(), StoreError> {
    let DatabaseUrl::Sqlite(path) = url else {
        return Ok(());
    };
    let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
    folder.map_err(|cause| {
        StoreError::unavailable_because("the folder of the database cannot be made", cause)
    })
}

/// Makes the changes that are due, inside the caller's transaction.
fn bring_up<DB: Backend>(
    conn: &mut impl MigrationHarness<DB>,
    changes: &EmbeddedMigrations,
) -> Result<Vec<String>, StoreError> {
    let known = MigrationSource::<DB>::migrations(changes).map_err(failed("(the list)"))?;
    let applied = conn.applied_migrations().map_err(failed("(the list)"))?;
    refuse_newer(&known, &applied)?;
    let mut made = Vec::new();
    for change in known {
        if applied.contains(&change.name().version()) {
            continue;
        }
        let name = change.name().to_string();
        conn.run_migration(&change).map_err(failed(&name))?;
        made.push(name);
    }
    Ok(made)
}

/// SQLite checks references that a change has touched only when it is asked to.
fn refuse_dangling(conn: &mut SqliteConnection) -> Result<(), StoreError> {
    let dangling: i64 =
        sql::<BigInt>("SELECT count(*) FROM pragma_foreign_key_check").get_result(conn)?;
    if dangling > 0 {
        return Err(StoreError::corrupt(format!(
            "{dangling} rows refer to rows that are not there"
        )));
    }
    Ok(())
}

/// A binary must not write to a schema that it does not know: what it leaves out may be what the
/// newer one relies on.
fn refuse_newer<DB: Backend>(
    known: &[Box<dyn Migration<DB>>],
    applied: &[MigrationVersion<'_>],
) -> Result<(), StoreError> {
    let unknown = applied.iter().find(|version| {
        !known
            .iter()
            .any(|change| change.name().version() == **version)
    });
    unknown.map_or(Ok(()), |version| {
        Err(StoreError::Newer(version.to_string()))
    })
}

fn failed(name: &str) -> impl FnOnce(BoxedCause) -> StoreError {
    let name = name.to_owned();
    move |cause| StoreError::Migration(name, Cause::from(cause))
}
