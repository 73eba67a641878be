//! What must hold of what is stored. Each invariant is a sentence of the rules, and a query for what breaks it; or a plain
//! function of the product's own, where it has one.

use std::collections::{BTreeMap, BTreeSet};

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
    presence::{
        self,
        rules::{Explanation, Policy},
    },
    store::{Conn, StoreError},
};

use crate::{people::hall, support::Json};

use super::{
    memory::{Memory, SHOWN, Shown},
    promises::{
        CHARGED_NO_LESS, CHARGED_NO_MORE, DRAIN_UNSEEN, LASTS_AS_ITS_MEDIA, ONE_LIVE_CALL,
        PLACE_GIVEN_UP, RINGS_IN_TIME, STATUS_CAUSE,
    },
    sentences::{ALWAYS, FOR_GOOD, SETTLED, Sentence},
};

#[derive(QueryableByName)]
struct Broken {
    #[diesel(sql_type = Text)]
    name: String,
}

/// How far somebody's inbox is.
#[derive(QueryableByName)]
struct Head {
    #[diesel(sql_type = Text)]
    user_id: String,
    #[diesel(sql_type = BigInt)]
    head: i64,
}

/// Somebody, and where they are.
#[derive(QueryableByName)]
struct Place {
    #[diesel(sql_type = Text)]
    user_id: String,
    #[diesel(sql_type = Text)]
    node: String,
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
    // Not by who is reserved for one: that both say the same is a sentence of its own.
    let live = calls(conn, "SELECT id AS name FROM calls WHERE phase <> 'ended'")?;
    one_live_call_per_person(&live);
    live.iter()
        .for_each(|call| never_charged_too_much(call, now));
    let c = sqlite(conn);
    ALWAYS.iter().for_each(|sentence| holds(c, sentence));
    holds(c, memory.next_of(&FOR_GOOD));
    memory.nothing_goes_back(c);
    Ok(())
}

/// Looks at what holds once everything is over. `now` is the store's clock.
///
/// # Panics
/// If something does not, with the sentence.
pub fn has_settled(
    conn: &mut Conn,
    memory: &mut Memory,
    now: Timestamp,
    policy: &Policy,
) -> Result<(), StoreError> {
    let c = sqlite(conn);
    memory.no_call_goes_back(c);
    let all = ALWAYS.iter().chain(&FOR_GOOD).chain(&SETTLED);
    all.for_each(|sentence| holds(c, sentence));
    for call in calls(conn, "SELECT id AS name FROM calls")? {
        lasts_as_long_as_its_media(&call);
        was_charged_by_the_minute(&call, now);
    }
    explanations(conn, now, policy)?
        .iter()
        .for_each(every_status_has_a_cause);
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
    /// What holds in the room.
    pub hall: BTreeMap<String, Json>,
    /// On which nodes everybody is.
    pub places: BTreeSet<(String, String)>,
}

impl Facts {
    pub fn read(conn: &mut Conn, now: Timestamp, policy: &Policy) -> Result<Self, StoreError> {
        let mut explained = explanations(conn, now, policy)?.into_iter();
        let c = sqlite(conn);
        let heads: Vec<Head> = sql_query("SELECT user_id, head FROM inbox_heads")
            .load(c)
            .expect("a query");
        let statuses: Vec<Shown> = sql_query(SHOWN).load(c).expect("a query");
        let head = |it: Head| (it.user_id, u64::try_from(it.head).expect("it counts up"));
        let places: Vec<Place> = sql_query("SELECT user_id, node FROM whereabouts")
            .load(c)
            .expect("a query");
        let states = broken(c, "SELECT body AS name FROM room_states");
        let states = states
            .iter()
            .map(|it| serde_json::from_str(it).expect("JSON"));
        let mut settled = SETTLED.iter();
        Ok(Self {
            is_quiet: settled.all(|(_, query)| broken(c, query).is_empty())
                && explained.all(|it| it.decision.status == it.published.status),
            heads: heads.into_iter().map(head).collect(),
            statuses: statuses
                .into_iter()
                .map(|it| (it.name, it.status))
                .collect(),
            hall: states.map(|it: Json| hall::state(&it)).collect(),
            places: places.into_iter().map(|it| (it.user_id, it.node)).collect(),
        })
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
            "{RINGS_IN_TIME}: {call:?}"
        );
    }
    Ok(())
}

/// Looks at what holds while a node drains and nothing fails: whoever was connected is, or is on their way to another node.
///
/// # Panics
/// If something does not, with the sentence.
pub fn nobody_is_offline(conn: &mut Conn, _: Timestamp) -> Result<(), StoreError> {
    let offline = "SELECT user_id AS name FROM otomo WHERE status = 'offline'";
    let offline = broken(sqlite(conn), offline);
    assert!(offline.is_empty(), "{DRAIN_UNSEEN}: {offline:?}");
    Ok(())
}

/// Looks at what holds of nodes that have ended by a drain.
///
/// # Panics
/// If something does not, with the sentence.
pub fn have_given_up_their_places(conn: &mut Conn, ended: &[String]) {
    let placed = "SELECT name FROM nodes WHERE lease_until IS NOT NULL";
    let placed = broken(sqlite(conn), placed);
    assert!(
        ended.iter().all(|it| !placed.contains(it)),
        "{PLACE_GIVEN_UP}: {ended:?} {placed:?}"
    );
}

/// The calls that a query names.
fn calls(conn: &mut Conn, query: &str) -> Result<Vec<Call>, StoreError> {
    let ids = broken(sqlite(conn), query);
    let ids: Vec<CallId> = ids.iter().map(|it| it.parse().expect("an id")).collect();
    records::find_many(conn, &ids)
}

/// Why everybody's status is what it is.
fn explanations(
    conn: &mut Conn,
    now: Timestamp,
    policy: &Policy,
) -> Result<Vec<Explanation>, StoreError> {
    let otomo = broken(sqlite(conn), "SELECT user_id AS name FROM otomo");
    let why = otomo.iter().map(|it| {
        let otomo = it.parse().expect("a name");
        presence::records::why(conn, &otomo, policy, now)
    });
    let all: Result<Vec<_>, _> = why.collect();
    Ok(all?.into_iter().flatten().collect())
}

fn every_status_has_a_cause(why: &Explanation) {
    assert!(
        why.decision.status == why.published.status
            && presence::rules::invariants::the_cause_explains_the_status(&why.decision),
        "{STATUS_CAUSE}: {why:?}"
    );
}

fn one_live_call_per_person(live: &[Call]) {
    assert!(
        invariants::one_live_call_per_person(live),
        "{ONE_LIVE_CALL}: {live:?}"
    );
}

fn never_charged_too_much(call: &Call, now: Timestamp) {
    // A clock that was set back may be behind what it has charged for.
    let lenient = now + super::CLOCKS_DIFFER;
    assert!(
        invariants::charged_by_the_minute(call, lenient, PartialMinute::None),
        "{CHARGED_NO_MORE}: {call:?}"
    );
}

fn was_charged_by_the_minute(call: &Call, now: Timestamp) {
    assert!(
        invariants::charged_by_the_minute(call, now, PartialMinute::None),
        "{CHARGED_NO_LESS}: {call:?}"
    );
}

fn lasts_as_long_as_its_media(call: &Call) {
    assert!(
        invariants::duration_is_media_time(call),
        "{LASTS_AS_ITS_MEDIA}: {call:?}"
    );
}

fn holds(c: &mut SqliteConnection, (sentence, query): &Sentence) {
    let broken = broken(c, query);
    assert!(broken.is_empty(), "{sentence}: {broken:?}");
}

/// The names that a query finds.
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
