//! A worker's own delivery: one actor per worker thread, the only one that puts frames of others into
//! the outboxes of that thread.
//!
//! Everything for the clients of a worker comes through this mailbox, in order. Frames are queued first
//! and written when the mailbox is empty, so that a burst becomes one system call per client. A
//! broadcast is told by `fanout`, in steps between which the mailbox gets its turn; a line that is
//! addressed meanwhile is caught up first (see [`super::rounds`]).

mod fanout;
mod rooms;

use std::{pin::Pin, rc::Rc, sync::Arc, task, time::Duration};

use actix::{fut::ActorFuture, prelude::*};
use actix_rt::time::Instant;

use self::fanout::{Fanout, Next, STEP};
use super::{
    broadcast::Broadcast,
    dispatch::Queue,
    line::{Delivered, Line},
    lines::{Lines, TICK, To},
    messages::{
        ChatOutdated, Close, CloseAll, Deliver, DeliverDurable, Observe, Open, Poked, Reaches,
        Resend, Subscribe,
    },
    reply::Post,
    rounds::Round,
};
use crate::protocol::frame::Frame;

/// Room in the mailbox. What hubs broadcast takes two places at most, what is addressed is held back by
/// [`super::dispatch`] long before.
const MAILBOX: usize = 65_536;

/// The delivery actor of one worker.
pub struct Shard {
    lines: Rc<Lines>,
    fanout: Fanout,
    queue: Arc<Queue>,
    /// When a timer will wake the actor.
    wakes_at: Option<Instant>,
}

impl Shard {
    pub(super) fn new(
        lines: Rc<Lines>,
        broadcast: Arc<Broadcast>,
        queue: Arc<Queue>,
        join_delay: Duration,
    ) -> Self {
        let fanout = Fanout::new(Rc::clone(&lines), broadcast, Arc::clone(&queue), join_delay);
        Self {
            lines,
            fanout,
            queue,
            wakes_at: None,
        }
    }

    /// Gives one frame to one line, after all that was said to everybody before it.
    fn give(
        &mut self,
        line: &Rc<Line>,
        said: Round,
        put: impl FnOnce(&Line) -> Delivered,
    ) -> usize {
        self.fanout.catch_up(line, said);
        let delivered = put(line);
        self.lines.note(line);
        usize::from(delivered == Delivered::Yes)
    }

    fn between_messages(&mut self, ctx: &mut Context<Self>, task: &task::Context<'_>) {
        self.lines.written_by(task.waker());
        if self.lines.write_due(STEP) {
            task.waker().wake_by_ref();
        } else if let Some(due) = self.lines.next_write() {
            self.wake_at(due, ctx);
        }
        match self.fanout.step() {
            Next::Rest => {}
            Next::GoOn => task.waker().wake_by_ref(),
            Next::Finished(took) => {
                self.lines.counters().fanned_out(took);
                task.waker().wake_by_ref();
            }
            Next::Sleep(until) => self.wake_at(until, ctx),
        }
    }

    /// Has the actor go on at this time, unless it will before.
    fn wake_at(&mut self, at: Instant, ctx: &mut Context<Self>) {
        if self.wakes_at.is_some_and(|earlier| earlier <= at) {
            return;
        }
        self.wakes_at = Some(at);
        let pause = at.saturating_duration_since(Instant::now());
        // Waking is all it has to do: `between_messages` is called then.
        ctx.run_later(pause, move |shard, _| {
            shard.wakes_at.take_if(|due| *due == at);
        });
    }
}

impl Actor for Shard {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        ctx.set_mailbox_capacity(MAILBOX);
        ctx.spawn(BetweenMessages);
        ctx.run_interval(TICK, |shard, _| shard.lines.ring_alarms());
    }
}

impl Handler<Deliver> for Shard {
    type Result = ();

    fn handle(&mut self, deliver: Deliver, _: &mut Context<Self>) {
        self.queue.leave();
        let mut count = 0;
        for line in self.lines.find(&deliver.to) {
            let frame = deliver.frame.clone();
            count += self.give(&line, deliver.said, |line| match deliver.to {
                // What answers one connection goes there whatever it subscribed to.
                To::Session(_) => line.push_always(frame),
                _ if deliver.again => line.push_again(frame),
                _ => line.push(frame),
            });
        }
        if let Some(receipt) = deliver.receipt {
            receipt.add(count);
        }
    }
}

impl Handler<DeliverDurable> for Shard {
    type Result = ();

