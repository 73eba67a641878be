//! Otomo presence from end to end below the sockets: the hub on a real database, told to real lines.
//!
//! - `fixture`: a database and the servers that run on it. `watcher`: somebody who looks at the list.
//!   `listener`, shared with the tests of calls: a client without a socket.
//! - `statuses`, `connections`, `restarts`, `calls`, `admins`, `nodes`: one rule after the other.
//! - `choices`: more of them than can be stored. `others`: nodes that hear each other. `unreadable`: a row that no server wrote.
//! - `convergence`: a snapshot and the updates after it equal a fresh snapshot, whatever happens meanwhile.
//!
//! Nothing here sleeps to let something happen: a test waits for what it expects, and what must not happen is made
//! impossible to miss by something that comes after it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that fails, fails by panicking"
)]

mod admins;
mod calls;
mod choices;
mod connections;
mod convergence;
#[path = "../support/database.rs"]
#[allow(dead_code, reason = "other suites ask for more of it")]
mod database;
mod fixture;
#[path = "../support/linked.rs"]
#[allow(dead_code, reason = "other suites ask for more of it")]
mod linked;
#[path = "../support/listener.rs"]
mod listener;
#[path = "../support/messages.rs"]
mod messages;
mod nodes;
mod others;
#[path = "../support/postgres.rs"]
#[allow(dead_code, reason = "other suites ask for more of it")]
mod postgres;
#[path = "../support/recorder.rs"]
mod recorder;
#[path = "../support/redis.rs"]
#[allow(dead_code, unreachable_pub, reason = "other suites ask for more of it")]
mod redis;
mod restarts;
mod statuses;
mod unreadable;
#[path = "../support/waiting.rs"]
#[allow(dead_code, reason = "other suites ask for more of it")]
mod waiting;
mod watcher;
