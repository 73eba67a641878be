//! Updates in flight, who has got them, and how long each delivery took.
//!
//! Each sender has at most one update in flight, so a message that names a sender belongs to the update in flight. Every
//! subscriber is to hear each of them once: one who hears it twice does not stand for another who does not hear it.

use std::{collections::VecDeque, rc::Rc, time::Instant};

use crate::cli::bench::{fault::BenchFault, measure::Meter, scenarios::padded};

/// How the message begins that is counted; the otomo's number follows.
const UPDATE: &[u8] = br#"{"type":"otomo_status_update","userId":"bench-otomo-"#;

/// The same of a plain server; the sender's number follows.
const PLAIN_UPDATE: &[u8] = b"b";

/// What an otomo says to go on break, and to come back.
pub(super) const BREAK: &str = r#"{"type":"otomo_status_set","status":"break"}"#;
pub(super) const ONLINE: &str = r#"{"type":"otomo_status_set","status":"online"}"#;

/// One that tells everybody something over and over.
#[derive(Debug)]
struct Sender {
    on_break: bool,
    /// Since when its update is in flight.
    since: Instant,
    /// Subscribers who have yet to get it.
    missing: usize,
    /// Those who have it: a bit for each subscriber. Empty before the first.
    has: Vec<u64>,
    /// What it says to a plain server.
    words: Rc<str>,
}

/// The account of a run.
pub(super) struct Updates {
    senders: Vec<Sender>,
    subscribers: usize,
    /// Whether the server is a plain one.
    plain: bool,
    /// Senders without an update in flight, the one that has waited longest first.
    free: VecDeque<usize>,
    /// Messages that subscribers have got.
    pub(super) meter: Meter,
    /// Updates that have reached all of them.
    complete: u64,
    stopped: bool,
}

impl Updates {
    /// All senders are free, and otomo are online. `bytes` is the size of messages of a plain server.
    pub(super) fn new(
        senders: usize,
        subscribers: usize,
        bytes: Option<u16>,
        meter: Meter,
    ) -> Self {
        let now = Instant::now();
        let sender = |number| Sender {
            on_break: false,
            since: now,
            missing: 0,
            has: Vec::new(),
            words: padded(&format!("b{number}"), bytes.unwrap_or(0)).into(),
        };
        Self {
            senders: (0..senders).map(sender).collect(),
            subscribers,
            plain: bytes.is_some(),
            free: (0..senders).collect(),
            meter,
            complete: 0,
            stopped: false,
        }
    }

    /// Whether an update can be sent: a sender is free.
    pub(super) fn can_send(&self) -> bool {
        !self.free.is_empty()
    }

    /// Sends the next update: whose it is, and what that sender says.
    pub(super) fn send(&mut self, since: Instant) -> Option<(usize, Rc<str>)> {
        let number = self.free.pop_front()?;
        let sender = self.senders.get_mut(number)?;
        sender.since = since;
        sender.missing = self.subscribers;
        sender.has.clear();
        sender.has.resize(self.subscribers.div_ceil(64), 0);
        sender.on_break = !sender.on_break;
        let words = match (self.plain, sender.on_break) {
            (true, _) => Rc::clone(&sender.words),
            (false, true) => BREAK.into(),
            (false, false) => ONLINE.into(),
        };
        Some((number, words))
    }

    /// A subscriber, counted from 0, got a message.
    pub(super) fn heard(&mut self, subscriber: usize, message: &[u8]) -> Result<(), BenchFault> {
        let prefix = if self.plain { PLAIN_UPDATE } else { UPDATE };
        let Some(number) = sender_of(message, prefix) else {
            return Ok(());
        };
        let Some(sender) = self.senders.get_mut(number) else {
            return Ok(());
        };
        // What comes of a sender before its first update is of those who let it in.
        let Some(has) = sender.has.get_mut(subscriber / 64) else {
            return Ok(());
        };
        let bit = 1 << (subscriber % 64);
        if *has & bit != 0 {
            return Err(BenchFault::Wrong(format!(
                "subscriber {subscriber} heard an update of sender {number} twice"
            )));
        }
        *has |= bit;
        self.meter.came(sender.since.elapsed());
        sender.missing = sender.missing.saturating_sub(1);
        if sender.missing == 0 {
            self.complete += u64::from(!self.stopped);
            self.free.push_back(number);
        }
        Ok(())
    }

    /// Updates in flight.
    pub(super) fn in_flight(&self) -> usize {
        self.senders.len() - self.free.len()
    }

    /// Counts no more updates. Notes how long each of these has been waited for that was due then and not sent; returns how many
    /// they are.
    pub(super) fn stop(&mut self, unsent: impl Iterator<Item = Instant>, now: Instant) -> u64 {
        self.stopped = true;
        let mut count = 0;
        for due in unsent {
            let waited = now.saturating_duration_since(due);
            self.meter.sample_many(waited, self.subscribers as u64);
            count += 1;
        }
        count
    }

    /// Notes how long every delivery has been waited for that has not come, and returns how many they are.
    pub(super) fn give_up(&mut self, now: Instant) -> u64 {
        let mut missing = 0;
        for sender in &self.senders {
            let waited = now.saturating_duration_since(sender.since);
            self.meter.sample_many(waited, sender.missing as u64);
            missing += sender.missing as u64;
        }
        missing
    }

    /// Starts counting from zero. What is in flight stays in flight.
    pub(super) fn reset(&mut self) {
        self.complete = 0;
        self.meter.reset();
    }

