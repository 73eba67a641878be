//! Nodes with the registry's rules in memory, and watchers on each of them.

use std::collections::BTreeMap;

use super::{
    Act,
    ledger::{self, Ledger, Outcome},
};
use crate::{
    delivery::connectedness::registry::Changed,
    friends::online::{
        board::{Board, Known, Verdict},
        publisher::{Publisher, Step},
    },
    kernel::{ids::UserId, time::Timestamp},
};

pub(super) const NODES: usize = 3;
pub(super) const PEOPLE: [&str; 2] = ["ann", "ben"];

#[derive(Default)]
pub(super) struct Node {
    publisher: Publisher,
    pub(super) board: Board,
    life: Option<String>,
    lives: usize,
    /// Connections of each.
    here: [usize; 2],
    frozen: bool,
    cut: bool,
    /// What a watcher here was told of each.
    pub(super) view: [Option<bool>; 2],
    /// A snapshot that was read and not sent: since when, and what it found.
    read: Option<(u64, [bool; 2])>,
}

impl Node {
    fn works(&self) -> bool {
        !self.frozen && !self.cut
    }

    fn who_is_here(&self) -> Vec<UserId> {
        let here = (0..PEOPLE.len()).filter(|who| self.here[*who] > 0);
        here.map(user).collect()
    }

    fn hear(&mut self, changed: &Changed) {
        if self.board.hear(changed) == Verdict::Tell {
            self.view[who(&changed.user)] = Some(changed.online);
        }
    }
}

#[derive(Default)]
pub(super) struct World {
    ledger: Ledger,
    pub(super) nodes: [Node; NODES],
    /// Messages under way, and to whom.
    flight: Vec<(usize, Changed)>,
    /// What was announced of each, in the order of its versions.
    pub(super) announced: [Vec<(u64, bool)>; 2],
    untold: BTreeMap<usize, Changed>,
}

fn user(who: usize) -> UserId {
    PEOPLE[who].parse().unwrap()
}

fn who(user: &UserId) -> usize {
    PEOPLE.iter().position(|it| *it == user.as_str()).unwrap()
}

impl World {
    pub(super) fn new() -> Self {
        let mut world = Self::default();
        world.ledger.settled = true;
        world
    }

    pub(super) fn act(&mut self, act: Act) {
        match act {
            Act::Come(at, who) => self.change(at, who, |count| count + 1),
            Act::Go(at, who) => self.change(at, who, |count| count.saturating_sub(1)),
            Act::Work(at) => self.work(at, true),
            Act::WorkUnanswered(at) => self.work(at, false),
            Act::TellUntold(at) if self.nodes[at].works() => {
                for changed in std::mem::take(&mut self.untold).into_values() {
                    self.tell(at, changed);
                }
            }
            Act::Sweep(at) if self.nodes[at].works() => self.sweep(at),
            Act::Freeze(at) => self.nodes[at].frozen = true,
            Act::Thaw(at) => self.nodes[at].frozen = false,
            Act::Cut(at) => self.cut(at),
            Act::Heal(at) => self.nodes[at].cut = false,
            Act::RunOut(at) if !self.nodes[at].works() => {
                let life = self.nodes[at].life.clone();
                life.iter().for_each(|life| self.ledger.run_out(life));
            }
            Act::Deliver(number) if !self.flight.is_empty() => {
                let next = number % self.flight.len();
                if !self.nodes[self.flight[next].0].frozen {
                    let (to, changed) = self.flight.swap_remove(next);
                    self.nodes[to].hear(&changed);
                }
            }
            Act::Read(at) if self.nodes[at].works() => {
                let connected = |who: usize| self.nodes.iter().any(|it| it.here[who] > 0);
                let found = [0, 1].map(|who| {
                    let listed = self.ledger.is_online(PEOPLE[who]);
                    listed || (!self.ledger.settled && connected(who))
                });
                let node = &mut self.nodes[at];
                node.read = Some((node.board.mark(), found));
            }
            Act::Send(at) => self.send(at),
            Act::Restart => self.restart(),
            _impossible => {}
        }
        self.check();
    }

    fn change(&mut self, at: usize, who: usize, to: impl Fn(usize) -> usize) {
        let node = &mut self.nodes[at];
        if node.frozen {
            return;
        }
        let was = node.here[who] > 0;
        node.here[who] = to(node.here[who]);
        let is = node.here[who] > 0;
        if was == is {
            return;
        }
        node.publisher.doubt(user(who));
        if node.cut {
            let known = if is {
                Known::Online
            } else {
                Known::Offline(Timestamp::from_millis(0))
            };
            node.board.see(&user(who), known);
            node.view[who] = Some(is);
        }
    }

