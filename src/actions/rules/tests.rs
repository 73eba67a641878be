use proptest::prelude::*;

use super::*;

const PAUSE: Duration = Duration::from_secs(10);

fn policy(failures: u32) -> Policy {
    Policy {
        failures: NonZeroU32::new(failures),
        pause: PAUSE,
    }
}

fn at(second: u64) -> Duration {
    Duration::from_secs(second)
}

/// A pass from a breaker that gives one.
#[track_caller]
fn pass(breaker: Breaker, now: Duration) -> (Breaker, Pass) {
    match breaker.admit(now) {
        (next, Admission::Pass(pass)) => (next, pass),
        (_, Admission::Wait(wait)) => panic!("{breaker:?} says wait {wait:?}"),
    }
}

/// The breaker in each of its states, at second 100, with a pass of that state where there is one.
fn states() -> [(&'static str, Breaker, Option<Pass>); 5] {
    let now = at(100);
    let policy = policy(2);
    let (fresh, first) = pass(Breaker::default(), now);
    let failed_once = fresh.settle(first, Outcome::Failed, now, &policy);
    let open = failed_once.settle(first, Outcome::Failed, now, &policy);
    let over = fresh
        .settle(first, Outcome::Failed, at(80), &policy)
        .settle(first, Outcome::Failed, at(80), &policy);
    let (probing, probe) = pass(over, now);
    [
        ("closed", fresh, Some(first)),
        ("closed after a failure", failed_once, Some(first)),
        ("open", open, None),
        ("open, pause over", over, None),
        ("half-open", probing, Some(probe)),
    ]
}

#[test]
fn every_state_and_what_an_asker_gets() {
    let wait = |seconds| Admission::Wait(at(seconds));
    let expected = [
        (None, State::Closed { failures: 0 }),
        (None, State::Closed { failures: 1 }),
        (Some(wait(10)), State::Open { until: at(110) }),
        (None, State::HalfOpen),
        (Some(Admission::Wait(PROBE_WAIT)), State::HalfOpen),
    ];
    for ((name, breaker, _), (refused, state)) in states().into_iter().zip(expected) {
        let (next, admission) = breaker.admit(at(100));
        assert_eq!(next.state(), state, "{name}");
        match refused {
            Some(refused) => assert_eq!(admission, refused, "{name}"),
            None => assert!(matches!(admission, Admission::Pass(_)), "{name}"),
        }
    }
}

#[test]
fn every_state_and_what_an_outcome_does() {
    use Outcome::{Abandoned, Failed, Worked};
    let closed = |failures| State::Closed { failures };
    let open = |second| State::Open { until: at(second) };
    let table = [
        [
            (Worked, closed(0)),
            (Failed, closed(1)),
            (Abandoned, closed(0)),
        ],
        [
            (Worked, closed(0)),
            (Failed, open(110)),
            (Abandoned, closed(1)),
        ],
        [
            (Worked, open(110)),
            (Failed, open(110)),
            (Abandoned, open(110)),
        ],
        [
            (Worked, open(90)),
            (Failed, open(90)),
            (Abandoned, open(90)),
        ],
        [
            (Worked, closed(0)),
            (Failed, open(110)),
            (Abandoned, open(100)),
        ],
    ];
    for ((name, breaker, pass), row) in states().into_iter().zip(table) {
        // While it is open nobody has a pass but those of an earlier state.
        let pass = pass.unwrap_or(Pass { epoch: 0 });
        for (outcome, state) in row {
            let next = breaker.settle(pass, outcome, at(100), &policy(2));
            assert_eq!(next.state(), state, "{name} {outcome:?}");
        }
    }
}

#[test]
fn what_fails_late_does_not_open_it_again() {
    let policy = policy(1);
    let (breaker, early) = pass(Breaker::default(), at(0));
    let (breaker, late) = pass(breaker, at(0));
    let open = breaker.settle(early, Outcome::Failed, at(1), &policy);
    let (probing, probe) = pass(open, at(11));
    assert_eq!(
        probing.settle(late, Outcome::Failed, at(11), &policy),
        probing,
        "only the probe decides"
    );
    let closed = probing.settle(probe, Outcome::Worked, at(12), &policy);
    assert_eq!(
        closed.settle(late, Outcome::Failed, at(12), &policy),
        closed
    );
}

#[test]
fn without_a_limit_it_never_opens() {
    let mut breaker = Breaker::default();
    for second in 0..1_000 {
        let (next, pass) = pass(breaker, at(second));
        breaker = next.settle(pass, Outcome::Failed, at(second), &policy(0));
    }
    assert_eq!(breaker.state(), State::Closed { failures: 1_000 });
}

/// What happens to the breaker of the model.
#[derive(Debug, Clone)]
enum Happening {
    Ask,
    /// One of those under way comes back.
    Return(prop::sample::Index, Outcome),
    Pass(Duration),
}

fn happening() -> impl Strategy<Value = Happening> {
    let outcome = prop_oneof![
        1 => Just(Outcome::Worked),
        3 => Just(Outcome::Failed),
        1 => Just(Outcome::Abandoned),
    ];
    prop_oneof![
        3 => Just(Happening::Ask),
        3 => (any::<prop::sample::Index>(), outcome).prop_map(|(at, it)| Happening::Return(at, it)),
        1 => (0_u64..15).prop_map(|seconds| Happening::Pass(at(seconds))),
    ]
}

proptest! {
    /// Goal: however askers come and return: nobody passes during a pause, at most one does before the backend has proved
    /// itself, and it opens with the last of so many failures in a row and no sooner.
    /// Method: a reference that keeps the history and not the state.
    #[test]
    fn it_protects_the_backend_and_lets_it_prove_itself(
        happenings in prop::collection::vec(happening(), 1..200),
        limit in 1_u32..4,
    ) {
        let policy = policy(limit);
        let (mut breaker, mut now) = (Breaker::default(), Duration::ZERO);
        // Under way, with whether it is the probe, and the number of openings and closings before it.
        let mut under_way: Vec<(Pass, bool, u32)> = Vec::new();
        let (mut changes, mut in_row, mut paused_until) = (0_u32, 0_u32, None);
        for happening in happenings {
            match happening {
                Happening::Pass(span) => now += span,
                Happening::Ask => {
                    let probing = under_way.iter().any(|(_, probe, of)| *probe && *of == changes);
                    let (next, admission) = breaker.admit(now);
                    let may = paused_until.is_none_or(|until| now >= until && !probing);
                    prop_assert_eq!(matches!(admission, Admission::Pass(_)), may);
                    if let Admission::Pass(pass) = admission {
                        under_way.push((pass, paused_until.is_some(), changes));
                    }
                    if let (Admission::Wait(wait), Some(until)) = (admission, paused_until) {
                        prop_assert!(wait > Duration::ZERO);
                        prop_assert!(probing || now + wait == until);
                    }
                    breaker = next;
                }
                Happening::Return(at, outcome) => {
                    if under_way.is_empty() {
                        continue;
                    }
                    let (pass, probe, of) = under_way.swap_remove(at.index(under_way.len()));
                    breaker = breaker.settle(pass, outcome, now, &policy);
                    if of != changes {
                        continue;
                    }
                    in_row = match outcome {
                        Outcome::Worked => 0,
                        Outcome::Failed => in_row + 1,
                        Outcome::Abandoned => in_row,
                    };
                    let opens = outcome == Outcome::Failed && (probe || in_row >= limit);
                    if opens {
                        paused_until = Some(now + PAUSE);
                    } else if probe && outcome == Outcome::Worked {
                        paused_until = None;
                    } else if probe {
                        paused_until = Some(now);
                    }
                    if opens || probe {
                        changes += 1;
                        in_row = 0;
                    }
                }
            }
        }
    }
}
