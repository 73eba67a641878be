//! What a node says, on its way to Redis: what waits, and what this node has yet to hear of itself.
//!
//! While a pipeline is under way what else is said gathers here, and goes out with the next. Nobody waits: of what is too much
//! the oldest goes, and those who would have heard it are told that there is a gap.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Instant,
};

use tokio::sync::oneshot;

use super::{Channel, Message};

/// Messages of one pipeline: their answers come in well under a millisecond.
const PIPELINE_MESSAGES: usize = 512;

/// Bytes of one pipeline, unless one message alone has more.
const PIPELINE_BYTES: usize = 1 << 20;

/// How much may wait. A Redis that hangs is given up after two or three seconds; a busy node says as much in that time.
pub(super) const LIMITS: Limits = Limits {
    messages: 65_536,
    bytes: 64 << 20,
};

/// How much may wait.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) messages: usize,
    pub(super) bytes: usize,
}

/// A message that is to be published.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) channel: Channel,
    /// As it travels.
    pub(super) payload: Vec<u8>,
    /// Its place among those of this node.
    pub(super) number: u64,
    /// What this node is to hear of it, if it holds the channel.
    pub(super) own: Option<Message>,
    /// Who wants to know how many got it.
    pub(super) counted: Option<oneshot::Sender<usize>>,
    pub(super) said: Instant,
}

/// What a node says.
#[derive(Debug)]
pub(super) struct Outbox {
    limits: Limits,
    /// Whether what is said goes anywhere.
    pub(super) up: bool,
    waiting: VecDeque<Outgoing>,
    bytes: usize,
    /// What was published and will come back, by number.
    echoes: BTreeMap<u64, Message>,
    last_number: u64,
    /// A pipeline is under way.
    pub(super) under_way: bool,
    /// Something had to go since the last pipeline.
    pub(super) overflowed: bool,
    /// Peers were not told something.
    pub(super) owes_gap: bool,
}

impl Outbox {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            up: false,
            waiting: VecDeque::new(),
            bytes: 0,
            echoes: BTreeMap::new(),
            last_number: 0,
            under_way: false,
            overflowed: false,
            owes_gap: false,
        }
    }

    /// The number of the next message.
    pub(super) fn next_number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    /// Takes in what is said. Returns how many of those that waited had to go.
    pub(super) fn put(&mut self, outgoing: Outgoing) -> usize {
        self.bytes += outgoing.payload.len();
        self.waiting.push_back(outgoing);
        let mut gone = 0;
        while self.waiting.len() > self.limits.messages || self.bytes > self.limits.bytes {
            let Some(oldest) = self.waiting.pop_front() else {
                break;
            };
            self.bytes -= oldest.payload.len();
            gone += 1;
        }
        self.overflowed |= gone > 0;
        self.owes_gap |= gone > 0;
        gone
    }

    /// The next pipeline, oldest first. `echoes` says of a channel whether what is published there comes back.
    pub(super) fn take(&mut self, echoes: impl Fn(&Channel) -> bool) -> Vec<Outgoing> {
        let (mut taken, mut bytes) = (Vec::new(), 0);
        while let Some(next) = self.waiting.front() {
            bytes += next.payload.len();
            let full = taken.len() == PIPELINE_MESSAGES || bytes > PIPELINE_BYTES;
            if full && !taken.is_empty() {
                break;
            }
            let Some(mut next) = self.waiting.pop_front() else {
                break;
            };
            self.bytes -= next.payload.len();
            if let Some(own) = next.own.take_if(|_| echoes(&next.channel)) {
                self.echoes.insert(next.number, own);
            }
            taken.push(next);
        }
        taken
    }

    /// A message of this node has come back. Returns what it is to hear of it, once.
    pub(super) fn came_back(&mut self, number: u64) -> Option<Message> {
        self.echoes.remove(&number)
    }

    /// Nothing goes out any more, and nothing comes back. Returns what this node was yet to hear of itself, in order,
    /// and how many messages others may not have heard.
    pub(super) fn lost(&mut self) -> (Vec<Message>, usize) {
        self.up = false;
        let echoes = std::mem::take(&mut self.echoes).into_values();
        let waiting = std::mem::take(&mut self.waiting);
        self.bytes = 0;
        let unsaid = waiting.len();
        self.owes_gap |= unsaid > 0 || self.under_way;
        self.under_way = false;
        let unheard = waiting.into_iter().filter_map(|it| it.own);
        (echoes.chain(unheard).collect(), unsaid)
    }

    /// How many messages wait.
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backplane::Subject;

    fn outgoing(outbox: &mut Outbox, size: usize, hear: bool) -> Outgoing {
        let number = outbox.next_number();
        let message = Message {
            from: "n1".parse().unwrap(),
            channel: Channel::Everyone,
            subject: Subject::Delivery,
            body: number.to_string().into(),
        };
        Outgoing {
            channel: Channel::Everyone,
            payload: vec![0; size],
            number,
            own: hear.then_some(message),
            counted: None,
            said: Instant::now(),
        }
    }

    fn numbers(taken: &[Outgoing]) -> Vec<u64> {
        taken.iter().map(|it| it.number).collect()
    }

    #[test]
    fn of_what_is_too_much_the_oldest_goes() {
        let limits = Limits {
            messages: 3,
            bytes: 100,
        };
        let mut outbox = Outbox::new(limits);
        let put = |outbox: &mut Outbox, size| {
            let next = outgoing(outbox, size, false);
            outbox.put(next)
        };
        assert_eq!([10, 10, 10].map(|size| put(&mut outbox, size)), [0, 0, 0]);
        assert!(!outbox.owes_gap);
        assert_eq!(put(&mut outbox, 10), 1);
        assert_eq!(put(&mut outbox, 90), 2);
        assert!(outbox.owes_gap);
        assert_eq!(numbers(&outbox.take(|_| true)), [4, 5]);
        assert_eq!((outbox.len(), outbox.bytes), (0, 0));
    }

    #[test]
    fn a_pipeline_is_no_longer_than_is_quickly_answered() {
        let mut outbox = Outbox::new(LIMITS);
        for _ in 0..=PIPELINE_MESSAGES {
            let next = outgoing(&mut outbox, 10, false);
            outbox.put(next);
        }
        for size in [2 * PIPELINE_BYTES, 10] {
            let next = outgoing(&mut outbox, size, false);
            outbox.put(next);
        }
        let lengths: Vec<usize> = (0..5).map(|_| outbox.take(|_| true).len()).collect();
        assert_eq!(lengths, [PIPELINE_MESSAGES, 1, 1, 1, 0]);
    }

    #[test]
    fn what_has_not_come_back_is_heard_when_the_link_is_lost() {
        let mut outbox = Outbox::new(LIMITS);
        for hear in [true, true, false, true] {
            let next = outgoing(&mut outbox, 10, hear);
            outbox.put(next);
        }
        outbox.take(|_| true);
        outbox.under_way = true;
        let late = outgoing(&mut outbox, 10, true);
        outbox.put(late);
        assert!(outbox.came_back(1).is_some() && outbox.came_back(1).is_none());
        let (unheard, unsaid) = outbox.lost();
        let heard: Vec<_> = unheard.iter().map(|it| it.body.as_ref()).collect();
        assert_eq!(heard, [b"2", b"4", b"5"]);
        assert_eq!(
            (unsaid, outbox.came_back(4).is_none(), outbox.owes_gap),
            (1, true, true)
        );
    }
}
