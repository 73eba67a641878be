//! The schema that diesel was told is the schema that is there, and the schema keeps its own rules.

use std::fmt::Write;

use diesel::{
    prelude::*,
    sql_types::{BigInt, Bool, Nullable, Text},
};
use tempfile::TempDir;

use crate::{
    kernel::{config::DatabaseUrl, identity::Role},
    store::migrations::migrate,
};

/// The file, as it is in the repository.
const PRINTED: &str = include_str!("schema.rs");

/// A migrated database, and its folder, which goes away with the value.
struct Schema {
    conn: SqliteConnection,
    _folder: TempDir,
}

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text, column_name = "type")]
    kind: String,
    #[diesel(sql_type = Bool)]
    required: bool,
    /// Its place in the primary key, from 1; 0 if it is not part of it.
    #[diesel(sql_type = BigInt)]
    key: i64,
}

/// A foreign key of one column.
#[derive(QueryableByName)]
struct Reference {
    #[diesel(sql_type = Text)]
    from: String,
    #[diesel(sql_type = Text)]
    table: String,
    #[diesel(sql_type = Text)]
    on_delete: String,
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Nullable<Text>)]
    name: Option<String>,
}

impl Schema {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("otomo.db");
        migrate(&DatabaseUrl::Sqlite(file.clone())).unwrap();
        let conn = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
        Self {
            conn,
            _folder: folder,
        }
    }

    fn names(&mut self, sql: &str) -> Vec<String> {
        let names = diesel::sql_query(sql).load::<Name>(&mut self.conn).unwrap();
        names.into_iter().filter_map(|row| row.name).collect()
    }

    fn tables(&mut self) -> Vec<String> {
        self.names(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '\\_\\_%' ESCAPE '\\' ORDER BY name",
        )
    }

    fn columns(&mut self, table: &str) -> Vec<Column> {
        let sql = format!(
            "SELECT name, type, \"notnull\" AS required, pk AS key FROM pragma_table_info('{table}') ORDER BY cid"
        );
        diesel::sql_query(sql).load(&mut self.conn).unwrap()
    }

    fn references(&mut self, table: &str) -> Vec<Reference> {
        let sql = format!(
            "SELECT \"from\", \"table\", on_delete FROM pragma_foreign_key_list('{table}') ORDER BY \"from\""
        );
        diesel::sql_query(sql).load(&mut self.conn).unwrap()
    }

    /// The first columns of all indexes of a table, the primary key's included.
    fn indexed(&mut self, table: &str) -> Vec<String> {
        self.names(&format!(
            "SELECT column.name AS name FROM pragma_index_list('{table}') AS list, pragma_index_info(list.name) AS column
             WHERE column.seqno = 0"
        ))
    }
}

/// What `diesel print-schema` prints, so that the test needs no other tool.
fn print(schema: &mut Schema) -> String {
    let tables = schema.tables();
    let mut printed = "// @generated automatically by Diesel CLI.\n".to_owned();
    for table in &tables {
        let columns = schema.columns(table);
        let mut key: Vec<&Column> = columns.iter().filter(|column| column.key > 0).collect();
        key.sort_by_key(|column| column.key);
        let key: Vec<&str> = key.iter().map(|column| column.name.as_str()).collect();
        writeln!(
            printed,
            "\ndiesel::table! {{\n    {table} ({}) {{",
            key.join(", ")
        )
        .unwrap();
        for column in &columns {
            printed.push_str(&print_column(column));
        }
        printed.push_str("    }\n}\n");
    }
    printed.push('\n');
    for table in &tables {
        let references = schema.references(table);
        for reference in &references {
            let to = &reference.table;
            // Diesel joins by itself only where there is one way to, and not a table with itself.
            let ways = references.iter().filter(|other| other.table == *to).count();
            if ways == 1 && to != table {
                let from = &reference.from;
                writeln!(printed, "diesel::joinable!({table} -> {to} ({from}));").unwrap();
            }
        }
    }
    let together = tables.join(",\n    ");
    write!(
        printed,
        "\ndiesel::allow_tables_to_appear_in_same_query!(\n    {together},\n);\n"
    )
    .unwrap();
    printed
}

fn print_column(column: &Column) -> String {
    let sql_type = match column.kind.as_str() {
        "TEXT" => "Text",
        "BIGINT" => "BigInt",
        "BOOLEAN" => "Bool",
        other => panic!(
            "{}: {other} is not among the types that both databases have",
            column.name
        ),
    };
    let sql_type = if column.required {
        sql_type.to_owned()
    } else {
        format!("Nullable<{sql_type}>")
    };
    match column.name.as_str() {
        "type" => format!("        #[sql_name = \"type\"]\n        type_ -> {sql_type},\n"),
        name => format!("        {name} -> {sql_type},\n"),
    }
}

#[test]
fn the_printed_schema_is_the_real_one() {
    let real = print(&mut Schema::new());
    assert_eq!(
        PRINTED, real,
        "print it anew: diesel print-schema, or from the right-hand side"
    );
}

/// A reference without an index makes each removal of what is referred to read the whole table.
#[test]
fn every_reference_has_an_index() {
    let mut schema = Schema::new();
    for table in schema.tables() {
        let indexed = schema.indexed(&table);
        for reference in schema.references(&table) {
            assert!(
                indexed.contains(&reference.from),
                "{table}.{} has none",
                reference.from
            );
        }
    }
}

/// What belongs to a call goes with it.
#[test]
fn every_call_id_refers_to_its_call() {
    let mut schema = Schema::new();
    for table in schema.tables() {
        let references = schema.references(&table);
        for column in schema.columns(&table) {
            if !column.name.ends_with("call_id") {
                continue;
            }
            let reference = references
                .iter()
                .find(|reference| reference.from == column.name);
            let reference =
                reference.unwrap_or_else(|| panic!("{table}.{} refers to nothing", column.name));
            assert_eq!(
                (reference.table.as_str(), reference.on_delete.as_str()),
                ("calls", "CASCADE")
            );
        }
    }
}

/// Ids are text, times and counts whole numbers, and what is a time says so.
#[test]
fn columns_are_named_by_what_they_hold() {
    let mut schema = Schema::new();
    for table in schema.tables() {
        for column in schema.columns(&table) {
            let name = column.name.as_str();
            let id = name == "id" || name.ends_with("_id");
            let time = name == "at"
                || name.ends_with("_at")
                || name.ends_with("_until")
                || name.ends_with("deadline");
            if id {
                assert_eq!(column.kind, "TEXT", "{table}.{name}");
            } else if time {
                assert_eq!(column.kind, "BIGINT", "{table}.{name}");
            }
        }
    }
}

/// The words that the database takes in a column, from its CHECK.
fn words(schema: &mut Schema, table: &str, column: &str) -> Vec<String> {
    let made = schema.names(&format!(
        "SELECT sql AS name FROM sqlite_schema WHERE name = '{table}'"
    ));
    let (_, check) = made[0]
        .split_once(&format!("CHECK ({column} IN ("))
        .expect("the column is checked");
    let (list, _) = check.split_once("))").unwrap();
    list.split(", ")
        .map(|word| word.trim_matches('\'').to_owned())
        .collect()
}

#[test]
fn the_database_takes_the_roles_that_there_are() {
    let words = words(&mut Schema::new(), "users", "role");
    let roles: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
    assert_eq!(words, roles);
}
