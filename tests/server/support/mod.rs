//! The words that the tests are written in: a real server of its own for each test, and people who
//! connect to it with real WebSockets.

mod certificate;
mod client;
mod connecting;
mod crowd;
mod deaf;
mod dice;
mod endpoint;
mod event_log;
mod events;
#[allow(
    dead_code,
    reason = "not every test that shares these words has a crowd"
)]
pub mod leaving;
mod line;
#[path = "../../support/messages.rs"]
pub mod messages;
mod onlooker;
#[path = "../../support/openapi.rs"]
pub mod openapi;
#[path = "../../support/plans.rs"]
mod plans;
mod poster;
mod process;
mod raw;
#[path = "../../support/redis.rs"]
#[allow(
    dead_code,
    reason = "what else it can do is for the tests of the backplane"
)]
mod redis;
mod server;
mod silent;
mod stream;
mod time_of_day;
#[path = "../../support/tunnel.rs"]
#[allow(dead_code, reason = "what else it can do is for the tests of Redis")]
mod tunnel;
#[path = "../../support/waiting.rs"]
#[allow(
    dead_code,
    reason = "a limit of one's own is for the tests of several nodes"
)]
mod waiting;

pub use certificate::{Certificate, encrypt};
pub use client::{Client, at_once, silence};
pub use connecting::Connecting;
#[allow(
    unused_imports,
    reason = "not every test that shares these words has a crowd"
)]
pub use crowd::{Crowd, Happening, Note};
pub use deaf::Deaf;
pub use dice::Dice;
pub use endpoint::Endpoint;
pub use event_log::{End, EventLog};
pub use events::{Json, field};
pub use line::{Dial, Line, Transport};
pub use onlooker::Onlooker;
pub use poster::Poster;
#[allow(
    unused_imports,
    reason = "not every test that shares these words starts a binary of its own"
)]
pub use process::port_in;
pub use process::{Process, steady_port};
#[allow(
    unused_imports,
    reason = "not every test that shares these words has a Redis"
)]
pub use redis::Redis;
pub use server::TestServer;
pub use silent::Silent;
pub use stream::Stream;
#[allow(unused_imports, reason = "for the tests of metered calls")]
pub use time_of_day::TimeOfDay;
#[allow(
    unused_imports,
    reason = "most troubles are for the tests of several nodes"
)]
pub use tunnel::{End as TunnelEnd, Flow, Tunnel};
#[allow(
    unused_imports,
    reason = "a limit of one's own is for the tests of several nodes"
)]
pub(crate) use waiting::within;
pub(crate) use waiting::{PATIENCE, eventually, found};

use std::path::Path;

use tempfile::TempDir;

/// A folder for a database, in memory where the machine has one there: what a disk does with a commit is
/// the store's suite to test, and a busy disk must not make these tests slow.
fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() {
        tempfile::tempdir_in(memory)
    } else {
        tempfile::tempdir()
    };
    made.expect("a folder for the database")
}
