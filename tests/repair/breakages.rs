//! One test for each thing that may not be: the doctor finds it and nothing else, mends it and nothing else, finds nothing after
//! that, and a server goes on with the database.

use std::collections::BTreeSet;

use crate::{
    belongings::Belongings,
    numbers, town,
    ward::{Kind, Statuses, Ward},
};

/// Something that may not be.
pub struct Breakage {
    pub name: &'static str,
    /// The rule that finds it.
    pub rule: &'static str,
    /// Words of what is found.
    pub found: &'static str,
    /// How it comes about. LIVE, DONE, REFUSED are the calls that are under way, over, declined; PAIR is the conversation of Jiro
    /// and Taro, FAR a time in the year 2100, NONE an id that nothing has.
    pub how: &'static str,
    /// What else it makes untrue, which is right again with it.
    pub also: &'static [&'static str],
    pub cure: Cure,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cure {
    /// It is mended.
    Mended,
    /// It is mended, and the call that was cut off is over.
    Freed,
    /// People must do something.
    Left,
}

impl Breakage {
    pub fn sql(&self) -> String {
        let call = |which| format!("(SELECT id FROM calls WHERE {which} ORDER BY id LIMIT 1)");
        self.how
            .replace("LIVE", &call("phase <> 'ended'"))
            .replace("DONE", &call("outcome = 'completed'"))
            .replace("REFUSED", &call("outcome = 'rejected'"))
            .replace(
                "PAIR",
                "(SELECT id FROM conversations WHERE pair = 'jiro\ntaro')",
            )
            .replace("FAR", "4102444800000")
            .replace("NONE", "'00000000-0000-4000-8000-000000000000'")
    }
}