    fn handle(&mut self, event: DeliverDurable, _: &mut Context<Self>) {
        self.queue.leave();
        let mut count = 0;
        for line in self.lines.find(&To::User(event.user)) {
            count += self.give(&line, event.said, |line| {
                line.offer(event.seq, &event.frame)
            });
        }
        if let Some(receipt) = event.receipt {
            receipt.add(count);
        }
    }
}

impl Handler<Reaches> for Shard {
    type Result = ();

    fn handle(&mut self, Reaches { user, head }: Reaches, _: &mut Context<Self>) {
        self.queue.leave();
        for line in self.lines.find(&To::User(user)) {
            line.reaches(head);
        }
    }
}

impl Handler<Resend> for Shard {
    type Result = ();

    fn handle(&mut self, resend: Resend, _: &mut Context<Self>) {
        self.queue.leave();
        let lines = self.lines.find(&To::User(resend.user)).into_iter();
        let count = lines.filter(|line| line.rewind(resend.after)).count();
        if let Some(receipt) = resend.receipt {
            receipt.add(count);
        }
    }
}

impl Handler<ChatOutdated> for Shard {
    type Result = ();

    fn handle(&mut self, outdated: ChatOutdated, _: &mut Context<Self>) {
        self.queue.leave();
        for line in self.lines.find(&To::User(outdated.user)) {
            line.signal(|signals| signals.chat_outdated = true);
        }
    }
}

impl Handler<Poked> for Shard {
    type Result = ();

    fn handle(&mut self, _: Poked, _: &mut Context<Self>) {
        self.fanout.poked();
    }
}

impl Handler<Subscribe> for Shard {
    type Result = ();

    fn handle(&mut self, subscribe: Subscribe, _: &mut Context<Self>) {
        self.queue.leave();
        let Some(line) = self.lines.get(subscribe.to) else {
            return;
        };
        // First what is under way, then the snapshot: so the snapshot contains every round that this
        // line will not be told.
        self.fanout.catch_up(&line, subscribe.said);
        if !line.filter().wants(subscribe.topic) {
            return;
        }
        let (snapshot, seen) = subscribe.source.snapshot();
        self.fanout.caught_up_to(&line, seen);
        let put = |part: &Frame| line.push_always(part.clone()) == Delivered::Yes;
        let delivered = snapshot.iter().filter(|part| put(part)).count();
        subscribe.receipt.add(delivered);
        line.subscribe(subscribe.topic);
        // Of a line that has yet to open all leaves together.
        if line.is_open() {
            self.lines.note(&line);
        }
    }
}

impl Handler<Open> for Shard {
    type Result = ();

    fn handle(&mut self, open: Open, _: &mut Context<Self>) {
        self.queue.leave();
        if let Some(line) = self.lines.get(open.to) {
            self.give(&line, open.said, |line| {
                let delivered = line.push_always(open.ready);
                line.open();
                delivered
            });
        }
    }
}

impl Handler<Post> for Shard {
    type Result = ();

    fn handle(&mut self, post: Post, _: &mut Context<Self>) {
        self.queue.leave();
        if let Some(line) = self.lines.get(post.to) {
            // A caller that no longer waits is not told.
            let _ = post.outcome.send(line.post(post.command));
        }
    }
}

impl Handler<Close> for Shard {
    type Result = ();

    fn handle(&mut self, close: Close, _: &mut Context<Self>) {
        self.queue.leave();
        let lines = self.lines.find(&close.to);
        for line in &lines {
            // What was said before the goodbye gets its chance to go out.
            line.pump();
            line.signal(|signals| signals.close(close.farewell));
        }
        if let Some(receipt) = close.receipt {
            receipt.add(lines.len());
        }
    }
}

impl Handler<CloseAll> for Shard {
    type Result = ();

    fn handle(&mut self, CloseAll(farewell): CloseAll, _: &mut Context<Self>) {
        for line in self.lines.all() {
            line.signal(|signals| signals.close(farewell));
        }
    }
}

impl Handler<Observe> for Shard {
    type Result = MessageResult<Observe>;

    fn handle(&mut self, _: Observe, _: &mut Context<Self>) -> Self::Result {
        MessageResult(self.lines.report())
    }
}

/// Polled by the actor's context each time the mailbox has been emptied.
struct BetweenMessages;

impl ActorFuture<Shard> for BetweenMessages {
    type Output = ();

    fn poll(
        self: Pin<&mut Self>,
        shard: &mut Shard,
        ctx: &mut Context<Shard>,
        task: &mut task::Context<'_>,
    ) -> task::Poll<()> {
        shard.between_messages(ctx, task);
        task::Poll::Pending
    }
}
