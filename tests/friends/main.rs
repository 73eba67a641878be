//! Friends below the sockets, on a real database: who is whose friend after any story, and who was told what.
//!
//! What people hear over real connections is tested in `tests/server/friends`.
//!
//! - `asking`: who becomes a friend of whom. `everywhere`: who is online over several nodes. `refused`: a Redis
//!   that does not do what it is told. `trips`: what that costs to ask.
//! - `fixture`: one node. `cluster`: several, with a Redis. `recorder`: a connection's transport.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that fails, fails by panicking"
)]

mod asking;
mod cluster;
mod everywhere;
mod fixture;
#[path = "../support/linked.rs"]
#[allow(dead_code, reason = "other suites ask for more of it")]
mod linked;
#[path = "../support/messages.rs"]
mod messages;
#[path = "../support/recorder.rs"]
mod recorder;
#[path = "../support/redis.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with other tests")]
mod redis;
mod refused;
mod trips;
#[path = "../support/tunnel.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with other tests")]
mod tunnel;
#[path = "../support/waiting.rs"]
#[allow(dead_code, reason = "other suites ask for more of it")]
mod waiting;
