//! Who is in which room: in the workers' mailboxes, so in one order with what is said to the rooms.

use std::{future::Future, sync::Arc};

use tokio::sync::oneshot;

use super::Dispatch;
use crate::{
    delivery::{
        line::SessionRef,
        lines::To,
        messages::{Join, LeaveRoom, Prolong, Receipt},
        rooms::JoinOutcome,
    },
    kernel::{ids::RoomId, time::Timestamp},
    protocol::frame::Frame,
};

impl Dispatch {
    /// Takes a session into a room: in one step it is told `first`, in that order and whatever it subscribed to, and then gets the
    /// room's events, until it leaves or `until` is over. Whatever is sent to the room before this call does not reach it,
    /// whatever is sent after it does; so who takes a snapshot of the room and calls this in one critical section with what
    /// publishes to the room misses nothing.
    ///
    /// A session that is in the room already is told `first` again and stays until the new time. One that is in `at_most` other
    /// rooms stays out, and is told `refusal`. The future only tells what came of it; the session joins even if nobody waits.
    pub fn join(
        &self,
        to: SessionRef,
        room: &RoomId,
        until: Option<Timestamp>,
        at_most: usize,
        first: Vec<Frame>,
        refusal: Option<Frame>,
    ) -> impl Future<Output = JoinOutcome> + use<> {
        let (outcome, told) = oneshot::channel();
        self.0.roster.rooms().expect(room, to.worker);
        self.worker(to.worker, |worker, said| {
            worker.send(Join {
                to,
                room: room.clone(),
                until,
                at_most,
                first,
                refusal,
                outcome,
                said,
            });
        });
        async { told.await.unwrap_or(JoinOutcome::Gone) }
    }

    /// Lets those of these connections that are in a room stay until another time; resolves to their number.
    pub fn prolong(
        &self,
        to: &To,
        room: &RoomId,
        until: Option<Timestamp>,
    ) -> impl Future<Output = usize> + use<> {
        let (receipt, sum) = Receipt::new();
        self.each_worker_of(to, |worker, _| {
            worker.send(Prolong {
                to: to.clone(),
                room: room.clone(),
                until,
                receipt: Arc::clone(&receipt),
            });
        });
        async { sum.await.unwrap_or(0) }
    }

    /// Takes those of these connections that are in a room out of it, and then tells them `last`, whatever they subscribed to;
    /// resolves to their number. What is sent to the room after this call does not reach them.
    pub fn leave(
        &self,
        to: &To,
        room: &RoomId,
        last: Option<Frame>,
    ) -> impl Future<Output = usize> + use<> {
        let (receipt, sum) = Receipt::new();
        self.each_worker_of(to, |worker, said| {
            worker.send(LeaveRoom {
                to: to.clone(),
                room: room.clone(),
                last: last.clone(),
                receipt: Arc::clone(&receipt),
                said,
            });
        });
        async { sum.await.unwrap_or(0) }
    }
}
