//! The outbox against a naive one, and what it promises about memory and time.

use std::{cell::Cell, hash::Hasher, rc::Rc};

use proptest::prelude::*;

use super::*;

/// A frame of a test: told apart by the number with which it was made.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Probe {
    number: usize,
    lane: Lane,
    key: Option<u16>,
    size: usize,
}

impl Item for Probe {
    type Key = u16;

    fn lane(&self) -> Lane {
        self.lane
    }

    fn key(&self) -> Option<&u16> {
        self.key.as_ref()
    }

    fn size(&self) -> usize {
        self.size
    }
}

/// The outbox as one would explain it: a list in the order in which things leave, searched from end to end.
#[derive(Debug, Default)]
struct Naive {
    waiting: Vec<(Lane, Probe)>,
    open: bool,
    dropped: u32,
}

impl Naive {
    fn bytes(&self, counted: impl Fn(Lane) -> bool) -> usize {
        let counted = self.waiting.iter().filter(|(lane, _)| counted(*lane));
        counted.map(|(_, probe)| probe.size).sum()
    }

    fn live_bytes(&self) -> usize {
        self.bytes(|lane| lane != Lane::Preamble)
    }

    fn append(&mut self, lane: Lane, probe: Probe) {
        let end = self
            .waiting
            .partition_point(|(other, _)| *other as u8 <= lane as u8);
        self.waiting.insert(end, (lane, probe));
    }

    fn push(&mut self, probe: Probe, limits: &Limits) -> Pushed {
        if probe.lane == Lane::Preamble {
            self.append(Lane::Preamble, probe);
            return Pushed::Queued;
        }
        let older = self.waiting.iter().position(|(lane, other)| {
            (*lane, probe.lane) == (Lane::State, Lane::State)
                && probe.key.is_some()
                && other.key == probe.key
        });
        let replaced = older.map_or(0, |older| self.waiting[older].1.size);
        let lasting = self.live_bytes() - self.bytes(|lane| lane == Lane::Ephemeral) - replaced;
        if probe.lane == Lane::Ephemeral && lasting + probe.size > limits.soft {
            self.dropped += 1;
            return Pushed::Dropped;
        }
        while self.live_bytes() - replaced + probe.size > limits.soft {
            let oldest = self
                .waiting
                .iter()
                .position(|(lane, _)| *lane == Lane::Ephemeral);
            let Some(oldest) = oldest else { break };
            self.waiting.remove(oldest);
            self.dropped += 1;
        }
        if self.live_bytes() - replaced + probe.size > limits.hard {
            return Pushed::Overflow;
        }
        match older {
            Some(older) => {
                self.waiting[older].1 = probe;
                Pushed::Replaced
            }
            None => {
                self.append(probe.lane, probe);
                Pushed::Queued
            }
        }
    }

    fn pull(&mut self, max_bytes: usize) -> Vec<Probe> {
        let mut pulled = Vec::new();
        let mut bytes = 0;
        while let Some((lane, probe)) = self.waiting.first() {
            let gated = !self.open && *lane != Lane::Preamble;
            if gated || (!pulled.is_empty() && bytes + probe.size > max_bytes) {
                break;
            }
            bytes += probe.size;
            pulled.push(self.waiting.remove(0).1);
        }
        pulled
    }
}

/// One thing that happens to an outbox.
#[derive(Debug, Clone)]
enum Step {
    Push {
        lane: Lane,
        key: Option<u16>,
        size: usize,
    },
    Replay {
        size: usize,
    },
    Pull {
        max_bytes: usize,
    },
    Open,
    Clear,
}

fn step() -> impl Strategy<Value = Step> {
    let lane = prop_oneof![
        1 => Just(Lane::Preamble),
        4 => Just(Lane::Control),
        4 => Just(Lane::Durable),
        20 => Just(Lane::State),
        8 => Just(Lane::Ephemeral),
    ];
    // More keys than the length from which on the state lane is indexed.
    let key = prop::option::weighted(0.9, 0_u16..40);
    prop_oneof![
        60 => (lane, key, 1_usize..60).prop_map(|(lane, key, size)| Step::Push { lane, key, size }),
        2 => (1_usize..60).prop_map(|size| Step::Replay { size }),
        10 => (0_usize..400).prop_map(|max_bytes| Step::Pull { max_bytes }),
        1 => Just(Step::Open),
        1 => Just(Step::Clear),
    ]
}

