//! What goes past the outbox, because nothing is in it: what is said to one client alone, and what others write to the socket.

use std::cell::RefCell;

use bytes::Bytes;

use super::{Rest, Socket, State, Wire};
use crate::{
    delivery::{
        express::{BareSocket, Seat},
        line::Accepted,
    },
    protocol::frame,
};

/// Bytes that may be said before the outbox is asked to hold the rest.
const SAID_MAX: usize = 16 * 1024;

thread_local! {
    /// The JSON of one message, and the room in which the socket whose turn it is puts what it says: nearly all of it is
    /// written in the same turn, and the next socket says its own in the same memory.
    static SAYING: RefCell<(Vec<u8>, Option<Box<Rest>>)> = RefCell::default();
}

impl<W: Wire> Socket<W> {
    /// Says a text before what is in the outbox, which must be empty. It is written with the next pump.
    pub(in crate::transport) fn say_text(&self, write: &dyn Fn(&mut Vec<u8>)) -> Accepted {
        let mut rest = self.rest.borrow_mut();
        let stuck = |rest: &Rest| {
            !rest.current.is_empty() || rest.unflushed || rest.urgent.len() > SAID_MAX
        };
        if rest.as_deref().is_some_and(stuck) || self.state.get() != State::Open {
            return Accepted::Busy;
        }
        self.leave_seat();
        SAYING.with_borrow_mut(|(json, room)| {
            json.clear();
            write(json);
            let rest = rest.get_or_insert_with(|| room.take().unwrap_or_default());
            frame::write_text(&[json], &mut rest.urgent);
        });
        Accepted::Taken
    }

    /// The socket, if nothing waits here and what is written to it goes out as it is: see [`Seat`].
    pub(in crate::transport) fn bare(&self, seat: &Seat) -> Option<BareSocket> {
        if self.rest.borrow().is_some() || self.state.get() != State::Open {
            return None;
        }
        let bare = self.wire.borrow().bare()?;
        self.seat.get_or_init(|| seat.clone());
        Some(bare)
    }

    /// Goes on with shared bytes of which a bare write has taken so many.
    pub(in crate::transport) fn finish_shared(&self, bytes: &Bytes, written: usize) {
        debug_assert!(
            self.rest.borrow().is_none(),
            "a bare write has overtaken something"
        );
        self.rest().current = bytes.slice(written..);
        self.write_rest();
    }

    pub(super) fn leave_seat(&self) {
        if let Some(seat) = self.seat.get() {
            seat.leave();
        }
    }
}

/// Keeps the room for the next socket that says something.
pub(super) fn give_back(mut done: Box<Rest>) {
    if (1..=SAID_MAX).contains(&done.urgent.capacity()) {
        done.urgent.clear();
        done.current = Bytes::new();
        SAYING.with_borrow_mut(|(_, room)| *room = Some(done));
    }
}
