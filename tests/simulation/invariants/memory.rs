//! What was seen of what is stored, for what may change in one direction only.

use std::collections::BTreeMap;

use diesel::{
    QueryableByName, RunQueryDsl as _, SqliteConnection, sql_query,
    sql_types::{BigInt, Text},
};

use super::sentences::Sentence;

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

/// One in how many looks is at all calls, and not only at those that are not over.
const ALL_CALLS_ONE_IN: usize = 6;

/// A status as it was seen.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Shown {
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Text)]
    pub status: String,
    #[diesel(sql_type = BigInt)]
    pub version: i64,
}

pub const SHOWN: &str = "SELECT user_id AS name, status, version FROM otomo";

/// Something that is counted up, and how far it is.
#[derive(Debug, Clone, QueryableByName)]
struct Count {
    #[diesel(sql_type = Text)]
    what: String,
    #[diesel(sql_type = BigInt)]
    count: i64,
}

const COUNTS: &str = "
    SELECT 'a read cursor: ' || user_id || ' ' || conversation_id AS what, read_seq AS count FROM members
    UNION ALL SELECT 'the head of a stream: ' || user_id, head FROM inbox_heads
    UNION ALL SELECT 'the end of a conversation: ' || id, last_seq FROM conversations
    UNION ALL SELECT 'when somebody was last seen: ' || user_id, at FROM last_seen";

/// What was seen at the last look.
#[derive(Default)]
pub struct Memory {
    looks: usize,
    calls: BTreeMap<String, Seen>,
    statuses: BTreeMap<String, Shown>,
    counts: BTreeMap<String, i64>,
}

impl Memory {
    /// The one of these whose turn it is.
    pub fn next_of<'a>(&mut self, sentences: &'a [Sentence]) -> &'a Sentence {
        self.looks += 1;
        &sentences[self.looks % sentences.len()]
    }

    /// Holds what is stored against what was, and remembers it.
    ///
    /// # Panics
    /// If something has gone back that only goes forward, with the sentence.
    pub fn nothing_goes_back(&mut self, c: &mut SqliteConnection) {
        calls_only_go_forward(c, self);
        no_update_repeats_a_status(c, self);
        counts_only_go_forward(c, self);
    }
}

fn calls_only_go_forward(c: &mut SqliteConnection, memory: &mut Memory) {
    let which = match memory.looks % ALL_CALLS_ONE_IN {
        0 => "",
        _ => " WHERE phase <> 'ended'",
    };
    let seen = sql_query(format!("{SEEN}{which}")).load(c);
    let seen: Vec<Seen> = seen.expect("a query");
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
                "what changes has a higher version: {before:?} {call:?}"
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

fn counts_only_go_forward(c: &mut SqliteConnection, memory: &mut Memory) {
    let counts: Vec<Count> = sql_query(COUNTS).load(c).expect("a query");
    for Count { what, count } in counts {
        if let Some(before) = memory.counts.get(&what) {
            assert!(
                *before <= count,
                "only goes forward {what}: {before} {count}"
            );
        }
        memory.counts.insert(what, count);
    }
}
