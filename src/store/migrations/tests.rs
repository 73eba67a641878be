//! Every change can be made, unmade and made again, and the binary carries the changes of the
//! folder.

use std::{collections::BTreeMap, path::Path};

use diesel::prelude::*;

use super::*;

/// The folder of the changes, one for each database in it.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");

#[derive(QueryableByName)]
struct Made {
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
    #[diesel(sql_type = diesel::sql_types::Text)]
    sql: String,
}

/// Every table and index with the statement that made it, without those of the migrations
/// themselves.
fn objects(conn: &mut SqliteConnection) -> BTreeMap<String, String> {
    let made = "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND tbl_name NOT LIKE '\\_\\_%' ESCAPE '\\'";
    let made = diesel::sql_query(made).load::<Made>(conn).unwrap();
    made.into_iter().map(|made| (made.name, made.sql)).collect()
}

fn sqlite(folder: &Path) -> (DatabaseUrl, SqliteConnection) {
    let path = folder.join("otomo.db");
    let url = DatabaseUrl::Sqlite(path.clone());
    match Conn::open(&url, Access::Migrate, Duration::ZERO).unwrap() {
        Conn::Sqlite(conn) => (url, conn),
        Conn::Pg(_) => unreachable!("it is a file"),
    }
}

#[test]
fn up_down_up() {
    let folder = tempfile::tempdir().unwrap();
    let (_, mut conn) = sqlite(folder.path());
    conn.run_pending_migrations(SQLITE).unwrap();
    let up = objects(&mut conn);
    conn.revert_all_migrations(SQLITE).unwrap();
    assert_eq!(objects(&mut conn), BTreeMap::new());
    conn.run_pending_migrations(SQLITE).unwrap();
    assert_eq!(objects(&mut conn), up);
}

/// The names of the changes that the binary carries.
fn carried<DB: Backend>(changes: &EmbeddedMigrations) -> Vec<String> {
    let carried = MigrationSource::<DB>::migrations(changes).unwrap();
    carried.iter().map(|it| it.name().to_string()).collect()
}

/// The compiler does not notice a new folder by itself.
#[test]
fn the_binary_carries_every_folder() {
    let sqlite = carried::<Sqlite>(&SQLITE);
    for (database, carried) in [("sqlite", sqlite), ("postgres", carried::<Pg>(&POSTGRES))] {
        let folder = Path::new(FOLDER).join(database);
        let mut folders: Vec<String> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        folders.sort();
        assert_eq!(
            carried, folders,
            "touch src/store/migrations/mod.rs and build again"
        );
        for change in folders {
            let down = folder.join(&change).join("down.sql");
            assert!(down.is_file(), "{change} cannot be unmade");
        }
    }
}

#[test]
fn both_databases_have_the_same_changes() {
    assert_eq!(carried::<Sqlite>(&SQLITE), carried::<Pg>(&POSTGRES));
}

#[test]
fn a_second_run_finds_nothing_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::Sqlite(folder.path().join("made/on/the/way/otomo.db"));
    assert!(!migrate(&url).unwrap().is_empty());
    assert_eq!(migrate(&url).unwrap(), Vec::<String>::new());
}

/// Rows that a change would leave dangling take it back.
#[test]
fn a_dangling_row_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let (url, mut conn) = sqlite(folder.path());
    migrate(&url).unwrap();
    let dangling = "INSERT INTO live_participants (user_id, call_id) VALUES ('nobody', 'nothing')";
    diesel::sql_query(dangling).execute(&mut conn).unwrap();
    // With nothing to change, nothing is looked for.
    assert_eq!(migrate(&url).unwrap(), Vec::<String>::new());
    conn.revert_last_migration(SQLITE).unwrap();
    let fault = migrate(&url).unwrap_err();
    assert_eq!(
        fault.to_string(),
        "the stored data is damaged: 2 rows refer to rows that are not there"
    );
}
