//! Whether a database can be used, for those who look after a server: tried without a trace.

use std::time::{Duration, Instant};

use diesel::{RunQueryDsl as _, sql_query};

use super::{Conn, StoreError, conn::Access, migrations, run};
use crate::kernel::{config::DatabaseConfig, time::Timestamp};

/// What was found.
#[derive(Debug)]
pub struct Inspection {
    /// Changes of the schema that this binary has and the database has not.
    pub pending: Vec<String>,
    /// The newest change that it has.
    pub schema: Option<String>,
    /// What a write took that was undone.
    pub write: Duration,
    /// The database's own clock, if it has one.
    pub clock: Option<Timestamp>,
}

/// Connects, reads the schema, and writes a row in a transaction that is rolled back. For a database that is there: an SQLite
/// file would be made.
///
/// # Errors
/// What of it does not work.
pub fn inspect(config: &DatabaseConfig) -> Result<Inspection, StoreError> {
    let mut conn = Conn::open(&config.url, Access::Write, config.statement_timeout)?;
    let clock = conn.clock()?;
    let (schema, pending) = migrations::compare(&mut conn)?;
    let began = Instant::now();
    if schema.is_some() {
        conn.begin_write(false)?;
        let row = "INSERT INTO __diesel_schema_migrations (version) VALUES ('of otomo doctor')";
        let written = run!(&mut conn, |c| sql_query(row).execute(c));
        conn.roll_back()?;
        written?;
    }
    Ok(Inspection {
        pending,
        schema,
        write: began.elapsed(),
        clock,
    })
}
