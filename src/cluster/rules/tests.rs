//! Cases, and a model of several nodes that freeze, die, lose the store and come back in any order.

use proptest::{collection::vec, prelude::*};

use super::*;

const LEASE: Duration = Duration::from_secs(15);

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(1_000_000) + Duration::from_secs(seconds)
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn row(lease_until: Option<Timestamp>) -> Row {
    Row {
        name: "n1".parse().unwrap(),
        epoch: 7,
        alive_at: at(0),
        lease_until,
    }
}

#[test]
fn a_name_is_free_once_nobody_can_be_alive_under_it() {
    assert_eq!(enter(None, None, false, at(0)), Entry::Free);
    assert_eq!(enter(Some(&row(None)), None, false, at(0)), Entry::Free);
    let held = row(Some(at(10)));
    assert_eq!(enter(Some(&held), None, false, at(4)), Entry::Wait(secs(6)));
    assert_eq!(enter(Some(&held), Some(at(10)), false, at(10)), Entry::Free);
    assert_eq!(
        enter(Some(&held), None, true, at(4)),
        Entry::Free,
        "it has ended"
    );
}

#[test]
fn who_renews_while_it_is_waited_for_is_alive() {
    let renewed = row(Some(at(14)));
    let seen = Some(at(10));
    assert_eq!(enter(Some(&renewed), seen, false, at(5)), Entry::Taken);
}

#[test]
fn epochs_rise_whatever_becomes_of_the_row_and_the_clock() {
    assert_eq!(next_epoch(None, at(0)), at(0).millis());
    assert_eq!(next_epoch(Some(7), at(0)), at(0).millis());
    let ahead = at(9).millis();
    assert_eq!(next_epoch(Some(ahead), at(0)), ahead + 1);
}

#[test]
fn a_lease_counts_from_the_question_and_is_not_brought_back() {
    let mut tenure = Tenure::begin(LEASE, secs(0));
    tenure.answered(secs(5), secs(6), Renewal::Held);
    assert!(tenure.is_current(secs(19)));
    assert!(!tenure.is_current(secs(20)));
    // Frozen with a question on its way.
    tenure.answered(secs(10), secs(40), Renewal::Held);
    assert!(!tenure.is_current(secs(40)));
    tenure.answered(secs(10), secs(40), Renewal::Away);
    assert!(!tenure.is_current(secs(40)));
}

#[test]
fn a_node_waits_for_a_store_that_is_away_and_settles_nothing_for_a_term_after_it() {
    let mut tenure = Tenure::begin(LEASE, secs(0));
    assert!(!tenure.may_settle(secs(14)));
    tenure.answered(secs(14), secs(14), Renewal::Held);
    assert!(tenure.may_settle(secs(15)));
    for second in (15..100).step_by(5) {
        tenure.answered(secs(second), secs(second), Renewal::Away);
        assert!(tenure.is_current(secs(second + 14)));
        assert!(!tenure.may_settle(secs(second)));
    }
    tenure.answered(secs(100), secs(100), Renewal::Held);
    tenure.answered(secs(110), secs(110), Renewal::Held);
    assert!(!tenure.may_settle(secs(114)));
    assert!(tenure.may_settle(secs(115)));
}

#[test]
fn a_node_whose_row_was_taken_is_not_itself_any_more() {
    let mut tenure = Tenure::begin(LEASE, secs(0));
    tenure.answered(secs(5), secs(5), Renewal::Taken);
    assert!(!tenure.is_current(secs(5)));
}

/// What happens to a node of the model.
#[derive(Debug, Clone, Copy)]
enum Act {
    /// It has a turn, and asks the store.
    Turn(usize),
    /// It is frozen, or wakes.
    Freeze(usize),
    /// The store goes away, or comes back.
    Store,
    /// Time passes, in seconds.
    Pass(u64),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let node = 0..3_usize;
    let act = prop_oneof![
        6 => node.clone().prop_map(Act::Turn),
        1 => node.prop_map(Act::Freeze),
        1 => Just(Act::Store),
        5 => (1..8_u64).prop_map(Act::Pass),
    ];
    vec(act, 0..200)
}

