//! What is lost of the tables themselves: the doctor says so by name, and what holds no rows is made again.

use std::path::Path;

use diesel::{Connection as _, PgConnection, connection::SimpleConnection as _};
use otomo::{
    kernel::config::{Config, Sources, load},
    store::{repair::Reading, shape},
};

use crate::{
    town,
    ward::{Kind, Visit, Ward},
};

const BOTH: [Kind; 2] = [Kind::Sqlite, Kind::Postgres];

/// The settings of a server of this database.
fn config(url: String) -> Config {
    load(&Sources::default().with("database.url", url)).unwrap()
}

/// Of PostgreSQL the parts are listed, since whoever looks may have no right to make the migrations anywhere.
#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_the_parts_is_what_the_migrations_make() {
    const LIST: &str = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/src/store/shape/postgres.jsonl"
    );
    let ward = Ward::new(Kind::Postgres).await;
    let config = config(ward.url());
    let stored = shape::stored(Reading::begin(&config.database).unwrap().conn()).unwrap();
    let line = |part| serde_json::to_string(part).unwrap() + "\n";
    let parts: String = stored.iter().map(line).collect();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(Path::new(LIST), &parts).unwrap();
    }
    let listed = std::fs::read_to_string(LIST).unwrap();
    for (now, before) in parts.lines().zip(listed.lines()) {
        assert_eq!(now, before, "a migration has changed it: UPDATE_GOLDEN=1");
    }
    assert_eq!(parts.lines().count(), listed.lines().count());
}

/// What is said of the tables, each in one line.
fn told(visit: &Visit, verdict: &str) -> Vec<String> {
    let of_tables = visit.found.iter().filter(|it| it.rule == shape::SCHEMA);
    of_tables
        .map(|it| {
            assert_eq!(it.verdict, verdict, "{}", visit.text);
            it.found.clone()
        })
        .collect()
}

