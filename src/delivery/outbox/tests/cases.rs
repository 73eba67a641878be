//! What the outbox promises, case by case, and what it promises about memory and time.

use std::hash::Hasher;

use super::*;

const GENEROUS: Limits = Limits {
    soft: 1 << 20,
    hard: 1 << 20,
};

fn state(number: usize, key: u16) -> Probe {
    Probe {
        key: Some(key),
        ..probe(&Rc::default(), number, Lane::State(Priority::Normal), 10)
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
fn a_state_is_never_followed_by_an_older_one_of_another_priority() {
    let of = |number, priority| Probe {
        lane: Lane::State(priority),
        ..state(number, 7)
    };
    let left_after = |first, second| {
        let mut outbox = Outbox::gated();
        outbox.open();
        assert_eq!(outbox.push(of(0, first), &GENEROUS), Pushed::Queued);
        assert_eq!(outbox.push(state(1, 8), &GENEROUS), Pushed::Queued);
        assert_eq!(outbox.push(of(2, second), &GENEROUS), Pushed::Replaced);
        outbox.release_low();
        let mut left = Vec::new();
        outbox.pull(usize::MAX, &mut |probe: Probe| left.push(probe.number));
        left
    };
    assert_eq!(left_after(Priority::Low, Priority::High), [2, 1]);
    assert_eq!(left_after(Priority::Low, Priority::Normal), [1, 2]);
    // The more urgent place is kept: what was to go at once is not put off by what is less urgent.
    assert_eq!(left_after(Priority::High, Priority::Low), [2, 1]);
}

#[test]
fn what_is_low_leaves_in_one_piece_when_its_window_is_over() {
    let low = |number| Probe {
        lane: Lane::Ephemeral(Priority::Low),
        ..state(number, 0)
    };
    let mut outbox = Outbox::gated();
    outbox.open();
    let pull = |outbox: &mut Outbox<Probe>| {
        let mut left = Vec::new();
        outbox.pull(usize::MAX, &mut |probe| left.push(probe.number));
        left
    };
    for number in 0..2 {
        assert_eq!(outbox.push(low(number), &GENEROUS), Pushed::Queued);
    }
    assert!(outbox.holds_low() && !outbox.has_due() && !outbox.is_idle());
    let high = Probe {
        lane: Lane::Ephemeral(Priority::High),
        ..state(2, 0)
    };
    assert_eq!(outbox.push(high, &GENEROUS), Pushed::Queued);
    assert_eq!(pull(&mut outbox), [2]);
    outbox.release_low();
    assert!(outbox.has_due());
    assert_eq!(outbox.push(low(3), &GENEROUS), Pushed::Queued);
    assert_eq!(pull(&mut outbox), [0, 1, 3]);
    // The next one opens a window of its own.
    assert_eq!(outbox.push(low(4), &GENEROUS), Pushed::Queued);
    assert!(outbox.holds_low());
    assert!(pull(&mut outbox).is_empty());
}

#[test]
fn of_what_may_be_dropped_the_least_urgent_goes_first() {
    let world = Rc::default();
    let of = |number, priority| probe(&world, number, Lane::Ephemeral(priority), 10);
    let limits = Limits {
        soft: 30,
        hard: 100,
    };
    let mut outbox = Outbox::gated();
    for (number, priority) in Priority::ALL.into_iter().enumerate() {
        assert_eq!(outbox.push(of(number, priority), &limits), Pushed::Queued);
    }
    // Its own kind makes room for what is low, nothing else does.
    assert_eq!(outbox.push(of(3, Priority::Low), &limits), Pushed::Queued);
    assert_eq!(outbox.push(of(4, Priority::High), &limits), Pushed::Queued);
    assert_eq!(outbox.push(of(5, Priority::Low), &limits), Pushed::Dropped);
    assert_eq!(outbox.push(of(6, Priority::High), &limits), Pushed::Queued);
    assert_eq!(
        outbox.push(of(7, Priority::Normal), &limits),
        Pushed::Dropped
    );
    let mut lost: Vec<usize> = world.fates.borrow().keys().copied().collect();
    lost.sort_unstable();
    assert_eq!(lost, [1, 2, 3, 5, 7]);
    assert_eq!(outbox.dropped(), 5);
}

#[test]
fn a_lane_of_states_keeps_no_room_for_those_that_were_taken_out() {
    let mut outbox = Outbox::gated();
    let of = |number, key, priority| Probe {
        lane: Lane::State(priority),
        ..state(number, key)
    };
    // One low state stays; the other leaves as a normal one, again and again.
    assert_eq!(
        outbox.push(of(0, 0, Priority::Low), &GENEROUS),
        Pushed::Queued
    );
    outbox.open();
    for number in 1..2_000 {
        let _ = outbox.push(of(2 * number, 1, Priority::Low), &GENEROUS);
        let _ = outbox.push(of(2 * number + 1, 1, Priority::Normal), &GENEROUS);
        outbox.pull(usize::MAX, &mut drop);
    }
    let lanes = outbox.lanes.as_ref().unwrap();
    let places = lanes.places(Priority::Low);
    assert!(places < 64, "{places} places for one state");
}

#[test]
fn the_gate_holds_live_frames_back_but_not_the_preamble() {
    let control = |number| probe(&Rc::default(), number, Lane::Control, 1);
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
        Lane::State(Priority::Normal)
    }

    fn key(&self) -> Option<&Counted> {
        Some(self)
    }

    fn size(&self) -> usize {
        1
    }

    fn is_expired(&self) -> bool {
        false
    }

    fn meets(&self, _: Fate) {}
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
