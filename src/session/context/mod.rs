//! The context of an actor like a session's, and the task in which both live with the stream that drives them.
//!
//! Why one of its own: `actix::Context` brings a mailbox and an address, room for futures twice, and a stream in a box,
//! which is more than a kilobyte for each connection that does nothing. Nobody sends a session messages: what is said to
//! its client goes through its line, and what the line has to say to the actor itself are a few [`Signals`], for which it
//! wakes the task. What runs beside the stream is on the heap only while there is something.
//!
//! In each turn, as in `actix`: what is waited for, and nothing else until that is ready; what the line has to say; the
//! stream; what else was begun.
//!
//! [`Signals`]: crate::delivery::line::Signals

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use actix::{
    Actor, ActorContext, ActorFutureExt as _, ActorState, Running, StreamHandler,
    fut::{ActorFuture, wrap_future},
};
use actix_rt::time::sleep;
use futures_core::Stream;

/// Messages of the stream that are handled before other tasks of the thread get their turn.
const TURN: u32 = 16;

/// An actor with a task of its own.
pub trait Tasked: Actor<Context = TaskContext<Self>> {
    /// Does what it was woken for, if anything.
    fn take_signals(&mut self, ctx: &mut TaskContext<Self>);
}

type Begun<A> = Pin<Box<dyn ActorFuture<A, Output = ()>>>;

/// The context of an actor with a task of its own.
pub struct TaskContext<A: Tasked> {
    state: ActorState,
    /// Wakes the task; set by its first turn.
    waker: Waker,
    begun: Option<Box<Futures<A>>>,
}

/// What was begun and is not ready.
struct Futures<A: Tasked> {
    /// What is waited for: the last one first, and then the one before it.
    waits: Vec<Begun<A>>,
    others: Vec<Begun<A>>,
}

impl<A: Tasked> Default for Futures<A> {
    fn default() -> Self {
        Self {
            waits: Vec::new(),
            others: Vec::new(),
        }
    }
}

impl<A: Tasked> Default for TaskContext<A> {
    fn default() -> Self {
        Self {
            state: ActorState::Started,
            waker: Waker::noop().clone(),
            begun: None,
        }
    }
}

impl<A: Tasked> ActorContext for TaskContext<A> {
    fn stop(&mut self) {
        if self.state.alive() {
            self.state = ActorState::Stopping;
        }
    }

    fn terminate(&mut self) {
        self.state = ActorState::Stopped;
    }

    fn state(&self) -> ActorState {
        self.state
    }
}

impl<A: Tasked + Unpin> TaskContext<A> {
    /// Runs an actor in a task of its own: until it stops, or `stream` has ended and nothing else runs.
    pub fn run<S>(self, actor: A, stream: S)
    where
        S: Stream + Unpin + 'static,
        A: StreamHandler<S::Item>,
    {
        actix_rt::spawn(Task {
            actor,
            ctx: self,
            stream: Some(stream),
        });
    }
}

impl<A: Tasked> TaskContext<A> {
    /// Wakes the actor, to see what it was woken for. One for the life of the task: a line keeps a clone.
    pub(super) fn waker(&self) -> Waker {
        debug_assert_ne!(
            self.state,
            ActorState::Started,
            "the first turn brings the waker"
        );
        self.waker.clone()
    }

    /// Has a future run beside everything else.
    pub(super) fn spawn(&mut self, future: impl ActorFuture<A, Output = ()> + 'static) {
        let begun = self.begun.get_or_insert_default();
        begun.others.push(Box::pin(future));
    }

    /// Has a future run, and nothing else until it is ready.
    pub(super) fn wait(&mut self, future: impl ActorFuture<A, Output = ()> + 'static) {
        let begun = self.begun.get_or_insert_default();
        begun.waits.push(Box::pin(future));
    }

    /// Does something after a while.
    pub fn run_later(&mut self, after: Duration, act: impl FnOnce(&mut A, &mut Self) + 'static) {
        let act = move |(), actor: &mut A, ctx: &mut Self| act(actor, ctx);
        // Begun before it is polled: the time counts from now on.
        let pause = sleep(after);
        self.spawn(wrap_future::<_, A>(pause).map(act));
    }

    /// Whether nothing else may go on.
    fn waiting(&self) -> bool {
        let waits = |begun: &Futures<A>| !begun.waits.is_empty();
        !self.state.alive() || self.begun.as_deref().is_some_and(waits)
    }

    /// The last of what is waited for, with how many there were before it.
    fn take_wait(&mut self) -> Option<(usize, Begun<A>)> {
        let waits = &mut self.begun.as_mut()?.waits;
        let wait = waits.pop()?;
        Some((waits.len(), wait))
    }

    fn take_others(&mut self) -> Vec<Begun<A>> {
        let begun = self.begun.as_mut();
        begun
            .map(|begun| std::mem::take(&mut begun.others))
            .unwrap_or_default()
    }

