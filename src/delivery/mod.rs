//! Floor 3: the one way out to clients.
//!
//! - [`outbox`]: what waits for one client, in lanes and within limits.

pub mod outbox;
