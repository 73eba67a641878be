//! WebSocket frames on a connection that was taken over: what `/ws` and `/socket.io/` have in common.
//!
//! The connection is taken over at the upgrade: `actix-http` hands its byte stream to [`upgrade`](super::upgrade), the
//! HTTP dispatcher with its buffers is freed, and from then on one task per connection, the session's
//! actor, reads and writes it. Why not `actix_web_actors::ws::WebsocketContext`: that actor is polled by
//! the response body, so a client that stops reading stops its own actor (its heartbeat does not fire, a
//! message to stop is not handled), what is sent to it queues without bound, and it costs 17 to 20 KB
//! a connection. Codec and close reasons are still those of the actix crates, but for
//! what nearly every read and every write is, one whole text frame: that is read and written by hand.
//!
//! - `connection`: reading, as a stream of messages. `socket`: writing, through the outbox or past it. `wire`: TCP or TLS under both.
//! - `fragments` and `header`: limits that the codec does not hold.

mod connection;
#[cfg(test)]
mod echo;
mod fragments;
#[cfg(any(test, fuzzing))]
pub(super) mod fuzz;
mod header;
mod socket;
mod wire;

pub(super) use self::{
    connection::{Connection, Ended},
    fragments::{MessageLimits, Unreadable},
    socket::Socket,
    wire::{AnyWire, Wire},
};
