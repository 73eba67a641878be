//! What is done on this node: each worker that has clients whom it concerns gets one message.

use std::sync::Arc;

use super::{Dispatch, Worker};
use crate::{
    delivery::{
        farewell::Farewell,
        inbox::Seq,
        line::SessionRef,
        lines::{Lines, To},
        messages::{ChatOutdated, Close, Deliver, DeliverDurable, Poked, Reaches, Receipt},
        rounds::Round,
        shard::Shard,
    },
    kernel::ids::{DeviceId, UserId},
    protocol::{event::Event, frame::Frame},
};

impl Dispatch {
    pub(in crate::delivery) fn deliver_here(
        &self,
        to: To,
        frame: Frame,
        receipt: Option<Arc<Receipt>>,
    ) {
        if !self.admit_frame(&to, &frame) {
            if let Some(tracking) = frame.tracking() {
                tracking.coalesced();
            }
            return;
        }
        self.each_worker_of(&to, |worker, said| {
            let (to, frame, receipt) = (to.clone(), frame.clone(), receipt.clone());
            worker.send(Deliver {
                to,
                frame,
                again: false,
                receipt,
                said,
            });
        });
    }

    /// Says again what was said before, on this node alone and to those of its clients who have not heard it.
    pub fn tell_again_here(&self, to: &To, frame: &Frame) {
        self.each_worker_of(to, |worker, said| {
            worker.send(Deliver {
                to: to.clone(),
                frame: frame.clone(),
                again: true,
                receipt: None,
                said,
            });
        });
    }

    pub(in crate::delivery) fn durable_here(
        &self,
        user: &UserId,
        seq: Seq,
        frame: &Frame,
        receipt: Option<Arc<Receipt>>,
    ) {
        self.each_worker_of(&To::User(user.clone()), |worker, said| {
            worker.send(DeliverDurable {
                user: user.clone(),
                seq,
                frame: frame.clone(),
                receipt: receipt.clone(),
                said,
            });
        });
    }

    /// A user's stream is known to reach so far.
    pub(in crate::delivery) fn reaches(&self, user: &UserId, head: Seq) {
        self.each_worker_of(&To::User(user.clone()), |worker, _| {
            worker.send(Reaches {
                user: user.clone(),
                head,
            });
        });
    }

    /// Has each of a user's sessions on this node send fresh snapshots of the chat and of friends.
    pub fn chat_outdated_here(&self, user: &UserId) {
        self.each_worker_of(&To::User(user.clone()), |worker, _| {
            worker.send(ChatOutdated { user: user.clone() });
        });
    }

    /// Closes one connection of this node.
    pub fn send_away(&self, session: SessionRef, farewell: Farewell) {
        self.close_here(&To::Session(session), farewell, None);
    }

    pub(in crate::delivery) fn close_here(
        &self,
        to: &To,
        farewell: Farewell,
        receipt: Option<Arc<Receipt>>,
    ) {
        self.each_worker_of(to, |worker, _| {
            worker.send(Close {
                to: to.clone(),
                farewell,
                receipt: receipt.clone(),
            });
        });
    }

    /// Says something to one device of a user, from the thread of the worker with these lines. If that is where all of the
    /// user's connections are, and nothing is on its way to that worker, it is put into their outboxes at once, and is
    /// written at the end of the turn ([`Lines::write_noted`]); it would have come no earlier through the worker's mailbox.
    pub fn tell_beside(&self, lines: &Lines, user: &UserId, device: &DeviceId, event: &Event) {
        if !self.is_beside(lines, user) || !lines.say(user, device, event) {
            let to = To::Device(user.clone(), device.clone());
            self.tell(to, Frame::new(event));
        }
    }

    /// Whether all connections of a user are those of one worker, to which nothing is on its way.
    fn is_beside(&self, lines: &Lines, user: &UserId) -> bool {
        let number = usize::from(lines.worker());
        let all_here =
            || self.0.workers.len() == 1 || *self.0.roster.workers(user) == [lines.worker()];
        let quiet =
            |worker: &Worker| worker.queue.waiting() == 0 && self.0.broadcast.waiting(number) == 0;
        self.nodes().is_alone() && self.0.workers.get(number).is_some_and(quiet) && all_here()
    }

    /// Whether there may be clients here whom something concerns.
    pub(super) fn concerns_here(&self, to: &To) -> bool {
        let mut concerns = false;
        self.each_worker_of(to, |_, _| concerns = true);
        concerns
    }

    pub(super) fn each_worker_of(&self, to: &To, mut send: impl FnMut(&Worker, Round)) {
        match to {
            To::Session(at) => self.worker(at.worker, &mut send),
            To::User(user) | To::Device(user, _) | To::OtherDevices(user, _) => {
                for number in self.0.roster.workers(user) {
                    self.worker(number, &mut send);
                }
            }
            To::Room(room) => {
                for number in self.0.roster.rooms().workers(room) {
                    self.worker(number, &mut send);
                }
            }
            To::Everyone => {
                for number in 0..self.0.workers.len() {
                    self.worker(u16::try_from(number).unwrap_or(u16::MAX), &mut send);
                }
            }
        }
    }

    /// Sends something to a worker, with the number of the last broadcast that was left for it before.
    pub(super) fn worker(&self, number: u16, send: impl FnOnce(&Worker, Round)) {
        if let Some(worker) = self.0.workers.get(usize::from(number)) {
            send(worker, self.0.broadcast.latest(usize::from(number)));
        }
    }
}

impl Worker {
    /// Addressed frames are never refused here; the door is closed first (see the module's head).
    pub(super) fn send<M>(&self, message: M)
    where
        M: actix::Message<Result = ()> + Send + 'static,
        Shard: actix::Handler<M>,
    {
        if let Some(shard) = self.shard.get() {
            self.queue.enter();
            shard.do_send(message);
        }
    }

    pub(super) fn poke(&self) {
        if let Some(shard) = self.shard.get() {
            shard.do_send(Poked);
        }
    }
}
