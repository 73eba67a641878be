//! What was seen of what is stored, for what may change in one direction only.

use std::collections::BTreeMap;

use diesel::{
    QueryableByName, RunQueryDsl as _, SqliteConnection, sql_query,
    sql_types::{BigInt, Text},
};

use super::{
    promises::{
        CONVERSATIONS_FORWARD, CURSORS_FORWARD, PHASES_FORWARD, RECORD_STAYS, SEEN_FORWARD,
        STATUS_COUNTED, STREAMS_FORWARD, VERSIONS_RISE,
    },
    sentences::Sentence,
};

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
    /// Which of [`FORWARD`] speaks of it.
    #[diesel(sql_type = BigInt)]
    promise: i64,
    #[diesel(sql_type = Text)]
    whose: String,
    #[diesel(sql_type = BigInt)]
    count: i64,
}

const FORWARD: [&str; 4] = [
    CURSORS_FORWARD,
    STREAMS_FORWARD,
    CONVERSATIONS_FORWARD,
    SEEN_FORWARD,
];

const COUNTS: &str = "
    SELECT 0 AS promise, user_id || ' ' || conversation_id AS whose, read_seq AS count FROM members
    UNION ALL SELECT 1, user_id, head FROM inbox_heads
    UNION ALL SELECT 2, id, last_seq FROM conversations
    UNION ALL SELECT 3, user_id, at FROM last_seen";

/// What was seen at the last look.
#[derive(Default)]
pub struct Memory {
    looks: usize,
    calls: BTreeMap<String, Seen>,
    statuses: BTreeMap<String, Shown>,
    counts: BTreeMap<(i64, String), i64>,
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
        let which = match self.looks % ALL_CALLS_ONE_IN {
            0 => "",
            _ => " WHERE phase <> 'ended'",
        };
        calls_only_go_forward(c, self, which);
        no_update_repeats_a_status(c, self);
        counts_only_go_forward(c, self);
    }

    /// Holds all calls that ever were against what they were when they were seen last.
    ///
    /// # Panics
    /// If one has changed that may not, with the sentence.
    pub fn no_call_goes_back(&mut self, c: &mut SqliteConnection) {
        calls_only_go_forward(c, self, "");
    }
}

fn calls_only_go_forward(c: &mut SqliteConnection, memory: &mut Memory, which: &str) {
    let seen = sql_query(format!("{SEEN}{which}")).load(c);
    let seen: Vec<Seen> = seen.expect("a query");
    for call in seen {
        if let Some(before) = memory.calls.get(&call.id) {
            let same = before.record == call.record;
            assert!(
                before.rank < 4 || same,
                "{RECORD_STAYS}: {before:?} {call:?}"
            );
            assert!(
                before.rank <= call.rank,
                "{PHASES_FORWARD}: {before:?} {call:?}"
            );
            assert!(
                before.version < call.version || same,
                "{VERSIONS_RISE}: {before:?} {call:?}"
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
                "{STATUS_COUNTED}: {before:?} {status:?}"
            );
        }
        memory.statuses.insert(status.name.clone(), status);
    }
}

fn counts_only_go_forward(c: &mut SqliteConnection, memory: &mut Memory) {
    let counts: Vec<Count> = sql_query(COUNTS).load(c).expect("a query");
    for Count {
        promise,
        whose,
        count,
    } in counts
    {
        let what = (promise, whose);
        if let Some(before) = memory.counts.get(&what) {
            let promise = FORWARD[usize::try_from(promise).expect("its place")];
            assert!(*before <= count, "{promise}: {} {before} {count}", what.1);
        }
        memory.counts.insert(what, count);
    }
}
