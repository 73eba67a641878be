//! What is to fail in a run: data, made of a seed alone, so that a seed repeats it. What real processes make of it, and what
//! they do meanwhile, no seed repeats.

use std::fmt;

use super::Scale;
use crate::support::{Dice, Flow, TunnelEnd};

/// Something that fails for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// `kill -9` of a node, which is started again after a while.
    Kill,
    /// A node stands still for longer than its lease.
    Freeze,
    /// Redis is started again, empty.
    Forget,
    /// Whatever anybody says on Redis comes twice.
    Repeat,
    /// PostgreSQL is restarted.
    Restart,
    /// A trouble on the way between a node and somebody else.
    Way(Side, Trouble),
}

/// Who is at the other end of a node's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Clients,
    Redis,
    Postgres,
}

/// What goes wrong on a way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// What runs there ends once, so.
    Ends(TunnelEnd),
    /// Nothing comes through, and whoever tries hears of it.
    Cut,
    /// What becomes of the bytes from whoever has connected, and of those to them: a client of the node, or the node itself.
    Flows(Flow, Flow),
}

/// A fault, when it begins, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Milliseconds since the one before is over.
    pub pause: u64,
    pub fault: Fault,
    /// The number of the node.
    pub node: usize,
    /// Milliseconds that it lasts.
    pub length: u64,
}

/// Faults in three lanes that run beside each other: in each, one comes after another. A node that is started needs the
/// database, so what concerns either is in the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub lanes: [Vec<Step>; 3],
}

/// Between two faults of a lane, in milliseconds.
const PAUSE_MS: std::ops::Range<u64> = 200..1_500;

impl Plan {
    /// In an order of its own for each seed.
    pub fn new(scale: &Scale, nodes: usize, dice: &mut Dice) -> Self {
        let mut ways = |side, count| {
            let faults = (0..count * scale.each).map(|_| Fault::Way(side, trouble(side, dice)));
            faults.collect::<Vec<_>>()
        };
        let ways = [
            ways(Side::Postgres, 2),
            ways(Side::Redis, 2),
            ways(Side::Clients, 4),
        ];
        let others = [
            vec![Fault::Kill, Fault::Freeze, Fault::Restart],
            vec![Fault::Forget, Fault::Repeat],
            vec![],
        ];
        let mut ways = ways.into_iter();
        let lanes = others.map(|others| {
            let mut faults = others.repeat(scale.each);
            faults.extend(ways.next().into_iter().flatten());
            dice.shuffle(&mut faults);
            let steps = faults.into_iter().map(|fault| Step {
                pause: dice.within(PAUSE_MS),
                fault,
                node: dice.below(nodes),
                length: length(fault, scale, dice),
            });
            steps.collect()
        });
        Self { lanes }
    }

    /// Its steps, in no order.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.lanes.iter().flatten()
    }
}

fn trouble(side: Side, dice: &mut Dice) -> Trouble {
    let ms = std::time::Duration::from_millis;
    let late = Flow::Late(ms(dice.within(5..40)), ms(dice.within(40..300)));
    let thin = Flow::Thin(u32::try_from(dice.within(1_000..20_000)).expect("a small number"));
    let mut troubles = vec![
        Trouble::Ends(TunnelEnd::Reset),
        Trouble::Ends(TunnelEnd::Finished),
        Trouble::Cut,
        Trouble::Flows(Flow::Lost, Flow::Open),
        Trouble::Flows(Flow::Open, Flow::Lost),
        Trouble::Flows(Flow::Lost, Flow::Lost),
        Trouble::Flows(Flow::Held, Flow::Held),
        Trouble::Flows(late, late),
        Trouble::Flows(thin, thin),
    ];
    if side == Side::Postgres {
        // The moment that matters: the database goes away at the commit, once as it comes, once when it is done.
        let commit = [Flow::Until("COMMIT"), Flow::Through("COMMIT")];
        troubles.extend(commit.map(|flow| Trouble::Flows(flow, Flow::Open)));
    }
    *dice.pick(&troubles)
}

/// What ends a lease lasts longer than one; what only disturbs is shorter.
fn length(fault: Fault, scale: &Scale, dice: &mut Dice) -> u64 {
    let longest = u64::try_from(scale.longest.as_millis()).expect("a short time");
    match fault {
        Fault::Freeze => longest,
        Fault::Kill => dice.within(0..longest * 3 / 2),
        Fault::Forget | Fault::Restart | Fault::Way(_, Trouble::Ends(_)) => 0,
        Fault::Repeat | Fault::Way(..) => dice.within(longest / 8..longest),
    }
}

impl Fault {
    /// Its kind, for those who count.
    pub fn kind(&self) -> String {
        match self {
            Self::Way(side, Trouble::Ends(end)) => format!("{side:?} {end:?}"),
            Self::Way(side, Trouble::Cut) => format!("{side:?} Cut"),
            Self::Way(side, Trouble::Flows(up, down)) => {
                let name = |flow: &Flow| match flow {
                    Flow::Late(..) => "Late".to_owned(),
                    Flow::Thin(_) => "Thin".to_owned(),
                    other => format!("{other:?}"),
                };
                format!("{side:?} {}/{}", name(up), name(down))
            }
            other => format!("{other:?}"),
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (lane, steps) in self.lanes.iter().enumerate() {
            for Step {
                pause,
                fault,
                node,
                length,
            } in steps
            {
                writeln!(
                    f,
                    "  lane {lane}: after {pause} ms n{} {fault:?} for {length} ms",
                    node + 1
                )?;
            }
        }
        Ok(())
    }
}

#[test]
fn a_seed_repeats_a_plan_and_each_has_its_own() {
    let plan = |seed| Plan::new(&Scale::SHORT, 3, &mut Dice::seeded(seed));
    assert_eq!(plan(7), plan(7));
    assert_ne!(plan(7), plan(8));
    let kinds = |plan: &Plan| {
        plan.steps()
            .map(|step| step.fault.kind())
            .collect::<Vec<_>>()
    };
    for kind in ["Kill", "Freeze", "Forget", "Repeat", "Restart"] {
        assert!(kinds(&plan(7)).iter().any(|it| it == kind), "{kind}");
    }
    // Whatever may fail, fails in one of a few seeds.
    let all: std::collections::BTreeSet<String> =
        (0..100).flat_map(|seed| kinds(&plan(seed))).collect();
    assert_eq!(all.len(), 5 + 3 * 9 + 2, "{all:?}");
}
