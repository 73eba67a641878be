//! From a hub to every worker: frames for all who listen, joined while a worker is busy.
//!
//! Each worker has a slot. A hub puts frames into it and pokes the worker once, and once more when as many are there as
//! it waits for; until the worker takes them, newer frames replace older ones of the same key. So a worker is owed at most one frame per key,
//! however fast the hub is, and the hub never waits.
//!
//! A slot is no queue, so a frame in it could overtake what was addressed to a client before it (the
//! status `online` the `call_end` that caused it). So each frame knows how many messages had entered the
//! worker's mailbox when it was put, and is taken only when as many have been handled: what is handled is
//! then in the mailbox's order, so these are among them. The other way round a message knows the last
//! frame that was put before it.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::rounds::{Numbered, Round};
use crate::protocol::{frame::Frame, spec::Key};

/// A frame that a worker has not taken yet.
#[derive(Debug)]
struct Waiting {
    frame: Frame,
    /// The messages that had entered the worker's mailbox when it was put.
    addressed: usize,
}

/// What one worker has not taken yet.
#[derive(Debug, Default)]
struct Slot {
    frames: BTreeMap<Round, Waiting>,
    /// The number of the newest frame of each key.
    newest: HashMap<Key, Round>,
    /// The last number that was put.
    latest: Round,
    poked: bool,
    /// How many frames the worker waits for: once they are there it is poked again.
    wanted: Option<usize>,
}

/// How far a worker may take what waits for it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Due {
    /// What was put before something that is addressed to a client now: up to this number.
    UpTo(Round),
    /// What was put after messages that have all been handled: so many have.
    Behind(usize),
}

impl Due {
    fn covers(self, round: Round, waiting: &Waiting) -> bool {
        match self {
            Due::UpTo(last) => round <= last,
            Due::Behind(handled) => waiting.addressed <= handled,
        }
    }
}

/// The frames on their way to each worker.
#[derive(Debug)]
pub(super) struct Broadcast {
    slots: Box<[Mutex<Slot>]>,
}

/// Whether the worker must be told that something waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Poke {
    Needed,
    UnderWay,
}

impl Broadcast {
    pub(super) fn new(workers: usize) -> Self {
        Self {
            slots: (0..workers).map(|_| Mutex::default()).collect(),
        }
    }

    /// Leaves frames for one worker, in whose mailbox so many messages had entered by then. Both numbers
    /// must rise over all calls.
    pub(super) fn put(&self, worker: usize, frames: &[Numbered], addressed: usize) -> Poke {
        let Some(mut slot) = self.slot(worker) else {
            return Poke::UnderWay;
        };
        for numbered in frames {
            slot.put(numbered.clone(), addressed);
        }
        let complete = slot.take_complete();
        let first = !std::mem::replace(&mut slot.poked, true);
        match first || complete {
            true => Poke::Needed,
            false => Poke::UnderWay,
        }
    }

    /// Takes what waits for a worker and is due, in order. Something may still wait then: no new poke comes
    /// for that.
    pub(super) fn take(&self, worker: usize, due: Due) -> Vec<Numbered> {
        let Some(mut slot) = self.slot(worker) else {
            return Vec::new();
        };
        let mut waiting = slot.frames.iter();
        let early = waiting.find(|(round, waiting)| !due.covers(**round, waiting));
        let early = early.map(|(round, _)| *round);
        let kept = early.map(|first| slot.frames.split_off(&first));
        let taken = std::mem::replace(&mut slot.frames, kept.unwrap_or_default());
        for (round, Waiting { frame, .. }) in &taken {
            slot.forget_newest(frame, *round);
        }
        slot.poked = !slot.frames.is_empty();
        slot.wanted = None;
        taken
            .into_iter()
            .map(|(round, Waiting { frame, .. })| Numbered { round, frame })
            .collect()
    }

    /// The last number that was put for a worker.
    pub(super) fn latest(&self, worker: usize) -> Round {
        self.slot(worker).map_or(0, |slot| slot.latest)
    }

    /// How many frames wait for a worker.
    pub(super) fn waiting(&self, worker: usize) -> usize {
        self.slot(worker).map_or(0, |slot| slot.frames.len())
    }

    /// How many frames wait for a worker or are among `told`, of each key one.
    pub(super) fn different<'a>(
        &self,
        worker: usize,
        told: impl Iterator<Item = &'a Frame>,
    ) -> usize {
        let mut keys = HashSet::new();
        let mut is_new = |frame: &Frame| frame.key().is_none_or(|key| keys.insert(key.clone()));
        let told = told.filter(|frame| is_new(frame)).count();
        let slot = self.slot(worker);
        let waiting = slot.iter().flat_map(|slot| slot.frames.values());
        told + waiting.filter(|it| is_new(&it.frame)).count()
    }

    /// Whether so many frames wait for a worker. If not, it is poked once they do, unless it takes them before.
    pub(super) fn has_or_pokes(&self, worker: usize, wanted: usize) -> bool {
        self.slot(worker).is_some_and(|mut slot| {
            let has = slot.frames.len() >= wanted;
            slot.wanted = (!has).then_some(wanted);
            has
        })
    }

    fn slot(&self, worker: usize) -> Option<MutexGuard<'_, Slot>> {
        // A panic while the lock is held leaves whole frames behind; the next one may go on.
        Some(
            self.slots
                .get(worker)?
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }
}

impl Slot {
    fn put(&mut self, numbered: Numbered, addressed: usize) {
        let Numbered { round, frame } = numbered;
        if let Some(key) = frame.key() {
            let older = self.newest.insert(key.clone(), round);
            older.map(|older| self.frames.remove(&older));
        }
        self.latest = round;
        self.frames.insert(round, Waiting { frame, addressed });
    }