struct Node {
    epoch: Epoch,
    tenure: Tenure,
    frozen: bool,
}

/// Three nodes, and their rows. The clock of each is the store's.
struct World {
    seconds: u64,
    away: bool,
    rows: Vec<Row>,
    nodes: Vec<Node>,
    /// Every life whose affairs were settled.
    settled: Vec<(usize, Epoch)>,
}

impl World {
    fn new() -> Self {
        let rows = (0..3).map(|number| Row {
            name: format!("n{number}").parse().unwrap(),
            epoch: 1,
            alive_at: at(0),
            lease_until: Some(at(0) + LEASE),
        });
        let node = || Node {
            epoch: 1,
            tenure: Tenure::begin(LEASE, secs(0)),
            frozen: false,
        };
        Self {
            seconds: 0,
            away: false,
            rows: rows.collect(),
            nodes: (0..3).map(|_| node()).collect(),
            settled: Vec::new(),
        }
    }

    fn turn(&mut self, number: usize) {
        let (now, asked) = (at(self.seconds), secs(self.seconds));
        let node = &mut self.nodes[number];
        if node.frozen {
            return;
        }
        if !node.tenure.is_current(asked) {
            return self.join(number);
        }
        if self.away {
            return node.tenure.answered(asked, asked, Renewal::Away);
        }
        let own = &mut self.rows[number];
        if !own.holds(node.epoch) {
            return node.tenure.answered(asked, asked, Renewal::Taken);
        }
        own.alive_at = now;
        own.lease_until = Some(now + LEASE);
        node.tenure.answered(asked, asked, Renewal::Held);
        if node.tenure.may_settle(asked) {
            self.settle(now);
        }
    }

    fn settle(&mut self, now: Timestamp) {
        for (number, row) in self.rows.iter_mut().enumerate() {
            if row.is_left_behind(now) {
                row.lease_until = None;
                self.settled.push((number, row.epoch));
            }
        }
    }

    fn join(&mut self, number: usize) {
        if self.away {
            return;
        }
        let (now, row) = (at(self.seconds), &mut self.rows[number]);
        if row.is_left_behind(now) || row.is_alive(now) {
            // Its own life before: settled with the joining.
            self.settled.push((number, row.epoch));
        }
        let epoch = next_epoch(Some(row.epoch), now);
        assert!(epoch > row.epoch);
        row.epoch = epoch;
        row.lease_until = Some(now + LEASE);
        let node = &mut self.nodes[number];
        node.epoch = epoch;
        node.tenure = Tenure::begin(LEASE, secs(self.seconds));
    }

    fn check(&self) {
        let mut settled = self.settled.clone();
        settled.sort_unstable();
        settled.dedup();
        assert_eq!(settled.len(), self.settled.len(), "settled twice");
        for (number, node) in self.nodes.iter().enumerate() {
            if self.settled.contains(&(number, node.epoch)) {
                assert!(
                    !self.rows[number].holds(node.epoch),
                    "a life that was settled can still write"
                );
            }
        }
    }
}

proptest! {
    #[test]
    fn every_life_is_settled_at_most_once_and_writes_nothing_after_that(acts in acts()) {
        let mut world = World::new();
        for act in acts {
            match act {
                Act::Turn(number) => world.turn(number),
                Act::Freeze(number) => world.nodes[number].frozen ^= true,
                Act::Store => world.away ^= true,
                Act::Pass(seconds) => world.seconds += seconds,
            }
            world.check();
        }
        // Whoever is given its turns again is itself again, and those that stay frozen are settled.
        world.away = false;
        for _ in 0..12 {
            world.seconds += 5;
            for number in 0..3 {
                world.turn(number);
            }
            world.check();
        }
        for (number, node) in world.nodes.iter().enumerate() {
            let row = &world.rows[number];
            if node.frozen {
                assert!(world.nodes.iter().all(|it| it.frozen) || row.lease_until.is_none());
            } else {
                assert!(node.tenure.is_current(secs(world.seconds)) && row.holds(node.epoch));
            }
        }
    }
}
