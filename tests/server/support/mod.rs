//! The words that the tests are written in: a real server of its own for each test, and people who
//! connect to it with real WebSockets.

mod client;
mod events;
mod server;

pub use client::{Client, Connecting, End, silence};
pub use events::{Json, field};
pub use server::TestServer;

use std::time::Duration;

/// How long a test waits for what must come. Far above what it takes, so that a slow machine fails no
/// test; nothing that comes is waited for longer than it takes.
pub const PATIENCE: Duration = Duration::from_secs(20);
