//! What must hold of what is stored. Each invariant is a sentence of the rules, and a query for what breaks it; or a plain
//! function of the product's own, where it has one.

use std::collections::BTreeMap;

use diesel::{
    QueryableByName, RunQueryDsl as _, SqliteConnection, sql_query,
    sql_types::{BigInt, Text},
};
use otomo::{
    calls::{
        records,
        rules::{call::Call, invariants},
    },
    kernel::{config::PartialMinute, ids::CallId, time::Timestamp},
    store::{Conn, StoreError},
};

/// A sentence, and a query for the names of what breaks it.
type Sentence = (&'static str, &'static str);

/// What holds at every moment, and may hold again at the next.
const ALWAYS: [Sentence; 3] = [
    (
        "who is in a live call, and nobody else, is reserved for it",
        "SELECT user_id AS name FROM (
             SELECT caller_id AS user_id, id AS call_id FROM calls WHERE phase <> 'ended'
             UNION ALL SELECT otomo_id, id FROM calls WHERE phase <> 'ended'
         ) AS live WHERE NOT EXISTS (
             SELECT 1 FROM live_participants p WHERE p.user_id = live.user_id AND p.call_id = live.call_id)
         UNION ALL SELECT user_id FROM live_participants p WHERE NOT EXISTS (
             SELECT 1 FROM calls c WHERE c.id = p.call_id AND c.phase <> 'ended' AND p.user_id IN (c.caller_id, c.otomo_id))",
    ),
    (
        "an otomo is busy if and only if a call of theirs is connecting or connected",
        "SELECT user_id AS name FROM otomo o WHERE (status = 'busy') <> EXISTS (
             SELECT 1 FROM calls c WHERE c.otomo_id = o.user_id AND c.phase IN ('connecting', 'connected'))",
    ),
    (
        "every ended call has one outcome and a time, and no other has",
        "SELECT id AS name FROM calls WHERE (phase = 'ended') <> (outcome IS NOT NULL AND ended_at IS NOT NULL)",
    ),
];

/// What holds at every moment too, and never again once it does not: each is looked at in its turn.
const FOR_GOOD: [Sentence; 6] = [
    (
        "seq is gap-free for every user",
        "SELECT h.user_id AS name FROM inbox_heads h LEFT JOIN inbox i ON i.user_id = h.user_id
         GROUP BY h.user_id, h.head, h.floor
         HAVING count(i.seq) <> h.head - h.floor OR coalesce(max(i.seq), h.head) <> h.head",
    ),
    (
        "messageSeq is gap-free in every conversation",
        "SELECT c.id AS name FROM conversations c LEFT JOIN messages m ON m.conversation_id = c.id
         GROUP BY c.id, c.last_seq, c.floor HAVING count(m.seq) <> c.last_seq - c.floor",
    ),
    (
        "a message is in the inbox of every member, once, with the transaction that stored it",
        "SELECT m.id AS name FROM messages m
         JOIN members b ON b.conversation_id = m.conversation_id
         LEFT JOIN (
             SELECT i.user_id, json_extract(e.body, '$.messageId') AS message_id FROM inbox i
             JOIN events e ON e.id = i.event_id WHERE e.type = 'new-message'
         ) AS t ON t.user_id = b.user_id AND t.message_id = m.id
         GROUP BY m.id, b.user_id HAVING count(t.message_id) <> 1",
    ),
    (
        "a missed call, and nothing else, leaves a call_missed for its otomo, once",
        "SELECT c.id AS name FROM calls c LEFT JOIN (
             SELECT i.user_id, json_extract(e.body, '$.callId') AS call_id FROM inbox i
             JOIN events e ON e.id = i.event_id WHERE e.type = 'call_missed'
         ) AS t ON t.call_id = c.id AND t.user_id = c.otomo_id
         GROUP BY c.id, c.outcome HAVING count(t.call_id) <> (coalesce(c.outcome, '') = 'missed')",
    ),
    (
        "a balance is the sum of its transactions, and never negative",
        "SELECT a.user_id AS name FROM point_accounts a LEFT JOIN point_transactions t ON t.user_id = a.user_id
         GROUP BY a.user_id, a.balance HAVING coalesce(sum(t.amount), 0) <> a.balance OR a.balance < 0",
    ),
    (
        "each charge of a call is in the ledger once",
        "SELECT c.id AS name FROM calls c
         LEFT JOIN point_transactions t ON t.user_id = c.caller_id AND t.key LIKE 'call:' || c.id || ':%'
         GROUP BY c.id, c.charges HAVING count(t.key) <> c.charges",
    ),
];

