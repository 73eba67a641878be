//! Keys whose bytes are a text, with what refers to them.

use diesel::{QueryableByName, sql_types::Text};

use super::{Value, unhindered};
use crate::store::{
    StoreError, Tx,
    repair::{execute, rows},
};

#[derive(QueryableByName)]
struct Referring {
    #[diesel(sql_type = Text)]
    owner: String,
    #[diesel(sql_type = Text)]
    name: String,
}

const REFERRING: &str = "SELECT whole.name AS owner, its.\"from\" AS name
    FROM sqlite_schema AS whole JOIN pragma_foreign_key_list(whole.name) AS its
    WHERE whole.type = 'table' AND its.\"table\" = $1 AND its.\"to\" = $2 ORDER BY owner, name";

/// Whether anything can refer to that column.
pub(super) fn is_referred_to(
    tx: &mut Tx<'_>,
    table: &str,
    column: &str,
) -> Result<bool, StoreError> {
    Ok(!rows::<Referring>(tx, REFERRING, &[table, column])?.is_empty())
}

/// Makes a text of such a key, and of the same bytes wherever they refer to it. Of the two one is changed before the other.
pub(super) fn exactly(
    tx: &mut Tx<'_>,
    table: &str,
    column: &str,
    place: &str,
) -> Result<(), StoreError> {
    let stored = format!("SELECT quote(\"{column}\") AS value FROM \"{table}\" WHERE {place}");
    let stored = rows::<Value>(tx, &stored, &[])?;
    if are_deferred(tx)? {
        return to_texts(tx, table, column, &stored);
    }
    deferred(tx, |tx| {
        to_texts(tx, table, column, &stored)?;
        let mut stored = stored.iter();
        stored.try_for_each(|it| refers_to_something(tx, table, column, &it.value))
    })
}

/// Changes keys and what refers to them, of which one is changed before the other.
pub(super) fn deferred(
    tx: &mut Tx<'_>,
    change: impl FnOnce(&mut Tx<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    if are_deferred(tx)? {
        return change(tx);
    }
    execute(tx, "PRAGMA defer_foreign_keys = TRUE", &[])?;
    let changed = change(tx);
    // No savepoint puts this back.
    execute(tx, "PRAGMA defer_foreign_keys = FALSE", &[])?;
    changed
}

/// Whether references are looked at at the end alone.
fn are_deferred(tx: &mut Tx<'_>) -> Result<bool, StoreError> {
    let question =
        "SELECT 'yes' AS value FROM pragma_defer_foreign_keys WHERE defer_foreign_keys = 1";
    Ok(!rows::<Value>(tx, question, &[])?.is_empty())
}

fn to_texts(
    tx: &mut Tx<'_>,
    table: &str,
    column: &str,
    stored: &[Value],
) -> Result<(), StoreError> {
    let mut stored = stored.iter();
    stored.try_for_each(|it| to_text(tx, table, column, &it.value))
}

/// And so with what refers to that in turn. `stored`: the bytes, in SQL.
fn to_text(tx: &mut Tx<'_>, table: &str, column: &str, stored: &str) -> Result<(), StoreError> {
    let change = format!(
        "UPDATE \"{table}\" SET \"{column}\" = lossy(\"{column}\") WHERE \"{column}\" = {stored}"
    );
    unhindered(tx, table, |tx| execute(tx, &change, &[]).map(drop))?;
    let mut referring = rows::<Referring>(tx, REFERRING, &[table, column])?.into_iter();
    referring.try_for_each(|it| to_text(tx, &it.owner, &it.name, stored))
}

const REFERRED: &str = "SELECT its.\"table\" AS owner, its.\"to\" AS name
    FROM pragma_foreign_key_list($1) AS its WHERE its.\"from\" = $2";

/// A key that is a reference itself is mended with what it refers to: nothing else would be said of it before the commit.
fn refers_to_something(
    tx: &mut Tx<'_>,
    table: &str,
    column: &str,
    stored: &str,
) -> Result<(), StoreError> {
    for Referring { owner, name } in rows::<Referring>(tx, REFERRED, &[table, column])? {
        let question =
            format!("SELECT 'row' AS value FROM \"{owner}\" WHERE \"{name}\" = lossy({stored})");
        if rows::<Value>(tx, &question, &[])?.is_empty() {
            let fault = format!("{table}.{column} refers to nothing");
            return Err(StoreError::corrupt(fault));
        }
    }
    Ok(())
}
