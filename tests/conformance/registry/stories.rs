//! Whatever happens, Redis and the ledger say the same.

use std::collections::BTreeMap;

use otomo::{
    delivery::connectedness::registry::{Alive, Life, Move, Moved},
    kernel::time::Timestamp,
};
use proptest::{
    collection::vec,
    prelude::{Just, Strategy},
    prop_oneof,
    test_runner::{Config, TestRunner},
};

use super::{
    World,
    ledger::{Ledger, Outcome, Step},
    user,
};

const PEOPLE: [&str; 3] = ["ann", "ben", "cat"];

#[derive(Debug, Clone, Copy)]
enum Act {
    Say(usize, usize, Step),
    Renew(usize),
    /// A node's lease runs out.
    RunOut(usize),
    /// A node begins another life.
    Again(usize),
    /// A node ends all that is over.
    Sweep(usize),
    Restart,
    Settle,
}

fn act() -> impl Strategy<Value = Act> {
    let step = prop_oneof![
        4 => Just(Step::Arrive),
        1 => Just(Step::Return),
        4 => Just(Step::Leave),
    ];
    prop_oneof![
        12 => (0..2usize, 0..3usize, step).prop_map(|(node, who, step)| Act::Say(node, who, step)),
        2 => (0..2usize).prop_map(Act::Renew),
        2 => (0..2usize).prop_map(Act::RunOut),
        2 => (0..2usize).prop_map(Act::Again),
        3 => (0..2usize).prop_map(Act::Sweep),
        1 => Just(Act::Restart),
        2 => Just(Act::Settle),
    ]
}

struct Story<'a> {
    world: &'a World,
    ledger: Ledger,
    lives: [Life; 2],
    number: u64,
    /// The latest version of each, as Redis gave it.
    versions: BTreeMap<String, u64>,
    /// What came of the last move that was said by a life.
    moved: Option<Moved>,
}

impl Story<'_> {
    async fn act(&mut self, act: Act) {
        match act {
            Act::Say(node, who, step) => self.say(node, PEOPLE[who], step).await,
            Act::Renew(node) => {
                let life = &self.lives[node];
                let renewed = self.world.registry(node).renew(life).await.unwrap();
                let goes_on = matches!(renewed, Alive::Yes(_));
                assert_eq!(goes_on, self.ledger.renew(&life.to_string()));
            }
            Act::RunOut(node) => {
                self.world.run_out(&self.lives[node]);
                self.ledger.run_out(&self.lives[node].to_string());
            }
            Act::Again(node) => self.begin(node).await,
            Act::Sweep(node) => self.sweep(node).await,
            Act::Restart => {
                self.world.redis().say("FLUSHALL");
                self.ledger.restart();
                self.versions.clear();
                // Somebody comes at once.
                self.begin(0).await;
            }
            Act::Settle => {
                self.world.settle();
                self.ledger.settled = true;
            }
        }
        let users = PEOPLE.map(user);
        let found = self.world.registry(0).online(&users).await.unwrap();
        let expected = PEOPLE.map(|it| self.ledger.is_online(it));
        assert_eq!(found.online, expected, "after {act:?}");
        assert_eq!(found.settling, !self.ledger.settled);
    }

    async fn begin(&mut self, node: usize) {
        self.number += 1;
        let life = self.world.life(node, self.number);
        self.world.registry(node).begin(&life).await.unwrap();
        self.ledger.begin(&life.to_string());
        self.lives[node] = life;
    }

    async fn say(&mut self, node: usize, who: &str, step: Step) {
        let life = &self.lives[node];
        let made = match step {
            Step::Arrive => Move::Arrive,
            Step::Return => Move::Return,
            Step::Leave => Move::Leave(Timestamp::from_millis(7)),
        };
        let (registry, moves) = (self.world.registry(node), [(user(who), made)]);
        let said = registry.say(life, &moves).await.unwrap();
        let expected = self.ledger.say(&life.to_string(), who, step);
        self.moved = match &said {
            Alive::Yes(moved) => Some(moved[0]),
            Alive::No => None,
        };
        match (said, expected) {
            (Alive::No, None) => {}
            (Alive::Yes(moved), Some(expected)) => match (moved[0], expected) {
                (Moved::Changed(version), Outcome::Changed(_)) => self.rises(who, version),
                (Moved::Same, Outcome::Same) | (Moved::Wait, Outcome::Wait) => {}
                other => panic!("{who} {step:?}: {other:?}"),
            },
            other => panic!("{who} {step:?}: {other:?}"),
        }
    }

    fn rises(&mut self, who: &str, version: u64) {
        let before = self.versions.insert(who.to_owned(), version);
        assert!(before < Some(version), "{who}: {before:?}, {version}");
    }

    async fn sweep(&mut self, node: usize) {
        let registry = self.world.registry(node);
        let found = registry.look(super::LEASE, 100).await.unwrap();
        let mut over: Vec<String> = found.over.iter().map(ToString::to_string).collect();
        over.sort();
        let mut expected = self.ledger.over();
        expected.sort();
        assert_eq!(over, expected);
        for life in found.over {
            let expected = self.ledger.sweep(&life.to_string()).unwrap();
            let mut gone = Vec::new();
            // In the smallest steps.
            while let Some((some, all)) = registry.sweep(&life, 1).await.unwrap() {
                for changed in some {
                    self.rises(changed.user.as_str(), changed.version);
                    gone.push(changed.user.to_string());
                }
                if all {
                    break;
                }
            }
            gone.sort();
            let expected: Vec<String> = expected.into_iter().map(|(who, _)| who).collect();
            assert_eq!(gone, expected, "{life}");
            assert_eq!(registry.sweep(&life, 1).await.unwrap(), None, "once");
        }
    }
}

/// From two nodes that have come to an empty Redis. Returns what came of the last move.
async fn tell(world: &World, acts: Vec<Act>) -> Option<Moved> {
    world.redis().say("FLUSHALL");
    let mut story = Story {
        world,
        ledger: Ledger::default(),
        lives: [world.life(0, 0), world.life(1, 0)],
        number: 0,
        versions: BTreeMap::new(),
        moved: None,
    };
    story.begin(0).await;
    story.begin(1).await;
    for act in acts {
        story.act(act).await;
    }
    story.moved
}

/// Goal: in any story of two nodes, lives that end, and a Redis that forgets, Redis does what the rules say.
#[test]
fn redis_keeps_the_rules_in_any_story() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let world = runtime.block_on(World::new());
    let mut runner = TestRunner::new(Config::with_cases(60));
    let told = runner.run(&vec(act(), 1..60), |acts| {
        runtime.block_on(tell(&world, acts));
        Ok(())
    });
    told.unwrap();
}

#[tokio::test]
async fn who_went_offline_with_another_node_is_announced_when_they_return() {
    let [ann, dead, living] = [0, 0, 1];
    let returns_while_nodes_come_back = vec![
        Act::Restart,
        Act::Say(dead, ann, Step::Return),
        Act::RunOut(dead),
        Act::Sweep(living),
        Act::Again(living),
        Act::Say(living, ann, Step::Return),
    ];
    let moved = tell(&World::new().await, returns_while_nodes_come_back).await;
    assert!(matches!(moved, Some(Moved::Changed(_))), "{moved:?}");
}
