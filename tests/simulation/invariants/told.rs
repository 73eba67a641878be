//! What people were told agrees with what is stored, once everything is over.

use std::collections::BTreeMap;

use diesel::{
    QueryableByName, RunQueryDsl as _, sql_query,
    sql_types::{BigInt, Nullable, Text},
};
use otomo::{kernel::ids::UserId, rooms::rules::Kind, store::Conn};

use super::promises::{
    ACKNOWLEDGED_DELIVERED, ACKNOWLEDGED_STORED, ANSWER_STORED, END_STORED, JOINED_TOLD,
    LET_IN_ONLY, MESSAGES_IN_ORDER, ORDERS_ONCE, REQUEST_ANSWERED, STOP_STORED, WORDS_IN_ORDER,
    WORDS_KEPT,
};
use crate::{
    backend::Backend,
    host::Host,
    people::{
        device::Device,
        outgoing::Draft,
        stories::{Stories, Story},
    },
    support::{Json, field},
};

#[derive(Debug, QueryableByName)]
struct Call {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    accepted_at: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    outcome: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    reason: Option<String>,
    #[diesel(sql_type = BigInt)]
    ended_at: i64,
    /// From the media to the end, in seconds.
    #[diesel(sql_type = BigInt)]
    duration: i64,
    #[diesel(sql_type = BigInt)]
    points: i64,
    #[diesel(sql_type = Nullable<Text>)]
    joined: Option<String>,
}

const CALLS: &str = "SELECT id, accepted_at, outcome, reason, coalesce(ended_at, 0) / 1000 AS ended_at,
    coalesce(ended_at - connected_at, 0) / 1000 AS duration, charges * coalesce(price, 0) AS points, joined_call_id AS joined
    FROM calls";

#[derive(Debug, QueryableByName)]
struct Message {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    client_message_id: String,
    #[diesel(sql_type = Text)]
    sender_id: String,
}

#[derive(QueryableByName)]
struct InInbox {
    #[diesel(sql_type = Text)]
    user_id: String,
    #[diesel(sql_type = BigInt)]
    number: i64,
    #[diesel(sql_type = BigInt)]
    times: i64,
}

const WORDS: &str =
    "SELECT i.user_id, json_extract(e.body, '$.data.n') AS number, count(*) AS times
    FROM inbox i JOIN events e ON e.id = i.event_id WHERE e.type = 'room_event' GROUP BY 1, 2";

#[derive(Debug, QueryableByName)]
struct Order {
    #[diesel(sql_type = Text)]
    key: String,
    #[diesel(sql_type = BigInt)]
    times: i64,
}

/// What is stored of what people were told of.
pub struct Stored {
    calls: BTreeMap<String, Call>,
    messages: Vec<Message>,
    orders: BTreeMap<String, i64>,
    /// In whose inboxes words of the room are, and how often.
    words: BTreeMap<(String, i64), i64>,
}

impl Stored {
    pub fn read(conn: &mut Conn) -> Self {
        let Conn::Sqlite(c) = conn else {
            unreachable!("nodes of a simulation share a file")
        };
        let calls: Vec<Call> = sql_query(CALLS).load(c).expect("a query");
        let messages = sql_query("SELECT id, client_message_id, sender_id FROM messages")
            .load(c)
            .expect("a query");
        let orders: Vec<Order> =
            sql_query("SELECT key, count(*) AS times FROM point_transactions GROUP BY key")
                .load(c)
                .expect("a query");
        let words: Vec<InInbox> = sql_query(WORDS).load(c).expect("a query");
        let word = |it: InInbox| ((it.user_id, it.number), it.times);
        Self {
            calls: calls.into_iter().map(|it| (it.id.clone(), it)).collect(),
            messages,
            words: words.into_iter().map(word).collect(),
            orders: orders.into_iter().map(|it| (it.key, it.times)).collect(),
        }
    }

    /// What people were told of each call is what is stored of it.
    pub fn calls_are_as_told(&self, stories: &Stories) {
        stories.for_each(|id, story| match self.calls.get(id) {
            Some(call) => is_as_told(call, story),
            None => assert!(
                !story.acknowledged && story.verdict.is_none() && story.end.is_none(),
                "{ACKNOWLEDGED_STORED}: {id} {story:?}"
            ),
        });
    }

    /// Each message that was acknowledged is stored once, under the id that was told.
    pub fn messages_are_as_acknowledged(&self, devices: &[Device]) {
        let mut ids: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
        for it in &self.messages {
            let key = (it.sender_id.as_str(), it.client_message_id.as_str());
            ids.entry(key).or_default().push(&it.id);
        }
        for device in devices {
            let sender = device.owner.name.as_str();
            for (draft, ack) in device.outgoing.sent.values() {
                let found = ids.get(&(sender, draft.id.as_str())).cloned();
                assert_eq!(
                    found.unwrap_or_default(),
                    [field(ack, "messageId")],
                    "{ACKNOWLEDGED_STORED}: once: {draft:?}"
                );
            }
        }
    }

    /// Each word that is kept is in the inbox of everybody who may be in the room, once, and of nobody else.
    pub fn words_are_with_those_let_in(&self, host: &Host, people: &[UserId]) {
        let kept = host.said.iter().filter(|it| it.0.kind == Kind::Durable);
        for ((word, span), who) in kept.flat_map(|it| people.iter().map(move |who| (it, who))) {
            let number = i64::try_from(word.number).expect("small");
            let times = self.words.get(&(who.to_string(), number));
            let times = times.copied().unwrap_or(0);
            let fits = match host.was_let_in(who, *span) {
                Some(let_in) => times == i64::from(let_in),
                None => times <= 1,
            };
            assert!(fits, "{WORDS_KEPT}: {who} {times} {word:?}");
        }
    }

