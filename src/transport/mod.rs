//! Floor 6: how a client reaches a session.
//!
//! A transport frames messages and drives a connection; who the client is, what it gets and when it is
//! closed is the session's. All transports come in through the same
//! [`Gate`](crate::session::gate::Gate) and say who they are in the same [`credentials`].

pub mod credentials;
mod refusal;
pub mod sse;
pub mod ws;
