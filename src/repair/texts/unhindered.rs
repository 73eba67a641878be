//! Changes past what a table promises.

use diesel::{QueryableByName, sql_types::Text};

use crate::store::{
    Conn, StoreError, Tx,
    repair::{execute, rows},
};

#[derive(QueryableByName)]
struct Trigger {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    sql: String,
}

/// Changes rows whatever their table says of what may change and, on SQLite, of which words there are.
pub(super) fn unhindered(
    tx: &mut Tx<'_>,
    table: &str,
    change: impl FnOnce(&mut Tx<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    if let Conn::Pg(_) = &**tx {
        let triggers = |what: &str| format!("ALTER TABLE \"{table}\" {what} TRIGGER USER");
        execute(tx, &triggers("DISABLE"), &[])?;
        change(tx)?;
        return execute(tx, &triggers("ENABLE"), &[]).map(drop);
    }
    let question = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = $1";
    let triggers = rows::<Trigger>(tx, question, &[table])?;
    for Trigger { name, .. } in &triggers {
        execute(tx, &format!("DROP TRIGGER \"{name}\""), &[])?;
    }
    // No transaction undoes this one.
    execute(tx, "PRAGMA ignore_check_constraints = TRUE", &[])?;
    let changed = change(tx);
    execute(tx, "PRAGMA ignore_check_constraints = FALSE", &[])?;
    changed?;
    (triggers.iter()).try_for_each(|Trigger { sql, .. }| execute(tx, sql, &[]).map(drop))
}