    pub(super) fn complete(&self) -> u64 {
        self.complete
    }
}

/// Whose update a message is, if it is one of ours: the number behind the prefix.
fn sender_of(message: &[u8], prefix: &[u8]) -> Option<usize> {
    let digits = message.strip_prefix(prefix)?.iter();
    let mut digits = digits.map_while(|byte| char::from(*byte).to_digit(10));
    let first = digits.next()? as usize;
    Some(digits.fold(first, |number, digit| number * 10 + digit as usize))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cli::bench::{measure::Progress, user},
        protocol::event::{Event, OtomoStatus, OtomoStatusUpdate},
        protocol::frame::Frame,
    };

    fn updates(senders: usize, subscribers: usize, bytes: Option<u16>) -> Updates {
        let meter = Meter::new("deliveries", subscribers, Progress::Silent);
        Updates::new(senders, subscribers, bytes, meter)
    }

    fn update(otomo: usize) -> Vec<u8> {
        let event = OtomoStatusUpdate {
            user_id: user("otomo", otomo).unwrap(),
            status: OtomoStatus::Break,
            timestamp: 1,
            version: 2,
        };
        Frame::new(&Event::from(event)).json().to_vec()
    }

    #[test]
    fn the_servers_own_message_is_understood() {
        assert_eq!(sender_of(&update(207), UPDATE), Some(207));
        assert_eq!(sender_of(br#"{"type":"ready","seq":0}"#, UPDATE), None);
        assert_eq!(sender_of(b"b12 ", PLAIN_UPDATE), Some(12));
        assert_eq!(sender_of(b"b", PLAIN_UPDATE), None);
    }

    #[test]
    fn an_update_is_complete_when_all_have_it_and_only_then_the_next_goes() {
        let mut updates = updates(1, 2, None);
        let now = Instant::now();
        assert_eq!(updates.send(now), Some((0, BREAK.into())));
        assert!(!updates.can_send());
        updates.heard(0, &update(0)).unwrap();
        assert!(updates.send(now).is_none());
        updates.heard(1, &update(0)).unwrap();
        assert_eq!((updates.meter.count(), updates.complete()), (2, 1));
        assert_eq!(updates.send(now), Some((0, ONLINE.into())));
    }

    #[test]
    fn a_plain_server_is_sent_texts_of_the_size_that_is_asked_for() {
        let mut updates = updates(12, 1, Some(110));
        let now = Instant::now();
        for number in 0..12 {
            let (sender, words) = updates.send(now).unwrap();
            assert_eq!((sender, words.len()), (number, 110));
            updates.heard(0, words.as_bytes()).unwrap();
        }
        assert_eq!(updates.complete(), 12);
    }

    #[test]
    fn what_is_not_ours_is_not_counted() {
        let mut updates = updates(1, 1, None);
        updates.heard(0, &update(0)).unwrap();
        updates.heard(0, &update(9)).unwrap();
        assert_eq!(updates.meter.count(), 0);
    }

    #[test]
    fn who_hears_an_update_twice_does_not_stand_for_who_does_not_hear_it() {
        let mut updates = updates(2, 130, None);
        let now = Instant::now();
        for sender in 0..2 {
            assert!(updates.send(now).is_some());
            updates.heard(129, &update(sender)).unwrap();
        }
        let fault = updates.heard(129, &update(1)).unwrap_err().to_string();
        assert!(fault.contains("subscriber 129 heard an update of sender 1 twice"));
        assert_eq!(updates.in_flight(), 2);
        for subscriber in 0..129 {
            updates.heard(subscriber, &update(0)).unwrap();
        }
        assert!(updates.heard(5, &update(0)).is_err(), "all have it already");
        assert!(updates.send(now).is_some());
        updates.heard(5, &update(0)).unwrap();
    }

    #[test]
    fn the_latency_of_every_delivery_is_recorded() {
        let mut updates = updates(1, 1_000, None);
        let second = std::time::Duration::from_secs(1);
        assert!(updates.send(Instant::now() - second).is_some());
        for subscriber in 0..1_000 {
            updates.heard(subscriber, &update(0)).unwrap();
        }
        let latencies = updates.meter.latencies();
        assert_eq!(latencies.len(), 1_000);
        assert!(latencies.min() >= 990_000);
    }

    #[test]
    fn counting_anew_forgets_figures_but_not_what_is_on_its_way() {
        let mut updates = updates(1, 1, None);
        let _ = updates.send(Instant::now());
        updates.reset();
        updates.heard(0, &update(0)).unwrap();
        assert_eq!((updates.meter.count(), updates.complete()), (1, 1));
    }

    #[test]
    fn what_never_comes_counts_with_its_age_for_each_who_waits() {
        let mut updates = updates(2, 3, None);
        let start = Instant::now();
        let second = std::time::Duration::from_secs(1);
        assert!(updates.send(start).is_some());
        updates.heard(1, &update(0)).unwrap();
        let later = start + second * 4;
        assert_eq!(updates.stop([start + second].into_iter(), later), 1);
        assert_eq!(updates.give_up(later), 2);
        let latencies = updates.meter.latencies();
        let of = |seconds: u64| latencies.count_between(seconds * 990_000, seconds * 1_010_000);
        // Three would have heard the one that was not sent; two have not heard the other.
        assert_eq!((of(3), of(4), latencies.len()), (3, 2, 6));
        assert_eq!((updates.meter.count(), updates.complete()), (1, 0));
    }
}
