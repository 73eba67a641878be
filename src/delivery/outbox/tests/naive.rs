//! The outbox as one would explain it: a list in the order in which things leave, searched from end to end.

use super::*;

#[derive(Debug, Default)]
pub(super) struct Naive {
    pub(super) waiting: Vec<(Lane, Probe)>,
    pub(super) open: bool,
    pub(super) low_released: bool,
    pub(super) dropped: u32,
    /// What became of each frame that waits no more.
    pub(super) fates: HashMap<usize, Fate>,
}

/// The place of a lane in the order in which they are pulled.
fn rank(lane: Lane) -> usize {
    Lane::ALL.into_iter().position(|it| it == lane).unwrap()
}

fn is_low(lane: Lane) -> bool {
    lane.priority() == Some(Priority::Low)
}

impl Naive {
    pub(super) fn bytes(&self, counted: impl Fn(Lane) -> bool) -> usize {
        let counted = self.waiting.iter().filter(|(lane, _)| counted(*lane));
        counted.map(|(_, probe)| probe.size).sum()
    }

    pub(super) fn live_bytes(&self) -> usize {
        self.bytes(|lane| lane != Lane::Preamble)
    }

    pub(super) fn holds_low(&self) -> bool {
        !self.low_released && self.waiting.iter().any(|(lane, _)| is_low(*lane))
    }

    pub(super) fn has_due(&self) -> bool {
        let due = |lane| self.low_released || !is_low(lane);
        self.waiting.iter().any(|(lane, _)| due(*lane))
    }

    pub(super) fn append(&mut self, lane: Lane, probe: Probe) {
        let before = |(other, _): &(Lane, Probe)| rank(*other) <= rank(lane);
        let end = self.waiting.partition_point(before);
        self.waiting.insert(end, (lane, probe));
    }

    /// Everything of which that is true is gone.
    pub(super) fn strike(&mut self, fate: Fate, goes: impl Fn(Lane, &Probe) -> bool) {
        let gone = self
            .waiting
            .extract_if(.., |(lane, probe)| goes(*lane, probe));
        self.fates
            .extend(gone.map(|(_, probe)| (probe.number, fate)));
    }

    fn older(&self, probe: &Probe) -> Option<usize> {
        let is_state = |lane| matches!(lane, Lane::State(_));
        self.waiting.iter().position(|(lane, other)| {
            is_state(*lane) && is_state(probe.lane) && probe.key.is_some() && other.key == probe.key
        })
    }

    /// The frame that is dropped first, of those that are worth no more than `lane`.
    fn least(&self, lane: Lane) -> Option<usize> {
        let ephemeral = Priority::ALL.into_iter().rev().map(Lane::Ephemeral);
        let mut least = ephemeral.filter(|other| match lane {
            Lane::Ephemeral(_) => rank(*other) >= rank(lane),
            _ => true,
        });
        least.find_map(|lane| self.waiting.iter().position(|(it, _)| *it == lane))
    }

    pub(super) fn push(&mut self, probe: Probe, limits: &Limits) -> Pushed {
        if probe.lane == Lane::Preamble {
            self.append(Lane::Preamble, probe);
            return Pushed::Queued;
        }
        let older = self.older(&probe);
        let replaced = older.map_or(0, |older| self.waiting[older].1.size);
        // An ephemeral frame is only taken if what is worth no more can make enough room for it.
        if let Lane::Ephemeral(_) = probe.lane {
            let stays = |lane| match lane {
                Lane::Preamble => false,
                Lane::Ephemeral(_) => rank(lane) < rank(probe.lane),
                _ => true,
            };
            if self.bytes(stays) + probe.size > limits.soft {
                self.dropped += 1;
                self.fates.insert(probe.number, Fate::NoRoom);
                return Pushed::Dropped;
            }
        }
        while self.live_bytes() - replaced + probe.size > limits.soft {
            let Some(least) = self.least(probe.lane) else {
                break;
            };
            let (_, gone) = self.waiting.remove(least);
            self.fates.insert(gone.number, Fate::NoRoom);
            self.dropped += 1;
        }
        if self.live_bytes() - replaced + probe.size > limits.hard {
            self.fates.insert(probe.number, Fate::Closed);
            return Pushed::Overflow;
        }
        if is_low(probe.lane) && !self.waiting.iter().any(|(lane, _)| is_low(*lane)) {
            self.low_released = false;
        }
        // What was dropped was ephemeral, and may have stood before it.
        let Some(older) = self.older(&probe) else {
            self.append(probe.lane, probe);
            return Pushed::Queued;
        };
        let (place, gone) = self.waiting[older].clone();
        self.fates.insert(gone.number, Fate::Replaced);
        if rank(place) <= rank(probe.lane) {
            self.waiting[older].1 = probe;
        } else {
            self.waiting.remove(older);
            self.append(probe.lane, probe);
        }
        Pushed::Replaced
    }

    pub(super) fn pull(&mut self, max_bytes: usize) -> Vec<Probe> {
        let mut pulled = Vec::new();
        let mut bytes = 0;
        while let Some((lane, probe)) = self.waiting.first() {
            let gated = !self.open && *lane != Lane::Preamble;
            let held = is_low(*lane) && !self.low_released;
            let full = !pulled.is_empty() && bytes + probe.size > max_bytes;
            let expired = probe.is_expired();
            if gated || held || (full && !expired) {
                break;
            }
            let (_, probe) = self.waiting.remove(0);
            if expired {
                self.fates.insert(probe.number, Fate::Expired);
                continue;
            }
            bytes += probe.size;
            self.fates.insert(probe.number, Fate::Left);
            pulled.push(probe);
        }
        pulled
    }
}