macro_rules! breakages {
    ($($name:ident: $rule:literal, $found:literal, $cure:ident $(, also $also:literal)?, $how:literal;)+) => {
        /// All of them.
        pub const ALL: &[Breakage] = &[$(Breakage {
            name: stringify!($name),
            rule: $rule,
            found: $found,
            how: $how,
            also: &[$($also)?],
            cure: Cure::$cure,
        }),+];

        $(mod $name {
            use super::*;

            #[tokio::test(flavor = "multi_thread")]
            async fn on_sqlite() {
                is_cured(Kind::Sqlite, stringify!($name)).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn on_postgresql() {
                is_cured(Kind::Postgres, stringify!($name)).await;
            }
        })+
    };
}

breakages! {
    // The tables themselves; see also `schema`.
    an_index_that_is_lost: "schema", "the table calls has no index calls_due_at", Mended,
        "DROP INDEX calls_due_at";

    // People.
    a_person_who_is_lost: "unknown-person", "the user jiro is referred to", Mended,
        "DELETE FROM users WHERE id = 'jiro'";
    an_otomo_who_is_lost: "unknown-person", "the user mei is referred to", Mended,
        "DELETE FROM users WHERE id = 'mei'";
    the_presence_of_nobody: "unknown-person", "no user can have that id", Mended,
        "INSERT INTO whereabouts (user_id, node) SELECT '', min(name) FROM nodes";
    a_role_that_is_none: "unreadable-person", "the user jiro has the role \"emperor\"", Mended,
        "UPDATE users SET role = 'emperor' WHERE id = 'jiro'";
    a_price_below_nothing: "unreadable-person", "the price -5", Mended,
        "UPDATE users SET price_per_minute = -5 WHERE id = 'mei'";
    people_on_a_node_that_never_was: "unknown-node", "the node gone never was", Mended,
        "INSERT INTO whereabouts (user_id, node) VALUES ('jiro', 'gone')";
    a_node_without_a_name: "node-name", "the node \"\" has a name that none can have", Mended,
        "INSERT INTO nodes (name, alive_at, epoch, started_at) VALUES ('', 0, 0, 0)";
    a_node_that_never_dies: "node-lease", "holds a lease for another", Mended,
        "UPDATE nodes SET lease_until = FAR";

    // Calls.
    a_call_joined_into_none: "joined-call", "was joined into one that is not there", Mended,
        "UPDATE calls SET outcome = 'cancelled', reason = 'superseded', joined_call_id = NONE WHERE id = REFUSED";
    connected_without_a_time: "unreadable-call", "connected_at is missing", Freed,
        "UPDATE calls SET connected_at = NULL WHERE id = LIVE";
    accepted_by_no_device: "unreadable-call", "otomo_device is missing", Freed,
        "UPDATE calls SET otomo_device = NULL WHERE id = LIVE";
    a_version_of_a_call_below_nothing: "unreadable-call", "version", Freed, also "call-spoken",
        "UPDATE calls SET version = -7 WHERE id = LIVE";
    a_version_of_a_call_that_is_over: "unreadable-call", "version", Mended, also "call-spoken",
        "UPDATE calls SET version = -7 WHERE id = REFUSED";
    a_version_of_a_call_that_was_refused_at_once: "unreadable-call", "version", Mended, also "call-spoken",
        "DELETE FROM call_events WHERE call_id = REFUSED AND version > 1;
         UPDATE call_events SET event = 'ended' WHERE call_id = REFUSED; UPDATE calls SET version = -7 WHERE id = REFUSED";
    a_version_of_a_call_that_cannot_be_raised: "unreadable-call", "version is 9223372036854775807", Freed,
        "UPDATE calls SET version = 9223372036854775807, spoken_version = 9223372036854775807 WHERE id = LIVE";
    a_version_of_a_call_that_is_over_that_cannot_be_raised: "unreadable-call", "nothing changes so often", Mended,
        "UPDATE calls SET version = 9223372036854775800, spoken_version = 9223372036854775800 WHERE id = DONE";
    ended_without_a_time: "unreadable-call", "ended_at is missing", Mended,
        "UPDATE calls SET ended_at = NULL WHERE id = DONE";
    ended_without_an_outcome: "unreadable-call", "outcome is missing", Mended,
        "UPDATE calls SET outcome = NULL WHERE id = DONE";
    ended_by_nobody: "unreadable-call", "ended_by is missing", Mended,
        "UPDATE calls SET ended_by = NULL WHERE id = REFUSED";
    a_call_that_began_tomorrow: "call-times", "has times that cannot be (ms): connected_at", Mended,
        "UPDATE calls SET connected_at = connected_at + 86400000 WHERE id = LIVE";
    a_call_that_is_yet_to_end: "call-times", "has times that cannot be (ms): ended_at", Mended,
        "UPDATE calls SET ended_at = FAR WHERE id = DONE";
    a_call_that_ended_before_it_began: "call-times", "has times that cannot be (ms): ended_at", Mended,
        "UPDATE calls SET ended_at = requested_at - 60000 WHERE id = REFUSED";
    a_call_in_which_nobody_is_seen_from_a_time_to_come: "call-times", "has times that cannot be (ms): unseen_since", Mended,
        "UPDATE calls SET unseen_since = 9223372036854775807 WHERE id = LIVE";
    charges_that_nobody_paid: "call-charges", "has charged 90 times, and the ledger has 0 of them", Mended,
        "UPDATE calls SET price = 5, minute = 60000, charges = 90, due_at = connected_at + 5460000 WHERE id = LIVE";
    a_live_call_without_people: "call-people", "holds 0 of its two people", Freed, also "otomo-status",
        "DELETE FROM live_participants";
    a_live_call_without_its_caller: "call-people", "holds 1 of its two people", Freed,
        "DELETE FROM live_participants WHERE user_id = 'sora'";
    two_live_calls_of_one_person: "call-people", "is ringing, and holds 0 of its two people", Mended,
        "INSERT INTO calls (id, caller_id, otomo_id, caller_device, phase, version, spoken_version, requested_at,
             ring_deadline, due_at, caller_reported, otomo_reported)
         SELECT NONE, 'sora', 'mei', caller_device, 'ringing', 1, 1, requested_at, requested_at + 180000,
             requested_at + 180000, FALSE, FALSE FROM calls WHERE id = LIVE";
    held_by_a_call_that_is_not_there: "held-person", "the user jiro is held by the call", Mended,
        "INSERT INTO live_participants (user_id, call_id) VALUES ('jiro', NONE)";
    held_by_a_call_that_is_over: "held-person", "which is over", Mended,
        "INSERT INTO live_participants (user_id, call_id) VALUES ('jiro', DONE)";
    held_by_a_call_of_others: "held-person", "which is of two others", Mended,
        "INSERT INTO live_participants (user_id, call_id) VALUES ('jiro', LIVE)";
    a_call_that_nobody_looks_at: "call-due", "is looked at when it is never", Mended,
        "UPDATE calls SET phase = 'connecting', connected_at = NULL, method = NULL, deadline = requested_at + 20000
         WHERE id = LIVE";
    a_call_that_is_looked_at_for_nothing: "call-due", "something happens to it when it is never", Mended,
        "UPDATE calls SET due_at = requested_at WHERE id = LIVE";
    a_deadline_of_yesterday: "call-deadline", "should have gone on", Freed,
        "UPDATE calls SET phase = 'connecting', connected_at = NULL, method = NULL, deadline = requested_at - 86400000,
             due_at = requested_at - 86400000 WHERE id = LIVE";
    a_deadline_of_tomorrow: "call-deadline", "later than any call", Freed,
        "UPDATE calls SET phase = 'connecting', connected_at = NULL, method = NULL, deadline = requested_at + 86400000,
             due_at = requested_at + 86400000 WHERE id = LIVE";
    told_of_what_never_was: "call-spoken", "and people know", Mended,
        "UPDATE calls SET spoken_version = version + 5 WHERE id = DONE";
    never_told: "call-spoken", "of which its timeline does not tell", Mended,
        "UPDATE calls SET spoken_version = 0 WHERE id = DONE;
         DELETE FROM call_events WHERE call_id = DONE AND version = (SELECT max(version) FROM calls WHERE id = DONE)";
    a_timeline_of_no_call: "call-line", "things have happened in it", Mended,
        "INSERT INTO call_events (call_id, version, at, event) VALUES (NONE, 1, 0, 'requested')";

    // Presence.
    chosen_for_no_reason: "unreadable-otomo", "the otomo mei is stored as", Mended,
        "UPDATE otomo SET chosen_cause = 'mood' WHERE user_id = 'mei'";
    a_version_below_nothing: "unreadable-otomo", "(version -3)", Mended,
        "UPDATE otomo SET version = -3 WHERE user_id = 'mei'";
    a_version_that_cannot_be_raised: "unreadable-otomo", "(version 9223372036854775807)", Mended,
        "UPDATE otomo SET version = 9223372036854775807 WHERE user_id = 'mei'";
    busy_without_a_call: "otomo-status", "the otomo mei is told to be busy", Mended,
        "UPDATE otomo SET status = 'busy' WHERE user_id = 'mei'";
    a_status_that_is_none: "unreadable-otomo", "the otomo mei is stored as away", Mended,
        "UPDATE otomo SET status = 'away' WHERE user_id = 'mei'; DELETE FROM leases WHERE otomo_id = 'mei'";
    offline_in_a_call: "otomo-status", "the otomo rin is told to be offline", Mended,
        "UPDATE otomo SET status = 'offline' WHERE user_id = 'rin'";
    connected_to_a_node_that_never_was: "lease", "is to the node gone", Mended,
        "UPDATE leases SET node = 'gone' WHERE otomo_id = 'yuki'";
    connected_for_ever: "lease", "without being renewed", Mended,
        "UPDATE leases SET expires_at = FAR WHERE otomo_id = 'yuki'";
    a_session_that_is_none: "lease", "the connection nothing of yuki cannot be read", Mended,
        "UPDATE leases SET session = 'nothing' WHERE otomo_id = 'yuki'";
    a_connection_of_no_otomo: "lease", "is somebody's who is no otomo", Mended,
        "DELETE FROM otomo WHERE user_id = 'yuki'";
    a_wrap_up_without_an_end: "wrap-up", "the otomo mei wraps up", Mended,
        "UPDATE otomo SET free_at = FAR WHERE user_id = 'mei'";

    // The inbox.
    a_stream_without_a_head: "inbox-stream", "and no head", Mended,
        "DELETE FROM inbox_heads WHERE user_id = 'taro'";
    a_head_that_is_behind: "inbox-stream", "the inbox of taro says", Mended,
        "UPDATE inbox_heads SET head = head - 1 WHERE user_id = 'taro'";
    a_head_that_is_ahead: "inbox-stream", "the inbox of taro says", Mended,
        "UPDATE inbox_heads SET head = head + 2 WHERE user_id = 'taro'";
    a_hole_in_a_stream: "inbox-stream", "the inbox of taro says", Mended,
        "DELETE FROM inbox WHERE user_id = 'taro' AND seq = 2";
    a_place_without_a_body: "inbox-stream", "the inbox of jiro says", Mended,
        "DELETE FROM events WHERE id = (SELECT min(id) FROM events WHERE type = 'sp_update')";
    a_body_that_cannot_be_read: "inbox-stream", "the inbox of jiro says", Mended,
        "UPDATE events SET topic = 'gossip' WHERE id = (SELECT min(id) FROM events WHERE type = 'sp_update')";
    an_event_that_was_dropped: "inbox-stream", "says that it goes from 2", Mended,
        "UPDATE inbox_heads SET floor = 1 WHERE user_id = 'taro'";
    a_body_without_a_place: "inbox-body", "have 1 bodies that are in nobody's stream", Mended,
        "INSERT INTO events (id, topic, type, body, created_at) VALUES (NONE, 'chat', 'new-message', '{\"type\":\"new-message\"}', 0)";

    // Chat.
    a_member_of_no_conversation: "lost-conversation", "is not there, and 1 people are in it", Mended,
        "INSERT INTO members (user_id, conversation_id, joined_at, read_seq) VALUES ('jiro', NONE, 0, 0)";
    a_conversation_that_is_lost: "lost-conversation", "is not there, and messages are in it", Mended,
        "DELETE FROM conversations WHERE kind = 'direct'";
    a_group_that_is_lost: "lost-conversation", "is not there, and messages are in it", Mended,
        "DELETE FROM conversations WHERE kind = 'group'";
    more_messages_than_it_says: "conversation-messages", "go from 1 to 5", Mended, also "read-position",
        "UPDATE conversations SET last_seq = last_seq - 1 WHERE id = PAIR";
    the_first_message_is_lost: "conversation-messages", "and they are from 2 to 6", Mended,
        "DELETE FROM messages WHERE conversation_id = PAIR AND seq = 1";
    a_message_that_was_dropped: "conversation-messages", "go from 2 to 6, and they are from 1 to 6", Mended,
        "UPDATE conversations SET floor = 1 WHERE id = PAIR";
    a_message_is_lost: "conversation-messages", "has lost its messages 3", Left,
        "DELETE FROM messages WHERE conversation_id = PAIR AND seq = 3";
    the_last_messages_are_lost: "conversation-messages", "has lost its messages 7 to 8", Left,
        "UPDATE conversations SET last_seq = last_seq + 2 WHERE id = PAIR";
    read_beyond_the_end: "read-position", "has read up to 99", Mended,
        "UPDATE members SET read_seq = 99 WHERE conversation_id = PAIR AND user_id = 'jiro'";
    a_stranger_between_two: "conversation-pair", "not they alone are in it (3 people)", Mended,
        "INSERT INTO members (user_id, conversation_id, joined_at, read_seq) VALUES ('mei', PAIR, 0, 0)";
    one_alone_of_two: "conversation-pair", "not they alone are in it (1 people)", Mended,
        "DELETE FROM members WHERE conversation_id = PAIR AND user_id = 'taro'";
    a_pair_that_is_none: "conversation-pair", "is of jiro, and not they alone", Mended,
        "UPDATE conversations SET pair = 'jiro' WHERE id = PAIR";
    a_pair_of_others: "conversation-pair", "is of jiro and yuki, and not they alone", Mended,
        "UPDATE conversations SET pair = 'jiro\nyuki' WHERE id = PAIR";
    a_kind_that_is_none: "conversation-kind", "is of the kind \"club\"", Mended,
        "UPDATE conversations SET kind = 'club' WHERE id = PAIR";
    a_group_of_two_alone: "conversation-kind", "is of the kind \"group\", and of jiro and taro alone", Mended,
        "UPDATE conversations SET kind = 'group' WHERE id = PAIR";
    a_group_of_no_kind: "conversation-kind", "is of the kind \"club\"", Mended,
        "UPDATE conversations SET kind = 'club' WHERE pair IS NULL";

    // Points.
    a_balance_that_is_not_the_sum: "account", "holds 220 points after transaction 3", Mended,
        "UPDATE point_accounts SET balance = balance + 100 WHERE user_id = 'jiro'";
    an_account_that_is_ahead: "account", "holds 120 points after transaction 4102444800000", Mended,
        "UPDATE point_accounts SET last_ordinal = FAR WHERE user_id = 'jiro'";
    an_account_that_is_lost: "account", "is not there, and the ledger comes to 120", Mended,
        "DELETE FROM point_accounts WHERE user_id = 'jiro'";
    points_of_no_transaction: "account", "the ledger comes to 0", Left,
        "INSERT INTO point_accounts (user_id, balance, last_ordinal, updated_at) VALUES ('taro', 5, 1, 0)";
    a_broken_ledger: "ledger", "does not go on from its transaction 2 to 3", Left,
        "DELETE FROM point_transactions WHERE user_id = 'jiro' AND ordinal = 2";

    // Rooms.
    a_state_that_is_not_as_large: "room-state", "says that it has 1 bytes", Mended,
        "UPDATE room_states SET bytes = 1";
    a_state_without_a_key: "room-state", "has a key that is not a type and a key", Mended,
        "UPDATE room_states SET key = 'score'";
    a_room_without_a_name: "room-name", "room_members.room is \"no room\"", Mended,
        "UPDATE room_members SET room = 'no room'";
    a_state_of_no_room: "room-name", "room_states.room is \"\"", Mended,
        "UPDATE room_states SET room = ''";

    // Friends.
    a_friend_who_is_none: "friendship", "is friend for taro, and nothing for jiro", Mended,
        "DELETE FROM friendships WHERE user_id = 'jiro'";
    friends_and_not_yet: "friendship", "is friend for jiro, and incoming for taro", Mended,
        "UPDATE friendships SET standing = 'incoming' WHERE user_id = 'taro' AND other_id = 'jiro'";
    a_standing_that_is_none: "friendship", "is enemy for jiro, and friend for taro", Mended,
        "UPDATE friendships SET standing = 'enemy' WHERE user_id = 'jiro' AND other_id = 'taro'";
    a_friend_of_oneself: "friendship", "the friendship of jiro and jiro", Mended,
        "INSERT INTO friendships (user_id, other_id, standing, since_at) VALUES ('jiro', 'jiro', 'friend', 0)";
}

