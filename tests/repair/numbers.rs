//! Numbers that are none, or that nothing can be counted on from: after a repair all that can be read is there, people write to
//! each other, and no time is yet to come.

use std::time::SystemTime;

use crate::{
    town,
    ward::{Kind, Ward},
};

/// What finds a text of SQLite where a number should be. PostgreSQL stores none.
pub const RULE: &str = "number";

const BOTH: [Kind; 2] = [Kind::Sqlite, Kind::Postgres];

/// Now, as it is stored.
fn millis() -> u128 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap().as_millis()
}

/// What can be read, by whom or where, and in which place.
fn held(ward: &Ward) -> [Vec<String>; 2] {
    [
        "SELECT conversation_id || ' ' || CAST(seq AS TEXT) || ' ' || body AS line FROM messages ORDER BY line",
        "SELECT user_id || ' ' || CAST(seq AS TEXT) || ' ' || event_id AS line FROM inbox ORDER BY line",
    ]
    .map(|question| ward.lines(question))
}

/// Breaks it, has it mended to what it was, and has it served.
async fn comes_back(kind: Kind, how: &str) {
    let ward = Ward::new(kind).await;
    let sound = held(&ward);
    ward.breaks(how);
    let look = ward.looks();
    assert_eq!(look.code, 1, "{how}: {}", look.text);
    let repair = ward.repairs();
    assert_eq!(repair.code, 3, "{how}: {}", repair.text);
    assert_eq!(held(&ward), sound, "{how}: {}", repair.text);
    ward.looks().finds_nothing();
    town::goes_on(&ward.serve().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_is_none_takes_nothing_along_and_is_counted_on_from() {
    for kind in BOTH {
        for number in [
            "9223372036854775807",
            "-9223372036854775807",
            "9007199254740993",
        ] {
            comes_back(
                kind,
                &format!(
                    "UPDATE inbox_heads SET head = {number}, floor = {number};
                     UPDATE conversations SET last_seq = {number}, floor = {number}"
                ),
            )
            .await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_place_that_is_none_is_the_one_that_is_missing() {
    for kind in BOTH {
        comes_back(
            kind,
            "UPDATE messages SET seq = 9223372036854775807 WHERE seq = 3 AND conversation_id IN
                 (SELECT id FROM conversations WHERE kind = 'direct');
             UPDATE inbox SET seq = 9223372036854775807 WHERE seq = 2 AND user_id = 'taro'",
        )
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_messages_without_a_place_come_after_the_last() {
    let ward = Ward::new(Kind::Sqlite).await;
    let bodies = "SELECT body AS line FROM messages ORDER BY body";
    let sound = ward.lines(bodies);
    ward.breaks("UPDATE messages SET seq = 'abc' || seq WHERE seq IN (2, 4)");
    let repair = ward.repairs();
    // The places that they had stay empty, which is told.
    assert_eq!(repair.code, 1, "{}", repair.text);
    let left = repair.found.iter().filter(|it| it.verdict == "failed");
    let left: Vec<_> = left.map(|it| it.found.as_str()).collect();
    assert_eq!(left.len(), 1, "{left:?}");
    assert!(left[0].contains("has lost its messages 2, 4"), "{left:?}");
    assert_eq!(ward.lines(bodies), sound);
    town::goes_on(&ward.serve().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_where_a_number_should_be_is_found_and_mended() {
    for how in [
        "UPDATE nodes SET epoch = 'abc'",
        "UPDATE nodes SET alive_at = 'abc', lease_until = 'abc', started_at = x'ff41'",
        "UPDATE calls SET spoken_version = 'abc'",
        "UPDATE inbox SET seq = 'abc' WHERE seq = 2 AND user_id = 'taro'",
        "UPDATE inbox_heads SET head = 'abc'",
        "UPDATE conversations SET last_seq = 'abc', floor = ''",
        "UPDATE members SET read_seq = 'abc'",
        "UPDATE messages SET seq = 'abc' WHERE seq = 1 AND conversation_id IN
             (SELECT id FROM conversations WHERE kind = 'direct')",
        "UPDATE point_accounts SET balance = 'abc', last_ordinal = 'abc'",
        "UPDATE otomo SET version = 'abc', changed_at = 'abc', free_at = 'abc'",
        "UPDATE leases SET expires_at = 'abc'",
    ] {
        comes_back(Kind::Sqlite, how).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_with_a_text_in_it_is_left_as_it_is() {
    let ward = Ward::new(Kind::Sqlite).await;
    ward.breaks("UPDATE point_transactions SET amount = 'abc' WHERE ordinal = 2");
    let repair = ward.repairs();
    assert_eq!(repair.code, 1, "{}", repair.text);
    assert!(!repair.text.contains("report this"), "{}", repair.text);
    assert_eq!(
        ward.says("SELECT count(*) FROM point_transactions WHERE amount = 'abc'"),
        "1"
    );
}

/// The fault: its charges were gone from its history, though the ledger had them.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_whose_price_is_a_text_costs_what_the_ledger_says_that_it_has_charged() {
    let ward = Ward::new(Kind::Sqlite).await;
    ward.breaks(
        "UPDATE calls SET price = 5, minute = 60000, charges = 1 WHERE outcome = 'completed';
         INSERT INTO point_transactions (user_id, ordinal, id, key, digest, amount, balance_after, type, description, action, metadata,
             created_at)
         SELECT 'jiro', 4, id, 'call:' || id || ':1', '', -5, 115, 'call', '', '', '{}', ended_at FROM calls
         WHERE outcome = 'completed';
         UPDATE point_accounts SET balance = 115, last_ordinal = 4 WHERE user_id = 'jiro'",
    );
    ward.repairs();
    ward.looks().finds_nothing();
    let cost = "SELECT price || ' ' || minute || ' ' || charges || ' ' || version AS line FROM calls WHERE outcome = 'completed'";
    let before = ward.lines(cost);
    ward.breaks("UPDATE calls SET price = 'abc' WHERE outcome = 'completed'");
    let repair = ward.repairs();
    assert_eq!(repair.code, 3, "{}", repair.text);
    assert_eq!(ward.lines(cost), before, "{}", repair.text);
    ward.looks().finds_nothing();
}

/// The doctor comes to an end, and so does a repair.
async fn is_looked_at_to_the_end(how: &str) {
    let ward = Ward::new(Kind::Sqlite).await;
    ward.breaks(how);
    let look = ward.looks();
    assert_eq!(look.code, 1, "{how}: {}", look.text);
    let repair = ward.repairs();
    assert!(matches!(repair.code, 1 | 3), "{how}: {}", repair.text);
}

/// As many rows as are read at once.
const PAGE: &str = "WITH RECURSIVE page(number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM page WHERE number < 1000)";

/// Whoever looks for JSON goes on behind each page, whatever is in a place.
#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_whose_place_is_of_another_kind_lets_the_doctor_come_to_an_end() {
    let page = format!(
        "{PAGE} INSERT INTO point_transactions (user_id, ordinal, id, key, digest, amount, balance_after, type, description,
             action, metadata, created_at)
         SELECT 'jiro', 'abc' || number, 'id' || number, 'key' || number, '', 1, 1, '', '', '', '{{}}', 0 FROM page"
    );
    for how in [
        "UPDATE point_transactions SET ordinal = 'abc' WHERE ordinal = 2",
        "UPDATE point_transactions SET ordinal = 2.5 WHERE ordinal = 2",
        &page,
    ] {
        is_looked_at_to_the_end(how).await;
    }
}

/// And so whoever looks for events.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_whose_id_is_of_another_kind_lets_the_doctor_come_to_an_end() {
    let page = format!(
        "{PAGE} INSERT INTO events (id, topic, type, body, created_at)
         SELECT CAST('AB' || number AS BLOB), 'chat', 'new-message', '{{\"type\":\"new-message\"}}', 0 FROM page"
    );
    for how in [
        "UPDATE events SET id = x'4142' WHERE id = (SELECT min(id) FROM events)",
        &page,
    ] {
        is_looked_at_to_the_end(how).await;
    }
}

/// Its charges may be in the ledger under a key that nobody can read.
#[tokio::test(flavor = "multi_thread")]
async fn minutes_that_have_passed_are_not_charged_twice_where_the_ledger_does_not_show_them() {
    for kind in BOTH {
        let ward = Ward::new(kind).await;
        ward.breaks(
            "UPDATE calls SET price = 5, minute = 60000, charges = 2, connected_at = connected_at - 180000,
                 due_at = connected_at WHERE phase = 'connected'",
        );
        let repair = ward.repairs();
        assert!(!repair.text.contains("call-charges"), "{}", repair.text);
        assert_eq!(
            ward.says("SELECT charges FROM calls WHERE price = 5"),
            "2",
            "{}",
            repair.text
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_minutes_are_charged_than_have_passed() {
    for kind in BOTH {
        let ward = Ward::new(kind).await;
        // As long before the repair, however old the town is by then; it takes a second or two.
        let connected_at = millis() - 200_000;
        ward.breaks(&format!(
            "UPDATE calls SET price = 5, minute = 60000, charges = 9, connected_at = {connected_at}, due_at = {connected_at}
             WHERE phase = 'connected'"
        ));
        let repair = ward.repairs();
        let of_charges = repair.found.iter().filter(|it| it.rule == "call-charges");
        let verdicts: Vec<_> = of_charges.map(|it| it.verdict.as_str()).collect();
        assert_eq!(verdicts, ["mended"], "{}", repair.text);
        assert_eq!(
            ward.says("SELECT charges FROM calls WHERE price = 5"),
            "3",
            "{}",
            repair.text
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_lets_nobody_in_and_makes_nothing_free() {
    let ward = Ward::new(Kind::Sqlite).await;
    ward.breaks("UPDATE users SET disabled = 'abc' WHERE id = 'yuki'");
    let repair = ward.repairs();
    assert_eq!(repair.code, 3, "{}", repair.text);
    let disabled = "SELECT disabled FROM users WHERE id = 'yuki'";
    assert_eq!(ward.says(disabled), "1");
    for (how, which) in [
        (
            "UPDATE users SET price_per_minute = 'abc' WHERE id = 'mei'",
            "SELECT count(*) FROM users WHERE price_per_minute = 'abc'",
        ),
        (
            "UPDATE users SET price_per_minute = 'abc', role = 'emperor' WHERE id = 'mei'",
            "SELECT count(*) FROM users WHERE price_per_minute = 'abc' AND role = 'user'",
        ),
    ] {
        let ward = Ward::new(Kind::Sqlite).await;
        ward.breaks(how);
        let repair = ward.repairs();
        assert_eq!(repair.code, 1, "{how}: {}", repair.text);
        assert!(
            !repair.text.contains("report this"),
            "{how}: {}",
            repair.text
        );
        assert_eq!(ward.says(which), "1", "{how}: {}", repair.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_whose_name_is_none_keeps_no_server_from_starting_once_it_is_mended() {
    for kind in BOTH {
        let ward = Ward::new(kind).await;
        ward.breaks("UPDATE nodes SET name = ''");
        if kind == Kind::Sqlite {
            let said = ward.refuses_to_serve();
            assert!(said.contains("otomo doctor --repair mends"), "{said}");
        }
        let repair = ward.repairs();
        assert_eq!(repair.code, 3, "{}", repair.text);
        ward.looks().finds_nothing();
        town::goes_on(&ward.serve().await).await;
    }
}

/// It does not begin anew for ever, without a word.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_cannot_read_its_own_epoch_says_so_and_ends() {
    let ward = Ward::new(Kind::Sqlite).await;
    ward.breaks("UPDATE nodes SET epoch = 'abc'");
    let said = ward.refuses_to_serve();
    assert!(said.contains("nodes.epoch of"), "{said}");
    assert!(said.contains("otomo doctor --repair mends"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_call_is_mended_to_a_time_that_is_yet_to_come() {
    let metered = "UPDATE calls SET price = 5, minute = 60000 WHERE phase <> 'ended'";
    let numbers = [
        "9223372036854775807",
        "4102444800000",
        "(requested_at + 86400000)",
    ];
    for kind in BOTH {
        for number in numbers {
            for column in ["requested_at", "accepted_at", "connected_at"] {
                let ward = Ward::new(kind).await;
                ward.breaks(&format!("{metered}; UPDATE calls SET {column} = {number}"));
                let repair = ward.repairs();
                assert_eq!(repair.code, 3, "{}", repair.text);
                ward.looks().finds_nothing();
                let now = millis();
                let future = format!(
                    "SELECT count(*) FROM calls WHERE {now} < requested_at OR {now} < accepted_at OR {now} < connected_at
                         OR {now} < ended_at"
                );
                assert_eq!(ward.says(&future), "0", "{}", repair.text);
                let charged = "SELECT count(*) FROM point_transactions WHERE key LIKE 'call:%'";
                assert_eq!(ward.says(charged), "0", "{}", repair.text);
            }
        }
    }
}
