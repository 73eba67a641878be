//! From a hub to every worker: frames for all who listen, joined while a worker is busy.
//!
//! Each worker has a slot. A hub puts frames into it and pokes the worker once; until the worker takes
//! them, newer frames replace older ones of the same key. So a worker is owed at most one frame per key,
//! however fast the hub is, and the hub never waits.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::rounds::{Numbered, Round};
use crate::protocol::frame::{Frame, Key};

/// What one worker has not taken yet.
#[derive(Debug, Default)]
struct Slot {
    frames: BTreeMap<Round, Frame>,
    /// The number of the newest frame of each key.
    newest: HashMap<Key, Round>,
    poked: bool,
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

    /// Leaves frames for one worker. Numbers must rise over all calls.
    pub(super) fn put(&self, worker: usize, frames: &[Numbered]) -> Poke {
        let Some(mut slot) = self.slot(worker) else {
            return Poke::UnderWay;
        };
        for numbered in frames {
            slot.put(numbered.clone());
        }
        match std::mem::replace(&mut slot.poked, true) {
            true => Poke::UnderWay,
            false => Poke::Needed,
        }
    }

    /// Takes what waits for a worker, in order.
    pub(super) fn take(&self, worker: usize) -> Vec<Numbered> {
        let Some(mut slot) = self.slot(worker) else {
            return Vec::new();
        };
        slot.poked = false;
        slot.newest.clear();
        let frames = std::mem::take(&mut slot.frames);
        frames
            .into_iter()
            .map(|(round, frame)| Numbered { round, frame })
            .collect()
    }

    /// Whether something waits for a worker.
    pub(super) fn waits(&self, worker: usize) -> bool {
        self.slot(worker)
            .is_some_and(|slot| !slot.frames.is_empty())
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
    fn put(&mut self, numbered: Numbered) {
        let Numbered { round, frame } = numbered;
        if let Some(key) = frame.key() {
            let older = self.newest.insert(key.clone(), round);
            older.map(|older| self.frames.remove(&older));
        }
        self.frames.insert(round, frame);
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
            |otomo, version| broadcast.put(0, &[numbering.number(update(otomo, version))]);
        assert_eq!(put("a", 1), Poke::Needed);
        assert_eq!(put("b", 1), Poke::UnderWay);
        assert_eq!(put("a", 2), Poke::UnderWay);
        let taken = broadcast.take(0);
        assert_eq!(taken.iter().map(|it| it.round).collect::<Vec<_>>(), [2, 3]);
        assert!(!broadcast.waits(0));
        assert_eq!(put("a", 3), Poke::Needed);
    }

    #[test]
    fn a_hub_that_outruns_a_worker_costs_bounded_memory() {
        let broadcast = Broadcast::new(1);
        let mut numbering = Numbering::default();
        for version in 0..10_000 {
            broadcast.put(0, &[numbering.number(update("a", version))]);
        }
        assert_eq!(broadcast.take(0).len(), 1);
    }
}
