//! Who is in which room: in the workers' mailboxes, so in one order with what is said to the rooms.

use std::{future::Future, sync::Arc};

use tokio::sync::oneshot;

use super::Dispatch;
use crate::{
    delivery::{
        line::SessionRef,
        lines::To,
        messages::{Join, LeaveRoom, Receipt, Renew},
        rooms::{JoinOutcome, Renewed, Stay},
    },
    kernel::{ids::RoomId, time::Timestamp},
    protocol::frame::Frame,
};

impl Dispatch {
    /// Takes a session into a room: in one step it is told `first`, in that order and whatever it subscribed to, and then gets the
    /// room's events, until it leaves or its stay is over. Frames sent to the room before this call do not reach it,
    /// later ones do; a caller that takes a snapshot and calls this in the critical section of the room's publisher therefore
    /// misses nothing.
    ///
    /// A session that is in the room already is told `first` again and stays until the new time. One that is in `at_most` other
    /// rooms stays out, and is told `refusal`. The future only tells what came of it; the session joins even if nobody waits.
    pub fn join(
        &self,
        to: SessionRef,
        room: &RoomId,
        stay: Stay,
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
                stay,
                at_most,
                first,
                refusal,
                outcome,
                said,
            });
        });
        async { told.await.unwrap_or(JoinOutcome::Gone) }
    }

    /// Changes until when those of these connections that are in a room may be there; resolves to their number.
    pub fn renew(
        &self,
        to: &To,
        room: &RoomId,
        until: Option<Timestamp>,
        whose: Renewed,
    ) -> impl Future<Output = usize> + use<> {
        let (receipt, sum) = Receipt::new();
        self.each_worker_of(to, |worker, _| {
            worker.send(Renew {
                to: to.clone(),
                room: room.clone(),
                until,
                whose,
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
        self.take_out(to, room, last, None)
    }

    /// The same with those whose time there is over by `now`, and nobody else.
    pub fn leave_expired(
        &self,
        to: &To,
        room: &RoomId,
        last: Option<Frame>,
        now: Timestamp,
    ) -> impl Future<Output = usize> + use<> {
        self.take_out(to, room, last, Some(now))
    }

    fn take_out(
        &self,
        to: &To,
        room: &RoomId,
        last: Option<Frame>,
        expired: Option<Timestamp>,
    ) -> impl Future<Output = usize> + use<> {
        let (receipt, sum) = Receipt::new();
        self.each_worker_of(to, |worker, said| {
            worker.send(LeaveRoom {
                to: to.clone(),
                room: room.clone(),
                last: last.clone(),
                expired,
                receipt: Arc::clone(&receipt),
                said,
            });
        });
        async { sum.await.unwrap_or(0) }
    }
}
