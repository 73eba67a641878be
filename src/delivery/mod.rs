//! Floor 3: the one way out to clients.
//!
//! - [`outbox`]: what waits for one client, in lanes and within limits.
//! - [`inbox`]: what must not be lost, as a stream per user.
//! - [`connectedness`]: whether a person is there, over all their devices and short breaks.
//! - [`wheel`]: the timers of all sessions of a worker.

pub mod connectedness;
pub mod inbox;
pub mod outbox;
pub mod wheel;