/// Does it with nothing put away.
fn by_hand(ward: &Ward, kind: Kind, how: &str) -> diesel::QueryResult<()> {
    match kind {
        Kind::Sqlite => ward.open().batch_execute(how),
        Kind::Postgres => PgConnection::establish(&ward.url())
            .unwrap()
            .batch_execute(how),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn indexes_that_are_lost_are_made_again() {
    for kind in BOTH {
        let ward = Ward::new(kind).await;
        by_hand(
            &ward,
            kind,
            "DROP INDEX messages_client_message_id; DROP INDEX calls_due_at; CREATE INDEX calls_due_at ON calls (deadline)",
        )
        .unwrap();
        let found = [
            "the table calls has another index calls_due_at than it should have",
            "the table messages has no index messages_client_message_id",
        ];
        assert_eq!(told(&ward.looks(), "failed"), found);
        let repair = ward.repairs();
        assert_eq!(repair.code, 3, "{}", repair.text);
        assert_eq!(told(&repair, "mended"), found);
        ward.looks().finds_nothing();
        // Without that index nobody can send a message.
        town::goes_on(&ward.serve().await).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_is_not_made_while_rows_are_what_it_forbids() {
    for kind in BOTH {
        let ward = Ward::new(kind).await;
        ward.breaks("DROP INDEX messages_client_message_id; UPDATE messages SET client_message_id = 'same' WHERE sender_id = 'jiro'");
        let found = "the table messages has no index messages_client_message_id, \
                     and 1 times rows have the same sender_id, client_message_id";
        for visit in [ward.looks(), ward.repairs()] {
            assert_eq!(visit.code, 1, "{}", visit.text);
            assert_eq!(told(&visit, "failed"), [found]);
            assert!(
                visit.text.contains("change or delete all but one of each"),
                "{}",
                visit.text
            );
        }
        ward.breaks("UPDATE messages SET client_message_id = id");
        assert_eq!(ward.repairs().code, 3);
        ward.looks().finds_nothing();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_keeps_the_ledger_as_it_is_is_made_again() {
    let no_delete = "the table point_transactions has no trigger point_transactions_no_delete";
    for (kind, how, found) in [
        (
            Kind::Sqlite,
            "DROP TRIGGER point_transactions_no_delete",
            &[no_delete][..],
        ),
        (
            Kind::Postgres,
            "DROP TRIGGER point_transactions_no_delete ON point_transactions",
            &[no_delete],
        ),
        (
            Kind::Postgres,
            "ALTER TABLE point_transactions DISABLE TRIGGER point_transactions_no_delete",
            &[
                "the table point_transactions has another trigger point_transactions_no_delete than it should have",
            ],
        ),
        (
            Kind::Postgres,
            "DROP FUNCTION point_transactions_stay CASCADE",
            &[
                "the database has no function point_transactions_stay",
                no_delete,
                "the table point_transactions has no trigger point_transactions_no_truncate",
                "the table point_transactions has no trigger point_transactions_no_update",
            ],
        ),
    ] {
        let ward = Ward::new(kind).await;
        by_hand(&ward, kind, how).unwrap();
        assert_eq!(told(&ward.looks(), "failed"), found, "{how}");
        let repair = ward.repairs();
        assert_eq!(repair.code, 3, "{how}: {}", repair.text);
        ward.looks().finds_nothing();
        let refused = by_hand(&ward, kind, "DELETE FROM point_transactions").unwrap_err();
        assert!(refused.to_string().contains("never goes"), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_are_lost_are_made_again_once_nobody_is_there_twice() {
    let ward = Ward::new(Kind::Postgres).await;
    let lost = "ALTER TABLE users DROP CONSTRAINT users_pkey CASCADE;
        INSERT INTO users SELECT * FROM users WHERE id = 'jiro'";
    by_hand(&ward, Kind::Postgres, lost).unwrap();
    let look = ward.looks();
    let found = told(&look, "failed");
    let twice = "the table users has no primary key users_pkey, and 1 times rows have the same id";
    assert!(found.contains(&twice.to_owned()), "{found:?}");
    let reference = "the table members has no foreign key members_user_id_fkey";
    assert!(found.contains(&reference.to_owned()), "{found:?}");
    assert_eq!(ward.repairs().code, 1);
    let one = "DELETE FROM users WHERE ctid = (SELECT max(ctid) FROM users WHERE id = 'jiro')";
    by_hand(&ward, Kind::Postgres, one).unwrap();
    let repair = ward.repairs();
    assert_eq!(repair.code, 3, "{}", repair.text);
    ward.looks().finds_nothing();
    town::goes_on(&ward.serve().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promise_that_is_lost_is_made_again_once_what_breaks_it_is_mended() {
    let ward = Ward::new(Kind::Postgres).await;
    let lost = "ALTER TABLE users DROP CONSTRAINT users_role_check; UPDATE users SET role = 'emperor' WHERE id = 'jiro'";
    by_hand(&ward, Kind::Postgres, lost).unwrap();
    let repair = ward.repairs();
    assert_eq!(repair.code, 3, "{}", repair.text);
    ward.looks().finds_nothing();
    by_hand(&ward, Kind::Postgres, "UPDATE users SET role = 'emperor'").unwrap_err();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_or_a_column_that_is_lost_is_left_to_people() {
    for kind in BOTH {
        for (how, found) in [
            (
                "DROP TABLE room_states",
                "the table room_states is not there",
            ),
            (
                "ALTER TABLE messages DROP COLUMN data; DROP TABLE audit",
                "the table messages has no column data",
            ),
            (
                "ALTER TABLE publications RENAME TO old; CREATE TABLE publications AS SELECT * FROM old",
                "the table publications has a column published_at that is",
            ),
        ] {
            let ward = Ward::new(kind).await;
            by_hand(&ward, kind, how).unwrap();
            for visit in [ward.looks(), ward.repairs()] {
                assert_eq!(visit.code, 1, "{}", visit.text);
                let told = told(&visit, "failed");
                assert!(told.iter().any(|it| it.starts_with(found)), "{told:?}");
                assert_eq!(told.len(), visit.found.len(), "{}", visit.text);
                let is_said = visit.text.contains("otomo restore");
                assert_eq!(is_said, kind == Kind::Sqlite, "{}", visit.text);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_of_sqlite_without_its_key_is_told() {
    let ward = Ward::new(Kind::Sqlite).await;
    let made = ward.lines("SELECT sql AS line FROM sqlite_schema WHERE name = 'friendships'");
    let keyless = made[0].replace("PRIMARY KEY (user_id, other_id),", "");
    let keyless = keyless.replace(") WITHOUT ROWID", ")");
    let how = format!(
        "ALTER TABLE friendships RENAME TO old; {keyless}; INSERT INTO friendships SELECT * FROM old; DROP TABLE old"
    );
    by_hand(&ward, Kind::Sqlite, &how).unwrap();
    let found = told(&ward.looks(), "failed");
    let wanted = "the table friendships has other keys or promises than it should have";
    assert!(found.iter().any(|it| it == wanted), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_only_read_can_look() {
    let ward = Ward::new(Kind::Postgres).await;
    let reader = "CREATE ROLE only_reads LOGIN; ALTER ROLE only_reads SET default_transaction_read_only = on;
        GRANT SELECT ON ALL TABLES IN SCHEMA public TO only_reads";
    by_hand(&ward, Kind::Postgres, reader).unwrap();
    let config = config(ward.url().replace("//postgres@", "//only_reads@"));
    assert_eq!(otomo::repair::look(&config).unwrap(), Some(Vec::new()));
    by_hand(&ward, Kind::Postgres, "DROP INDEX calls_due_at").unwrap();
    let found = otomo::repair::look(&config).unwrap().unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
}
