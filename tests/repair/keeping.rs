//! What a repair keeps, whatever is wrong around it: what people wrote, that nobody else reads it, and what they own.

use otomo::kernel::ids::{ConversationId, UserId};

use crate::{
    town,
    ward::{Kind, Ward},
};

/// Which messages there are.
const MESSAGES: &str = "SELECT conversation_id || ' ' || CAST(seq AS TEXT) || ' ' || body AS line FROM messages ORDER BY line";

/// Which events are in whose stream.
const EVENTS: &str = "SELECT user_id || ' ' || CAST(seq AS TEXT) AS line FROM inbox ORDER BY line";

/// A server may read the backslash in a text of SQL as the beginning of something.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_an_id_looks_like_it_is_no_part_of_a_question() {
    let ward = Ward::new(Kind::Postgres).await;
    ward.breaks(
        r"INSERT INTO members (user_id, conversation_id, joined_at, read_seq) VALUES ('jiro', 'not one\', 0, 0);
          INSERT INTO inbox_heads (user_id, head, floor) VALUES ('nobody\', 0, 7);
          DO $$ BEGIN
              EXECUTE format('ALTER DATABASE %I SET standard_conforming_strings = off', current_database());
          END $$",
    );
    let repair = ward.repairs();
    assert_eq!(repair.code, 3, "{}", repair.text);
    ward.repairs().finds_nothing();
}

#[tokio::test(flavor = "multi_thread")]
async fn no_message_and_no_event_goes_because_a_floor_is_wrong() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let ward = Ward::new(kind).await;
        let held = || (ward.lines(MESSAGES), ward.lines(EVENTS));
        let before = held();
        for floor in ["3", "-7", "4102444800000", "9223372036854775807"] {
            ward.breaks(&format!(
                "UPDATE conversations SET floor = {floor}; UPDATE inbox_heads SET floor = {floor}"
            ));
            let repair = ward.repairs();
            assert_eq!(repair.code, 3, "{}", repair.text);
            assert_eq!(held(), before, "{floor}: {}", repair.text);
            ward.repairs().finds_nothing();
        }
        town::goes_on(&ward.serve().await).await;
    }
}

/// A stream that begins anew takes its own events with it; what else is in nobody's stream is told as what it is.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_deleted_is_told_of() {
    let ward = Ward::new(Kind::Sqlite).await;
    ward.breaks(
        "INSERT INTO events (id, topic, type, body, created_at) VALUES ('one', 'chat', 'new-message', '{\"type\":\"new-message\"}', 0);
         DELETE FROM inbox WHERE user_id = 'taro' AND seq = 2",
    );
    let repair = ward.repairs();
    let told: Vec<&str> = repair.found.iter().map(|it| &*it.rule).collect();
    assert_eq!(told, ["inbox-stream", "inbox-body"], "{}", repair.text);
    ward.repairs().finds_nothing();
}

/// How far calls had come that were talked in, by who called.
const TALKED: &str = "SELECT caller_id || ' ' || CAST(accepted_at AS TEXT) || ' ' || CAST(connected_at AS TEXT) AS line
    FROM calls WHERE connected_at IS NOT NULL ORDER BY line";

/// The fault: a call in which two had talked became one that was rejected, and was told to have cost nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_was_talked_in_stays_one_whatever_else_of_it_cannot_be_read() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let ward = Ward::new(kind).await;
        let before = ward.lines(TALKED);
        assert_eq!(before.len(), 2, "{before:?}");
        for how in ["otomo_device = NULL", "method = NULL", "method = 'pigeon'"] {
            ward.breaks(&format!(
                "UPDATE calls SET {how} WHERE connected_at IS NOT NULL"
            ));
            let repair = ward.repairs();
            assert_eq!(repair.code, 3, "{how}: {}", repair.text);
            assert_eq!(ward.lines(TALKED), before, "{how}: {}", repair.text);
            let ends =
                ward.lines("SELECT outcome AS line FROM calls WHERE connected_at IS NOT NULL");
            assert_eq!(ends, ["completed"; 2], "{how}: {}", repair.text);
            ward.repairs().finds_nothing();
        }
    }
}

/// The fault: a call of a machine whose clock had been ahead was over in years only.
#[tokio::test(flavor = "multi_thread")]
async fn no_call_ends_later_than_now_because_a_sign_of_life_is_yet_to_come() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let ward = Ward::new(kind).await;
        ward.breaks(
            "UPDATE nodes SET alive_at = 4102444800000;
             UPDATE calls SET connected_at = NULL WHERE phase = 'connected'",
        );
        let repair = ward.repairs();
        assert_eq!(repair.code, 3, "{}", repair.text);
        let late = "SELECT count(*) FROM calls WHERE phase <> 'ended' OR ended_at > 4000000000000";
        assert_eq!(ward.says(late), "0", "{}", repair.text);
        ward.repairs().finds_nothing();
    }
}

