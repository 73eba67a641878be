//! Floor 3: the one way out to clients.
//!
//! - [`outbox`]: what waits for one client, in lanes and within limits.
//! - [`wheel`]: the timers of all sessions of a worker.

pub mod outbox;
pub mod wheel;
