//! Who is in which room: in the workers' mailboxes, so in one order with what is said to the rooms.

use std::{future::Future, pin::Pin, sync::Arc};

use bytes::Bytes;
use tokio::sync::oneshot;

use super::Dispatch;
use crate::{
    backplane::{Backplane, Channel},
    delivery::{
        line::SessionRef,
        lines::To,
        messages::{Join, LeaveRoom, Receipt, Renew},
        nodes::Saying,
        rooms::{JoinOutcome, Renewed, Stay},
    },
    kernel::{
        ids::{RoomId, UserId},
        time::Timestamp,
    },
    protocol::frame::Frame,
};

impl Dispatch {
    /// Takes a session into a room: in one step it is told `first`, in that order and whatever it subscribed to, and then gets
    /// the room's events, until it leaves or its stay is over. Frames sent to the room before this call do not reach it,
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
    ) -> impl Future<Output = usize> + Send + use<> {
        let saying = |to| Saying::Renew {
            to,
            room: room.clone(),
            until: until.map(Timestamp::millis),
            everybody: whose == Renewed::Everybody,
        };
        self.everywhere_counted(to, saying, &Bytes::new(), |receipt| {
            self.renew_here(to, room, until, whose, receipt);
        })
        .sum()
    }

    pub(in crate::delivery) fn renew_here(
        &self,
        to: &To,
        room: &RoomId,
        until: Option<Timestamp>,
        whose: Renewed,
        receipt: Option<Arc<Receipt>>,
    ) {
        self.each_worker_of(to, |worker, _| {
            worker.send(Renew {
                to: to.clone(),
                room: room.clone(),
                until,
                whose,
                receipt: receipt.clone(),
            });
        });
    }

    /// Takes those of these connections that are in a room out of it, and then tells them `last`, whatever they subscribed to;
    /// resolves to their number. What is sent to the room after this call does not reach them.
    pub fn leave(
        &self,
        to: &To,
        room: &RoomId,
        last: Option<Frame>,
    ) -> impl Future<Output = usize> + Send + use<> {
        self.take_out(to, room, last, None)
    }

    /// The same with those whose time there is over by `now`, and nobody else.
    pub fn leave_expired(
        &self,
        to: &To,
        room: &RoomId,
        last: Option<Frame>,
        now: Timestamp,
    ) -> impl Future<Output = usize> + Send + use<> {
        self.take_out(to, room, last, Some(now))
    }

    fn take_out(
        &self,
        to: &To,
        room: &RoomId,
        last: Option<Frame>,
        expired: Option<Timestamp>,
    ) -> impl Future<Output = usize> + Send + use<> {
        let json = last.as_ref().map(|last| last.json().clone());
        let saying = |to| Saying::Leave {
            to,
            room: room.clone(),
            label: last.as_ref().map(Frame::label),
            expired: expired.map(Timestamp::millis),
        };
        self.everywhere_counted(to, saying, &json.unwrap_or_default(), |receipt| {
            self.take_out_here(to, room, last.clone(), expired, receipt);
        })
        .sum()
    }

    pub(in crate::delivery) fn take_out_here(
        &self,
        to: &To,
        room: &RoomId,
        last: Option<Frame>,
        expired: Option<Timestamp>,
        receipt: Option<Arc<Receipt>>,
    ) {
        self.each_worker_of(to, |worker, said| {
            worker.send(LeaveRoom {
                to: to.clone(),
                room: room.clone(),
                last: last.clone(),
                expired,
                receipt: receipt.clone(),
                said,
            });
        });
    }

    /// Takes those of a user's connections to this node out of a room that are there by a grant, because that is gone, and then
    /// tells them `last`. Whom their token lets in stays.
    pub fn lost_grant_here(
        &self,
        user: &UserId,
        room: &RoomId,
        last: Option<Frame>,
        now: Timestamp,
    ) {
        let to = To::User(user.clone());
        // A grant that is gone is one whose time is over.
        self.renew_here(&to, room, Some(now), Renewed::Grants, None);
        self.take_out_here(&to, room, last, Some(now), None);
    }

    /// Holds a room's channel: what is said there is heard from the time at which [`Hearing::heard`] resolves, also while nobody
    /// of this node is in it. For whoever reads the room's states before letting somebody in.
    pub fn hear_room(&self, room: &RoomId) -> Hearing {
        Hearing::new(self.backplane(), Channel::Room(room.clone()))
    }

    /// Resolves when this node hears what others say to a user who has a connection here.
    pub fn hear_user(&self, user: &UserId) -> impl Future<Output = ()> + Send + use<> {
        let mut hearing = Hearing::new(self.backplane(), Channel::User(user.clone()));
        async move { hearing.heard().await }
    }
}

/// A channel that is held. Dropped, it is released.
pub struct Hearing {
    backplane: Backplane,
    channel: Channel,
    heard: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Hearing {
    fn new(backplane: &Backplane, channel: Channel) -> Self {
        Self {
            heard: Some(Box::pin(backplane.hold(&channel))),
            backplane: backplane.clone(),
            channel,
        }
    }

    /// Resolves when what is said on the channel is heard.
    pub async fn heard(&mut self) {
        if let Some(heard) = self.heard.take() {
            heard.await;
        }
    }
}

impl Drop for Hearing {
    fn drop(&mut self) {
        self.backplane.release(&self.channel);
    }
}
