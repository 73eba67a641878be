//! Who is still to hear of which update.
//!
//! Each otomo has one update in flight at most. So no update is ever replaced by a newer one of the
//! same otomo, every subscriber gets every update, and the next message that names an otomo belongs to
//! the update in flight.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;

use crate::cli::bench::latencies;

/// How the message begins that is counted; the otomo's number follows.
const UPDATE: &[u8] = br#"{"type":"otomo_status_update","userId":"bench-otomo-"#;

/// What an otomo says to go on break, and to come back.
pub(super) const BREAK: &str = r#"{"type":"otomo_status_set","status":"break"}"#;
pub(super) const ONLINE: &str = r#"{"type":"otomo_status_set","status":"online"}"#;

/// Subscribers whose latency is recorded, spread over all.
const SAMPLED: usize = 100;

/// An otomo that changes its status over and over.
#[derive(Debug)]
struct Otomo {
    on_break: bool,
    /// Since when its update is in flight, and how many have yet to get it.
    since: Instant,
    missing: usize,
}

/// The account of a run.
pub(super) struct Updates {
    otomos: Vec<Otomo>,
    subscribers: usize,
    /// Otomo without an update in flight, the one that has waited longest first.
    free: VecDeque<usize>,
    /// Messages that subscribers have got.
    deliveries: u64,
    /// Updates that have reached all of them.
    complete: u64,
    /// Microseconds.
    latencies: Histogram<u64>,
}

impl Updates {
    /// All otomo are free and online.
    pub(super) fn new(otomos: usize, subscribers: usize) -> Self {
        let now = Instant::now();
        let otomo = |_| Otomo {
            on_break: false,
            since: now,
            missing: 0,
        };
        Self {
            otomos: (0..otomos).map(otomo).collect(),
            subscribers,
            free: (0..otomos).collect(),
            deliveries: 0,
            complete: 0,
            latencies: latencies(),
        }
    }

    /// Whether an update can be sent: an otomo is free.
    pub(super) fn can_send(&self) -> bool {
        !self.free.is_empty()
    }

    /// Sends the next update: whose it is, and what that otomo says.
    pub(super) fn send(&mut self, since: Instant) -> Option<(usize, &'static str)> {
        let number = self.free.pop_front()?;
        let otomo = self.otomos.get_mut(number)?;
        otomo.since = since;
        otomo.missing = self.subscribers;
        otomo.on_break = !otomo.on_break;
        Some((number, if otomo.on_break { BREAK } else { ONLINE }))
    }

    /// A subscriber, counted from 0, got a message.
    pub(super) fn heard(&mut self, subscriber: usize, message: &[u8]) {
        let Some(number) = otomo_of(message) else {
            return;
        };
        let Some(otomo) = self.otomos.get_mut(number).filter(|it| it.missing > 0) else {
            return;
        };
        self.deliveries += 1;
        if subscriber.is_multiple_of((self.subscribers / SAMPLED).max(1)) {
            let micros = u64::try_from(otomo.since.elapsed().as_micros()).unwrap_or(u64::MAX);
            self.latencies.saturating_record(micros);
        }
        otomo.missing -= 1;
        if otomo.missing == 0 {
            self.complete += 1;
            self.free.push_back(number);
        }
    }

    /// Starts counting from zero. What is in flight stays in flight.
    pub(super) fn reset(&mut self) {
        self.deliveries = 0;
        self.complete = 0;
        self.latencies.clear();
    }

    pub(super) fn deliveries(&self) -> u64 {
        self.deliveries
    }

    pub(super) fn complete(&self) -> u64 {
        self.complete
    }

    /// The latency under which this share of the samples is, from 0 to 1.
    pub(super) fn latency(&self, share: f64) -> Duration {
        Duration::from_micros(self.latencies.value_at_quantile(share))
    }
}

/// Whose update a message is, if it is one of ours.
fn otomo_of(message: &[u8]) -> Option<usize> {
    let number = message.strip_prefix(UPDATE)?;
    let end = number.iter().position(|byte| *byte == b'"')?;
    str::from_utf8(number.get(..end)?).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cli::bench::user,
        protocol::event::{Event, OtomoStatus, OtomoStatusUpdate},
        protocol::frame::Frame,
    };

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
        assert_eq!(otomo_of(&update(207)), Some(207));
        assert_eq!(otomo_of(br#"{"type":"ready","seq":0}"#), None);
    }

    #[test]
    fn an_update_is_complete_when_all_have_it_and_only_then_the_next_goes() {
        let mut updates = Updates::new(1, 2);
        let now = Instant::now();
        assert_eq!(updates.send(now), Some((0, BREAK)));
        assert!(!updates.can_send());
        updates.heard(0, &update(0));
        assert!(updates.send(now).is_none());
        updates.heard(1, &update(0));
        assert_eq!((updates.deliveries(), updates.complete()), (2, 1));
        assert_eq!(updates.send(now), Some((0, ONLINE)));
    }

    #[test]
    fn what_is_not_ours_is_not_counted() {
        let mut updates = Updates::new(1, 1);
        updates.heard(0, &update(0));
        updates.heard(0, &update(9));
        assert_eq!(updates.deliveries(), 0);
    }

    #[test]
    fn counting_anew_forgets_figures_but_not_what_is_on_its_way() {
        let mut updates = Updates::new(1, 1);
        let _ = updates.send(Instant::now());
        updates.reset();
        updates.heard(0, &update(0));
        assert_eq!((updates.deliveries(), updates.complete()), (1, 1));
        assert!(updates.latency(1.0) < Duration::from_secs(10));
    }
}
