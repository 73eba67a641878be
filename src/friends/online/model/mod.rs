//! Nodes, a registry and watchers, all of them in memory, in any story that can happen to them.
//!
//! Goal: whatever comes first and whatever is lost, what is announced of one person alternates; nobody whose node says so is
//! ever taken out of the registry; and once things are quiet again, what watchers on every node make of their snapshots and
//! of what they were told is the truth.
//!
//! Method: the pure halves of a node (`publisher`, `board`) with the registry's rules in memory ([`ledger`]), which the scripts
//! are held to elsewhere (`tests/conformance/registry`). Between nodes messages are under way for as long as it takes, in any
//! order, and are lost when a link is. A grace is over when a person goes: that is tested where it runs.

#[path = "../../../../tests/support/ledger.rs"]
#[allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    reason = "shared with other tests"
)]
mod ledger;
mod world;

use proptest::{
    collection::vec,
    prelude::{Just, Strategy},
    prop_oneof,
    test_runner::{Config, TestRunner},
};

use self::world::{NODES, PEOPLE, World};

#[derive(Debug, Clone, Copy)]
enum Act {
    Come(usize, usize),
    Go(usize, usize),
    /// A node says what is to be said; or its answers are lost.
    Work(usize),
    WorkUnanswered(usize),
    /// A node tells what somebody else may not have.
    TellUntold(usize),
    Sweep(usize),
    Freeze(usize),
    Thaw(usize),
    Cut(usize),
    Heal(usize),
    /// The lease of a node runs out, if it is not renewed.
    RunOut(usize),
    /// A message arrives.
    Deliver(usize),
    /// A watcher's snapshot is read, and sent.
    Read(usize),
    Send(usize),
    Restart,
}

fn act() -> impl Strategy<Value = Act> {
    let node = 0..NODES;
    let of = |act: fn(usize) -> Act| (0..NODES).prop_map(act);
    let who = 0..PEOPLE.len();
    prop_oneof![
        8 => (node.clone(), who.clone()).prop_map(|(node, who)| Act::Come(node, who)),
        6 => (node, who).prop_map(|(node, who)| Act::Go(node, who)),
        12 => of(Act::Work),
        2 => of(Act::WorkUnanswered),
        2 => of(Act::TellUntold),
        3 => of(Act::Sweep),
        2 => of(Act::Freeze),
        3 => of(Act::Thaw),
        2 => of(Act::Cut),
        3 => of(Act::Heal),
        3 => of(Act::RunOut),
        12 => (0..16usize).prop_map(Act::Deliver),
        3 => of(Act::Read),
        3 => of(Act::Send),
        1 => Just(Act::Restart),
    ]
}

#[test]
fn in_any_story_watchers_come_to_see_the_truth() {
    let mut runner = TestRunner::new(Config::with_cases(500));
    let told = runner.run(
        &(vec(act(), 0..80), vec(act(), 0..40)),
        |(before, after)| {
            let mut world = World::new();
            before.into_iter().for_each(|act| world.act(act));
            world.calm_down();
            // After an outage everybody is sent a fresh snapshot.
            for at in 0..NODES {
                world.nodes[at].board.forget();
                world.act(Act::Read(at));
            }
            // From here on nothing is lost: a snapshot, however late it is sent, and what was told since are enough.
            let lossless = |act: &Act| {
                matches!(
                    act,
                    Act::Come(..) | Act::Go(..) | Act::Work(_) | Act::Deliver(_) | Act::Sweep(_)
                )
            };
            let (early, late): (Vec<Act>, Vec<Act>) = {
                let mut after: Vec<Act> = after.into_iter().filter(lossless).collect();
                let late = after.split_off(after.len() / 2);
                (after, late)
            };
            early.into_iter().for_each(|act| world.act(act));
            (0..NODES).for_each(|at| world.act(Act::Send(at)));
            late.into_iter().for_each(|act| world.act(act));
            world.calm_down();
            for node in &world.nodes {
                assert_eq!(node.view, world.truth());
            }
            Ok(())
        },
    );
    told.unwrap();
}

#[test]
fn who_was_announced_offline_with_a_dead_node_is_announced_when_another_brings_them_back() {
    let mut world = World::new();
    let (ben, dead, living) = (1, 1, 0);
    world.act(Act::Come(living, ben));
    world.act(Act::Restart);
    world.act(Act::Come(dead, ben));
    world.act(Act::Work(dead));
    world.act(Act::Cut(dead));
    world.act(Act::RunOut(dead));
    world.act(Act::Sweep(living));
    world.act(Act::Work(living));
    let told: Vec<bool> = world.announced[ben].iter().map(|it| it.1).collect();
    assert_eq!(told, [false, true]);
}