fn limits() -> impl Strategy<Value = Limits> {
    let limits = (0_usize..2_000, 0_usize..2_000);
    limits.prop_map(|(soft, above)| Limits {
        soft,
        hard: soft + above,
    })
}

proptest! {
    /// Goal: the outbox answers, orders, coalesces, drops and counts exactly as the naive one does.
    /// Method: the same random steps to both, compared after each, and emptied at the end.
    #[test]
    fn it_does_what_the_naive_one_does(
        limits in limits(),
        steps in prop::collection::vec(step(), 1..200),
    ) {
        let mut outbox = Outbox::gated();
        let mut naive = Naive::default();
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Push { lane, key, size } => {
                    let probe = Probe { number, lane, key, size };
                    prop_assert_eq!(
                        outbox.push(probe.clone(), &limits),
                        naive.push(probe, &limits)
                    );
                }
                Step::Replay { size } => {
                    let probe = Probe { number, lane: Lane::Durable, key: None, size };
                    outbox.push_preamble(probe.clone());
                    naive.append(Lane::Preamble, probe);
                }
                Step::Pull { max_bytes } => {
                    let mut pulled = Vec::new();
                    let bytes = outbox.pull(max_bytes, &mut |probe| pulled.push(probe));
                    prop_assert_eq!(bytes, pulled.iter().map(|probe| probe.size).sum::<usize>());
                    prop_assert!(bytes <= max_bytes || pulled.len() == 1);
                    prop_assert_eq!(pulled, naive.pull(max_bytes));
                }
                Step::Open => {
                    outbox.open();
                    naive.open = true;
                }
                Step::Clear => {
                    outbox.clear();
                    naive.waiting.clear();
                }
            }
            prop_assert_eq!(outbox.bytes(), naive.bytes(|_| true));
            prop_assert_eq!(outbox.is_idle(), naive.waiting.is_empty());
            prop_assert_eq!(outbox.dropped(), naive.dropped);
            // The limits themselves, said once more without the model.
            prop_assert!(naive.live_bytes() <= limits.hard);
            let ephemeral = naive.waiting.iter().any(|(lane, _)| *lane == Lane::Ephemeral);
            prop_assert!(naive.live_bytes() <= limits.soft || !ephemeral);
        }
        outbox.open();
        naive.open = true;
        let mut rest = Vec::new();
        outbox.pull(usize::MAX, &mut |probe| rest.push(probe));
        prop_assert_eq!(rest, naive.pull(usize::MAX));
        prop_assert!(outbox.is_idle() && outbox.bytes() == 0);
    }

    /// Goal: nothing of control or durable is lost or reordered, and the newest of each key comes last.
    /// Method: no hard limit, random pushes and pulls, then a look at all that left.
    #[test]
    fn what_must_arrive_arrives_in_order(steps in prop::collection::vec(step(), 1..200)) {
        let limits = Limits { soft: 200, hard: usize::MAX };
        let mut outbox = Outbox::gated();
        outbox.open();
        let (mut pushed, mut left) = (Vec::new(), Vec::new());
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Push { lane, key, size } => {
                    let probe = Probe { number, lane, key, size };
                    let answer = outbox.push(probe.clone(), &limits);
                    prop_assert_ne!(answer, Pushed::Overflow);
                    pushed.push(probe);
                }
                Step::Pull { max_bytes } => {
                    outbox.pull(max_bytes, &mut |probe| left.push(probe));
                }
                Step::Replay { .. } | Step::Open | Step::Clear => {}
            }
        }
        outbox.pull(usize::MAX, &mut |probe| left.push(probe));
        for lane in [Lane::Preamble, Lane::Control, Lane::Durable] {
            let of_lane = |probes: &[Probe]| -> Vec<Probe> {
                probes.iter().filter(|probe| probe.lane == lane).cloned().collect()
            };
            prop_assert_eq!(of_lane(&left), of_lane(&pushed));
        }
        for key in 0..40 {
            let newest = |probes: &[Probe]| {
                let of_key = |probe: &&Probe| probe.lane == Lane::State && probe.key == Some(key);
                probes.iter().rfind(of_key).map(|probe| probe.number)
            };
            prop_assert_eq!(newest(&left), newest(&pushed));
        }
    }
}

const GENEROUS: Limits = Limits {
    soft: 1 << 20,
    hard: 1 << 20,
};