async fn is_cured(kind: Kind, name: &str) {
    let breakage = ALL.iter().find(|it| it.name == name).unwrap();
    let ward = Ward::new(kind).await;
    let sound = Belongings::of(&ward);
    ward.breaks(&breakage.sql());
    let left = Belongings::of(&ward);
    let look = ward.looks();
    let found: BTreeSet<&str> = look.found.iter().map(|it| it.rule.as_str()).collect();
    let wanted: BTreeSet<&str> = breakage
        .also
        .iter()
        .copied()
        .chain([breakage.rule])
        .collect();
    assert_eq!(found, wanted, "{}", look.text);
    assert!(
        look.found
            .iter()
            .any(|it| it.found.contains(breakage.found)),
        "{}",
        look.text
    );
    assert_eq!(look.code, 1, "{}", look.text);

    let broken = ward.statuses();
    let repair = ward.repairs();
    changed_statuses_are_news(breakage, &broken, &ward.statuses());
    Belongings::of(&ward).are_kept(&left, &sound, &repair.text);
    let done: Vec<_> = repair
        .found
        .iter()
        .map(|it| (&*it.rule, &*it.verdict))
        .collect();
    let (verdict, code) = match breakage.cure {
        Cure::Left => ("failed", 1),
        Cure::Mended | Cure::Freed => ("mended", 3),
    };
    assert_eq!(done, [(breakage.rule, verdict)], "{}", repair.text);
    assert_eq!(repair.code, code, "{}", repair.text);

    let again = ward.repairs();
    if breakage.cure == Cure::Left {
        assert_eq!(again.found, repair.found);
    } else {
        again.finds_nothing();
        assert_eq!(again.code, 0, "{}", again.text);
        ward.looks().finds_nothing();
    }

    let server = ward.serve().await;
    if breakage.cure == Cure::Freed {
        town::are_free(&server).await;
    }
    town::goes_on(&server).await;
}

