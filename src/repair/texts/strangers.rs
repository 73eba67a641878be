//! People whose ids cannot be read. Whoever is named by the same bytes is the same, wherever that is.

use super::{Value, remains::STRANGERS, renamed::deferred, unhindered};
use crate::{
    kernel::draw,
    people,
    store::{
        StoreError, Tx,
        repair::{execute, rows},
    },
};

/// Gives an id that can be read to the user whose id is in this column, and puts it wherever they are named by the same bytes: to the
/// user who has that id, or else to a stranger.
pub(super) fn named_anew(
    tx: &mut Tx<'_>,
    table: &str,
    place: &str,
    column: &str,
) -> Result<(), StoreError> {
    let question = format!(
        "SELECT CASE typeof(\"{column}\") WHEN 'text' THEN 'CAST(x''' || hex(\"{column}\") || ''' AS TEXT)'
            ELSE quote(\"{column}\") END AS value
         FROM \"{table}\" WHERE {place} AND \"{column}\" IS NOT lossy(\"{column}\")"
    );
    // They may have got it by another row.
    match rows::<Value>(tx, &question, &[])?.pop() {
        Some(Value { value: stored }) => deferred(tx, |tx| rename(tx, &stored)),
        None => Ok(()),
    }
}

/// `stored`: the bytes, in SQL.
fn rename(tx: &mut Tx<'_>, stored: &str) -> Result<(), StoreError> {
    let known = format!("SELECT 'row' AS value FROM users WHERE id = {stored}");
    let id = match rows::<Value>(tx, &known, &[])?.is_empty() {
        true => stranger(tx, stored)?,
        false => user(tx, stored)?,
    };
    STRANGERS.iter().try_for_each(|(table, column)| {
        let apart = match *column {
            // Nobody calls themselves: of a call whose people are damaged alike they are two.
            "otomo_id" => format!(" AND caller_id IS NOT {stored}"),
            _ => String::new(),
        };
        let change = format!("UPDATE {table} SET {column} = $1 WHERE {column} = {stored}{apart}");
        unhindered(tx, table, |tx| execute(tx, &change, &[&id]).map(drop))
    })
}

/// Somebody with a new id, and what can be read of the old one for a name, in whose name nobody comes in.
fn stranger(tx: &mut Tx<'_>, stored: &str) -> Result<String, StoreError> {
    let id = draw::in_order().to_string();
    let now = tx.now().millis();
    let change = format!(
        "INSERT INTO users (id, role, name, disabled, created_at, updated_at)
         VALUES ($1, 'user', lossy({stored}), TRUE, {now}, {now})"
    );
    execute(tx, &change, &[&id])?;
    Ok(id)
}

/// An id for a user who has lost theirs. They are locked out with a new one: somebody whom the backend has locked out must not come in
/// as somebody new, and nobody is to get the rights of another.
fn user(tx: &mut Tx<'_>, stored: &str) -> Result<String, StoreError> {
    let (id, locked_out) = free_id(tx)?;
    let locked_out = if locked_out { ", disabled = TRUE" } else { "" };
    let change = format!("UPDATE users SET id = $1{locked_out} WHERE id = {stored}");
    unhindered(tx, "users", |tx| execute(tx, &change, &[&id]).map(drop))?;
    Ok(id)
}

/// The one that is missed, if it can only be this user's; or a new one, and then whoever is missed is locked out.
fn free_id(tx: &mut Tx<'_>) -> Result<(String, bool), StoreError> {
    let lost = "SELECT lossy(role) AS value FROM users WHERE id IS NOT lossy(id) LIMIT 2";
    let lost = rows::<Value>(tx, lost, &[])?;
    let missed = people::repair::missed(tx)?;
    if let ([only], [Value { value: role }]) = (&missed[..], &lost[..])
        && ["user", "otomo"].contains(&role.as_str())
    {
        return Ok((only.to_string(), false));
    }
    (missed.iter()).try_for_each(|it| people::repair::lock_out(tx, it))?;
    Ok((draw::in_order().to_string(), true))
}
