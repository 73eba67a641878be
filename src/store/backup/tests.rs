use std::{
    collections::BTreeSet,
    ffi::OsString,
    fs::{self, File, Permissions, TryLockError},
    os::unix::fs::{PermissionsExt as _, symlink},
};

use diesel::{RunQueryDsl as _, dsl::sql, sql_types::BigInt};

use super::*;
use crate::store::{lock::ServerLock, migrations, paths::with_suffix};

fn database(folder: &Path, name: &str) -> (DatabaseUrl, PathBuf) {
    let path = folder.join(name);
    let url = DatabaseUrl::Sqlite(path.clone());
    migrations::migrate(&url).unwrap();
    (url, path)
}

fn add(path: &Path, user: &str) {
    let mut conn = connect(path).unwrap();
    conn.batch_execute(&format!("PRAGMA user_version = {user}"))
        .unwrap();
}

fn mark(path: &Path) -> String {
    let mut conn = connect(path).unwrap();
    sql::<BigInt>("SELECT user_version FROM pragma_user_version")
        .get_result::<i64>(&mut conn)
        .unwrap()
        .to_string()
}

#[test]
fn a_copy_is_whole_is_not_overwritten_and_takes_the_place_of_the_database_again() {
    let folder = tempfile::tempdir().unwrap();
    let (url, path) = database(folder.path(), "otomo.db");
    add(&path, "7");
    let copy = folder.path().join("it's a copy.db");
    assert!(back_up(&url, &copy).unwrap().bytes > 0);
    assert!(matches!(back_up(&url, &copy), Err(BackupFault::Exists(_))));
    add(&path, "9");
    let kept = restore(&url, &copy).unwrap().unwrap();
    assert_eq!((mark(&path), mark(&kept)), ("7".into(), "9".into()));
}

#[test]
fn a_copy_goes_into_a_folder_that_is_there_and_none_is_made_for_it() {
    let place = tempfile::tempdir().unwrap();
    let (url, _) = database(place.path(), "otomo.db");
    let before = listing(place.path());
    let refused = back_up(&url, &place.path().join("nofolder/deep/copy.db")).unwrap_err();
    assert!(matches!(refused, BackupFault::NoFolder(_)), "{refused}");
    assert!(refused.to_string().contains("make it first"), "{refused}");
    assert_eq!(listing(place.path()), before);
    // The way back makes the folder of the database, as a first start does.
    let copy = place.path().join("copy.db");
    back_up(&url, &copy).unwrap();
    let elsewhere = DatabaseUrl::Sqlite(place.path().join("data/new/otomo.db"));
    assert_eq!(restore(&elsewhere, &copy).unwrap(), None);
}

#[test]
fn what_a_killed_run_left_half_made_is_removed_and_what_another_makes_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let (url, path) = database(folder.path(), "otomo.db");
    let file = |name: &str| folder.path().join(name);
    // Another's of which only the name is like ours, and one of whom nobody knows whether they still write.
    for name in [".otomo-theirs.lock", ".otomo-old.part", ".otomo-x.part-wal"] {
        fs::write(file(name), "theirs").unwrap();
    }
    fs::create_dir(file(".otomo-dir.part.lock")).unwrap();
    let another = HalfMade::beside(&path).unwrap();
    let mut expected = listing(folder.path());
    for name in ["part", "part-journal", "part.lock"] {
        fs::write(file(&format!(".otomo-killed.{name}")), "half of it").unwrap();
    }
    let copied = back_up(&url, &file("copy.db")).unwrap();
    expected.insert("copy.db".into());
    assert_eq!(copied.removed.len(), 3, "{:?}", copied.removed);
    assert_eq!(listing(folder.path()), expected);
    drop(another);
    let left = listing(folder.path());
    assert_eq!(left.len(), expected.len() - 2, "with its lock: {left:?}");
}

#[test]
fn who_writes_a_copy_holds_a_lock_on_a_file_beside_it_and_not_on_the_copy() {
    let folder = tempfile::tempdir().unwrap();
    let made = HalfMade::beside(&folder.path().join("copy.db")).unwrap();
    let opened = |path: &Path| File::options().write(true).open(path).unwrap();
    opened(made.path()).try_lock().unwrap();
    let beside = opened(&with_suffix(made.path(), ".lock"));
    assert!(matches!(beside.try_lock(), Err(TryLockError::WouldBlock)));
}

#[test]
fn what_was_half_made_can_be_put_back_and_is_still_there() {
    let folder = tempfile::tempdir().unwrap();
    let (url, path) = database(folder.path(), "otomo.db");
    let file = |name: &str| folder.path().join(name);
    add(&path, "7");
    back_up(&url, &file("copy.db")).unwrap();
    // A whole copy, but for its name.
    fs::rename(file("copy.db"), file(".otomo-killed.part")).unwrap();
    fs::write(file(".otomo-killed.part.lock"), "").unwrap();
    add(&path, "9");
    restore(&url, &file(".otomo-killed.part")).unwrap();
    assert_eq!(mark(&path), "7");
    assert!(file(".otomo-killed.part").exists());
}

