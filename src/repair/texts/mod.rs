//! Texts that are none: bytes in the place of a text, and texts that are not UTF-8. PostgreSQL stores no such text; SQLite stores
//! whatever it is given, and a disk block that was lost may leave it.
//!
//! This rule comes before those of the rooms, which could not even read the row: it looks at every column of texts of every
//! table of ours, and mends so much that the others can. Bytes that are a text become that text, and so does whatever refers to
//! it (`renamed`). What becomes of any other depends on what it is for: see [`Remains`]. `strangers`: people whose ids cannot be
//! read. `missed`: the one id that a conversation can have had. `json`: what apps wrote beside it.

mod json;
mod missed;
mod remains;
mod renamed;
mod strangers;
mod unhindered;

use diesel::{QueryableByName, sql_types::Text};

use self::{remains::Remains, unhindered::unhindered};
use crate::{
    kernel::draw,
    store::{
        Conn, StoreError, Tx,
        repair::{Breakage, Rule, Scene, execute, rows},
        shape,
    },
};

/// What holds of all tables.
pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "unreadable-text",
        find,
    },
    Rule {
        name: "unreadable-json",
        find: json::find,
    },
];

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    table: String,
    #[diesel(sql_type = Text)]
    name: String,
    /// Whether it is a `text`, a `key`, or `both`.
    #[diesel(sql_type = Text)]
    is: String,
}

impl Column {
    fn is_key(&self) -> bool {
        self.is != "text"
    }

    fn is_text(&self) -> bool {
        self.is != "key"
    }
}

/// A row in which something is no text.
#[derive(QueryableByName)]
struct Damaged {
    /// Which one, as a condition of SQL.
    #[diesel(sql_type = Text)]
    place: String,
    /// The same, as far as it can be read.
    #[diesel(sql_type = Text)]
    shown: String,
    /// The row whose keys are the texts of these bytes, in the same way as `place`.
    #[diesel(sql_type = Text)]
    twin: String,
    /// The columns, with a space after each.
    #[diesel(sql_type = Text)]
    columns: String,
    /// Those of them whose bytes are a text, in the same way.
    #[diesel(sql_type = Text)]
    exact: String,
}

