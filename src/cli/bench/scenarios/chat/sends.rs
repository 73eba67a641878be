//! The senders of a run, and how long their messages took to be acknowledged.
//!
//! Each sender has at most one message in flight, so its next acknowledgement is for that message.

use std::time::Instant;

use crate::{
    cli::bench::{fault::BenchFault, measure::Meter, refusal},
    kernel::ids::ConversationId,
};

/// How the message begins that is counted. A refusal ends the run.
const ACK: &[u8] = br#"{"type":"message_send_ack""#;

/// The text of every message.
const TEXT: &str = "今日は何時に話せますか？";

/// A user who sends one message after another.
struct Sender {
    conversation: ConversationId,
    /// Messages so far.
    count: u64,
    /// Since when one is in flight, if one is.
    since: Option<Instant>,
}

/// All senders of a run, and what was measured.
pub(super) struct Sends {
    senders: Vec<Sender>,
    /// From when the times in the messages' ids count.
    epoch: Instant,
    in_flight: usize,
    /// Messages that were acknowledged since the run began, not only since they are counted.
    pub(super) acknowledged: u64,
    /// Messages that were acknowledged.
    pub(super) meter: Meter,
}

impl Sends {
    /// Nobody sends yet.
    pub(super) fn new(meter: Meter) -> Self {
        Self {
            senders: Vec::new(),
            epoch: Instant::now(),
            in_flight: 0,
            acknowledged: 0,
            meter,
        }
    }

    /// A further sender, with the conversation that it writes in.
    pub(super) fn add(&mut self, conversation: ConversationId) {
        self.senders.push(Sender {
            conversation,
            count: 0,
            since: None,
        });
    }

    /// The next message of a sender, which was due then. `None` while one is in flight.
    pub(super) fn next(&mut self, number: usize, due: Instant) -> Option<String> {
        let sender = self.senders.get_mut(number)?;
        if sender.since.is_some() {
            return None;
        }
        self.in_flight += 1;
        sender.since = Some(due);
        sender.count += 1;
        let (conversation, count) = (sender.conversation, sender.count);
        let due = due.saturating_duration_since(self.epoch).as_micros();
        // No two senders share a conversation, so its id makes the message ids unique.
        Some(format!(
            r#"{{"type":"message_send","conversationId":"{conversation}","clientMessageId":"{conversation}/{count}/{due}","body":"{TEXT}"}}"#
        ))
    }

    /// Takes a message that a client got. Returns whether it is the acknowledgement that its sender waits for.
    pub(super) fn heard(&mut self, number: usize, message: &[u8]) -> Result<bool, BenchFault> {
        let Some(sender) = self.senders.get_mut(number) else {
            return Ok(false);
        };
        if let Some(refused) = refusal(message) {
            return Err(refused);
        }
        if !message.starts_with(ACK) {
            return Ok(false);
        }
        let Some(since) = sender.since.take() else {
            return Ok(false);
        };
        self.meter.came(since.elapsed());
        self.in_flight -= 1;
        self.acknowledged += 1;
        Ok(true)
    }

    /// Notes how long every acknowledgement has been waited for that has not come, and returns how many they are.
    pub(super) fn give_up(&mut self, now: Instant) -> u64 {
        let open = self.senders.iter().filter_map(|sender| sender.since);
        self.meter.missed(open, now)
    }

    /// The conversation that a sender writes in.
    pub(super) fn conversation(&self, number: usize) -> Option<ConversationId> {
        self.senders.get(number).map(|it| it.conversation)
    }

    /// Messages that wait for their acknowledgement.
    pub(super) fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// From when the times in the messages' ids count.
    pub(super) fn epoch(&self) -> Instant {
        self.epoch
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cli::bench::measure::Progress,
        kernel::ids::MessageId,
        protocol::{
            command::{self, Command},
            event::{Event, MessageSendAck},
            frame::Frame,
        },
    };

    fn one_sender() -> Sends {
        let mut sends = Sends::new(Meter::new("sends", 1, Progress::Silent));
        sends.add(ConversationId::new());
        sends
    }

    fn ack() -> Vec<u8> {
        let event = MessageSendAck {
            client_message_id: "m-1".parse().unwrap(),
            message_id: MessageId::new(),
            conversation_id: ConversationId::new(),
            message_seq: 1,
            created_at: 1,
        };
        Frame::new(&Event::from(event)).json().to_vec()
    }

    #[test]
    fn what_is_sent_is_a_message_and_each_has_a_name_of_its_own() {
        let mut sends = one_sender();
        let names = [(); 2].map(|()| {
            let message = sends.next(0, Instant::now()).unwrap();
            assert!(sends.heard(0, &ack()).unwrap());
            match command::decode(message.as_bytes()).unwrap().command {
                Command::MessageSend(send) => send.client_message_id,
                other => panic!("{}", other.name()),
            }
        });
        assert_ne!(names[0], names[1]);
    }

    #[test]
    fn the_next_message_goes_when_the_last_one_is_acknowledged_and_only_then() {
        let mut sends = one_sender();
        assert!(sends.next(0, Instant::now()).is_some());
        assert!(sends.next(0, Instant::now()).is_none());
        assert!(!sends.heard(0, br#"{"type":"new-message"}"#).unwrap());
        assert!(!sends.heard(7, &ack()).unwrap(), "nobody who sends");
        assert!(sends.heard(0, &ack()).unwrap());
        assert_eq!((sends.meter.count(), sends.in_flight()), (1, 0));
        assert!(sends.next(0, Instant::now()).is_some());
    }

    #[test]
    fn a_refusal_is_told_in_the_servers_words() {
        let mut sends = one_sender();
        let refusal = br#"{"type":"error","code":"RATE_LIMITED"}"#;
        let fault = sends.heard(0, refusal).unwrap_err().to_string();
        assert!(fault.contains("RATE_LIMITED"), "{fault}");
    }
}
