//! How clients speak with a server: bare sockets, and what comes on them split by hand.
//!
//! - [`client`]: one connection, whatever it is spoken on. [`stream`]: its socket, with or without TLS. [`handshake`]: how it
//!   gets in.
//! - [`frames`]: WebSocket. [`socketio`]: packets in its frames. [`event_stream`]: Server-Sent Events, and [`commands`] beside
//!   them.

mod client;
mod commands;
mod event_stream;
pub(crate) mod frames;
pub(crate) mod handshake;
pub(crate) mod socketio;
mod stream;

pub(crate) use self::{client::Client, handshake::Ticket};

/// What no server of ours sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Foreign {
    #[error("a masked frame, which only clients send")]
    Masked,
    #[error("a frame of another kind than text, ping, pong and close (first byte {0:#04x})")]
    Kind(u8),
    #[error("a body that is not in chunks (byte {0:#04x} in a chunk's size)")]
    Chunk(u8),
    #[error("an answer that is no HTTP")]
    Head,
}