/// What holds once everything is over.
const SETTLED: [Sentence; 5] = [
    (
        "every call has an end",
        "SELECT id AS name FROM calls WHERE phase <> 'ended'",
    ),
    (
        "what is stored of a call is said",
        "SELECT id AS name FROM calls WHERE spoken_version < version",
    ),
    (
        "an otomo is offline if and only if they are not connected",
        "SELECT user_id AS name FROM otomo o
         WHERE (status = 'offline') = EXISTS (SELECT 1 FROM leases l WHERE l.otomo_id = o.user_id)",
    ),
    (
        "a status is the one that was chosen, where nothing else decides",
        "SELECT user_id AS name FROM otomo WHERE status IN ('online', 'break') AND status <> chosen",
    ),
    (
        "only live nodes have leases of connections",
        "SELECT session AS name FROM leases l WHERE NOT EXISTS (
             SELECT 1 FROM nodes n WHERE n.name = l.node AND n.lease_until IS NOT NULL)",
    ),
];

#[derive(QueryableByName)]
struct Broken {
    #[diesel(sql_type = Text)]
    name: String,
}

/// A call as it was seen: all of its row that may not change once it is over.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
struct Seen {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = BigInt)]
    rank: i64,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Text)]
    record: String,
}

const SEEN: &str = "SELECT id, version,
    CASE phase WHEN 'requesting' THEN 0 WHEN 'ringing' THEN 1 WHEN 'connecting' THEN 2 WHEN 'connected' THEN 3 ELSE 4 END AS rank,
    json_array(caller_id, otomo_id, caller_device, otomo_device, phase, version, requested_at, accepted_at, connected_at,
        ended_at, outcome, reason, ended_by, joined_call_id, price, minute, charges) AS record
    FROM calls";

/// A status as it was seen.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
struct Shown {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = BigInt)]
    version: i64,
}

const SHOWN: &str = "SELECT user_id AS name, status, version FROM otomo";

/// What was seen at the last look.
#[derive(Default)]
pub struct Memory {
    looks: usize,
    calls: BTreeMap<String, Seen>,
    statuses: BTreeMap<String, Shown>,
}

/// Looks at what holds at every moment.
///
/// # Panics
/// If something does not, with the sentence.
pub fn always_holds(
    conn: &mut Conn,
    memory: &mut Memory,
    now: Timestamp,
) -> Result<(), StoreError> {
    let live = records::live(conn)?;
    one_live_call_per_person(&live);
    live.iter()
        .for_each(|call| never_charged_too_much(call, now));
    let c = sqlite(conn);
    ALWAYS.iter().for_each(|sentence| holds(c, sentence));
    memory.looks += 1;
    holds(c, &FOR_GOOD[memory.looks % FOR_GOOD.len()]);
    calls_only_go_forward(c, memory);
    no_update_repeats_a_status(c, memory);
    Ok(())
}

/// Looks at what holds once everything is over. `now` is the store's clock.
///
/// # Panics
/// If something does not, with the sentence.
pub fn has_settled(conn: &mut Conn, now: Timestamp) -> Result<(), StoreError> {
    let c = sqlite(conn);
    let all = FOR_GOOD.iter().chain(&SETTLED);
    all.for_each(|sentence| holds(c, sentence));
    let ids: Vec<Broken> = sql_query("SELECT id AS name FROM calls")
        .load(c)
        .expect("a query");
    let ids: Vec<CallId> = ids
        .iter()
        .map(|it| it.name.parse().expect("an id"))
        .collect();
    for call in records::find_many(conn, &ids)? {
        lasts_as_long_as_its_media(&call);
        was_charged_by_the_minute(&call, now);
    }
    Ok(())
}

/// What everybody should know.
#[derive(Debug)]
pub struct Facts {
    /// Whether everything is over that is to end by itself.
    pub is_quiet: bool,
    /// The head of each inbox.
    pub heads: BTreeMap<String, u64>,
    pub statuses: BTreeMap<String, String>,
}

