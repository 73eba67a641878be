//! What must hold after every step.

use std::collections::{BTreeMap, BTreeSet};

use otomo::{
    chat::{ChatFault, records::messages::Span},
    protocol::event::UnreadSnapshot,
};
use serde_json::Value;

use super::{
    Device, Number, ONLY_CHAT, Person, STRANGER, everybody, person,
    reference::{Reference, Stored, Unread},
    world::People,
};
use crate::{fixture::user, phone::Phone};

/// More messages than a story has in one conversation.
const ALL: u32 = 1_000;

impl People {
    /// Waits until everybody has heard what they must. Then nobody has heard anything else.
    pub(super) async fn check(&mut self, reference: &Reference) {
        let devices: Vec<Device> = self.there.keys().copied().collect();
        for device in devices {
            self.hear(reference, device).await;
            let phone = &self.there[device];
            self.check_what_was_heard(reference, device, phone);
            let heard = phone.durable.len();
            let expected = expected(reference, device, phone.start.unwrap()).len();
            assert_eq!(heard, expected, "{device} has heard only a part");
            let typing: BTreeSet<_> = phone.typing.iter().map(|it| self.typist(it)).collect();
            assert_eq!(typing, reference.typing_since(device), "{device}: typing");
        }
        for name in everybody() {
            let unread = self.server.env.chat.snapshot(&user(name)).await.unwrap();
            let head = reference.stream(name).len() as u64;
            assert_eq!(unread.as_of_seq, head, "{name}: the stream's end");
            assert_eq!(
                self.unread(&unread),
                reference.unread(name),
                "{name}: unread"
            );
        }
    }

    async fn hear(&mut self, reference: &Reference, device: Device) {
        let phone = self.there.get_mut(device).unwrap();
        phone
            .hear_until("is not let in", |it| it.ready.is_some())
            .await;
        let start = phone.start.unwrap();
        let count = expected(reference, device, start).len();
        phone
            .hear_until("misses an event", |it| it.durable.len() >= count)
            .await;
        let at = self.session(device).expect("its session is there");
        let phone = self.there.get_mut(device).unwrap();
        phone.hear_all(&self.server.env, at).await;
    }

    /// What a client has heard is the beginning of what it is to hear: each event once, in order, with the one before it.
    pub(super) fn check_what_was_heard(
        &self,
        reference: &Reference,
        device: Device,
        phone: &Phone,
    ) {
        // Cut before it was let in.
        let Some(start) = phone.start else { return };
        let expected = expected(reference, device, start);
        let mut prev = start;
        for (place, heard) in phone.durable.iter().enumerate() {
            let told = (heard.seq, self.told(&heard.event));
            assert_eq!(Some(&told), expected.get(place), "{device}, event {place}");
            assert_eq!(heard.prev, prev, "{device}: {}", heard.event);
            prev = heard.seq;
        }
        if person(device) == STRANGER {
            let nobody = phone.partners.is_empty() && phone.typing.is_empty();
            assert!(nobody, "{device} has heard of somebody");
        }
    }

    /// Every member can read all that was written, and nobody else anything.
    pub(super) async fn check_histories(&self, reference: &Reference) {
        let chat = &self.server.env.chat;
        for (number, conversation) in reference.conversations.iter().enumerate() {
            for name in everybody() {
                let span = Span::After(0);
                let history = chat
                    .history(&user(name), self.begun[number], span, ALL)
                    .await;
                if !conversation.members.contains_key(name) {
                    let refused = matches!(history, Err(ChatFault::ConversationNotFound));
                    assert!(refused, "{name} can look into conversation {number}");
                    continue;
                }
                let (_, messages) = history.unwrap();
                let said = messages.iter().map(|it| (it.seq, it.body.as_str()));
                let written = conversation.messages.iter().map(|(_, _, text)| *text);
                let written: Vec<(u64, &str)> = (1..).zip(written).collect();
                assert_eq!(said.collect::<Vec<_>>(), written, "conversation {number}");
            }
        }
    }

    /// An event in the model's words.
    fn told(&self, event: &Value) -> Stored {
        let text = |name: &str| event[name].as_str().unwrap_or_default();
        let somebody = |name: &str| -> Person {
            let known = everybody().find(|it| *it == text(name));
            known.expect("somebody we know")
        };
        let seq = event["messageSeq"].as_u64().unwrap_or_default();
        match text("type") {
            "new-message" => Stored::Message {
                number: self.number(text("conversationId")),
                seq,
                sender: somebody("senderId"),
                name: text("clientMessageId")
                    .trim_start_matches("m-")
                    .parse()
                    .unwrap(),
                text: super::WORDS
                    .into_iter()
                    .find(|it| *it == text("body"))
                    .unwrap(),
            },
            "message-read" => Stored::Read {
                number: self.number(text("conversationId")),
                seq,
                reader: somebody("userId"),
            },
            "call_missed" => Stored::Missed,
            other => panic!("nobody asked for {other}"),
        }
    }

    fn number(&self, id: &str) -> Number {
        let found = self.begun.iter().position(|it| it.to_string() == id);
        found.expect("a conversation that has begun")
    }

    fn typist(&self, (user, id): &(String, String)) -> (Person, Number) {
        let known = everybody().find(|it| it == user).expect("somebody we know");
        (known, self.number(id))
    }

    fn unread(&self, snapshot: &UnreadSnapshot) -> BTreeMap<Number, Unread> {
        let all = snapshot.conversations.iter().map(|it| {
            let number = self.number(&it.conversation_id.to_string());
            (number, (it.last_seq, it.read_seq, it.unread))
        });
        all.collect()
    }
}

/// What a device is to hear whose stream begins after a place: everything that it listens to, with its place.
fn expected(reference: &Reference, device: Device, start: u64) -> Vec<(u64, Stored)> {
    let stream = (1..).zip(reference.stream(person(device)).iter().copied());
    let listens = |told: &Stored| device != ONLY_CHAT || *told != Stored::Missed;
    stream
        .filter(|(seq, told)| *seq > start && listens(told))
        .collect()
}
