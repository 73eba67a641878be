//! Delivery below the sessions: real workers and their mailboxes, lines whose transport writes down what it is given.
//!
//! - `fixture`: a server's delivery and the clients of its workers. `writer`: a transport that says what came together.
//! - `rooms`: who hears what is said to a room. `model`: the same against a naive model, at random.
//! - `beside`: what a worker tells its own clients at once. `pace`: what is written at once, what together, and what not at all.
//! - `calls`: that what one connection hears of a call goes forward.
//! - `nodes`: two servers that hear each other through a Redis. `holding`: who is told what holds in a room that others change.
//!
//! What people see of it over real connections is tested with the rooms (`tests/server`).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that fails, fails by panicking"
)]

mod beside;
mod calls;
mod fixture;
mod holding;
#[path = "../support/linked.rs"]
#[allow(dead_code, reason = "other suites ask for more of it")]
mod linked;
mod model;
mod nodes;
mod pace;
#[path = "../support/redis.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with other tests")]
mod redis;
mod rooms;
#[path = "../support/tunnel.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with other tests")]
mod tunnel;
#[path = "../support/waiting.rs"]
#[allow(dead_code, reason = "other suites ask for more of it")]
mod waiting;
mod writer;
