//! Databases: whatever is in them, they are afterwards as they were.

use std::collections::BTreeMap;

use diesel::{
    Connection as _, PgConnection, RunQueryDsl as _, SqliteConnection,
    connection::SimpleConnection as _, dsl::sql, sql_types::BigInt,
};

use super::*;
use crate::{postgres::Postgres, starting::Running};

/// The files of a folder with all that is in them. Without SQLite's index of a log (`-shm`), which is made anew by whoever
/// reads it and means nothing without the log.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(folder).unwrap().map(|file| {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        (name, fs::read(path).unwrap_or_default())
    });
    files.filter(|(name, _)| !name.ends_with("-shm")).collect()
}

/// What is said of a database of SQLite, whose folder is afterwards as it was.
#[track_caller]
fn said_of(place: &Place, file: &str) -> (String, String) {
    let folder = place.path().join(file);
    let folder = folder.parent().unwrap();
    let before = files(folder);
    let url = format!("sqlite://{file}");
    let (verdict, text, _) = said(place, &[("OTOMO_DATABASE__URL", &url)], "database");
    let after = files(folder);
    assert!(before == after, "{:?} {:?}", before.keys(), after.keys());
    (verdict, text)
}

fn open(place: &Place, file: &str) -> SqliteConnection {
    SqliteConnection::establish(place.path().join(file).to_str().unwrap()).unwrap()
}

#[test]
fn a_foreign_file_is_afterwards_the_same_byte_for_byte() {
    let place = Place::new();
    for (file, mode) in [("plain.db", "DELETE"), ("wal.db", "WAL")] {
        let made = format!(
            "PRAGMA journal_mode = {mode}; CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1)"
        );
        open(&place, file).batch_execute(&made).unwrap();
        let (verdict, text) = said_of(&place, file);
        assert_eq!(verdict, "warning", "{text}");
        assert!(text.contains("nothing of Otomo's in it"), "{text}");
    }
}

#[test]
fn a_file_of_ours_is_afterwards_the_same_byte_for_byte() {
    let place = Place::new();
    place.otomo_with(&[SECRET_SET], &["migrate"]).printed();
    let (verdict, text) = said_of(&place, "data/otomo.db");
    assert_eq!(verdict, "ok", "{text}");
    assert!(text.contains("a write took"), "{text}");
    // With the log of a server that was killed, which its next start reads.
    drop(Running::start_with(&place, &[SECRET_SET]));
    assert!(files(&place.path().join("data")).contains_key("otomo.db-wal"));
    assert_eq!(said_of(&place, "data/otomo.db").0, "ok");
}

#[test]
fn a_database_of_a_newer_binary_is_told_so() {
    let place = Place::new();
    place.otomo_with(&[SECRET_SET], &["migrate"]).printed();
    let newer = "INSERT INTO __diesel_schema_migrations (version) VALUES ('99999999999999')";
    open(&place, "data/otomo.db").batch_execute(newer).unwrap();
    let (verdict, text) = said_of(&place, "data/otomo.db");
    assert_eq!(verdict, "failed", "{text}");
    assert!(text.contains("run a newer otomo"), "{text}");
    assert!(!text.contains("rights of this user"), "{text}");
}

#[test]
fn an_empty_database_of_postgresql_has_no_table_afterwards() {
    let place = Place::new();
    let database = Postgres::shared().database();
    let url = [SECRET_SET, ("DATABASE_URL", &*database.url())];
    let tables = |conn: &mut PgConnection| -> i64 {
        let all = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace";
        sql::<BigInt>(all).get_result(conn).unwrap()
    };
    let mut conn = database.connect();
    let (verdict, text, _) = said(&place, &url, "database");
    assert_eq!(
        (verdict.as_str(), tables(&mut conn)),
        ("warning", 0),
        "{text}"
    );
    place.otomo_with(&url, &["migrate"]).printed();
    let made = tables(&mut conn);
    let (verdict, text, _) = said(&place, &url, "database");
    assert_eq!(
        (verdict.as_str(), tables(&mut conn)),
        ("ok", made),
        "{text}"
    );
    assert!(text.contains("a write took"), "{text}");
    let again = place.otomo_with(&url, &["migrate"]).printed();
    assert_eq!(again, "the database is up to date\n");
}

#[test]
fn a_database_of_postgresql_that_takes_no_changes_is_told_so() {
    let place = Place::new();
    let database = Postgres::shared().database();
    let url = [SECRET_SET, ("DATABASE_URL", &*database.url())];
    place.otomo_with(&url, &["migrate"]).printed();
    let refuse = "DO $$ BEGIN
        EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database());
    END $$";
    database.connect().batch_execute(refuse).unwrap();
    let (verdict, text, _) = said(&place, &url, "database");
    assert_eq!(verdict, "failed", "{text}");
    assert!(
        text.contains("default_transaction_read_only is on"),
        "{text}"
    );
}

/// What a disk that is slow to flush does to a process, for the loader to put before the system's own.
const SLOW_DISK: &str = "
#include <sys/syscall.h>
#include <unistd.h>
int fsync(int file) { usleep(200000); return syscall(SYS_fsync, file); }
int fdatasync(int file) { usleep(200000); return syscall(SYS_fdatasync, file); }
";

#[test]
fn a_disk_that_is_slow_to_flush_is_found() {
    let place = Place::new();
    place.otomo_with(&[SECRET_SET], &["migrate"]).printed();
    fs::write(place.path().join("slow.c"), SLOW_DISK).unwrap();
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-o", "slow.so", "slow.c"])
        .current_dir(place.path())
        .status();
    assert!(built.unwrap().success());
    let library = place.path().join("slow.so");
    let slow = ("LD_PRELOAD", library.to_str().unwrap());
    let (verdict, text, _) = said(&place, &[slow], "database");
    assert_eq!(verdict, "warning", "{text}");
    assert!(text.contains("look at its disk"), "{text}");
}
