//! The laws, each a function from a history to what breaks it, and each with histories of its own that keep and break it.
//!
//! Some say that something must have been heard. They judge those alone who heard their stream from its beginning (their first
//! connection said `lastSeq` 0) and to whom, at the end, everything had come ([`super::What::Settles`]).

mod answers;
mod calls;
mod connecting;
mod kept;
mod once;
mod order;
mod points;
mod refused;
mod resume;
mod snapshots;
mod stale;
mod statuses;

use std::collections::{BTreeMap, BTreeSet};

use super::{Breach, History, REST, Word};

/// What breaks a law in a history.
pub(crate) type Law = fn(&History) -> Vec<Breach>;

/// All of them, by their words in the rules.
pub(crate) const ALL: [(&str, Law); 18] = [
    ("what was acknowledged survives", kept::messages),
    (
        "a transaction that was acknowledged is told to whom it concerns",
        kept::points,
    ),
    ("the pair (user, seq) identifies a copy", once::copies),
    ("nothing is told under two seqs", once::contents),
    (
        "durable events arrive in seq order, each after its prev",
        order::stream,
    ),
    (
        "messageSeq is per conversation, gap-free",
        order::conversations,
    ),
    (
        "the balance is the sum of the transactions",
        points::balances,
    ),
    ("no charge is made twice", points::charges),
    ("old snapshot + events = fresh snapshot", snapshots::unread),
    (
        "what is read after an acknowledgement shows it",
        stale::reads,
    ),
    (
        "a snapshot shows what its user knew before",
        stale::snapshots,
    ),
    (
        "versions of a status rise, and no update repeats a status",
        statuses::rise,
    ),
    (
        "connected, snapshots, what was missed, ready, and only then what is live",
        connecting::order,
    ),
    (
        "a resume goes on where the client was, or says resync",
        resume::goes_on,
    ),
    (
        "a call is accepted by one device, and nobody is in two",
        calls::one_winner,
    ),
    (
        "a request has exactly one final answer, a call exactly one end",
        answers::one,
    ),
    ("a repeat has the first result", answers::repeats),
    ("what was refused is not done", refused::nothing_is_done),
];

/// The users who heard their stream from its beginning and to whom everything has come, each with the place where it had.
fn whole(history: &History) -> BTreeMap<&str, usize> {
    let mut first = BTreeMap::new();
    let connections = history.connections().iter();
    for connection in connections.filter(|it| it.device != REST) {
        first
            .entry(&*connection.user)
            .or_insert(connection.last_seq);
    }
    let settled = history.settled();
    let from_the_beginning = settled.filter(|(user, _)| first.get(user) == Some(&Some(0)));
    from_the_beginning.collect()
}

/// The durable events of each user, the first copy of each, by their `seq`.
fn streams(history: &History) -> BTreeMap<&str, BTreeMap<u64, Word<'_>>> {
    let mut streams: BTreeMap<&str, BTreeMap<u64, Word<'_>>> = BTreeMap::new();
    for word in history.heard() {
        if let Some(seq) = word.seq() {
            let stream = streams.entry(&word.by.user).or_default();
            stream.entry(seq).or_insert(word);
        }
    }
    streams
}

/// Who is in which conversation: of groups it is said by whoever began them, of two people by the first message between them.
fn members(history: &History) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut members: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for command in history.commands() {
        let Some(answer) = command.answer() else {
            continue;
        };
        let said = command.said;
        let others: Vec<&str> = match said.json["type"].as_str() {
            Some("POST /api/conversations") => {
                let listed = said.json["members"].as_array().into_iter().flatten();
                listed.filter_map(|it| it.as_str()).collect()
            }
            Some("message_send") => said.json["toUserId"].as_str().into_iter().collect(),
            _ => continue,
        };
        let Some(conversation) = answer.json["conversationId"].as_str() else {
            continue;
        };
        let of = members.entry(conversation).or_default();
        of.insert(&said.by.user);
        of.extend(others);
    }
    members
}

/// What a law finds in a history that is written down.
#[cfg(test)]
fn found(law: Law, written: &str) -> Vec<String> {
    let history: History = written.parse().expect("a history");
    law(&history)
        .into_iter()
        .map(|breach| breach.what)
        .collect()
}

#[cfg(test)]
#[track_caller]
fn keeps(law: Law, written: &str) {
    assert_eq!(found(law, written), Vec::<String>::new());
}

/// The law is broken once, and that is said in these words.
#[cfg(test)]
#[track_caller]
fn breaks(law: Law, what: &str, written: &str) {
    assert_eq!(found(law, written), [what]);
}
