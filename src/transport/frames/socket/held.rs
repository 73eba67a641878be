//! What is held back for a moment: the answer to a handshake, to leave in one write with the first that there is to say.

use std::{rc::Rc, time::Duration};

use actix_rt::time::sleep;
use bytes::{Bytes, BytesMut};

use super::{Socket, State, Wire};

/// How long it is held at most: longer than a store takes that keeps up, and shorter than anybody notices. A client that waits
/// for it longer would take the server for dead, which only has a slow store.
const HELD_MAX: Duration = Duration::from_millis(50);

impl<W: Wire + 'static> Socket<W> {
    /// A socket on which what is left over waits for the first that there is to say, for [`HELD_MAX`]. Must be called on an
    /// arbiter.
    pub(in crate::transport) fn holding(wire: W, left_over: Bytes) -> Rc<Self> {
        let socket = Self::new(wire, left_over);
        socket.held.set(true);
        let held = Rc::downgrade(&socket);
        actix_rt::spawn(async move {
            sleep(HELD_MAX).await;
            if let Some(socket) = held.upgrade() {
                socket.release();
            }
        });
        socket
    }
}

impl<W: Wire> Socket<W> {
    /// Lets what is still held go alone, and has the session write what it has by now.
    fn release(&self) {
        if self.held.take() && self.state.get() == State::Open {
            self.write_rest();
            // As if there had been no room until now.
            self.was_full.set(true);
            self.wake();
        }
    }

    /// Writes frames behind what is held, and keeps what the wire does not take.
    pub(super) fn write_joined(&self, joined: &mut BytesMut) {
        if self.held.take()
            && let Some(rest) = self.rest.take()
        {
            let frames = joined.split();
            joined.extend_from_slice(&rest.current);
            joined.extend_from_slice(&frames);
        }
        let written = self.write(joined);
        if written > 0 && self.buffers() {
            self.rest().unflushed = true;
        }
        if let Some(left @ [_, ..]) = joined.get(written..) {
            self.rest().current = Bytes::copy_from_slice(left);
        }
    }
}