    /// Each order that was answered is carried out, once.
    pub fn orders_are_as_answered(&self, backend: &Backend) {
        for number in backend.done.keys() {
            let times = self.orders.get(&format!("request:order-{number}"));
            assert_eq!(times, Some(&1), "{ORDERS_ONCE}: {number}");
        }
    }
}

fn is_as_told(call: &Call, story: &Story) {
    assert!(
        !story.acknowledged || call.joined.is_none() || story.joined == call.joined,
        "{JOINED_TOLD}: {call:?} {story:?}"
    );
    if let Some((verdict, reason)) = &story.verdict {
        let ended = |outcomes: &[&str]| {
            call.outcome
                .as_deref()
                .is_some_and(|it| outcomes.contains(&it))
                && call.reason.as_deref() == reason.as_str()
        };
        let is_so = match (verdict.as_str(), call.accepted_at) {
            ("call_accepted", at) => at.is_some(),
            ("call_rejected", None) => ended(&["rejected", "missed"]),
            ("call_cancelled", None) => ended(&["cancelled"]),
            _ => false,
        };
        assert!(is_so, "{ANSWER_STORED}: {call:?} {story:?}");
    }
    for reason in &story.stops {
        assert!(
            stops_for(call, reason),
            "{STOP_STORED}: {reason} {call:?} {story:?}"
        );
    }
    for told in story.end.iter().chain(&story.recent) {
        let is_so = told["reason"].as_str() == call.reason.as_deref()
            && told["endedAt"] == call.ended_at
            && told["durationSeconds"] == call.duration
            && told["totalChargedPoints"] == call.points;
        assert!(is_so, "{END_STORED}: {call:?} {told}");
    }
}

/// Whether a call is one whose ring stops at a device of its otomo for this reason (web/docs/calls.md).
fn stops_for(call: &Call, reason: &str) -> bool {
    let ends = |outcome: &str, reasons: &[&str]| {
        call.accepted_at.is_none()
            && call.outcome.as_deref() == Some(outcome)
            && call
                .reason
                .as_deref()
                .is_some_and(|it| reasons.contains(&it))
    };
    match reason {
        "answered_elsewhere" => call.accepted_at.is_some(),
        "caller_cancelled" | "caller_lost" => ends("cancelled", &[reason]),
        "rejected_elsewhere" => ends("rejected", &["busy", "manual_decline", "away", "timeout"]),
        "timeout" => ends("missed", &["timeout"]),
        "superseded" => {
            ends("cancelled", &["superseded"])
                || ends("rejected", &["offline", "admin_end", "system_error"])
        }
        _ => false,
    }
}

/// Every request that was acknowledged has come to something, and its caller knows.
pub fn every_request_is_answered(stories: &Stories) {
    stories.for_each(|id, story| {
        assert!(story.is_answered(), "{REQUEST_ANSWERED}: {id} {story:?}");
    });
}

/// What is said in a room comes in its order, and to nobody who was never let in.
pub fn words_are_in_order(devices: &[Device], host: &Host) {
    for device in devices {
        let (name, owner) = (device.name(), device.owner.name.parse());
        assert!(
            device.hall.is_unknown() || host.is_guest(&owner.expect("a name")),
            "{LET_IN_ONLY}: {name}"
        );
        for (lane, numbers) in device.hall.lanes() {
            assert!(
                numbers.is_sorted(),
                "{WORDS_IN_ORDER}: {name} {lane} {numbers:?}"
            );
        }
    }
}

/// Who comes to a room may be there, or might have been when they asked.
pub fn nobody_comes_who_is_not_let_in(device: &mut Device, host: &Host) {
    if let Some(asked) = device.hall.take_arrival() {
        let owner = device.owner.name.parse().expect("a name");
        assert!(
            host.may_have_come(&owner, asked),
            "{LET_IN_ONLY}: {} came",
            device.name()
        );
    }
}

/// Everybody has the messages of a conversation in its own order, without a gap.
pub fn messages_are_in_order(devices: &[Device]) {
    for device in devices {
        for (conversation, heard) in device.received.messages() {
            let places = heard.iter().map(|it| it["messageSeq"].as_u64());
            assert!(
                places.eq((1..).map(Some).take(heard.len())),
                "{MESSAGES_IN_ORDER}: {} {conversation}",
                device.name()
            );
        }
    }
}

/// Each message that was acknowledged is at every device of both its people.
pub fn messages_are_with_everybody(devices: &[Device]) {
    let sent: Vec<(&str, &Draft, &Json)> = devices
        .iter()
        .flat_map(|device| {
            let sent = device.outgoing.sent.values();
            sent.map(|(draft, ack)| (device.owner.name.as_str(), draft, ack))
        })
        .collect();
    for device in devices {
        let who = device.owner.name.as_str();
        let heard = device.received.messages();
        for (sender, draft, ack) in &sent {
            if who != *sender && who != draft.to {
                continue;
            }
            let conversation = heard.get(field(ack, "conversationId"));
            let times = conversation
                .into_iter()
                .flatten()
                .filter(|event| event["messageId"] == ack["messageId"])
                .count();
            assert_eq!(
                times,
                1,
                "{ACKNOWLEDGED_DELIVERED}: {} {draft:?}",
                device.name()
            );
        }
    }
}
