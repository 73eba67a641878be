//! Somebody who listens, whichever way they came.

use std::ops::{Deref, DerefMut};

use super::{Client, Connecting, Ear, Stream};

/// Which way somebody connects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// `GET /ws`
    Socket,
    /// `GET /sse`
    Stream,
}

impl Way {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Socket, Self::Stream];
}

/// A connection, as far as it is listened to.
pub enum Listener {
    /// A WebSocket.
    Socket(Client),
    /// An event stream.
    Stream(Stream),
}

impl Connecting {
    /// Connects one way or the other.
    pub async fn open_by(self, way: Way) -> Listener {
        match way {
            Way::Socket => Listener::Socket(self.open().await),
            Way::Stream => Listener::Stream(self.stream("/sse").await),
        }
    }

    /// To go on after `last`, said as one does that way.
    pub fn resuming_by(self, way: Way, last: u64) -> Self {
        match way {
            Way::Socket => self.with_last_seq(last),
            Way::Stream => self.with_header("last-event-id", last.to_string()),
        }
    }
}

impl Deref for Listener {
    type Target = Ear;

    fn deref(&self) -> &Ear {
        match self {
            Self::Socket(client) => client,
            Self::Stream(stream) => stream,
        }
    }
}

impl DerefMut for Listener {
    fn deref_mut(&mut self) -> &mut Ear {
        match self {
            Self::Socket(client) => client,
            Self::Stream(stream) => stream,
        }
    }
}