impl Facts {
    pub fn read(conn: &mut Conn) -> Self {
        let c = sqlite(conn);
        let heads = "SELECT user_id AS name, '' AS status, head AS version FROM inbox_heads";
        let heads: Vec<Shown> = sql_query(heads).load(c).expect("a query");
        let statuses: Vec<Shown> = sql_query(SHOWN).load(c).expect("a query");
        let head = |it: Shown| (it.name, u64::try_from(it.version).expect("it counts up"));
        Self {
            is_quiet: SETTLED.iter().all(|(_, query)| broken(c, query).is_empty()),
            heads: heads.into_iter().map(head).collect(),
            statuses: statuses
                .into_iter()
                .map(|it| (it.name, it.status))
                .collect(),
        }
    }
}

/// Looks at what holds while nothing fails.
///
/// # Panics
/// If something does not, with the sentence.
pub fn holds_in_fair_weather(conn: &mut Conn, now: Timestamp) -> Result<(), StoreError> {
    for call in records::live(conn)? {
        assert!(
            invariants::rings_in_time(&call, now),
            "nobody rings past the deadline and one second: {call:?}"
        );
    }
    Ok(())
}

fn one_live_call_per_person(live: &[Call]) {
    assert!(
        invariants::one_live_call_per_person(live),
        "at most one live call per person: {live:?}"
    );
}

fn never_charged_too_much(call: &Call, now: Timestamp) {
    // A clock that was set back may be behind what it has charged for.
    let lenient = now + super::CLOCKS_DIFFER;
    assert!(
        invariants::charged_by_the_minute(call, lenient, PartialMinute::None),
        "a metered call is charged once for each minute that has passed, never more: {call:?}"
    );
}

fn was_charged_by_the_minute(call: &Call, now: Timestamp) {
    assert!(
        invariants::charged_by_the_minute(call, now, PartialMinute::None),
        "a call that is over was charged for each of its minutes: {call:?}"
    );
    assert!(
        invariants::total_is_price_times_charges(call),
        "what was charged is the price of each charge: {call:?}"
    );
}

fn lasts_as_long_as_its_media(call: &Call) {
    assert!(
        invariants::duration_is_media_time(call),
        "duration = endedAt - connectedAt: {call:?}"
    );
}

fn calls_only_go_forward(c: &mut SqliteConnection, memory: &mut Memory) {
    let seen: Vec<Seen> = sql_query(SEEN).load(c).expect("a query");
    for call in seen {
        if let Some(before) = memory.calls.get(&call.id) {
            let same = before.record == call.record;
            assert!(
                before.rank < 4 || same,
                "a terminal record never changes: {before:?} {call:?}"
            );
            assert!(
                before.rank <= call.rank,
                "phases only go forward: {before:?} {call:?}"
            );
            assert!(
                before.version < call.version || same,
                "what changes is stored one version higher: {before:?} {call:?}"
            );
        }
        memory.calls.insert(call.id.clone(), call);
    }
}

fn no_update_repeats_a_status(c: &mut SqliteConnection, memory: &mut Memory) {
    let shown: Vec<Shown> = sql_query(SHOWN).load(c).expect("a query");
    for status in shown {
        if let Some(before) = memory.statuses.get(&status.name) {
            let next = before.version + 1;
            assert!(
                *before == status
                    || status.version > next
                    || status.version == next && before.status != status.status,
                "no update repeats a status, and its version is the next: {before:?} {status:?}"
            );
        }
        memory.statuses.insert(status.name.clone(), status);
    }
}

fn holds(c: &mut SqliteConnection, (sentence, query): &Sentence) {
    let broken = broken(c, query);
    assert!(broken.is_empty(), "{sentence}: {broken:?}");
}

fn broken(c: &mut SqliteConnection, query: &str) -> Vec<String> {
    let found = sql_query(query).load::<Broken>(c);
    let found = found.unwrap_or_else(|fault| panic!("{query}: {fault}"));
    found.into_iter().map(|it| it.name).collect()
}

fn sqlite(conn: &mut Conn) -> &mut SqliteConnection {
    match conn {
        Conn::Sqlite(c) => c,
        Conn::Pg(_) => unreachable!("nodes of a simulation share a file"),
    }
}
