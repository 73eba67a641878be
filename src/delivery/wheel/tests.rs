//! The wheel against a sorted list.

use proptest::prelude::*;

use super::*;

/// One thing that happens to a wheel.
#[derive(Debug, Clone)]
enum Step {
    /// Arm a timer this many milliseconds from now, or back.
    Schedule(i64),
    /// Let this many milliseconds pass.
    Pass(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        10 => (-50_i64..2_000).prop_map(Step::Schedule),
        2 => (0_i64..100_000).prop_map(Step::Schedule),
        10 => (0_u64..60).prop_map(Step::Pass),
        1 => (0_u64..200_000).prop_map(Step::Pass),
    ]
}

proptest! {
    /// Goal: every timer fires exactly once, in the order of ticks, never early, at most one tick late.
    /// Method: random arming and passing of time, against a list of what was armed and for when.
    #[test]
    fn timers_fire_once_in_order_and_on_time(
        tick_ms in 1_u64..50,
        steps in prop::collection::vec(step(), 1..300),
    ) {
        let mut wheel = Wheel::new(Duration::from_millis(tick_ms));
        let mut now_ms = 0_u64;
        let mut waiting: Vec<(u64, Timer)> = Vec::new();
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Schedule(ahead) => {
                    let at_ms = now_ms.saturating_add_signed(ahead);
                    let timer = Timer { token: number as u32, generation: !(number as u32) };
                    wheel.schedule(timer.token, timer.generation, at_ms);
                    // A timer for a moment that has passed counts as one for now.
                    waiting.push((at_ms.max(now_ms), timer));
                }
                Step::Pass(span) => {
                    now_ms += span;
                    let mut last = 0;
                    for timer in wheel.advance(now_ms) {
                        let place = waiting.iter().position(|(_, other)| *other == timer);
                        prop_assert!(place.is_some(), "{:?} fired twice", timer);
                        let (at_ms, _) = waiting.remove(place.unwrap());
                        prop_assert!(at_ms <= now_ms, "{:?} fired early", timer);
                        // Within a tick there is no order, and one that was due when it was armed
                        // shares the next tick with those for its end: a whole tick apart.
                        prop_assert!(at_ms + tick_ms >= last, "{:?} fired out of order", timer);
                        last = at_ms;
                    }
                    let late = waiting.iter().find(|(at_ms, _)| at_ms + tick_ms <= now_ms);
                    prop_assert!(late.is_none(), "{:?} is late at {}", late, now_ms);
                }
            }
        }
    }
}

const TICK: Duration = Duration::from_millis(20);

#[test]
fn a_clock_that_goes_back_fires_nothing_and_loses_nothing() {
    let mut wheel = Wheel::new(TICK);
    assert_eq!(wheel.advance(10_000), []);
    wheel.schedule(7, 1, 10_100);
    assert_eq!(wheel.advance(5_000), []);
    assert_eq!(wheel.advance(10_099), []);
    let timer = Timer {
        token: 7,
        generation: 1,
    };
    assert_eq!(wheel.advance(10_100), [timer]);
}

#[test]
fn a_timer_costs_sixteen_bytes_and_an_empty_slot_holds_no_heap() {
    assert_eq!(size_of::<Armed>(), 16);
    let mut wheel = Wheel::new(TICK);
    for token in 0..10_000 {
        wheel.schedule(token, 0, 1_000);
    }
    assert_eq!(wheel.advance(1_000).len(), 10_000);
    assert!(wheel.slots.iter().all(|slot| slot.capacity() == 0));
}