fn state(number: usize, key: u16) -> Probe {
    Probe {
        number,
        lane: Lane::State,
        key: Some(key),
        size: 10,
    }
}

#[test]
fn a_state_keeps_its_place_and_tells_the_newest() {
    let mut outbox = Outbox::gated();
    outbox.open();
    assert_eq!(outbox.push(state(0, 7), &GENEROUS), Pushed::Queued);
    assert_eq!(outbox.push(state(1, 8), &GENEROUS), Pushed::Queued);
    assert_eq!(outbox.push(state(2, 7), &GENEROUS), Pushed::Replaced);
    let mut left = Vec::new();
    assert_eq!(
        outbox.pull(usize::MAX, &mut |probe| left.push(probe.number)),
        20
    );
    assert_eq!(left, [2, 1]);
}

#[test]
fn the_gate_holds_live_frames_back_but_not_the_preamble() {
    let control = |number| Probe {
        number,
        lane: Lane::Control,
        key: None,
        size: 1,
    };
    let mut outbox = Outbox::gated();
    assert_eq!(outbox.push(control(0), &GENEROUS), Pushed::Queued);
    outbox.push_preamble(control(1));
    let mut left = Vec::new();
    assert_eq!(
        outbox.pull(usize::MAX, &mut |probe| left.push(probe.number)),
        1
    );
    assert_eq!(
        outbox.pull(usize::MAX, &mut |probe| left.push(probe.number)),
        0
    );
    assert!(!outbox.is_idle());
    outbox.open();
    outbox.pull(usize::MAX, &mut |probe| left.push(probe.number));
    assert_eq!(left, [1, 0]);
}

#[test]
fn what_is_kept_for_a_goodbye_is_the_control_lane_alone() {
    let mut outbox = Outbox::gated();
    for lane in Lane::ALL {
        let probe = Probe {
            lane,
            ..state(0, 0)
        };
        let _ = outbox.push(probe, &Limits::NONE);
    }
    let size = state(0, 0).size;
    outbox.keep_control();
    outbox.open();
    assert_eq!(outbox.bytes(), size);
    let mut left = Vec::new();
    outbox.pull(usize::MAX, &mut |probe: Probe| left.push(probe.lane));
    assert_eq!(left, [Lane::Control]);
    outbox.keep_control();
    assert!(outbox.is_idle());
}

#[test]
fn an_idle_outbox_is_small_and_holds_no_heap() {
    assert!(size_of::<Outbox<Probe>>() <= 16);
    let mut outbox = Outbox::gated();
    outbox.open();
    for number in 0..1_000 {
        assert_eq!(
            outbox.push(state(number, number as u16), &GENEROUS),
            Pushed::Queued
        );
    }
    outbox.pull(usize::MAX, &mut drop);
    assert!(outbox.lanes.is_none(), "a drained outbox frees its lanes");
    let nothing_fits = Limits { soft: 0, hard: 0 };
    assert_eq!(outbox.push(state(0, 0), &nothing_fits), Pushed::Overflow);
    assert!(outbox.lanes.is_none(), "a refused frame leaves no lanes");
}

/// A state whose key counts how often it is compared.
#[derive(Clone)]
struct Counted {
    key: u16,
    comparisons: Rc<Cell<usize>>,
}

impl PartialEq for Counted {
    fn eq(&self, other: &Self) -> bool {
        self.comparisons.set(self.comparisons.get() + 1);
        self.key == other.key
    }
}

impl Eq for Counted {}

impl std::hash::Hash for Counted {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.key.hash(hasher);
    }
}

impl Item for Counted {
    type Key = Counted;

    fn lane(&self) -> Lane {
        Lane::State
    }

    fn key(&self) -> Option<&Counted> {
        Some(self)
    }

    fn size(&self) -> usize {
        1
    }
}

#[test]
fn coalescing_costs_the_same_at_a_thousand_keys() {
    let comparisons = Rc::new(Cell::new(0));
    let mut outbox = Outbox::gated();
    let mut pushes = 0;
    for _ in 0..10 {
        for key in 0..1_000 {
            let comparisons = Rc::clone(&comparisons);
            let _ = outbox.push(Counted { key, comparisons }, &GENEROUS);
            pushes += 1;
        }
    }
    let per_push = comparisons.get() / pushes;
    assert!(per_push <= 4, "{per_push} comparisons a push");
}
