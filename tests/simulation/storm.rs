//! The faults of a storm: what breaks, when, and when it is whole again.

use std::{collections::BTreeMap, time::Duration};

use tokio::time::Instant;

use crate::{
    node::Node,
    redis::Redis,
    sky::{Sky, StoreWeather},
    support::Dice,
    trace::note,
};

/// Between two faults, in milliseconds.
const PAUSE_MS: std::ops::Range<u64> = 50..1_200;

/// How long a fault lasts, in milliseconds: some are over before anybody notices, some outlast every lease.
const LASTS_MS: std::ops::Range<u64> = 100..5_000;

/// How long a node's clock may be wrong before it has looked at the database's, in milliseconds.
const WRONG_MS: std::ops::Range<u64> = 500..5_000;

/// How far a clock jumps, in milliseconds.
const JUMP_MS: std::ops::Range<u64> = 50..3_500;

/// For how long what is not renewed counts: an outage of everything is longer, because shorter ones are many.
const LEASE: Duration = Duration::from_secs(3);

/// How much longer whoever stops a node waits before they kill it: most drains are over by then.
const DRAIN: Duration = Duration::from_secs(1);

/// Something that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    /// A node is killed, and started again.
    Kill(usize),
    /// A node is asked to drain, killed if it takes too long, and started again.
    Drain(usize),
    /// Nothing of a node runs for a while.
    Freeze(usize),
    /// A node's store is rough, slow, or away.
    Store(usize),
    /// The store of all nodes is away.
    AllStores,
    /// A node does not reach Redis, and its connection stands.
    Split(usize),
    /// A node's connection to Redis ends.
    Cut(usize),
    /// Redis is started again, and knows nothing.
    Forget,
    /// Redis loses, doubles and delays messages.
    Lossy,
    /// People's connections are slow.
    Laggy,
    /// A node's clock is set forward or back.
    Jump(usize),
}

/// A storm that goes on.
pub struct Storm {
    dice: Dice,
    next_at: Instant,
    /// What is broken, and until when; and by how much a clock is ahead or behind.
    until: BTreeMap<Fault, (Instant, i64)>,
}

impl Storm {
    pub fn new(dice: Dice) -> Self {
        Self {
            dice,
            next_at: Instant::now(),
            until: BTreeMap::new(),
        }
    }

    /// Breaks what is to break by now, and heals what is over.
    pub fn blow(&mut self, nodes: &mut [Node], redis: &Redis, sky: &Sky) {
        let now = Instant::now();
        let over = |it: &(&Fault, &(Instant, i64))| it.1.0 <= now;
        let over: Vec<(Fault, i64)> = self
            .until
            .iter()
            .filter(over)
            .map(|it| (*it.0, it.1.1))
            .collect();
        for (fault, jump) in over {
            self.until.remove(&fault);
            heal(fault, jump, nodes, sky);
        }
        if self.next_at <= now {
            self.next_at = now + self.span(PAUSE_MS);
            self.strike(nodes, redis, sky);
        }
    }

    /// Everything is whole again, but for a node that is down: one may be gone for good.
    pub fn end(&mut self, nodes: &mut [Node], sky: &Sky) {
        let mut stays_away = self.dice.flip();
        for (fault, (_, jump)) in std::mem::take(&mut self.until) {
            if let Fault::Kill(number) | Fault::Drain(number) = fault
                && std::mem::take(&mut stays_away)
            {
                note!("{} does not come back", nodes[number].name);
                continue;
            }
            heal(fault, jump, nodes, sky);
        }
        sky.clear();
    }

    fn strike(&mut self, nodes: &mut [Node], redis: &Redis, sky: &Sky) {
        let number = self.dice.below(nodes.len());
        let fault = match self.dice.below(16) {
            0 | 1 => Fault::Kill(number),
            2 => Fault::Freeze(number),
            3..6 => Fault::Store(number),
            6 => Fault::AllStores,
            7 => Fault::Split(number),
            8 => Fault::Cut(number),
            9 => Fault::Forget,
            10 | 11 => Fault::Lossy,
            12 => Fault::Laggy,
            13 => Fault::Drain(number),
            _ => Fault::Jump(number),
        };
        if self.until.contains_key(&fault) {
            return;
        }
        note!("{fault:?}");
        let (mut lasts, mut jump) = (self.span(LASTS_MS), 0);
        match fault {
            Fault::Kill(number) => nodes[number].kill(),
            Fault::Drain(number) => {
                lasts += DRAIN;
                nodes[number].drain();
            }
            Fault::Freeze(number) => nodes[number].freeze(),
            Fault::Store(number) => {
                let weathers = [StoreWeather::Rough, StoreWeather::Slow, StoreWeather::Away];
                sky.set_store(number, *self.dice.pick(&weathers));
            }
            Fault::AllStores => {
                lasts += LEASE;
                (0..nodes.len()).for_each(|number| sky.set_store(number, StoreWeather::Away));
            }
            Fault::Split(number) => sky.set_linked(number, false),
            Fault::Cut(number) => redis.cut(number),
            Fault::Forget => redis.restart(),
            Fault::Lossy => sky.set_lossy(true),
            Fault::Laggy => sky.set_laggy(true),
            Fault::Jump(number) => {
                lasts = self.span(WRONG_MS);
                jump = i64::try_from(self.dice.within(JUMP_MS)).expect("milliseconds");
                if self.dice.flip() {
                    jump = -jump;
                }
                nodes[number].jump(jump);
            }
        }
        self.until.insert(fault, (Instant::now() + lasts, jump));
    }

    fn span(&mut self, ms: std::ops::Range<u64>) -> Duration {
        Duration::from_millis(self.dice.within(ms))
    }
}

fn heal(fault: Fault, jump: i64, nodes: &mut [Node], sky: &Sky) {
    note!("{fault:?} is over");
    match fault {
        Fault::Kill(number) => {
            if !nodes[number].is_up() {
                nodes[number].start();
            }
        }
        Fault::Drain(number) => {
            if nodes[number].is_to_end() {
                nodes[number].kill();
            }
            if !nodes[number].is_up() {
                nodes[number].start();
            }
        }
        Fault::Freeze(number) => nodes[number].thaw(),
        Fault::Store(number) => sky.set_store(number, StoreWeather::Fair),
        Fault::AllStores => {
            (0..nodes.len()).for_each(|number| sky.set_store(number, StoreWeather::Fair));
        }
        Fault::Split(number) => sky.set_linked(number, true),
        Fault::Cut(_) | Fault::Forget => {}
        Fault::Lossy => sky.set_lossy(false),
        Fault::Laggy => sky.set_laggy(false),
        // As a node of a database with a clock of its own, which looks at that every few seconds.
        Fault::Jump(number) => nodes[number].jump(-jump),
    }
}
