//! The database that a suite's servers share: SQLite, or PostgreSQL if `OTOMO_TEST_DATABASE=postgres` says so.

use std::{env, time::Duration};

use diesel::{Connection as _, PgConnection, SqliteConnection, connection::SimpleConnection as _};
use otomo::{kernel::config::DatabaseConfig, store::migrations::migrate};
use tempfile::TempDir;

use crate::postgres::{Postgres, PostgresDatabase};

/// A database with its tables, which goes away with the value.
pub(crate) struct Database(Place);

enum Place {
    Folder(TempDir),
    Server(PostgresDatabase),
}

impl Database {
    pub(crate) fn new() -> Self {
        let database = Self(match env::var("OTOMO_TEST_DATABASE").as_deref() {
            Ok("postgres") => Place::Server(Postgres::shared().database()),
            Ok("sqlite") | Err(_) => Place::Folder(tempfile::tempdir().expect("there is room")),
            Ok(other) => panic!("OTOMO_TEST_DATABASE is sqlite or postgres, not {other}"),
        });
        migrate(&database.config().url).expect("the migrations run");
        database
    }

    /// How to open it.
    pub(crate) fn config(&self) -> DatabaseConfig {
        let url = match &self.0 {
            Place::Folder(_) => format!("sqlite://{}", self.file()),
            Place::Server(database) => database.url(),
        };
        DatabaseConfig {
            url: url.parse().expect("it is a URL"),
            pool_size: 2,
            queue: 4_096,
            statement_timeout: Duration::from_secs(5),
        }
    }

    /// Several nodes can share it.
    pub(crate) fn is_shared(&self) -> bool {
        matches!(self.0, Place::Server(_))
    }

    /// A hand in the database that the servers know nothing of.
    pub(crate) fn meddle(&self, statement: &str) {
        let done = match &self.0 {
            Place::Folder(_) => SqliteConnection::establish(&self.file())
                .expect("it opens")
                .batch_execute(&format!("PRAGMA busy_timeout = 5000; {statement}")),
            Place::Server(database) => PgConnection::establish(&database.url())
                .expect("it opens")
                .batch_execute(statement),
        };
        done.unwrap_or_else(|fault| panic!("{statement}: {fault}"));
    }

    /// From now on the database refuses an `INSERT`, `UPDATE` or `DELETE` of rows of this table.
    pub(crate) fn refuse(&self, what: &str, table: &str) {
        self.meddle(&match &self.0 {
            Place::Folder(_) => format!(
                "CREATE TRIGGER refused BEFORE {what} ON {table} BEGIN SELECT RAISE(ABORT, 'refused by a test'); END"
            ),
            Place::Server(_) => format!(
                "CREATE FUNCTION refused() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused by a test'; END $$;
                 CREATE TRIGGER refused BEFORE {what} ON {table} FOR EACH ROW EXECUTE FUNCTION refused()"
            ),
        });
    }

    /// It takes them again.
    pub(crate) fn relent(&self, table: &str) {
        self.meddle(&match &self.0 {
            Place::Folder(_) => "DROP TRIGGER refused".to_owned(),
            Place::Server(_) => format!("DROP TRIGGER refused ON {table}; DROP FUNCTION refused"),
        });
    }

    fn file(&self) -> String {
        match &self.0 {
            Place::Folder(folder) => folder.path().join("otomo.db").display().to_string(),
            Place::Server(_) => unreachable!("it is no file"),
        }
    }
}
