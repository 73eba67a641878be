//! Floor 6: how a client reaches a session.
//!
//! A transport frames messages and drives a connection; who the client is, what it gets and when it is closed is up to the
//! session. All transports pass the same [`Gate`](crate::session::gate::Gate) and read the same [`credentials`]; `refusal`
//! answers those that are turned away.
//!
//! - [`ws`]: native WebSocket. [`sse`]: Server-Sent Events. [`socketio`]: Socket.IO.
//! - [`peers`]: passes on what came here and is for a session of another node.
//! - [`connection`]: the connection under a request; [`idle`]: how long it may do nothing.
//! - [`upgrade`]: takes over the connections that become WebSockets. `frames`: what goes over those.

pub mod connection;
pub mod credentials;
mod frames;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
pub mod idle;
pub mod peers;
mod refusal;
pub mod socketio;
pub mod sse;
pub mod upgrade;
pub mod ws;