/// Nobody can say who the other one was.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_of_one_person_is_told_and_left() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let ward = Ward::new(kind).await;
        let calls = ward.says("SELECT count(*) FROM calls");
        ward.breaks("UPDATE calls SET caller_id = otomo_id WHERE outcome = 'rejected'");
        let repair = ward.repairs();
        let told: Vec<_> = (repair.found.iter())
            .map(|it| (&*it.rule, &*it.verdict))
            .collect();
        assert_eq!(told, [("unreadable-call", "failed")], "{}", repair.text);
        assert!(
            repair.text.contains("are both \\\"mei\\\""),
            "{}",
            repair.text
        );
        assert!(!repair.text.contains("report this"), "{}", repair.text);
        assert_eq!(ward.says("SELECT count(*) FROM calls"), calls);
        town::goes_on(&ward.serve().await).await;
    }
}

/// The fault: a repair ended it, and made of it what no repair could mend and what servers stumbled over at each sweep.
#[tokio::test(flavor = "multi_thread")]
async fn a_live_call_of_one_person_lets_them_go_and_is_told_and_left() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let ward = Ward::new(kind).await;
        let calls = ward.says("SELECT count(*) FROM calls");
        ward.breaks("UPDATE calls SET caller_id = otomo_id WHERE phase <> 'ended'");
        let repair = ward.repairs();
        assert_eq!(repair.code, 1, "{}", repair.text);
        let rules = |it: &crate::ward::Said| it.rule == "call-people";
        assert!(!repair.found.iter().any(rules), "{}", repair.text);
        assert_eq!(ward.says("SELECT count(*) FROM calls"), calls);
        assert_eq!(ward.says("SELECT count(*) FROM live_participants"), "0");
        let told = "SELECT count(*) FROM calls WHERE caller_id = otomo_id AND phase = 'ended' AND spoken_version = version";
        assert_eq!(ward.says(told), "1", "{}", repair.text);
        let again = ward.repairs();
        let left: Vec<_> = (again.found.iter())
            .map(|it| (&*it.rule, &*it.verdict))
            .collect();
        assert_eq!(left, [("unreadable-call", "failed")], "{}", again.text);
        let todo = "say by hand who the other was";
        assert!(again.text.contains(todo), "{}", again.text);
        town::are_free(&ward.serve().await).await;
    }
}

/// What is wrong with the conversation of Jiro and Taro, when it is known that it is theirs.
const TOLD_BY_ITS_ID: [&str; 6] = [
    "DELETE FROM conversations WHERE id = PAIR; STRANGER",
    "DELETE FROM conversations WHERE id = PAIR; STRANGER;
     DELETE FROM members WHERE conversation_id = PAIR AND user_id = 'jiro'",
    "UPDATE conversations SET kind = 'club', pair = NULL WHERE id = PAIR; STRANGER",
    "UPDATE conversations SET kind = 'club', pair = 'mei\nyuki' WHERE id = PAIR; STRANGER;
     DELETE FROM members WHERE conversation_id = PAIR AND user_id = 'jiro'",
    "UPDATE conversations SET kind = 'group', pair = NULL WHERE id = PAIR",
    "UPDATE conversations SET kind = 'group', pair = NULL WHERE id = PAIR; STRANGER",
];

#[tokio::test(flavor = "multi_thread")]
async fn what_two_people_wrote_stays_between_them_whoever_else_stands_in_it() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let ward = Ward::new(kind).await;
        let pair = private(&ward);
        let of = |what: &str| {
            ward.lines(&format!(
                "SELECT {what} AS line FROM conversations JOIN members ON conversation_id = id WHERE id = {pair} ORDER BY user_id"
            ))
        };
        let before = ward.lines(MESSAGES);
        for how in TOLD_BY_ITS_ID {
            ward.breaks(&in_private(how, &pair));
            let repair = ward.repairs();
            assert_eq!(repair.code, 3, "{how}: {}", repair.text);
            assert_eq!(of("user_id"), ["jiro", "taro"], "{how}: {}", repair.text);
            assert_eq!(of("kind || ' ' || pair"), ["direct jiro\ntaro"; 2], "{how}");
            assert_eq!(ward.lines(MESSAGES), before, "{how}");
            ward.repairs().finds_nothing();
        }
        // They write to each other by name.
        town::goes_on(&ward.serve().await).await;
    }
}

