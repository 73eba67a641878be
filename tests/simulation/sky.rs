//! What fails right now, and how: the faults of a world, which everything in it asks.
//!
//! While it is fair nothing fails and everything is quick. In a storm each thing that is asked has its own chance of a delay
//! or a failure, and whole parts are away for a time.

use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use otomo::store::{Fate, Outcome, Work};

use crate::support::Dice;

/// How the store of one node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreWeather {
    Fair,
    /// Now and then something fails, is late, or is not answered.
    Rough,
    /// Everything takes long.
    Slow,
    /// Nothing is reached.
    Away,
}

/// The faults of a world. Clones share them.
#[derive(Clone)]
pub struct Sky(Arc<Mutex<State>>);

struct State {
    stores: Vec<StoreWeather>,
    /// Whether each node reaches Redis.
    linked: Vec<bool>,
    /// Whether messages are lost, doubled and late between Redis and nodes.
    lossy: bool,
    /// Whether clients' links are slow, each message by a chance of its own.
    laggy: bool,
    /// Whether something was stored since it was asked.
    stored: bool,
}

impl Sky {
    pub fn fair(nodes: usize) -> Self {
        Self(Arc::new(Mutex::new(State {
            stores: vec![StoreWeather::Fair; nodes],
            linked: vec![true; nodes],
            lossy: false,
            laggy: false,
            stored: true,
        })))
    }

    /// Everything heals.
    pub fn clear(&self) {
        let mut state = self.state();
        state.stores.fill(StoreWeather::Fair);
        state.linked.fill(true);
        state.lossy = false;
        state.laggy = false;
    }

    pub fn set_store(&self, node: usize, weather: StoreWeather) {
        self.state().stores[node] = weather;
    }

    pub fn set_linked(&self, node: usize, linked: bool) {
        self.state().linked[node] = linked;
    }

    pub fn set_lossy(&self, lossy: bool) {
        self.state().lossy = lossy;
    }

    pub fn set_laggy(&self, laggy: bool) {
        self.state().laggy = laggy;
    }

    pub fn reaches_redis(&self, node: usize) -> bool {
        self.state().linked[node]
    }

    /// How often a message of Redis arrives at a subscriber. What is said in a room is not lost alone, but with its connection.
    pub fn copies(&self, is_of_room: bool, dice: &mut Dice) -> usize {
        match self.state().lossy {
            true => *dice.pick(&[usize::from(is_of_room), 1, 1, 1, 1, 1, 1, 1, 1, 2]),
            false => 1,
        }
    }

    /// How many milliseconds it takes.
    pub fn redis_delay(&self, dice: &mut Dice) -> u64 {
        match self.state().lossy && dice.one_in(5) {
            true => dice.within(0..600),
            false => dice.within(0..3),
        }
    }

    /// How many milliseconds a message takes between a client and its node.
    pub fn link_delay(&self, dice: &mut Dice) -> u64 {
        match self.state().laggy && dice.one_in(8) {
            true => dice.within(0..800),
            false => dice.within(1..30),
        }
    }

    /// What becomes of what a node asks its store.
    pub fn fate(&self, node: usize, work: Work, dice: &mut Dice) -> Fate {
        let mut state = self.state();
        let weather = state.stores[node];
        let outcome = match weather {
            StoreWeather::Fair | StoreWeather::Slow => Outcome::Done,
            StoreWeather::Away => Outcome::Away,
            StoreWeather::Rough => *dice.pick(&[
                Outcome::Done,
                Outcome::Done,
                Outcome::Done,
                Outcome::Done,
                Outcome::Done,
                Outcome::Done,
                Outcome::Away,
                Outcome::Overloaded,
                Outcome::Unanswered,
            ]),
        };
        let most = match weather {
            StoreWeather::Fair => 3,
            StoreWeather::Away => 20,
            StoreWeather::Rough if !dice.one_in(6) => 20,
            StoreWeather::Rough | StoreWeather::Slow => 900,
        };
        state.stored |= work == Work::Write;
        let mut span = || Duration::from_millis(dice.within(0..most));
        Fate {
            begins_in: span(),
            outcome,
            answers_in: span(),
        }
    }

    /// Whether something may have been stored since this was asked.
    pub fn take_stored(&self) -> bool {
        std::mem::take(&mut self.state().stored)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("nobody panics while they have it")
    }
}