/// Leaves a database as a server that was killed does: with a log.
fn kill(path: &Path, user: &str) -> PathBuf {
    let mut killed = connect(path).unwrap();
    killed
        .batch_execute(&format!(
            "PRAGMA journal_mode = wal; PRAGMA user_version = {user}"
        ))
        .unwrap();
    std::mem::forget(killed);
    let log = with_suffix(path, "-wal");
    assert!(fs::metadata(&log).unwrap().len() > 0);
    log
}

fn listing(folder: &Path) -> BTreeSet<OsString> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name()).collect()
}

#[test]
fn what_was_committed_and_is_only_in_the_log_is_kept_too() {
    let folder = tempfile::tempdir().unwrap();
    let (url, path) = database(folder.path(), "otomo.db");
    let copy = folder.path().join("copy.db");
    back_up(&url, &copy).unwrap();
    kill(&path, "8");
    let kept = restore(&url, &copy).unwrap().unwrap();
    assert_eq!((mark(&path), mark(&kept)), ("0".into(), "8".into()));
}

#[test]
fn restores_within_one_second_keep_what_was_there_under_names_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let (url, path) = database(folder.path(), "otomo.db");
    let copy = folder.path().join("copy.db");
    back_up(&url, &copy).unwrap();
    let marks = ["1", "2", "3", "4"];
    let kept = marks.map(|user| {
        add(&path, user);
        restore(&url, &copy).unwrap().unwrap()
    });
    assert_eq!(kept.map(|kept| mark(&kept)), marks);
}

#[test]
fn the_log_of_a_database_that_somebody_deleted_is_not_taken_for_the_new_ones() {
    let folder = tempfile::tempdir().unwrap();
    let (url, path) = database(folder.path(), "otomo.db");
    add(&path, "7");
    let copy = folder.path().join("copy.db");
    back_up(&url, &copy).unwrap();
    let log = kill(&path, "8");
    fs::remove_file(&path).unwrap();
    let kept = restore(&url, &copy).unwrap().unwrap();
    assert!(!log.exists() && kept.exists(), "what is told is there");
    assert!(
        kept.to_string_lossy().ends_with("-wal"),
        "{}",
        kept.display()
    );
    assert_eq!(mark(&path), "7");
}

#[test]
fn a_damaged_database_is_kept_byte_by_byte_and_the_new_one_belongs_to_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let (url, path) = database(folder.path(), "otomo.db");
    add(&path, "7");
    let copy = folder.path().join("copy.db");
    back_up(&url, &copy).unwrap();
    fs::write(&path, "torn").unwrap();
    fs::write(with_suffix(&path, "-wal"), "its log").unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
    let kept = restore(&url, &copy).unwrap().unwrap();
    assert_eq!(mark(&path), "7");
    assert_eq!(fs::read(&kept).unwrap(), b"torn");
    assert_eq!(fs::read(with_suffix(&kept, "-wal")).unwrap(), b"its log");
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
}

#[test]
fn a_link_to_the_database_stays_one() {
    let folder = tempfile::tempdir().unwrap();
    let (_, path) = database(folder.path(), "otomo.db");
    let named = folder.path().join("named.db");
    symlink(&path, &named).unwrap();
    let url = DatabaseUrl::Sqlite(named.clone());
    let copy = folder.path().join("copy.db");
    back_up(&url, &copy).unwrap();
    add(&path, "9");
    restore(&url, &copy).unwrap();
    assert!(named.is_symlink());
    assert_eq!(mark(&path), "0");
}

#[test]
fn what_is_no_sound_backup_is_not_put_anywhere_and_a_served_database_stays() {
    let folder = tempfile::tempdir().unwrap();
    let (url, path) = database(folder.path(), "otomo.db");
    add(&path, "7");
    let copy = folder.path().join("copy.db");
    back_up(&url, &copy).unwrap();
    let served = ServerLock::take(&url).unwrap();
    assert!(matches!(
        restore(&url, &copy),
        Err(BackupFault::Served(LockFault::Held(_)))
    ));
    drop(served);
    let file = |name: &str| folder.path().join(name);
    let torn = fs::read(&copy).unwrap();
    fs::write(file("half.db"), &torn[..torn.len() / 2]).unwrap();
    fs::write(file("text.db"), "no database, but long enough for one").unwrap();
    connect(&file("other.db"))
        .unwrap()
        .batch_execute("CREATE TABLE theirs (id INTEGER)")
        .unwrap();
    database(folder.path(), "open.db");
    kill(&file("open.db"), "8");
    let before = listing(folder.path());
    let refused = |name: &str| restore(&url, &file(name)).unwrap_err().to_string();
    for (name, why) in [
        ("half.db", "half.db is damaged"),
        ("text.db", "text.db is damaged"),
        ("other.db", "other.db cannot take the place"),
        ("open.db", "open.db was not closed"),
        ("none.db", "none.db is not there"),
        ("otomo.db", "otomo.db is the database itself"),
    ] {
        let said = refused(name);
        assert!(said.contains(why), "{name}: {said}");
    }
    assert_eq!(listing(folder.path()), before, "nothing half-made stays");
    assert_eq!(mark(&path), "7");
}
