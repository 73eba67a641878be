//! A deterministic simulation: several nodes, their store, their Redis and their people in one thread, on simulated time.
//!
//! Everything of a node is the real code: rooms, actors, sessions, the store's batches on a real SQLite file, the backplane's
//! connections. What the simulation has in its hand is time, the moment at which each job of a store runs and what is said of
//! it, the pipes to Redis and to clients, and chance: one seed decides all of it. The same seed makes the same run, to the last
//! word that anybody hears.
//!
//! A world goes through a storm: nodes are killed, frozen, drained and come back, stores fail, slow down and lose answers, clocks
//! jump, Redis is split off, restarted, loses, doubles and reorders messages, people's connections break or fall silent, and
//! people stop reading. After every step what always holds is looked at. Then everything heals, and the world must settle:
//! every call ends, every request has its answer, and what each client has made of an old snapshot and the events since is
//! what a fresh one says. In the calm people type, a node's clock may be ahead while people call each other, and a node may be
//! drained that nobody misses.
//!
//! ```text
//! cargo test --test simulation                                    the same 1,000 seeds each time
//! OTOMO_SIMULATION_SEEDS=20000 cargo test --test simulation       more of them
//! OTOMO_SIMULATION_SEED=17 cargo test --test simulation -- --nocapture   one, with all that happens
//! ```
//! - [`world`]: a seed's course. [`cast`]: who there is. [`storm`]: its faults. [`sky`]: what fails right now.
//! - [`node`], [`redis`], [`link`], [`wire`]: the parts. [`people`]: who uses them; [`backend`], [`host`]: the app's own server.
//! - [`invariants`]: what must hold. [`trace`]: what has happened. [`found`]: what it has found. [`mutants`]: what it would
//!   find.
//!
//! What is not simulated: who is online of friends, which Redis decides by its scripts (a model and tests on a real Redis are
//! beside it); transactions that run side by side, which only PostgreSQL has (the tests of clusters run on one); more than one
//! worker in a node; rates, ends of tokens, actions, webhooks, and for how long something is kept; words of a room that Redis
//! loses alone or reorders (they come in the order of one connection); sockets and what is on them: a client that reads slowly
//! has the real outbox before a connection of the simulation's own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    missing_docs,
    unreachable_pub
)]

mod backend;
mod cast;
mod found;
mod host;
mod invariants;
mod link;
mod mirror;
mod mutants;
mod node;
mod people;
#[path = "../server/chat/chaos/received.rs"]
#[allow(dead_code, reason = "shared with the chat's own chaos")]
mod received;
mod redis;
mod seeds;
mod sky;
mod storm;
mod support;
mod trace;
mod wire;
mod world;

/// Which of them fails first is told, with its last steps.
#[test]
fn whatever_fails_everything_is_as_it_should_be_once_it_is_healed() {
    seeds::run();
}

#[test]
fn a_seed_repeats_itself() {
    for seed in [1, 2, 3] {
        let [once, again] = [(); 2].map(|()| seeds::quietly(seed));
        assert_eq!(once, again, "seed {seed}");
    }
}
