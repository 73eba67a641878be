//! Calls from end to end below the sockets: the coordinator on a real database, told to real lines.
//!
//! What people see of each rule is tested over WebSockets (`tests/server`). Here is what needs a hand inside: a node that
//! dies between storing and speaking, restarts, nodes that race on one database, a store that fails.
//!
//! - `fixture`: a database and the servers that run on it. `phone`: a device that calls and is called.
//!   `listener`, shared with the tests of presence: a client without a socket.
//! - `calling`, `deadlines`: a call as its people hear it. `records`: a call as a row.
//! - `metered`: what a call costs, with the minutes of a clock that the test moves. `wallet`: points and prices.
//! - `others`: people on different nodes, which hear each other.
//! - `unspoken`, `restarts`, `races`, `failures`: what goes wrong, and is made good.
//!
//! Nothing here sleeps to let something happen: a test waits for what it expects.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that fails, fails by panicking"
)]

mod calling;
#[path = "../support/database.rs"]
#[allow(dead_code, reason = "other suites ask for more of it")]
mod database;
mod deadlines;
mod failures;
mod fixture;
#[path = "../support/linked.rs"]
#[allow(dead_code, reason = "other suites ask for more of it")]
mod linked;
#[path = "../support/listener.rs"]
mod listener;
#[path = "../support/messages.rs"]
mod messages;
mod metered;
mod others;
mod phone;
#[path = "../support/postgres.rs"]
#[allow(dead_code, reason = "other suites ask for more of it")]
mod postgres;
mod races;
#[path = "../support/recorder.rs"]
mod recorder;
mod records;
#[path = "../support/redis.rs"]
#[allow(dead_code, unreachable_pub, reason = "other suites ask for more of it")]
mod redis;
mod restarts;
mod unspoken;
#[path = "../support/waiting.rs"]
#[allow(dead_code, reason = "other suites ask for more of it")]
mod waiting;
mod wallet;
