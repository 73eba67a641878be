//! The outbox against a naive one, and what it promises about memory and time.

mod cases;
mod naive;

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    rc::Rc,
};

use proptest::prelude::*;

use self::naive::Naive;
use super::*;

/// What all frames of a test share: the time, and what became of each.
#[derive(Debug, Default)]
struct World {
    now: Cell<u32>,
    fates: RefCell<HashMap<usize, Fate>>,
}

/// A frame of a test: told apart by the number with which it was made.
#[derive(Debug, Clone)]
struct Probe {
    number: usize,
    lane: Lane,
    key: Option<u16>,
    size: usize,
    /// When it expires.
    until: u32,
    world: Rc<World>,
}

impl PartialEq for Probe {
    fn eq(&self, other: &Self) -> bool {
        (self.number, self.lane) == (other.number, other.lane)
    }
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

    fn is_expired(&self) -> bool {
        self.until <= self.world.now.get()
    }

    fn meets(&self, fate: Fate) {
        let earlier = self.world.fates.borrow_mut().insert(self.number, fate);
        assert_eq!(earlier, None, "frame {} met {fate:?} too", self.number);
    }
}

/// One thing that happens to an outbox.
#[derive(Debug, Clone)]
enum Step {
    Push {
        lane: Lane,
        key: Option<u16>,
        size: usize,
        lives: u32,
    },
    Replay {
        size: usize,
    },
    Pull {
        max_bytes: usize,
    },
    ReleaseLow,
    Discard {
        key: u16,
    },
    Withdraw {
        key: u16,
    },
    Open,
    KeepControl,
    Clear,
}

