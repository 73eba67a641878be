//! Both databases have the same schema: tables, columns, keys, references, indexes, and as many checks.

use diesel::{prelude::*, sql_query, sql_types::Text};
use otomo::store::migrations::migrate;

use crate::postgres::Postgres;

/// Each query yields one line for each thing of its kind.
const SQLITE: [(&str, &str); 4] = [
    (
        "columns",
        "SELECT t.name || '.' || c.name || ' ' || lower(c.type) || CASE WHEN c.\"notnull\" THEN ' not null' ELSE '' END AS line
         FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name NOT LIKE '\\_\\_%' ESCAPE '\\'",
    ),
    (
        "references",
        "SELECT t.name || '.' || f.\"from\" || ' -> ' || f.\"table\" || CASE f.on_delete WHEN 'CASCADE' THEN ' cascade' ELSE '' END AS line
         FROM sqlite_schema t, pragma_foreign_key_list(t.name) f WHERE t.type = 'table'",
    ),
    (
        "indexes",
        "SELECT t.name || ' (' || (SELECT group_concat(name, ', ') FROM (SELECT i.name FROM pragma_index_info(l.name) i ORDER BY i.seqno)) || ')'
             || CASE WHEN l.\"unique\" THEN ' unique' ELSE '' END || CASE WHEN l.partial THEN ' partial' ELSE '' END AS line
         FROM sqlite_schema t, pragma_index_list(t.name) l WHERE t.type = 'table' AND t.name NOT LIKE '\\_\\_%' ESCAPE '\\'",
    ),
    (
        "checks",
        "SELECT name || ' ' || ((length(sql) - length(replace(sql, 'CHECK (', ''))) / 7) AS line
         FROM sqlite_schema WHERE type = 'table' AND sql LIKE '%CHECK (%'",
    ),
];

const POSTGRES: [(&str, &str); 4] = [
    (
        "columns",
        "SELECT table_name || '.' || column_name || ' ' || data_type || CASE is_nullable WHEN 'NO' THEN ' not null' ELSE '' END AS line
         FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '\\_\\_%'",
    ),
    (
        "references",
        "SELECT c.conrelid::regclass || '.' || a.attname || ' -> ' || c.confrelid::regclass || CASE c.confdeltype WHEN 'c' THEN ' cascade' ELSE '' END AS line
         FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1] WHERE c.contype = 'f'",
    ),
    (
        "indexes",
        "SELECT t.relname || ' (' || (SELECT string_agg(a.attname, ', ' ORDER BY k.n) FROM unnest(i.indkey::int[]) WITH ORDINALITY k(att, n)
             JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.att) || ')'
             || CASE WHEN i.indisunique THEN ' unique' ELSE '' END || CASE WHEN i.indpred IS NOT NULL THEN ' partial' ELSE '' END AS line
         FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid
         WHERE t.relnamespace = 'public'::regnamespace AND t.relname NOT LIKE '\\_\\_%'",
    ),
    (
        "checks",
        "SELECT conrelid::regclass || ' ' || count(*) AS line FROM pg_constraint WHERE contype = 'c' AND conrelid <> 0 GROUP BY conrelid",
    ),
];

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

fn sorted(lines: Vec<Line>) -> Vec<String> {
    let mut lines: Vec<String> = lines.into_iter().map(|it| it.line).collect();
    lines.sort();
    lines
}

#[test]
fn both_databases_have_the_same_schema() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("otomo.db");
    migrate(&format!("sqlite://{}", file.display()).parse().unwrap()).unwrap();
    let mut sqlite = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    let database = Postgres::shared().database();
    migrate(&database.url().parse().unwrap()).unwrap();
    let mut postgres = database.connect();
    for ((what, ours), (_, theirs)) in SQLITE.into_iter().zip(POSTGRES) {
        let ours = sorted(sql_query(ours).load(&mut sqlite).unwrap());
        let theirs = sorted(sql_query(theirs).load(&mut postgres).unwrap());
        assert!(ours.len() > 5, "{what}: {ours:?}");
        assert_eq!(ours, theirs, "{what}");
    }
}

/// The order of texts must be the same on both, whatever the server's language is.
#[test]
fn every_text_is_compared_byte_by_byte() {
    let database = Postgres::shared().database();
    migrate(&database.url().parse().unwrap()).unwrap();
    let others = "SELECT table_name || '.' || column_name AS line FROM information_schema.columns
        WHERE table_schema = 'public' AND table_name NOT LIKE '\\_\\_%' AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'";
    let others: Vec<Line> = sql_query(others).load(&mut database.connect()).unwrap();
    assert_eq!(sorted(others), Vec::<String>::new());
}

/// Every change can be unmade, and made again.
#[test]
fn up_down_up() {
    use diesel_migrations::{FileBasedMigrations, MigrationHarness as _};
    let database = Postgres::shared().database();
    let mut conn = database.connect();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/postgres");
    let changes = || FileBasedMigrations::from_path(folder).unwrap();
    let schema = |conn: &mut PgConnection| {
        let lines = POSTGRES.map(|(_, sql)| sorted(sql_query(sql).load(conn).unwrap()));
        let routines = "SELECT routine_name AS line FROM information_schema.routines WHERE routine_schema = 'public'";
        (lines, sorted(sql_query(routines).load(conn).unwrap()))
    };
    let none = schema(&mut conn);
    conn.run_pending_migrations(changes()).unwrap();
    let up = schema(&mut conn);
    conn.revert_all_migrations(changes()).unwrap();
    assert_eq!(schema(&mut conn), none);
    conn.run_pending_migrations(changes()).unwrap();
    assert_eq!(schema(&mut conn), up);
}
