//! What the members of rooms hear: each event at most once and in the order of its publisher.

use std::time::{Duration, Instant};

use crate::cli::bench::{
    fault::BenchFault, measure::Meter, peek::number, scenarios::unheard::Unheard,
};

/// The type of the events, in the app's own words.
pub(super) const TYPE: &str = "bench_event";

/// The value of the field that holds it, as servers of ours write it.
const OURS: &[u8] = br#":"bench_event""#;

/// All members. Each is in one room, and hears all publishers of it.
pub(super) struct Members {
    /// From when times in events count.
    epoch: Instant,
    publishers: usize,
    /// Of each room.
    each: usize,
    /// For each room and publisher, the events that not all members have heard.
    unheard: Vec<Unheard>,
    /// For each member and publisher, the number of the next event that is due.
    next: Vec<u64>,
    /// Whether every event must come: else a newer one may take its place, or it is dropped where somebody is slow.
    all_come: bool,
    /// Events that members have heard, and those that they never will.
    pub(super) heard: u64,
    pub(super) passed_over: u64,
}

impl Members {
    /// So many rooms, with so many members each.
    pub(super) fn new([rooms, each]: [usize; 2], publishers: usize, all_come: bool) -> Self {
        Self {
            epoch: Instant::now(),
            publishers,
            each,
            unheard: (0..rooms * publishers).map(|_| Unheard::from(0)).collect(),
            next: vec![0; rooms * each * publishers],
            all_come,
            heard: 0,
            passed_over: 0,
        }
    }

    /// The body of the next event of a publisher in a room.
    pub(super) fn next(&mut self, room: usize, publisher: usize, due: Instant) -> String {
        let mut number = 0;
        if let Some(unheard) = self.unheard.get_mut(room * self.publishers + publisher) {
            number = unheard.next();
            unheard.said(due, self.each);
        }
        self.data(publisher, number, due)
    }

    /// The body of an event: its number among its publisher's events in this room (from 0), and when it was due.
    fn data(&self, publisher: usize, number: u64, due: Instant) -> String {
        let due = due.saturating_duration_since(self.epoch).as_micros();
        format!(r#"{{"publisher":{publisher},"number":{number},"due":{due}}}"#)
    }

    /// A member has heard something. Returns how long after it was due, if it is an event of ours.
    pub(super) fn heard(
        &mut self,
        member: usize,
        message: &[u8],
    ) -> Result<Option<Duration>, BenchFault> {
        if !is_ours(message) {
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
        let of = member / self.each * self.publishers + publisher;
        let unheard = self.unheard.get_mut(of).ok_or_else(wrong)?;
        let gap = number.checked_sub(*next).ok_or_else(wrong)?;
        if gap > 0 && self.all_come {
            return Err(wrong());
        }
        for number in *next..=number {
            if !unheard.heard(number) {
                return Err(wrong());
            }
        }
        *next = number + 1;
        self.heard += 1;
        self.passed_over += gap;
        let due = self.epoch + Duration::from_micros(due);
        Ok(Some(due.elapsed()))
    }

    /// Notes for each who has not heard an event how long it has been waited for, and returns how many that are.
    pub(super) fn give_up(&self, meter: &mut Meter, now: Instant) -> u64 {
        let streams = self.unheard.iter();
        streams.map(|it| it.give_up(meter, now)).sum()
    }
}

/// Whether a message is an event of ours: its type is in there on every transport. Of WebSocket and event streams it is wrapped
/// (`room_event`), and `event` is its type; of Socket.IO it goes by its own name, its fields are those of its data, and `type` is
/// not the first of them.
fn is_ours(message: &[u8]) -> bool {
    let mut windows = message.windows(OURS.len());
    windows.any(|window| window == OURS)
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;

    use super::*;
    use crate::{
        cli::bench::{
            measure::Progress,
            transport::socketio::{Packet, read},
        },
        protocol::{
            frame::{Frame, Stamp, WireFormat},
            spec::Topic,
        },
    };

    /// As the server tells it.
    fn told(data: &str) -> Vec<u8> {
        let event =
            format!(r#"{{"type":"room_event","room":"bench-1","event":"{TYPE}","data":{data}}}"#);
        event.into_bytes()
    }

    #[test]
    fn publishers_and_members_are_told_apart() {
        let mut members = Members::new([1, 2], 2, true);
        let [first, second] = [0, 1]
            .map(|publisher| [(); 2].map(|()| told(&members.next(0, publisher, Instant::now()))));
        for (member, events) in [(0, &first), (0, &second), (1, &second), (1, &first)] {
            for event in events {
                assert!(members.heard(member, event).unwrap().is_some());
            }
        }
        assert_eq!((members.heard, members.passed_over), (8, 0));
        let other = br#"{"type":"room_snapshot","room":"bench-1"}"#;
        assert_eq!(members.heard(0, other).unwrap(), None);
    }

    #[test]
    fn a_client_of_socket_io_hears_the_same_events_by_their_own_name() {
        let mut members = Members::new([1, 1], 1, true);
        for _ in 0..2 {
            let data = members.next(0, 0, Instant::now());
            let wrapped = String::from_utf8(told(&data)).unwrap();
            let frame = Frame::stored("room_event", Topic::Rooms, wrapped);
            let mut packet = BytesMut::new();
            let stamp = Stamp::Durable { seq: 7, prev: 6 };
            frame.write(stamp, WireFormat::SocketIoFrame, &mut packet);
            let start = packet.windows(2).position(|it| it == b"42").unwrap();
            let Packet::Event(message) = read(&packet[start..]) else {
                panic!("no event in {packet:?}");
            };
            assert!(members.heard(0, message).unwrap().is_some());
            assert!(members.heard(0, message).is_err(), "twice");
        }
        assert_eq!(members.heard, 2);
    }

    #[test]
    fn twice_and_backwards_is_wrong_and_so_is_a_gap_where_all_must_come() {
        for all_come in [true, false] {
            let mut members = Members::new([1, 1], 1, all_come);
            let [first, _, third] = [(); 3].map(|()| told(&members.next(0, 0, Instant::now())));
            members.heard(0, &first).unwrap();
            assert!(members.heard(0, &first).is_err(), "twice");
            assert_eq!(members.heard(0, &third).is_err(), all_come);
            assert_eq!(members.passed_over, u64::from(!all_come));
        }
    }

    #[test]
    fn what_was_never_said_is_wrong() {
        let mut members = Members::new([1, 1], 1, true);
        let event = told(&members.data(0, 0, Instant::now()));
        assert!(members.heard(0, &event).is_err());
    }

    /// Goal: who hears nothing is in the figures. Method: two rooms of two members; one hears the first event of theirs, one a later
    /// one that took its place, two hear nothing.
    #[test]
    fn what_is_not_heard_counts_for_each_who_should_have() {
        let start = Instant::now();
        let mut members = Members::new([2, 2], 1, false);
        let [first, second] = [(); 2].map(|()| told(&members.next(0, 0, start)));
        members.next(1, 0, start);
        members.heard(0, &first).unwrap();
        members.heard(1, &second).unwrap();
        let mut meter = Meter::new("deliveries", 0, Progress::Silent);
        let later = start + Duration::from_secs(7);
        // The second for the first of them, and one for each of the other room.
        assert_eq!(members.give_up(&mut meter, later), 3);
        assert_eq!(meter.latencies().count_between(6_900_000, 7_100_000), 3);
        assert_eq!(members.passed_over, 1);
    }
}
