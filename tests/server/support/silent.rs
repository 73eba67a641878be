//! A connection in a dead spot: open, and nobody is there.

use std::net::TcpStream;

/// An open socket from which nobody reads.
pub struct Silent(#[allow(dead_code, reason = "it is open as long as it is kept")] TcpStream);

impl Silent {
    pub(super) fn keep(socket: &TcpStream) -> Self {
        Self(socket.try_clone().expect("a live socket"))
    }
}
