//! Floor 6: how a client reaches a session.
//!
//! A transport frames messages and drives a connection; who the client is, what it gets and when it is closed is up to the
//! session. All transports pass the same [`Gate`](crate::session::gate::Gate) and read the same [`credentials`]; `refusal`
//! answers those that are turned away.

pub mod credentials;
mod refusal;
pub mod sse;
pub mod ws;