    /// One turn of a node: it renews its life or begins another, and says two things.
    fn work(&mut self, at: usize, answered: bool) {
        let node = &mut self.nodes[at];
        if !node.works() {
            return;
        }
        let goes_on = node.life.as_ref().is_some_and(|it| self.ledger.renew(it));
        if !goes_on {
            node.lives += 1;
            let life = format!("{at}#1.{}", node.lives);
            self.ledger.begin(&life);
            node.life = Some(life);
            let here = node.who_is_here();
            node.publisher.begin_life(&here);
        }
        let life = node.life.clone().unwrap();
        let here = node.here;
        for (user, step) in node.publisher.next(2, |it, _| here[who(it)] > 0) {
            let said = match step {
                Step::Arrive => ledger::Step::Arrive,
                Step::Return => ledger::Step::Return,
                Step::Leave => ledger::Step::Leave,
            };
            let outcome = self.ledger.say(&life, user.as_str(), said);
            let outcome = outcome.expect("renewed just now");
            let changed = match outcome {
                Outcome::Changed(version) => {
                    let online = step != Step::Leave;
                    Some(self.announce(who(&user), version, online))
                }
                Outcome::Same | Outcome::Wait => None,
            };
            let publisher = &mut self.nodes[at].publisher;
            match outcome {
                _ if !answered => publisher.failed(user),
                Outcome::Wait => publisher.wait(user),
                Outcome::Changed(_) | Outcome::Same => publisher.done(&user, step),
            }
            if let Some(changed) = changed.filter(|_| answered) {
                self.tell(at, changed);
            }
        }
    }

    /// The merged state has changed: to be told by whoever changed it.
    fn announce(&mut self, who: usize, version: u64, online: bool) -> Changed {
        self.announced[who].push((version, online));
        let changed = Changed {
            user: user(who),
            online,
            version,
            seen: Timestamp::from_millis(0),
        };
        self.untold.insert(who, changed.clone());
        changed
    }

    fn tell(&mut self, at: usize, changed: Changed) {
        self.untold
            .retain(|_, it| it.version != changed.version || it.user != changed.user);
        self.nodes[at].hear(&changed);
        for to in (0..NODES).filter(|to| *to != at && !self.nodes[*to].cut) {
            self.flight.push((to, changed.clone()));
        }
    }

    fn sweep(&mut self, at: usize) {
        for life in self.ledger.over() {
            for (name, version) in self.ledger.sweep(&life).into_iter().flatten() {
                let who = PEOPLE.iter().position(|it| *it == name).unwrap();
                let changed = self.announce(who, version, false);
                self.tell(at, changed);
            }
        }
    }

    fn cut(&mut self, at: usize) {
        self.flight.retain(|(to, _)| *to != at);
        self.nodes[at].cut = true;
        self.nodes[at].board.clear();
    }

    fn send(&mut self, at: usize) {
        let node = &mut self.nodes[at];
        let Some((mark, found)) = node.read.take() else {
            return;
        };
        for (who, found) in found.into_iter().enumerate() {
            node.view[who] = match node.board.since(mark, &user(who)) {
                Some(known) => Some(known == Known::Online),
                None => Some(found),
            };
        }
    }

    /// Redis is back without its memory. All links were down.
    fn restart(&mut self) {
        for at in 0..NODES {
            let cut = self.nodes[at].cut;
            self.cut(at);
            self.nodes[at].cut = cut;
            self.nodes[at].read = None;
        }
        self.ledger.restart();
        self.announced = Default::default();
        self.untold.clear();
    }

    fn check(&self) {
        for (who, announced) in self.announced.iter().enumerate() {
            let name = PEOPLE[who];
            // After a return that was not announced the first that is may be an offline.
            for pair in announced.windows(2) {
                assert!(pair[0].0 < pair[1].0, "{name}: {announced:?}");
                assert_ne!(pair[0].1, pair[1].1, "{name}: {announced:?}");
            }
            for node in self
                .nodes
                .iter()
                .filter(|it| it.works() && it.here[who] > 0)
            {
                let life = node.life.as_deref().unwrap_or_default();
                let alive = self.ledger.clone().renew(life);
                if alive && node.publisher.has_said(&user(who)) {
                    assert!(
                        self.ledger.is_online(name),
                        "{name} is on a node that says so"
                    );
                }
            }
        }
    }

    /// Everything is well again, and all nodes have had time.
    pub(super) fn calm_down(&mut self) {
        for at in 0..NODES {
            self.act(Act::Thaw(at));
            self.act(Act::Heal(at));
        }
        // What nodes do by themselves, in each of which nothing is left to be done after a few turns.
        for _ in 0..4 {
            (0..NODES).for_each(|at| self.act(Act::Work(at)));
        }
        self.ledger.settled = true;
        for node in &mut self.nodes {
            node.publisher.settled();
        }
        for _ in 0..4 {
            (0..NODES).for_each(|at| self.act(Act::Work(at)));
            self.act(Act::Sweep(0));
            self.act(Act::TellUntold(1));
        }
        while !self.flight.is_empty() {
            self.act(Act::Deliver(0));
        }
        for (who, name) in PEOPLE.into_iter().enumerate() {
            let truth = self.nodes.iter().any(|node| node.here[who] > 0);
            assert_eq!(self.ledger.is_online(name), truth, "{name} in the registry");
        }
    }

    pub(super) fn truth(&self) -> [Option<bool>; 2] {
        [0, 1].map(|who| Some(self.nodes.iter().any(|node| node.here[who] > 0)))
    }
}