    /// Whether all frames are there, for the first time, that the worker waits for.
    fn take_complete(&mut self) -> bool {
        let frames = self.frames.len();
        self.wanted.take_if(|wanted| frames >= *wanted).is_some()
    }

    /// A frame does not wait any more. What it costs must not depend on how many others do: one is taken for each answer that
    /// goes out meanwhile.
    fn forget_newest(&mut self, frame: &Frame, round: Round) {
        if let Some(key) = frame.key()
            && self.newest.get(key) == Some(&round)
        {
            self.newest.remove(key);
        }
    }
}

/// Numbers the broadcasts of this process.
#[derive(Debug, Default)]
pub struct Numbering(Round);

impl Numbering {
    /// The next number.
    pub fn number(&mut self, frame: Frame) -> Numbered {
        self.0 += 1;
        Numbered {
            round: self.0,
            frame,
        }
    }

    /// The last number given.
    pub fn latest(&self) -> Round {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::event::{Event, OtomoStatus, OtomoStatusUpdate};

    const ALL: Due = Due::UpTo(Round::MAX);

    fn update(otomo: &str, version: u64) -> Frame {
        Frame::new(&Event::from(OtomoStatusUpdate {
            user_id: otomo.parse().unwrap(),
            status: OtomoStatus::Busy,
            timestamp: 0,
            version,
        }))
    }

    #[test]
    fn a_busy_worker_is_owed_the_newest_of_each_key_and_poked_once() {
        let broadcast = Broadcast::new(1);
        let mut numbering = Numbering::default();
        let mut put =
            |otomo, version| broadcast.put(0, &[numbering.number(update(otomo, version))], 0);
        assert_eq!(put("a", 1), Poke::Needed);
        assert_eq!(put("b", 1), Poke::UnderWay);
        assert_eq!(put("a", 2), Poke::UnderWay);
        let taken = broadcast.take(0, ALL);
        assert_eq!(taken.iter().map(|it| it.round).collect::<Vec<_>>(), [2, 3]);
        assert_eq!(broadcast.waiting(0), 0);
        assert_eq!(put("a", 3), Poke::Needed);
    }

    #[test]
    fn a_worker_that_waits_for_more_is_poked_when_it_is_there() {
        let broadcast = Broadcast::new(1);
        let mut numbering = Numbering::default();
        let mut put =
            |otomo, version| broadcast.put(0, &[numbering.number(update(otomo, version))], 0);
        assert_eq!(put("a", 1), Poke::Needed);
        assert!(!broadcast.has_or_pokes(0, 3));
        assert_eq!(put("b", 1), Poke::UnderWay);
        assert_eq!(put("b", 2), Poke::UnderWay, "it replaces another");
        assert_eq!(put("c", 1), Poke::Needed);
        assert_eq!(put("d", 1), Poke::UnderWay, "once");
        assert!(broadcast.has_or_pokes(0, 3));
        assert!(!broadcast.has_or_pokes(0, 5));
        broadcast.take(0, ALL);
        assert_eq!(put("a", 2), Poke::Needed);
        let others = ["b", "c", "d", "e"].map(|otomo| put(otomo, 3));
        assert_eq!(others, [Poke::UnderWay; 4], "nobody waits for them now");
    }

    /// Goal: who waits for frames is not poked for them again after a poke that was due anyway.
    #[test]
    fn the_poke_that_is_needed_anyway_is_the_one_that_was_waited_for() {
        let broadcast = Broadcast::new(1);
        let mut numbering = Numbering::default();
        let mut put =
            |otomo, version| broadcast.put(0, &[numbering.number(update(otomo, version))], 0);
        assert!(!broadcast.has_or_pokes(0, 1));
        assert_eq!(put("a", 1), Poke::Needed);
        assert_eq!(put("b", 1), Poke::UnderWay);
    }

    #[test]
    fn who_waits_again_while_it_is_told_is_one() {
        let broadcast = Broadcast::new(1);
        let mut numbering = Numbering::default();
        let told = ["a", "b", "c"].map(|otomo| update(otomo, 1));
        for (otomo, version) in [("b", 2), ("c", 2), ("d", 1)] {
            broadcast.put(0, &[numbering.number(update(otomo, version))], 0);
        }
        assert_eq!(broadcast.different(0, told.iter()), 4);
    }

    #[test]
    fn a_hub_that_outruns_a_worker_costs_bounded_memory() {
        let broadcast = Broadcast::new(1);
        let mut numbering = Numbering::default();
        for version in 0..10_000 {
            broadcast.put(0, &[numbering.number(update("a", version))], 0);
        }
        assert_eq!(broadcast.take(0, ALL).len(), 1);
    }

    #[test]
    fn a_frame_waits_for_what_was_addressed_before_it_and_not_for_what_came_after() {
        let broadcast = Broadcast::new(1);
        let mut numbering = Numbering::default();
        let mut put = |otomo, addressed| {
            let frame = numbering.number(update(otomo, 1));
            broadcast.put(0, &[frame], addressed)
        };
        put("a", 0);
        put("b", 2);
        let rounds = |due| {
            let taken = broadcast.take(0, due);
            taken.iter().map(|it| it.round).collect::<Vec<_>>()
        };
        assert_eq!(rounds(Due::Behind(1)), [1]);
        assert_eq!(broadcast.waiting(0), 1);
        assert_eq!(put("c", 2), Poke::UnderWay);
        // What is addressed after "b" was put says that it comes after it.
        assert_eq!(rounds(Due::UpTo(2)), [2]);
        assert_eq!(rounds(Due::Behind(2)), [3]);
        assert_eq!(broadcast.latest(0), 3);
    }
}
