//! Floor 6: how a client reaches a session.
//!
//! A transport frames messages and drives a connection; who the client is, what it gets and when it is closed is up to the
//! session. All transports pass the same [`Gate`](crate::session::gate::Gate) and read the same [`credentials`]; `refusal`
//! answers those that are turned away.
//!
//! - [`ws`]: native WebSocket. [`sse`]: Server-Sent Events. [`socketio`]: Socket.IO.
//! - [`peers`]: passes on what came here and is for a session of another node.
//! - [`connection`]: the connection under a request; [`quiet`]: how long it may be without one.
//! - [`upgrade`]: takes over the connections that become WebSockets. `frames`: what goes over those.

pub mod connection;
pub mod credentials;
mod frames;
pub mod peers;
pub mod quiet;
mod refusal;
pub mod socketio;
pub mod sse;
pub mod upgrade;
pub mod ws;
