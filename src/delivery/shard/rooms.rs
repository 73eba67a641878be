//! Lines enter rooms and leave them.

use actix::prelude::*;

use super::Shard;
use crate::{
    delivery::{
        line::{Delivered, Line},
        messages::{Join, LeaveRoom, Renew},
        rooms::JoinOutcome,
    },
    protocol::frame::Frame,
};

impl Handler<Join> for Shard {
    type Result = ();

    fn handle(&mut self, join: Join, _: &mut Context<Self>) {
        self.queue.leave();
        let outcome = self
            .lines
            .join(join.to, &join.room, join.stay, join.at_most);
        let told = match outcome {
            JoinOutcome::Joined | JoinOutcome::Already => join.first,
            JoinOutcome::TooMany => Vec::from_iter(join.refusal),
            JoinOutcome::Gone => Vec::new(),
        };
        if let Some(line) = self.lines.get(join.to) {
            self.give(&line, join.said, |line| push_all(line, told));
        }
        // A caller that no longer waits is not told.
        let _ = join.outcome.send(outcome);
    }
}

impl Handler<Renew> for Shard {
    type Result = ();

    fn handle(&mut self, renew: Renew, _: &mut Context<Self>) {
        self.queue.leave();
        let mut lines = self.lines.find(&renew.to);
        let Renew {
            room, until, whose, ..
        } = &renew;
        lines.retain(|line| self.lines.renew(line, room, *until, *whose));
        if let Some(receipt) = &renew.receipt {
            receipt.add(lines.len());
        }
    }
}

impl Handler<LeaveRoom> for Shard {
    type Result = ();

    fn handle(&mut self, leave: LeaveRoom, _: &mut Context<Self>) {
        self.queue.leave();
        let mut lines = self.lines.find_all(&leave.to);
        if let Some(now) = leave.expired {
            lines.retain(|line| self.lines.is_over(line, &leave.room, now));
        }
        lines.retain(|line| self.lines.leave(line, &leave.room));
        for line in &lines {
            line.forget_room(&leave.room);
            if let Some(last) = leave.last.clone() {
                self.give(line, leave.said, |line| line.push_always(last));
            }
        }
        if let Some(receipt) = leave.receipt {
            receipt.add(lines.len());
        }
    }
}

fn push_all(line: &Line, frames: Vec<Frame>) -> Delivered {
    let mut delivered = Delivered::Yes;
    for frame in frames {
        delivered = line.push_always(frame);
    }
    delivered
}
