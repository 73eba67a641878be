//! What the others hear: every message once, and those of a conversation in order.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use crate::{
    cli::bench::{
        fault::BenchFault,
        measure::Meter,
        peek::{field, kind},
        scenarios::unheard::Unheard,
    },
    kernel::ids::ConversationId,
};

/// Those who hear messages.
pub(super) struct Deliveries {
    /// From when the times in the messages' ids count.
    epoch: Instant,
    /// The last message of a conversation that one of them has heard.
    last: HashMap<(usize, ConversationId), u64>,
    /// Of each conversation the messages that not all have heard; they count from 1.
    unheard: HashMap<ConversationId, Unheard>,
    /// Messages heard, by all together.
    pub(super) heard: u64,
}

impl Deliveries {
    pub(super) fn new(epoch: Instant) -> Self {
        Self {
            epoch,
            last: HashMap::new(),
            unheard: HashMap::new(),
            heard: 0,
        }
    }

    /// The next message of a conversation is sent to so many, and was due then.
    pub(super) fn sent(&mut self, conversation: ConversationId, due: Instant, hearers: usize) {
        let unheard = self.unheard.entry(conversation);
        unheard
            .or_insert_with(|| Unheard::from(1))
            .said(due, hearers);
    }

    /// Somebody has heard something. Returns how long after it was due, if it is a message.
    pub(super) fn heard(
        &mut self,
        who: usize,
        message: &[u8],
    ) -> Result<Option<Duration>, BenchFault> {
        if kind(message) != b"new-message" {
            return Ok(None);
        }
        let wrong = || {
            let said = String::from_utf8_lossy(message);
            BenchFault::Wrong(format!("member {who} heard, out of turn or twice, {said}"))
        };
        let id = field(message, "clientMessageId").ok_or_else(wrong)?;
        let (conversation, count, due) = parts(id).ok_or_else(wrong)?;
        let last = self.last.entry((who, conversation)).or_default();
        if count != *last + 1 {
            return Err(wrong());
        }
        *last = count;
        self.heard += 1;
        if let Some(unheard) = self.unheard.get_mut(&conversation) {
            unheard.heard(count);
        }
        Ok(Some((self.epoch + due).elapsed()))
    }

    /// Notes for each who has not heard a message how long it has been waited for, and returns how many that are.
    pub(super) fn give_up(&self, meter: &mut Meter, now: Instant) -> u64 {
        let conversations = self.unheard.values();
        conversations.map(|it| it.give_up(meter, now)).sum()
    }
}

/// The conversation, the message's number in it (from 1), and when it was due.
fn parts(id: &str) -> Option<(ConversationId, u64, Duration)> {
    let mut parts = id.split('/');
    let conversation = parts.next()?.parse().ok()?;
    let count = parts.next()?.parse().ok()?;
    let due = Duration::from_micros(parts.next()?.parse().ok()?);
    Some((conversation, count, due))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cli::bench::{measure::Progress, scenarios::chat::sends::Sends},
        kernel::ids::MessageId,
        protocol::{
            event::{Event, NewMessage},
            frame::Frame,
        },
    };

    /// What members are told of a message that a sender sent.
    fn told(sent: &str) -> Vec<u8> {
        let id = field(sent.as_bytes(), "clientMessageId").unwrap();
        let event = NewMessage {
            message_id: MessageId::new(),
            conversation_id: parts(id).unwrap().0,
            message_seq: 1,
            sender_id: "bench-sender-0".parse().unwrap(),
            body: "text".to_owned(),
            data: None,
            client_message_id: id.parse().unwrap(),
            created_at: 1,
        };
        Frame::new(&Event::from(event)).json().to_vec()
    }

    #[test]
    fn each_member_hears_every_message_once_and_in_order() {
        let mut sends = Sends::new(Meter::new("sends", 1, Progress::Silent));
        let mut deliveries = Deliveries::new(sends.epoch());
        let messages: Vec<_> = (0..3)
            .map(|sender| {
                sends.add(ConversationId::new());
                told(&sends.next(sender, Instant::now()).unwrap())
            })
            .collect();
        for message in &messages {
            for who in 0..2 {
                let latency = deliveries.heard(who, message).unwrap().unwrap();
                assert!(latency < Duration::from_secs(10));
                assert!(deliveries.heard(who, message).is_err(), "twice");
            }
        }
        assert_eq!(deliveries.heard, 6);
        let ahead = String::from_utf8(messages[0].clone())
            .unwrap()
            .replace("/1/", "/3/");
        assert!(deliveries.heard(0, ahead.as_bytes()).is_err(), "a gap");
    }

    #[test]
    fn what_a_member_has_not_heard_counts_with_its_age() {
        let start = Instant::now();
        let mut sends = Sends::new(Meter::new("sends", 1, Progress::Silent));
        let mut deliveries = Deliveries::new(sends.epoch());
        sends.add(ConversationId::new());
        let message = told(&sends.next(0, start).unwrap());
        deliveries.sent(sends.conversation(0).unwrap(), start, 3);
        deliveries.heard(2, &message).unwrap();
        let mut meter = Meter::new("deliveries", 0, Progress::Silent);
        assert_eq!(
            deliveries.give_up(&mut meter, start + Duration::from_secs(6)),
            2
        );
        assert_eq!(meter.latencies().count_between(5_900_000, 6_100_000), 2);
    }
}
