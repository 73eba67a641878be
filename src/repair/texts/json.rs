//! JSON of apps that is none. A server tells what it stands beside without it.

use diesel::{
    QueryableByName,
    sql_types::{BigInt, Text},
};
use serde::de::IgnoredAny;
use serde_json::{Map, Value, json};

use super::unhindered;
use crate::store::{
    Conn, StoreError,
    repair::{Breakage, Scene, execute, is_text, rows},
};

/// Rows that are read at once.
const PAGE: usize = 1_000;

/// A column of JSON, in a table whose key is a text and a number.
#[derive(Clone, Copy)]
struct Column {
    table: &'static str,
    text: &'static str,
    number: &'static str,
    json: &'static str,
    /// Whether a server can read it.
    is_sound: fn(&str) -> bool,
}

const COLUMNS: [Column; 2] = [
    Column {
        table: "messages",
        text: "conversation_id",
        number: "seq",
        json: "data",
        is_sound: |json| serde_json::from_str::<IgnoredAny>(json).is_ok(),
    },
    Column {
        table: "point_transactions",
        text: "user_id",
        number: "ordinal",
        json: "metadata",
        is_sound: |json| serde_json::from_str::<Map<String, Value>>(json).is_ok(),
    },
];

#[derive(QueryableByName)]
struct Of {
    #[diesel(sql_type = Text)]
    id: String,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    place: i64,
    #[diesel(sql_type = Text)]
    json: String,
}

pub(super) fn find(conn: &mut Conn, _: &Scene<'_>) -> Result<Vec<Breakage>, StoreError> {
    let mut found = Vec::new();
    for column in COLUMNS {
        let Column {
            table, text, json, ..
        } = column;
        let readable = is_text(conn, text);
        let question = format!(
            "SELECT DISTINCT {text} AS id FROM {table} WHERE {json} IS NOT NULL AND {readable} ORDER BY id"
        );
        for Of { id } in rows::<Of>(conn, &question, &[])? {
            found.extend(unreadable(conn, column, &id)?);
        }
    }
    Ok(found)
}

fn unreadable(conn: &mut Conn, column: Column, id: &str) -> Result<Vec<Breakage>, StoreError> {
    let Column {
        table,
        text,
        number,
        json,
        is_sound,
    } = column;
    let (mut found, mut after) = (Vec::new(), i64::MIN);
    loop {
        let question = format!(
            "SELECT {number} AS place, {json} AS json FROM {table}
             WHERE {text} = $1 AND {json} IS NOT NULL AND {number} > {after} ORDER BY {number} LIMIT {PAGE}"
        );
        let page = rows::<Row>(conn, &question, &[id])?;
        // A text in the place of a number is read as 0 and comes after every number: the page would come again for ever.
        let next = page.last().map_or(after, |last| last.place);
        let is_last = page.len() < PAGE || next <= after;
        after = next;
        let broken = page.into_iter().filter(|row| !is_sound(&row.json));
        found.extend(broken.map(|row| breakage(column, id.to_owned(), row)));
        if is_last {
            return Ok(found);
        }
    }
}

/// An object, because that is what apps put there; with the text in it, because somebody may read what it was.
fn breakage(column: Column, id: String, Row { place, json: raw }: Row) -> Breakage {
    let Column {
        table,
        text,
        number,
        json,
        ..
    } = column;
    Breakage::mended(
        format!("{table} ({text} {id}, {number} {place})"),
        format!("has JSON that is none: {json}"),
        "it is an object with the text as its field unreadable",
        move |tx| {
            let readable = json!({"unreadable": raw}).to_string();
            let change =
                format!("UPDATE {table} SET {json} = $1 WHERE {text} = $2 AND {number} = {place}");
            unhindered(tx, table, |tx| {
                execute(tx, &change, &[&readable, &id]).map(drop)
            })
        },
    )
}