fn step() -> impl Strategy<Value = Step> {
    let priority = prop_oneof![
        1 => Just(Priority::High),
        2 => Just(Priority::Normal),
        2 => Just(Priority::Low),
    ];
    let lane = prop_oneof![
        1 => Just(Lane::Preamble),
        4 => Just(Lane::Control),
        4 => Just(Lane::Durable),
        20 => priority.clone().prop_map(Lane::State),
        8 => priority.prop_map(Lane::Ephemeral),
    ];
    // More keys than the length from which on a lane of states is indexed.
    let key = prop::option::weighted(0.9, 0_u16..40);
    // Time passes with every step, so some expire while they wait.
    let lives = prop_oneof![4 => Just(u32::MAX), 1 => 0_u32..60];
    let push = (lane, key, 1_usize..60, lives).prop_map(|(lane, key, size, lives)| Step::Push {
        lane,
        key,
        size,
        lives,
    });
    prop_oneof![
        60 => push,
        2 => (1_usize..60).prop_map(|size| Step::Replay { size }),
        10 => (0_usize..400).prop_map(|max_bytes| Step::Pull { max_bytes }),
        4 => Just(Step::ReleaseLow),
        2 => (0_u16..40).prop_map(|key| Step::Discard { key }),
        2 => (0_u16..40).prop_map(|key| Step::Withdraw { key }),
        1 => Just(Step::Open),
        1 => Just(Step::KeepControl),
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

/// The frame that is pushed in step `number`.
fn probe(world: &Rc<World>, number: usize, lane: Lane, size: usize) -> Probe {
    Probe {
        number,
        lane,
        key: None,
        size,
        until: u32::MAX,
        world: Rc::clone(world),
    }
}

/// One step to both.
fn take(
    step: Step,
    number: usize,
    world: &Rc<World>,
    (outbox, naive): (&mut Outbox<Probe>, &mut Naive),
    limits: &Limits,
) -> Result<(), TestCaseError> {
    world.now.set(number as u32);
    match step {
        Step::Push {
            lane,
            key,
            size,
            lives,
        } => {
            let until = (number as u32).saturating_add(lives);
            let probe = Probe {
                key,
                until,
                ..probe(world, number, lane, size)
            };
            let pushed = outbox.push(probe.clone(), limits);
            prop_assert_eq!(pushed, naive.push(probe, limits));
        }
        Step::Replay { size } => {
            let probe = probe(world, number, Lane::Durable, size);
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
        Step::ReleaseLow => {
            outbox.release_low();
            naive.low_released |= !naive.waiting.is_empty();
        }
        Step::Discard { key } => {
            outbox.discard(|probe| probe.key == Some(key));
            naive.strike(Fate::Closed, |lane, probe| {
                lane.priority().is_some() && probe.key == Some(key)
            });
        }
        Step::Withdraw { key } => {
            outbox.withdraw(|probe| probe.key == Some(key));
            naive.strike(Fate::Closed, |lane, probe| {
                lane == Lane::Control && probe.key == Some(key)
            });
        }
        Step::Open => {
            outbox.open();
            naive.open = true;
        }
        Step::KeepControl => {
            outbox.keep_control();
            naive.strike(Fate::Closed, |lane, _| lane != Lane::Control);
        }
        Step::Clear => {
            outbox.clear();
            naive.strike(Fate::Closed, |_, _| true);
        }
    }
    Ok(())
}

proptest! {
    /// Goal: the outbox answers, orders, coalesces, holds, drops and counts exactly as the naive one does, and tells each frame
    /// one fate.
    /// Method: the same random steps to both, compared after each, and emptied at the end.
    #[test]
    fn it_does_what_the_naive_one_does(
        limits in limits(),
        steps in prop::collection::vec(step(), 1..200),
    ) {
        let world = Rc::new(World::default());
        let mut outbox = Outbox::gated();
        let mut naive = Naive::default();
        let frames = |it: &Step| matches!(it, Step::Push { .. } | Step::Replay { .. });
        let pushed = steps.iter().filter(|it| frames(it)).count();
        for (number, step) in steps.into_iter().enumerate() {
            take(step, number, &world, (&mut outbox, &mut naive), &limits)?;
            prop_assert_eq!(outbox.bytes(), naive.bytes(|_| true));
            prop_assert_eq!(outbox.is_idle(), naive.waiting.is_empty());
            prop_assert_eq!(outbox.dropped(), naive.dropped);
            prop_assert_eq!(outbox.holds_low(), naive.holds_low());
            prop_assert_eq!(outbox.has_due(), naive.has_due());
            prop_assert_eq!(&*world.fates.borrow(), &naive.fates);
            // The limits themselves, said once more without the model.
            prop_assert!(naive.live_bytes() <= limits.hard);
            let ephemeral = |lane| matches!(lane, Lane::Ephemeral(_));
            let ephemeral = naive.waiting.iter().any(|(lane, _)| ephemeral(*lane));
            prop_assert!(naive.live_bytes() <= limits.soft || !ephemeral);
            if outbox.is_idle() {
                // The lanes are gone, and with them what they knew.
                naive.low_released = false;
            }
        }
        outbox.open();
        outbox.release_low();
        (naive.open, naive.low_released) = (true, true);
        let mut rest = Vec::new();
        outbox.pull(usize::MAX, &mut |probe| rest.push(probe));
        prop_assert_eq!(rest, naive.pull(usize::MAX));
        prop_assert!(outbox.is_idle() && outbox.bytes() == 0);
        prop_assert_eq!(world.fates.borrow().len(), pushed);
    }

    /// Goal: nothing of control or durable is lost or reordered, and the newest of each key comes last, whatever the priorities.
    /// Method: no hard limit, nothing expires, random pushes and pulls, then a look at all that left.
    #[test]
    fn what_must_arrive_arrives_in_order(steps in prop::collection::vec(step(), 1..200)) {
        let limits = Limits { soft: 200, hard: usize::MAX };
        let world = Rc::new(World::default());
        let mut outbox = Outbox::gated();
        outbox.open();
        let (mut pushed, mut left) = (Vec::new(), Vec::new());
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Push { lane, key, size, .. } => {
                    let probe = Probe { key, ..probe(&world, number, lane, size) };
                    let answer = outbox.push(probe.clone(), &limits);
                    prop_assert_ne!(answer, Pushed::Overflow);
                    pushed.push(probe);
                }
                Step::Pull { max_bytes } => {
                    outbox.pull(max_bytes, &mut |probe| left.push(probe));
                }
                Step::ReleaseLow => outbox.release_low(),
                _ => {}
            }
        }
        outbox.release_low();
        outbox.pull(usize::MAX, &mut |probe| left.push(probe));
        for lane in [Lane::Preamble, Lane::Control, Lane::Durable] {
            let of_lane = |probes: &[Probe]| -> Vec<Probe> {
                probes.iter().filter(|probe| probe.lane == lane).cloned().collect()
            };
            prop_assert_eq!(of_lane(&left), of_lane(&pushed));
        }
        let is_state = |probe: &&Probe| matches!(probe.lane, Lane::State(_));
        for key in 0..40 {
            let newest = |probes: &[Probe]| {
                let mut states = probes.iter().filter(is_state);
                states.rfind(|it| it.key == Some(key)).map(|it| it.number)
            };
            prop_assert_eq!(newest(&left), newest(&pushed));
        }
    }
}
