//! What the members of rooms hear: each event at most once and in the order of its publisher.

use std::time::{Duration, Instant};

use crate::cli::bench::{
    fault::BenchFault,
    words::{kind, number},
};

/// The type of the events, in the app's own words.
pub(super) const TYPE: &str = "bench_event";

/// All members. Each is in one room, and hears all publishers of it.
pub(super) struct Members {
    /// From when times in events count.
    epoch: Instant,
    publishers: usize,
    /// For each member and publisher, the number of the next event that is due.
    next: Vec<u64>,
    /// Whether every event must come: else a newer one may take its place, or it is dropped where somebody is slow.
    all_come: bool,
    /// Events that members have heard, and those that they never will.
    pub(super) heard: u64,
    pub(super) passed_over: u64,
}

impl Members {
    pub(super) fn new(members: usize, publishers: usize, all_come: bool) -> Self {
        Self {
            epoch: Instant::now(),
            publishers,
            next: vec![0; members * publishers],
            all_come,
            heard: 0,
            passed_over: 0,
        }
    }

    /// What an event says: the how manieth it is of its publisher in its room, and when it was due.
    pub(super) fn data(&self, publisher: usize, number: u64, due: Instant) -> String {
        let due = due.saturating_duration_since(self.epoch).as_micros();
        format!(r#"{{"publisher":{publisher},"number":{number},"due":{due}}}"#)
    }

    /// A member has heard something. Returns how long after it was due, if it is an event of ours.
    pub(super) fn heard(
        &mut self,
        member: usize,
        message: &[u8],
    ) -> Result<Option<Duration>, BenchFault> {
        if kind(message) != b"room_event" {
            return Ok(None);
        }
        let figures = ["publisher", "number", "due"].map(|name| number(message, name));
        let [Some(publisher), Some(number), Some(due)] = figures else {
            return Ok(None);
        };
        let wrong = || {
            let said = String::from_utf8_lossy(message);
            BenchFault::Wrong(format!(
                "member {member} heard, out of turn or twice, {said}"
            ))
        };
        let publisher = usize::try_from(publisher).unwrap_or(usize::MAX);
        let at = member * self.publishers + publisher;
        let next = self.next.get_mut(at).ok_or_else(wrong)?;
        let gap = number.checked_sub(*next).ok_or_else(wrong)?;
        if gap > 0 && self.all_come {
            return Err(wrong());
        }
        *next = number + 1;
        self.heard += 1;
        self.passed_over += gap;
        let due = self.epoch + Duration::from_micros(due);
        Ok(Some(due.elapsed()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(members: &Members, publisher: usize, number: u64) -> Vec<u8> {
        let data = members.data(publisher, number, Instant::now());
        let event =
            format!(r#"{{"type":"room_event","room":"bench-1","event":"{TYPE}","data":{data}}}"#);
        event.into_bytes()
    }

    #[test]
    fn publishers_and_members_are_told_apart() {
        let mut members = Members::new(2, 2, true);
        for (member, publisher) in [(0, 0), (0, 1), (1, 1), (1, 0)] {
            for number in 0..2 {
                let message = event(&members, publisher, number);
                assert!(members.heard(member, &message).unwrap().is_some());
            }
        }
        assert_eq!((members.heard, members.passed_over), (8, 0));
        let other = br#"{"type":"room_snapshot","room":"bench-1"}"#;
        assert_eq!(members.heard(0, other).unwrap(), None);
    }

    #[test]
    fn twice_and_backwards_is_wrong_and_so_is_a_gap_where_all_must_come() {
        for all_come in [true, false] {
            let mut members = Members::new(1, 1, all_come);
            let [first, third] = [0, 2].map(|number| event(&members, 0, number));
            members.heard(0, &first).unwrap();
            assert!(members.heard(0, &first).is_err(), "twice");
            assert_eq!(members.heard(0, &third).is_err(), all_come);
            assert_eq!(members.passed_over, u64::from(!all_come));
        }
    }
}