fn find(conn: &mut Conn, _: &Scene<'_>) -> Result<Vec<Breakage>, StoreError> {
    if let Conn::Pg(_) = conn {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    let columns = columns(conn)?;
    for of_table in columns.chunk_by(|one, other| one.table == other.table) {
        let question = question(of_table);
        let table = of_table.first().map_or("", |column| &column.table);
        for row in rows::<Damaged>(conn, &question, &[])? {
            found.push(match has_twin(conn, of_table, &row)? {
                true => twin(table, &row),
                false => breakage(conn, table.to_owned(), row)?,
            });
        }
    }
    Ok(found)
}

/// The texts and the keys of every table of ours that has both, table by table. One that has lost its key is told of as that.
fn columns(conn: &mut Conn) -> Result<Vec<Column>, StoreError> {
    let question = "SELECT tables.name AS \"table\", columns.name AS name,
            CASE WHEN columns.pk = 0 THEN 'text' WHEN columns.type = 'TEXT' THEN 'both' ELSE 'key' END AS \"is\"
        FROM sqlite_schema AS tables JOIN pragma_table_info(tables.name) AS columns
        WHERE tables.type = 'table' AND (columns.type = 'TEXT' OR columns.pk > 0)
            AND EXISTS (SELECT 1 FROM pragma_table_info(tables.name) AS texts WHERE texts.type = 'TEXT')
            AND EXISTS (SELECT 1 FROM pragma_table_info(tables.name) AS keys WHERE keys.pk > 0)
        ORDER BY tables.name, columns.cid";
    let ours = shape::columns(conn)?;
    let mut columns: Vec<Column> = rows(conn, question, &[])?;
    columns.retain(|it| ours.contains(&(it.table.clone(), it.name.clone())));
    Ok(columns)
}

/// Finds the rows of a table in which something is no text. They are named by their keys, byte for byte: a key may be such a
/// text.
fn question(of: &[Column]) -> String {
    let keys = || of.iter().filter(|column| column.is_key());
    let texts = || of.iter().filter(|column| column.is_text());
    let place = keys().map(|Column { name, .. }| {
        format!(
            "'\"{name}\" = ' || CASE typeof(\"{name}\") WHEN 'text' THEN 'CAST(x''' || hex(\"{name}\") || ''' AS TEXT)'
                WHEN 'blob' THEN 'x''' || hex(\"{name}\") || '''' ELSE quote(\"{name}\") END"
        )
    });
    let twin = keys().map(|Column { name, .. }| {
        format!(
            "'\"{name}\" = ' || CASE WHEN typeof(\"{name}\") IN ('text', 'blob')
                THEN 'CAST(x''' || hex(\"{name}\") || ''' AS TEXT)' ELSE quote(\"{name}\") END"
        )
    });
    let shown = keys().map(|Column { name, .. }| format!("'{name} ' || lossy(\"{name}\")"));
    let is_none = |name: &str| format!("\"{name}\" IS NOT lossy(\"{name}\")");
    let damaged = texts().map(|Column { name, .. }| {
        format!("CASE WHEN {} THEN '{name} ' ELSE '' END", is_none(name))
    });
    // An id of no bytes is none.
    let exact = texts().map(|Column { name, .. }| {
        format!(
            "CASE WHEN {} AND \"{name}\" IS CAST(lossy(\"{name}\") AS BLOB) AND length(\"{name}\") > 0
                THEN '{name} ' ELSE '' END",
            is_none(name)
        )
    });
    format!(
        "SELECT {} AS place, {} AS twin, {} AS shown, {} AS columns, {} AS exact FROM \"{}\" WHERE {}",
        joined(place, " || ' AND ' || "),
        joined(twin, " || ' AND ' || "),
        joined(shown, " || ', ' || "),
        joined(damaged, " || "),
        joined(exact, " || "),
        of.first().map_or("", |column| &column.table),
        joined(texts().map(|column| is_none(&column.name)), " OR "),
    )
}

fn joined(parts: impl Iterator<Item = String>, with: &str) -> String {
    parts.collect::<Vec<_>>().join(with)
}

/// Whether its key is bytes that are a text, and another row has that text for a key.
fn has_twin(conn: &mut Conn, of: &[Column], row: &Damaged) -> Result<bool, StoreError> {
    let table = of.first().map_or("", |column| &column.table);
    let mut keys = of.iter().filter(|column| column.is_key());
    if !keys.any(|key| row.exact.split_whitespace().any(|it| it == key.name)) {
        return Ok(false);
    }
    let question = format!("SELECT 'row' AS value FROM \"{table}\" WHERE {}", row.twin);
    Ok(!rows::<Value>(conn, &question, &[])?.is_empty())
}

fn twin(table: &str, row: &Damaged) -> Breakage {
    Breakage::left(
        format!("{table} ({})", row.shown),
        "has bytes for a key that is there as a text, too",
        "people decide which of the two is right, and delete the other",
    )
}

fn breakage(conn: &mut Conn, table: String, row: Damaged) -> Result<Breakage, StoreError> {
    let columns: Vec<&str> = row.columns.split_whitespace().collect();
    let subject = format!("{table} ({})", row.shown);
    let found = format!("has a text that is not UTF-8: {}", columns.join(", "));
    let is_exact = |column: &str| row.exact.split_whitespace().any(|it| it == column);
    let remains = |column: &str| match is_exact(column) {
        true => (column.to_owned(), Remains::Exact),
        false => (column.to_owned(), Remains::of(&table, column)),
    };
    let columns: Vec<(String, Remains)> = columns.into_iter().map(remains).collect();
    // What is left of the row at most.
    let Some((_, most)) = columns.iter().max_by_key(|(_, remains)| *remains) else {
        return Ok(Breakage::left(subject, found, "report this"));
    };
    let is_known = *most != Remains::Missed || missed::conversation(conn, &row.place)?.is_some();
    Ok(match most {
        most if *most != Remains::Undecided && is_known => {
            Breakage::mended(subject, found, most.told(), move |tx| {
                mend(tx, &table, &row.place, &columns)
            })
        }
        _ => Breakage::left(
            subject,
            found,
            "people decide whose it is: otomo restore puts a backup in the place of the database",
        ),
    })
}

#[derive(QueryableByName)]
struct Value {
    #[diesel(sql_type = Text)]
    value: String,
}

/// Mends one row. What its table promises is looked at by the rules that come after this one.
fn mend(
    tx: &mut Tx<'_>,
    table: &str,
    place: &str,
    columns: &[(String, Remains)],
) -> Result<(), StoreError> {
    let here = format!("\"{table}\" WHERE {place}");
    // It may have been mended with what it refers to; what is left of it is found again.
    if rows::<Value>(tx, &format!("SELECT 'row' AS value FROM {here}"), &[])?.is_empty() {
        return Ok(());
    }
    if columns
        .iter()
        .any(|(_, remains)| *remains == Remains::Nothing)
    {
        return execute(tx, &format!("DELETE FROM {here}"), &[]).map(drop);
    }
    let (mut changes, mut keys) = (Vec::new(), Vec::new());
    let (mut people, mut referred) = (Vec::new(), Vec::new());
    for (column, remains) in columns {
        let text = match remains {
            Remains::Exact if renamed::is_referred_to(tx, table, column)? => {
                referred.push(column);
                continue;
            }
            Remains::Exact | Remains::Text => format!("lossy(\"{column}\")"),
            Remains::NoText => "NULL".to_owned(),
            Remains::Name => format!("'{}'", draw::in_order()),
            Remains::Stranger => {
                strangers::named_anew(tx, table, place, column)?;
                continue;
            }
            // A key, by which the row is found until the rest of it is changed.
            Remains::Person => {
                people.push(column);
                continue;
            }
            Remains::Missed => {
                let missed = missed::conversation(tx, place)?;
                keys.push(missed.ok_or_else(|| StoreError::corrupt("no conversation is missed"))?);
                format!("${}", keys.len())
            }
            Remains::Nothing | Remains::Undecided => continue,
        };
        changes.push(format!("\"{column}\" = {text}"));
    }
    if !changes.is_empty() {
        let change = format!(
            "UPDATE \"{table}\" SET {} WHERE {place}",
            changes.join(", ")
        );
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        unhindered(tx, table, |tx| execute(tx, &change, &keys).map(drop))?;
    }
    (people.into_iter()).try_for_each(|column| strangers::named_anew(tx, table, place, column))?;
    // A table has one such key.
    (referred.into_iter()).try_for_each(|column| renamed::exactly(tx, table, column, place))
}
