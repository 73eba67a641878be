//! What is stored at the end: calls, inboxes, conversations and points, by the invariants of the rules; and that what people
//! were told and acknowledged agrees with it.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use diesel::{
    PgConnection, QueryableByName, RunQueryDsl as _, sql_query,
    sql_types::{BigInt, Nullable, Text},
};

use crate::{
    harness::Cluster,
    history::{History, Word},
    support::{Json, within},
};

/// A call, as it is stored.
#[derive(Debug, QueryableByName)]
struct Call {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    caller_id: String,
    #[diesel(sql_type = Text)]
    otomo_id: String,
    #[diesel(sql_type = Text)]
    phase: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    accepted_at: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    connected_at: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    ended_at: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    reason: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    price: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    minute: Option<i64>,
    #[diesel(sql_type = BigInt)]
    charges: i64,
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = Text)]
    id: String,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

fn count(database: &mut PgConnection, query: &str) -> i64 {
    let counted: Count = sql_query(format!("SELECT count(*)::bigint AS count FROM {query}"))
        .get_result(database)
        .unwrap_or_else(|fault| panic!("{query}: {fault}"));
    counted.count
}

/// Each of these finds what must not be.
const FAULTS: [(&str, &str); 7] = [
    ("a call that is not over", "calls WHERE phase <> 'ended'"),
    ("somebody in a call that is over", "live_participants"),
    ("an end that nobody was told of", "calls WHERE spoken_version < version"),
    (
        "a stream with a gap",
        "(SELECT h.user_id FROM inbox_heads h LEFT JOIN inbox i ON i.user_id = h.user_id
          GROUP BY h.user_id, h.head, h.floor HAVING count(i.seq) <> h.head - h.floor) AS faults",
    ),
    (
        "a conversation with a gap",
        "(SELECT c.id FROM conversations c LEFT JOIN messages m ON m.conversation_id = c.id
          GROUP BY c.id, c.last_seq, c.floor HAVING count(m.seq) <> c.last_seq - c.floor) AS faults",
    ),
    (
        "a balance that is not the sum",
        "(SELECT a.user_id FROM point_accounts a LEFT JOIN point_transactions t ON t.user_id = a.user_id
          GROUP BY a.user_id, a.balance HAVING coalesce(sum(t.amount), 0) <> a.balance) AS faults",
    ),
    (
        "a charge that is not in the ledger, or twice",
        "(SELECT c.id FROM calls c
          LEFT JOIN point_transactions t ON t.user_id = c.caller_id AND t.key LIKE 'call:' || c.id || ':%'
          GROUP BY c.id, c.charges HAVING count(t.key) <> c.charges) AS faults",
    ),
];

/// Looks at everything.
pub async fn agrees(cluster: &Cluster, history: &History, healing: Duration) {
    let mut database = cluster.postgres().connect();
    // Whoever has fallen silent is lost in a moment, and a sweeper says what was not said.
    within(healing, "calls are over, and told", || {
        let open = FAULTS[..3]
            .iter()
            .map(|(_, query)| count(&mut database, query));
        let open: i64 = open.sum();
        async move { open == 0 }
    })
    .await;
    for (what, query) in FAULTS {
        assert_eq!(count(&mut database, query), 0, "{what}");
    }
    let calls: Vec<Call> = sql_query("SELECT * FROM calls")
        .load(&mut database)
        .unwrap();
    nobody_was_in_two(&calls);
    calls.iter().for_each(charged_by_the_minute);
    let calls: BTreeMap<&str, &Call> = calls.iter().map(|call| (&*call.id, call)).collect();
    for word in history.heard() {
        told_the_truth(&word, &calls);
    }
    what_was_acknowledged_is_stored(&mut database, history);
}

/// Each message and each transaction is there under its id.
fn what_was_acknowledged_is_stored(database: &mut PgConnection, history: &History) {
    let stored = sql_query("SELECT id FROM messages UNION ALL SELECT id FROM point_transactions");
    let stored: Vec<Id> = stored.load(database).unwrap();
    let stored: BTreeSet<String> = stored.into_iter().map(|it| it.id).collect();
    for command in history.commands() {
        let Some(answer) = command.answer() else {
            continue;
        };
        for id in ["messageId", "transactionId"] {
            let id = answer.json[id].as_str();
            assert!(
                id.is_none_or(|id| stored.contains(id)),
                "lost: {}",
                answer.json
            );
        }
    }
}

/// From the answer to the end, each person is in one call.
fn nobody_was_in_two(calls: &[Call]) {
    let mut spans: BTreeMap<&str, Vec<(i64, i64, &str)>> = BTreeMap::new();
    for call in calls {
        if let Some(from) = call.accepted_at {
            let span = (from, call.ended_at.unwrap(), call.id.as_str());
            spans.entry(&call.caller_id).or_default().push(span);
            spans.entry(&call.otomo_id).or_default().push(span);
        }
    }
    for (who, mut spans) in spans {
        spans.sort_unstable();
        for pair in spans.windows(2) {
            assert!(pair[0].1 <= pair[1].0, "{who} was in two calls: {pair:?}");
        }
    }
}

/// Each full minute was charged, and none twice.
fn charged_by_the_minute(call: &Call) {
    let Some((minute, _price)) = call.minute.zip(call.price) else {
        assert_eq!(call.charges, 0, "{call:?}");
        return;
    };
    let ended = call.ended_at.unwrap();
    let minutes = call.connected_at.map_or(0, |from| (ended - from) / minute);
    // One that falls due at the moment of the end may be on either side of it.
    assert!(
        (minutes - 1..=minutes).contains(&call.charges),
        "{minutes} minutes: {call:?}"
    );
}

/// What somebody is told of a call is what is stored.
fn told_the_truth(word: &Word<'_>, calls: &BTreeMap<&str, &Call>) {
    let told = word.json;
    let kind = word.kind();
    if !["call_accepted", "call_rejected", "call_end"].contains(&kind) {
        return;
    }
    let call = calls.get(word.text("callId"));
    let call = call.unwrap_or_else(|| panic!("there is no such call: {told}"));
    let people = [&*call.caller_id, &*call.otomo_id];
    assert!(people.contains(&word.user()), "{}: {call:?}", word.user());
    assert_eq!(
        kind != "call_rejected",
        call.accepted_at.is_some(),
        "{told} {call:?}"
    );
    if kind == "call_end" {
        assert_eq!(call.phase, "ended");
        assert_eq!(told["reason"].as_str(), call.reason.as_deref(), "{call:?}");
        let ended = call.ended_at.unwrap() / 1000;
        assert_eq!(told["endedAt"], Json::from(ended), "{call:?}");
        let charged = call.price.unwrap_or(0) * call.charges;
        assert_eq!(told["totalChargedPoints"], charged, "{call:?}");
    }
}
