//! Texts that are none: bytes in the place of a text, and texts that are not UTF-8. PostgreSQL stores no such text; SQLite stores
//! whatever it is given, and a disk block that was lost may leave it.
//!
//! This rule comes before those of the rooms, which could not even read the row: it looks at every column of texts of every
//! table, and mends so much that the others can. What becomes of a text depends on what it is for: see [`Remains`]. `json`: what
//! apps wrote beside it.

mod json;
mod remains;
mod unhindered;

use diesel::{QueryableByName, sql_types::Text};

use self::{remains::Remains, unhindered::unhindered};
use crate::{
    kernel::{draw, ids::UserId},
    store::{
        Conn, StoreError, Tx,
        repair::{Breakage, Rule, Scene, execute, rows},
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
    /// The columns, with a space after each.
    #[diesel(sql_type = Text)]
    columns: String,
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
        let damaged = rows::<Damaged>(conn, &question, &[])?.into_iter();
        found.extend(damaged.map(|row| breakage(table.to_owned(), row)));
    }
    Ok(found)
}

/// The texts and the keys of every table that has both, table by table. One that has lost its key is told of as that.
fn columns(conn: &mut Conn) -> Result<Vec<Column>, StoreError> {
    let question = "SELECT tables.name AS \"table\", columns.name AS name,
            CASE WHEN columns.pk = 0 THEN 'text' WHEN columns.type = 'TEXT' THEN 'both' ELSE 'key' END AS \"is\"
        FROM sqlite_schema AS tables JOIN pragma_table_info(tables.name) AS columns
        WHERE tables.type = 'table' AND (columns.type = 'TEXT' OR columns.pk > 0)
            AND EXISTS (SELECT 1 FROM pragma_table_info(tables.name) AS texts WHERE texts.type = 'TEXT')
            AND EXISTS (SELECT 1 FROM pragma_table_info(tables.name) AS keys WHERE keys.pk > 0)
        ORDER BY tables.name, columns.cid";
    rows(conn, question, &[])
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
    let shown = keys().map(|Column { name, .. }| format!("'{name} ' || lossy(\"{name}\")"));
    let is_none = |name: &str| format!("\"{name}\" IS NOT lossy(\"{name}\")");
    let damaged = texts().map(|Column { name, .. }| {
        format!("CASE WHEN {} THEN '{name} ' ELSE '' END", is_none(name))
    });
    format!(
        "SELECT {} AS place, {} AS shown, {} AS columns FROM \"{}\" WHERE {}",
        joined(place, " || ' AND ' || "),
        joined(shown, " || ', ' || "),
        joined(damaged, " || "),
        of.first().map_or("", |column| &column.table),
        joined(texts().map(|column| is_none(&column.name)), " OR "),
    )
}

fn joined(parts: impl Iterator<Item = String>, with: &str) -> String {
    parts.collect::<Vec<_>>().join(with)
}

fn breakage(table: String, row: Damaged) -> Breakage {
    let columns: Vec<String> = row.columns.split_whitespace().map(str::to_owned).collect();
    let subject = format!("{table} ({})", row.shown);
    let found = format!("has a text that is not UTF-8: {}", columns.join(", "));
    let remains = |column: &String| (column.clone(), Remains::of(&table, column));
    let columns: Vec<(String, Remains)> = columns.iter().map(remains).collect();
    // What is left of the row at most.
    let Some((_, most)) = columns.iter().max_by_key(|(_, remains)| *remains) else {
        return Breakage::left(subject, found, "report this");
    };
    match most {
        Remains::Undecided => Breakage::left(
            subject,
            found,
            "people decide whose it is: otomo restore puts a backup in the place of the database",
        ),
        most => Breakage::mended(subject, found, most.told(), move |tx| {
            mend(tx, &table, &row.place, &columns)
        }),
    }
}

/// Mends one row. What its table promises is looked at by the rules that come after this one.
fn mend(
    tx: &mut Tx<'_>,
    table: &str,
    place: &str,
    columns: &[(String, Remains)],
) -> Result<(), StoreError> {
    let here = format!("\"{table}\" WHERE {place}");
    if columns
        .iter()
        .any(|(_, remains)| *remains == Remains::Nothing)
    {
        return execute(tx, &format!("DELETE FROM {here}"), &[]).map(drop);
    }
    let mut changes = Vec::new();
    let mut keys = Vec::new();
    for (column, remains) in columns {
        let text = match remains {
            Remains::Text => format!("lossy(\"{column}\")"),
            Remains::NoText => "NULL".to_owned(),
            Remains::Name => format!("'{}'", draw::in_order()),
            Remains::Stranger => {
                keys.push(stranger(tx, table, place, column)?);
                format!("${}", keys.len())
            }
            Remains::Nothing | Remains::Undecided => continue,
        };
        changes.push(format!("\"{column}\" = {text}"));
    }
    let change = format!(
        "UPDATE \"{table}\" SET {} WHERE {place}",
        changes.join(", ")
    );
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    unhindered(tx, table, |tx| execute(tx, &change, &keys).map(drop))
}

#[derive(QueryableByName)]
struct Readable {
    #[diesel(sql_type = Text)]
    id: String,
}

/// Somebody with what can be read of their id, in whose name nobody comes in.
fn stranger(tx: &mut Tx<'_>, table: &str, place: &str, column: &str) -> Result<String, StoreError> {
    let question = format!("SELECT lossy(\"{column}\") AS id FROM \"{table}\" WHERE {place}");
    let readable = rows::<Readable>(tx, &question, &[])?.into_iter();
    let mut ids = readable
        .map(|it| it.id)
        .filter(|id| id.parse::<UserId>().is_ok());
    let id = ids.next().unwrap_or_else(|| draw::in_order().to_string());
    if table != "users" {
        let now = tx.now().millis();
        let change = format!(
            "INSERT INTO users (id, role, name, disabled, created_at, updated_at)
             VALUES ($1, 'user', $2, TRUE, {now}, {now}) ON CONFLICT DO NOTHING"
        );
        execute(tx, &change, &[id.as_str(); 2])?;
    }
    Ok(id)
}
