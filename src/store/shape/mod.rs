//! Whether a database has all that the migrations make: its tables, columns, keys, promises, indexes and triggers.
//!
//! The table of migrations says which were made, not what is left of them: a dump that came back by half, or another hand, may
//! have left out an index without which nobody can send a message. So what is there ([`stored`]) is held against what should be:
//! on SQLite the migrations are made in memory and looked at in the same way; on PostgreSQL, where whoever looks may have no
//! right to make anything, against a list that a test makes of them (`postgres.jsonl`).
//!
//! What is there beside that is nobody's fault. An index, a trigger or a promise that is lost is made again; rows are not, so a
//! table or a column that is lost is left to people, and no rule can be asked without it.

mod difference;

use std::collections::BTreeSet;

use diesel::{
    QueryableByName,
    sql_types::{BigInt, Nullable, Text},
};
use serde::{Deserialize, Serialize};

use self::difference::{Difference, differences};
use super::{
    Conn, StoreError, Tx, migrations,
    repair::{Breakage, Rule, Scene, execute, rows},
};

/// What holds of a schema in which no table and no column is missing.
pub const RULES: &[Rule] = &[Rule {
    name: SCHEMA,
    find: broken,
}];

/// How it is called what is said of a schema.
pub const SCHEMA: &str = "schema";

/// What the migrations make on PostgreSQL, in the order in which one may rest on the other.
const POSTGRES: &str = include_str!("postgres.jsonl");

/// A part of a schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, QueryableByName)]
pub struct Part {
    /// What it is: `table`, `index`, ..
    #[diesel(sql_type = Text)]
    pub kind: String,
    /// The table that it is of; nothing for a function.
    #[diesel(sql_type = Text)]
    pub owner: String,
    /// Its name.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// What it is like: two of the same shape do the same.
    #[diesel(sql_type = Text)]
    pub shape: String,
    /// The columns in which no two rows may be the same, if it sees to that.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[diesel(sql_type = Nullable<Text>)]
    pub uniquely: Option<String>,
    /// The statement that makes it, unless it goes with its table.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[diesel(sql_type = Nullable<Text>)]
    pub made_by: Option<String>,
}

/// The parts that a database has, in the order in which one may rest on the other.
///
/// # Errors
/// Those of the database.
pub fn stored(conn: &mut Conn) -> Result<Vec<Part>, StoreError> {
    let question = match conn {
        Conn::Sqlite(_) => include_str!("sqlite.sql"),
        Conn::Pg(_) => include_str!("postgres.sql"),
    };
    rows(conn, question, &[])
}

/// Those that it should have.
fn wanted(conn: &Conn) -> Result<Vec<Part>, StoreError> {
    match conn {
        Conn::Sqlite(_) => stored(&mut Conn::Sqlite(migrations::made_in_memory()?)),
        Conn::Pg(_) => {
            let parts = POSTGRES.lines().map(serde_json::from_str);
            parts
                .collect::<Result<_, _>>()
                .map_err(|fault| StoreError::corrupt(format!("postgres.jsonl: {fault}")))
        }
    }
}

/// The columns that the migrations make, each with its table before it. What is beside them is of other people.
///
/// # Errors
/// Those of the database.
pub fn columns(conn: &Conn) -> Result<BTreeSet<(String, String)>, StoreError> {
    wanted(conn).map(named)
}

fn named(parts: Vec<Part>) -> BTreeSet<(String, String)> {
    let columns = parts.into_iter().filter(|it| it.kind == "column");
    columns.map(|it| (it.owner, it.name)).collect()
}

/// The columns that are there though the changes that make them are `pending`, oldest first, as `table.column`: the list of changes
/// is not the one of these tables, and no server could make them again. The columns have the same names on both databases.
///
/// # Errors
/// Those of the database.
pub fn unlisted(conn: &mut Conn, pending: &[String]) -> Result<Vec<String>, StoreError> {
    let Some(first) = pending.first() else {
        return Ok(Vec::new());
    };
    let before = named(stored(&mut Conn::Sqlite(migrations::made_before(first)?))?);
    let (ours, there) = (columns(conn)?, named(stored(conn)?));
    let unlisted = there
        .into_iter()
        .filter(|it| ours.contains(it) && !before.contains(it));
    Ok(unlisted
        .map(|(table, column)| format!("{table}.{column}"))
        .collect())
}

/// Tables and columns that are not there, or not as they should be: what no rule can be asked without. `todo` is how a backup is
/// put in the place of the database.
///
/// # Errors
/// Those of the database.
pub fn lacks(conn: &mut Conn, todo: &str) -> Result<Vec<Breakage>, StoreError> {
    let (wanted, stored) = (wanted(conn)?, stored(conn)?);
    let found = differences(&wanted, &stored);
    let of_rows = found.iter().filter(|it| it.is_of_rows());
    Ok(of_rows
        .map(|it| Breakage::left(it.subject(), it.fault(), todo))
        .collect())
}

/// What is lost or different beside tables and columns.
fn broken(conn: &mut Conn, _: &Scene<'_>) -> Result<Vec<Breakage>, StoreError> {
    let (wanted, stored) = (wanted(conn)?, stored(conn)?);
    let found = differences(&wanted, &stored);
    let beside_rows = found.into_iter().filter(|it| !it.is_of_rows());
    beside_rows.map(|it| broken_part(conn, &it)).collect()
}

fn broken_part(conn: &mut Conn, found: &Difference<'_>) -> Result<Breakage, StoreError> {
    let (subject, fault) = (found.subject(), found.fault());
    let Some(statement) = found.wanted.made_by.clone() else {
        let todo = "what a table promises is part of it: put a backup in the place of the database";
        return Ok(Breakage::left(subject, fault, todo));
    };
    let columns = found.wanted.uniquely.as_deref();
    if let Some(columns) = columns
        && let twice @ 1.. = not_unique(conn, &found.wanted.owner, columns)?
    {
        return Ok(Breakage::left(
            subject,
            format!("{fault}, and {twice} times rows have the same {columns}"),
            "it is not made while they do: change or delete all but one of each by hand, then otomo doctor --repair makes it",
        ));
    }
    let drop = found.drop(conn);
    Ok(Breakage::mended(
        subject,
        fault,
        "it is made again",
        move |tx| make(tx, drop.as_deref(), &statement),
    ))
}

fn make(tx: &mut Tx<'_>, drop: Option<&str>, statement: &str) -> Result<(), StoreError> {
    drop.map_or(Ok(0), |drop| execute(tx, drop, &[]))?;
    execute(tx, statement, &[]).map(|_| ())
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    twice: i64,
}

/// How many times there are several rows with the same in these columns. Nothing is the same as no value.
fn not_unique(conn: &mut Conn, table: &str, columns: &str) -> Result<i64, StoreError> {
    let question = format!(
        "SELECT count(*) AS twice FROM (SELECT 1 FROM {table} WHERE ({columns}) = ({columns})
             GROUP BY {columns} HAVING count(*) > 1) AS same"
    );
    let counted = rows::<Count>(conn, &question, &[])?;
    Ok(counted.first().map_or(0, |it| it.twice))
}
