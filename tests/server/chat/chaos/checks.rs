//! What must hold at the end: everybody has received exactly what was acknowledged.

use std::collections::{BTreeMap, BTreeSet};

use super::{outgoing::Sent, person::Run, world::World};
use crate::support::{Json, field};

/// What was acknowledged, by conversation and place there.
struct Acknowledged<'a> {
    conversations: BTreeMap<&'a str, BTreeMap<u64, (&'a str, &'a Sent)>>,
    /// Each conversation's number in the world.
    numbers: BTreeMap<&'a str, usize>,
}

impl<'a> Acknowledged<'a> {
    fn from(world: &'a World, runs: &'a [Run]) -> Self {
        let mut found = Self {
            conversations: BTreeMap::new(),
            numbers: BTreeMap::new(),
        };
        for (sender, run) in world.people.iter().zip(runs) {
            for sent in &run.outgoing.sent {
                found.note(sender, sent);
            }
        }
        for (id, messages) in &found.conversations {
            let places: Vec<u64> = messages.keys().copied().collect();
            let without_a_gap: Vec<u64> = (1..=messages.len() as u64).collect();
            assert_eq!(places, without_a_gap, "the places of {id}");
        }
        found
    }

    fn note(&mut self, sender: &'a str, sent: &'a Sent) {
        let id = field(&sent.ack, "conversationId");
        let number = sent.draft.conversation;
        let known = *self.numbers.entry(id).or_insert(number);
        assert_eq!(known, number, "two conversations in one: {}", sent.ack);
        let place = sent.ack["messageSeq"].as_u64().expect("a place");
        let messages = self.conversations.entry(id).or_default();
        let other = messages.insert(place, (sender, sent));
        assert!(other.is_none(), "two messages in one place: {}", sent.ack);
    }
}

/// Everybody got every acknowledged message of their conversations once, in order, as it was sent, and nothing else.
pub fn everybody_got_what_was_acknowledged(world: &World, runs: &[Run]) {
    let acknowledged = Acknowledged::from(world, runs);
    for (number, run) in runs.iter().enumerate() {
        let who = &world.people[number];
        let mine: BTreeSet<usize> = world.conversations_of(number).collect();
        let written = acknowledged.numbers.iter();
        let due: BTreeSet<&str> = written
            .filter(|(_, number)| mine.contains(number))
            .map(|(id, _)| *id)
            .collect();
        let got = run.received.messages();
        let heard_of: BTreeSet<&str> = got.keys().copied().collect();
        assert_eq!(heard_of, due, "{who} hears of their conversations");
        for (id, got) in got {
            let due = acknowledged.conversations[id].iter();
            assert_eq!(got.len(), due.len(), "{who} in {id}");
            for (got, (place, (sender, sent))) in got.into_iter().zip(due) {
                assert_eq!(
                    got["messageSeq"], *place,
                    "{who}: in order, each once: {got}"
                );
                is_what_was_sent(got, sender, sent);
            }
        }
        run.received.reads_stand();
    }
}

fn is_what_was_sent(got: &Json, sender: &str, Sent { draft, ack }: &Sent) {
    for same in [
        "messageId",
        "conversationId",
        "clientMessageId",
        "createdAt",
    ] {
        assert_eq!(got[same], ack[same], "{same} of {got}");
    }
    assert_eq!(
        (
            field(got, "senderId"),
            field(got, "body"),
            field(got, "clientMessageId")
        ),
        (sender, draft.body.as_str(), draft.id.as_str()),
    );
}
