//! When nothing is mended: a server runs, the file itself is damaged, the database is of another day; what is left behind; and a
//! server that refuses to start.

use std::{
    fs::OpenOptions,
    io::{Seek as _, SeekFrom, Write as _},
    sync::Arc,
    time::Duration,
};

use diesel::connection::SimpleConnection as _;
use otomo::kernel::time::Clock;

use crate::{
    support::eventually,
    ward::{Kind, Ward},
};

const BUSY: &str = "UPDATE otomo SET status = 'busy' WHERE user_id = 'mei'";

#[tokio::test(flavor = "multi_thread")]
async fn beside_a_server_the_doctor_looks_and_mends_nothing() {
    for (kind, says) in [
        (Kind::Sqlite, "another server serves"),
        (Kind::Postgres, "serves this database: stop all nodes first"),
    ] {
        let ward = Ward::new(kind).await;
        let mut server = ward.serve().await;
        // What a server of its time keeps right is right while it runs.
        ward.looks().finds_nothing();
        ward.breaks("UPDATE point_accounts SET balance = balance + 1");
        assert_eq!(ward.looks().found.len(), 1);
        let repair = ward.repairs();
        assert_eq!(repair.code, 1, "{}", repair.text);
        assert!(repair.text.contains(says), "{}", repair.text);
        assert_eq!(ward.looks().found.len(), 1, "nothing is mended");
        server.terminate();
        assert!(server.ended().await);
        assert_eq!(ward.repairs().code, 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_file_a_copy_is_made_first_and_it_is_said_where() {
    let ward = Ward::new(Kind::Sqlite).await;
    ward.breaks(BUSY);
    let before = ward.looks();
    let repair = ward.repairs();
    let copies: Vec<_> = ward
        .files()
        .into_iter()
        .filter(|it| it.starts_with("otomo.db.before-repair-"))
        .collect();
    let [copy] = copies.as_slice() else {
        panic!("{copies:?}");
    };
    assert!(repair.text.contains(copy), "{}", repair.text);
    ward.looks().finds_nothing();
    // As it was, with what was wrong.
    let place = ward.file();
    std::fs::rename(place.with_file_name(copy), &place).unwrap();
    assert_eq!(ward.looks().found, before.found);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_changes_nothing_in_the_database() {
    let ward = Ward::new(Kind::Sqlite).await;
    ward.breaks(BUSY);
    let before = std::fs::read(ward.file()).unwrap();
    assert_eq!(ward.looks().code, 1);
    assert!(before == std::fs::read(ward.file()).unwrap());
    assert_eq!(ward.looks().found.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_is_told_in_lines_too() {
    let ward = Ward::new(Kind::Sqlite).await;
    ward.breaks(BUSY);
    let look = ward.doctor(&["doctor"]).text;
    let line = look.lines().find(|line| line.contains("otomo-status"));
    let line = line.unwrap_or_else(|| panic!("{look}"));
    assert!(
        line.starts_with("failed   otomo-status the otomo mei"),
        "{line}"
    );
    assert!(line.contains("otomo doctor --repair mends it"), "{line}");
    let repair = ward.doctor(&["doctor", "--repair"]);
    assert_eq!(repair.code, 3, "{}", repair.text);
    let lines: Vec<&str> = repair.text.lines().collect();
    assert!(lines[0].starts_with("ok       backup"), "{lines:?}");
    assert!(
        lines[1].starts_with("mended   otomo-status the otomo mei"),
        "{lines:?}"
    );
    assert_eq!(lines.len(), 2, "{lines:?}");
}

/// Nodes that wait for the lock of another one on the table of nodes.
const WAITING: &str = "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database
    WHERE relation = 'nodes'::regclass AND datname = current_database() AND NOT granted";

/// The time that counts is that after the wait, however long it takes.
#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_runs_out_while_a_repair_waits_for_the_nodes_is_not_held() {
    let ward = Arc::new(Ward::new(Kind::Postgres).await);
    ward.breaks(BUSY);
    let mut node = ward.connect();
    node.batch_execute("BEGIN; LOCK TABLE nodes IN EXCLUSIVE MODE")
        .unwrap();
    let repairing = Arc::clone(&ward);
    let repairing = tokio::task::spawn_blocking(move || repairing.repairs());
    let waits = async || ward.says(WAITING) == "1";
    eventually("the repair waits", waits).await;
    let until = Clock::system().now() + Duration::from_secs(1);
    node.batch_execute(&format!(
        "UPDATE nodes SET lease_until = {}",
        until.millis()
    ))
    .unwrap();
    let is_over = async || Clock::system().now() > until;
    eventually("the lease runs out", is_over).await;
    node.batch_execute("COMMIT").unwrap();
    let repair = repairing.await.unwrap();
    assert_eq!(repair.code, 3, "{}", repair.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_file_is_not_mended() {
    let ward = Ward::new(Kind::Sqlite).await;
    ward.breaks(BUSY);
    // The second half of the tree's pages: the first page, which says what is in the file, stays.
    let mut file = OpenOptions::new().write(true).open(ward.file()).unwrap();
    let length = file.metadata().unwrap().len();
    file.seek(SeekFrom::Start(length / 2)).unwrap();
    file.write_all(&vec![0x5a; usize::try_from(length / 4).unwrap()])
        .unwrap();
    drop(file);
    let before = std::fs::read(ward.file()).unwrap();
    for visit in [ward.looks(), ward.repairs()] {
        assert_eq!(visit.code, 1, "{}", visit.text);
        assert!(
            visit.text.contains("otomo restore puts a backup"),
            "{}",
            visit.text
        );
        assert!(
            visit.found.iter().all(|it| it.rule == "file"),
            "{}",
            visit.text
        );
    }
    assert!(before == std::fs::read(ward.file()).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_not_there_or_not_up_to_date_is_not_repaired() {
    let ward = Ward::new(Kind::Sqlite).await;
    ward.open()
        .batch_execute(
            "DELETE FROM __diesel_schema_migrations WHERE version LIKE '%14';
             ALTER TABLE nodes DROP COLUMN epoch; ALTER TABLE nodes DROP COLUMN lease_until;
             ALTER TABLE nodes DROP COLUMN started_at; ALTER TABLE nodes DROP COLUMN advertise;
             ALTER TABLE nodes DROP COLUMN process",
        )
        .unwrap();
    ward.looks().finds_nothing();
    let outdated = ward.repairs();
    assert_eq!(outdated.code, 1);
    assert_eq!(outdated.found.len(), 1, "in JSON: {}", outdated.text);
    assert!(
        outdated.text.contains("run otomo migrate first"),
        "{}",
        outdated.text
    );
    std::fs::remove_file(ward.file()).unwrap();
    let missing = ward.repairs();
    assert_eq!(missing.code, 1);
    assert!(
        missing.text.contains("there is no database yet"),
        "{}",
        missing.text
    );
    assert!(!ward.file().exists());
}

/// From outside: the doctor warned of changes that the next start would make, and that failed.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_changes_that_is_cut_is_told_with_what_to_do() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        for (how, column) in [
            (
                "DELETE FROM __diesel_schema_migrations WHERE version LIKE '%14'",
                "nodes.",
            ),
            (
                "DELETE FROM __diesel_schema_migrations WHERE version LIKE '%12'",
                "friendships.",
            ),
            ("DROP TABLE __diesel_schema_migrations", "audit."),
        ] {
            let ward = Ward::new(kind).await;
            ward.breaks(how);
            for visit in [ward.looks(), ward.repairs(), ward.doctor(&["doctor"])] {
                assert_eq!(visit.code, 1, "{}", visit.text);
                let told = "is there, and not in the list of changes that were made";
                let line = visit.text.lines().find(|line| line.contains(told));
                let line = line.unwrap_or_else(|| panic!("{}", visit.text));
                assert!(line.contains(column), "{line}");
                assert!(visit.text.contains("can make it again: "), "{}", visit.text);
            }
            assert_eq!(ward.repairs().found.len(), 1, "in JSON");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_cannot_read_a_live_call_or_an_otomo_says_which_and_what_mends_it() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        for (how, which) in [
            (
                "UPDATE calls SET connected_at = NULL WHERE phase <> 'ended'",
                "the call LIVE: connected_at is missing",
            ),
            (
                "UPDATE otomo SET chosen = 'mood' WHERE user_id = 'mei'",
                "otomo.chosen of mei",
            ),
        ] {
            let ward = Ward::new(kind).await;
            let live = ward.says("SELECT id FROM calls WHERE phase <> 'ended'");
            ward.breaks(how);
            let said = ward.refuses_to_serve();
            // Beside it a part of the server may say that it was stopped in the middle of its work.
            let complaints = said.lines().filter(|line| line.starts_with("otomo: "));
            assert_eq!(complaints.count(), 1, "{said}");
            assert!(said.contains(&which.replace("LIVE", &live)), "{said}");
            assert!(said.contains("otomo doctor --repair mends"), "{said}");
            // At once: the server that did not start is no node any more.
            let repair = ward.repairs();
            assert_eq!(repair.code, 3, "{}", repair.text);
            let said = ward.refuses_to_serve();
            assert!(said.contains("--port-file: cannot write"), "{said}");
        }
    }
}