/// Each can be mended though the other has what it should say.
#[tokio::test(flavor = "multi_thread")]
async fn two_conversations_whose_pairs_are_exchanged_are_each_of_their_own_two() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let ward = Ward::new(kind).await;
        let [jiro, yuki] = ["jiro", "yuki"].map(|name| name.parse::<UserId>().unwrap());
        let second = ConversationId::between(&jiro, &yuki);
        ward.breaks(&format!(
            "INSERT INTO conversations (id, kind, pair, created_by, created_at, last_seq, last_at, floor)
                 VALUES ('{second}', 'direct', 'jiro\nyuki', 'jiro', 0, 0, 0, 0);
             INSERT INTO members (user_id, conversation_id, joined_at, read_seq)
                 VALUES ('jiro', '{second}', 0, 0), ('yuki', '{second}', 0, 0)"
        ));
        ward.looks().finds_nothing();
        let pairs =
            "SELECT id || ' ' || pair AS line FROM conversations WHERE kind = 'direct' ORDER BY id";
        let sound = ward.lines(pairs);
        ward.breaks(
            "UPDATE conversations SET pair = 'x' WHERE pair = 'jiro\ntaro';
             UPDATE conversations SET pair = 'jiro\ntaro' WHERE pair = 'jiro\nyuki';
             UPDATE conversations SET pair = 'jiro\nyuki' WHERE pair = 'x'",
        );
        let repair = ward.repairs();
        assert_eq!(repair.code, 3, "{}", repair.text);
        assert_eq!(ward.lines(pairs), sound, "{}", repair.text);
        ward.repairs().finds_nothing();
        town::goes_on(&ward.serve().await).await;
    }
}

/// Whose the messages are cannot be read; who was in it can.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_in_a_conversation_that_is_lost_stays_in_it_whoever_wrote() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let ward = Ward::new(kind).await;
        ward.breaks(
            "UPDATE messages SET sender_id = 'no body' WHERE conversation_id IN (SELECT id FROM conversations WHERE kind = 'direct');
             DELETE FROM conversations WHERE kind = 'direct'",
        );
        ward.repairs();
        let members = "SELECT count(*) FROM members JOIN conversations ON id = conversation_id WHERE kind = 'direct'";
        assert_eq!(ward.says(members), "2");
        let left = ward.repairs().found;
        let left: Vec<&str> = left.iter().map(|it| it.rule.as_str()).collect();
        assert_eq!(left, ["unknown-person"]);
    }
}

/// One of the two is nowhere to be found, so nothing says that it was a group.
#[tokio::test(flavor = "multi_thread")]
async fn what_may_be_between_two_people_becomes_no_group() {
    for (kind, how) in [
        (
            Kind::Sqlite,
            "DELETE FROM conversations WHERE id = PAIR; STRANGER;
             DELETE FROM members WHERE conversation_id = PAIR AND user_id = 'taro'",
        ),
        (
            Kind::Postgres,
            "UPDATE conversations SET kind = 'club', pair = NULL WHERE id = PAIR; STRANGER;
             DELETE FROM members WHERE conversation_id = PAIR AND user_id = 'taro'",
        ),
    ] {
        let ward = Ward::new(kind).await;
        let pair = private(&ward);
        let before = ward.lines(MESSAGES);
        ward.breaks(&in_private(how, &pair));
        let repair = ward.repairs();
        assert_eq!(repair.code, 1, "{}", repair.text);
        assert!(!repair.text.contains("report this"), "{}", repair.text);
        let groups =
            format!("SELECT count(*) FROM conversations WHERE kind = 'group' AND id = {pair}");
        assert_eq!(ward.says(&groups), "0", "{}", repair.text);
        assert_eq!(ward.lines(MESSAGES), before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_is_broken_or_too_short_changes_no_account() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        for (how, left) in [
            (
                "UPDATE point_transactions SET balance_after = 999999 WHERE user_id = 'jiro' AND ordinal = 3",
                &["ledger", "account"][..],
            ),
            (
                "UPDATE point_transactions SET balance_after = -7 WHERE user_id = 'jiro' AND ordinal = 3",
                &["ledger", "account"],
            ),
            (
                "DELETE FROM point_transactions WHERE user_id = 'jiro' AND ordinal = 3",
                &["account"],
            ),
            (
                "DELETE FROM point_transactions WHERE user_id = 'jiro'",
                &["account"],
            ),
        ] {
            let ward = Ward::new(kind).await;
            let account =
                "SELECT CAST(balance AS TEXT) || ' after ' || CAST(last_ordinal AS TEXT) AS line
                FROM point_accounts WHERE user_id = 'jiro'";
            ward.breaks(how);
            let repair = ward.repairs();
            assert_eq!(
                ward.lines(account),
                ["120 after 3"],
                "{how}: {}",
                repair.text
            );
            let told = |it: &crate::ward::Said| (it.rule.clone(), it.verdict.clone());
            let failed = |rule: &&str| ((*rule).to_owned(), "failed".to_owned());
            let told: Vec<_> = repair.found.iter().map(told).collect();
            assert_eq!(told, left.iter().map(failed).collect::<Vec<_>>(), "{how}");
            assert!(!repair.text.contains("report this"), "{}", repair.text);
        }
    }
}

/// The id of the conversation of Jiro and Taro, as a text of SQL.
fn private(ward: &Ward) -> String {
    let id = ward.says("SELECT id FROM conversations WHERE kind = 'direct'");
    format!("'{id}'")
}

fn in_private(how: &str, pair: &str) -> String {
    let stranger = "INSERT INTO members (user_id, conversation_id, joined_at, read_seq) VALUES ('mei', PAIR, 0, 0)";
    how.replace("STRANGER", stranger).replace("PAIR", pair)
}