/// Clients, and what nodes tell each other, pass over a status with a version that they know.
fn changed_statuses_are_news(breakage: &Breakage, broken: &Statuses, mended: &Statuses) {
    let changed = mended.iter().filter(|(otomo, (status, _))| {
        let before = broken.get(*otomo);
        before.is_some_and(|(before, _)| before != status)
    });
    let mut count = 0;
    for (otomo, (status, version)) in changed {
        let before = &broken[otomo];
        assert!(
            before.1 < *version,
            "{otomo} was {before:?}, and is {status} ({version})"
        );
        count += 1;
    }
    if breakage.how.contains("SET status") {
        assert_eq!(count, 1, "{} is mended with another status", breakage.name);
    }
}

/// What the tests above break is what the doctor knows, rule for rule.
#[test]
fn every_rule_has_its_breakage() {
    // These bring up others: `texts`, `reading`, `numbers`.
    let others = [
        "unreadable-text",
        "unreadable-json",
        "inbox-event",
        numbers::RULE,
    ];
    let broken: BTreeSet<&str> = ALL.iter().map(|it| it.rule).chain(others).collect();
    let known: BTreeSet<&str> = otomo::repair::rules().collect();
    assert_eq!(broken, known);
    let page = std::fs::read_to_string("web/docs/operations.md").unwrap();
    let untold = known.iter().find(|it| !page.contains(&format!("`{it}`")));
    assert_eq!(untold, None, "the page on operations tells of each");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_of_a_server_that_was_killed_is_sound() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let ward = Ward::new(kind).await;
        let look = ward.looks();
        look.finds_nothing();
        assert!(look.text.contains("rules hold"), "{}", look.text);
        let repair = ward.repairs();
        repair.finds_nothing();
        assert_eq!(repair.code, 0, "{}", repair.text);
        // Nothing was changed, so there is no copy.
        assert!(!ward.files().iter().any(|it| it.contains("before")));
        town::goes_on(&ward.serve().await).await;
        ward.looks().finds_nothing();
    }
}