    /// Puts what is not ready before what was begun meanwhile. Returns how much that is.
    fn put_back(&mut self, mut others: Vec<Begun<A>>) -> usize {
        let begun = self.begun.get_or_insert_default();
        let meanwhile = begun.others.len();
        others.append(&mut begun.others);
        begun.others = others;
        meanwhile
    }

    /// Gives back the memory of what is ready.
    fn tidy(&mut self) {
        self.begun
            .take_if(|begun| begun.waits.is_empty() && begun.others.is_empty());
    }
}

/// An actor, its context, and what drives it.
struct Task<A: Tasked, S> {
    actor: A,
    ctx: TaskContext<A>,
    /// `None` once it has ended.
    stream: Option<S>,
}

impl<A, S> Task<A, S>
where
    S: Stream + Unpin,
    A: Tasked + StreamHandler<S::Item>,
{
    /// Goes on with what is waited for. `Pending` if that is not ready.
    fn poll_waits(&mut self, task: &mut Context<'_>) -> Poll<()> {
        while self.ctx.state.alive() {
            let Some((place, mut wait)) = self.ctx.take_wait() else {
                break;
            };
            let polled = wait.as_mut().poll(&mut self.actor, &mut self.ctx, task);
            if polled.is_pending() {
                let waits = &mut self.ctx.begun.get_or_insert_default().waits;
                // In its place: what it has begun to wait for goes before it, what waited before it goes on waiting.
                waits.insert(place, wait);
                if waits.len() == place + 1 {
                    return Poll::Pending;
                }
            }
        }
        Poll::Ready(())
    }

    fn poll_stream(&mut self, task: &mut Context<'_>) {
        for _ in 0..TURN {
            let Some(stream) = self.stream.as_mut().filter(|_| !self.ctx.waiting()) else {
                return;
            };
            match Pin::new(stream).poll_next(task) {
                Poll::Pending => return,
                Poll::Ready(Some(item)) => {
                    StreamHandler::handle(&mut self.actor, item, &mut self.ctx);
                }
                Poll::Ready(None) => {
                    self.stream = None;
                    return StreamHandler::finished(&mut self.actor, &mut self.ctx);
                }
            }
        }
        task.waker().wake_by_ref();
    }

    /// Goes on with what was begun, and with what that begins.
    fn poll_others(&mut self, task: &mut Context<'_>) {
        // So many of them, from the first, are not ready: each is polled once a turn.
        let mut pending = 0;
        while self.ctx.begun.is_some() && !self.ctx.waiting() {
            let mut others = self.ctx.take_others();
            let polled = pending;
            let mut place = 0;
            others.retain_mut(|other| {
                place += 1;
                if place <= polled || self.ctx.waiting() {
                    return true;
                }
                other
                    .as_mut()
                    .poll(&mut self.actor, &mut self.ctx, task)
                    .is_pending()
            });
            pending = others.len();
            if self.ctx.put_back(others) == 0 {
                break;
            }
        }
    }

    /// Whether nothing can happen any more.
    fn is_over(&self) -> bool {
        self.stream.is_none() && self.ctx.begun.is_none()
    }
}

impl<A, S> Future for Task<A, S>
where
    S: Stream + Unpin,
    A: Tasked + StreamHandler<S::Item> + Unpin,
{
    type Output = ();

    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        if !this.ctx.waker.will_wake(task.waker()) {
            this.ctx.waker = task.waker().clone();
        }
        if this.ctx.state == ActorState::Started {
            this.ctx.state = ActorState::Running;
            Actor::started(&mut this.actor, &mut this.ctx);
        }
        loop {
            if this.poll_waits(task).is_pending() {
                return Poll::Pending;
            }
            if this.ctx.state.alive() {
                this.actor.take_signals(&mut this.ctx);
            }
            this.poll_stream(task);
            this.poll_others(task);
            this.ctx.tidy();
            if this.ctx.state.alive() && this.is_over() {
                this.ctx.stop();
            }
            if !this.ctx.state.alive() {
                this.end();
                return Poll::Ready(());
            }
            if !this.ctx.waiting() {
                return Poll::Pending;
            }
        }
    }
}

impl<A: Tasked, S> Task<A, S> {
    fn end(&mut self) {
        if self.ctx.state != ActorState::Stopped {
            // Nobody goes on here once it stops.
            let _: Running = Actor::stopping(&mut self.actor, &mut self.ctx);
            self.ctx.state = ActorState::Stopped;
            Actor::stopped(&mut self.actor, &mut self.ctx);
        }
    }
}

impl<A: Tasked, S> Drop for Task<A, S> {
    /// A worker that stops drops its tasks. One that panicked is the actor's own to end.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.end();
        }
    }
}

#[cfg(test)]
mod tests;
