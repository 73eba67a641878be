//! The transport's end of a line.

use std::time::Duration;

use bytes::Bytes;

use super::{
    express::{BareSocket, Seat},
    outbox::Outbox,
    queued::Queued,
};
use crate::protocol::{close_code::CloseCode, frame::WireFormat};

/// The transport's end of a line. A transport frames and writes; what to send and when to close is
/// decided above it.
pub trait Sink {
    /// Takes from the outbox as much as the transport can carry now.
    fn pump(&self, outbox: &mut Outbox<Queued>);

    /// Takes one message that this client alone gets, before all that is in the outbox: `write` appends its JSON. It leaves
    /// with the next [`Sink::pump`]. For those who know that nothing is in the outbox.
    fn say(&self, _write: &dyn Fn(&mut Vec<u8>)) -> Accepted {
        Accepted::Busy
    }

    /// Sends bytes that many lines share, if nothing of this line is still being written. They are then
    /// the sink's to finish.
    fn send_shared(&self, bytes: &Bytes) -> Accepted;

    /// The socket that takes shared bytes as they are, if there is one and nothing waits here. Until the transport has
    /// something of its own to write, or ends, and leaves the seat because of that, others write to it.
    fn bare(&self, _: &Seat) -> Option<BareSocket> {
        None
    }

    /// Goes on with shared bytes of which a bare write has taken so many.
    fn finish_shared(&self, _: &Bytes, _written: usize) {}

    /// How this transport frames messages.
    fn format(&self) -> WireFormat;

    /// Asks the client for a sign of life.
    fn ping(&self);

    /// Since when the transport has taken nothing although something waits; `None` while it flows.
    fn stalled(&self) -> Option<Duration>;

    /// Writes what the outbox still holds and the transport's own goodbye, then ends the connection.
    fn finish(&self, outbox: &mut Outbox<Queued>, code: CloseCode, reason: &str);

    /// Ends the connection at once.
    fn abort(&self);
}

/// Whether a sink took shared bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepted {
    /// They are on their way.
    Taken,
    /// Something else is still being written: queue them.
    Busy,
}
