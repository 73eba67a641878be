//! What is held back for a moment: the answer to a handshake, to leave in one write with the first that there is to say.

use std::{
    cell::RefCell,
    collections::VecDeque,
    rc::{Rc, Weak},
    time::Duration,
};

use actix_rt::time::{Instant, sleep_until};
use bytes::{Bytes, BytesMut};

use super::{Socket, State, Wire};

/// How long it is held at most: longer than a store takes that keeps up, and shorter than anybody notices. A client that waits
/// for it longer would take the server for dead, which only has a slow store.
const HELD_MAX: Duration = Duration::from_millis(50);

/// What is held, with when it is let go. It nearly always leaves before, so there is one task with one timer for all of a
/// thread, and none while nothing is held.
type Holding = VecDeque<(Instant, Weak<dyn Held>)>;

thread_local! {
    static HOLDING: RefCell<Holding> = RefCell::default();
}

/// A socket that holds something back, over any wire.
trait Held {
    fn is_held(&self) -> bool;

    /// Lets what is still held go alone, and has the session write what it has by now.
    fn release(&self);
}

impl<W: Wire + 'static> Socket<W> {
    /// A socket on which what is left over waits for the first that there is to say, for [`HELD_MAX`]. Must be called on an
    /// arbiter.
    pub(in crate::transport) fn holding(wire: W, left_over: Bytes) -> Rc<Self> {
        let socket = Self::new(wire, left_over);
        socket.held.set(true);
        let held: Weak<Self> = Rc::downgrade(&socket);
        let is_first = HOLDING.with_borrow_mut(|holding| {
            holding.push_back((Instant::now() + HELD_MAX, held));
            holding.len() == 1
        });
        if is_first {
            actix_rt::spawn(release_in_time(Cleared));
        }
        socket
    }
}

/// Lets go what is held too long, until nothing is held.
async fn release_in_time(_cleared: Cleared) {
    let first = || HOLDING.with_borrow(|holding| holding.front().cloned());
    while let Some((until, socket)) = first() {
        if socket.upgrade().is_some_and(|socket| socket.is_held()) {
            sleep_until(until).await;
        }
        // It is the first until now, so that whoever comes meanwhile begins no other task.
        HOLDING.with_borrow_mut(VecDeque::pop_front);
        if let Some(socket) = socket.upgrade() {
            socket.release();
        }
    }
}

/// Gives back the memory of a storm. Also where the thread's runtime ends before the task: another may follow it.
struct Cleared;

impl Drop for Cleared {
    fn drop(&mut self) {
        // Its sockets are gone with the runtime, if there are any.
        let _ = HOLDING.try_with(RefCell::take);
    }
}

impl<W: Wire> Held for Socket<W> {
    fn is_held(&self) -> bool {
        self.held.get()
    }

    fn release(&self) {
        if self.held.take() && self.state.get() == State::Open {
            self.write_rest();
            // As if there had been no room until now.
            self.was_full.set(true);
            self.wake();
        }
    }
}

impl<W: Wire> Socket<W> {
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
