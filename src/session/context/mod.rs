//! The context of a session's actor, and the task in which both live with the stream that drives them.
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

use super::Session;

/// Messages of the stream that are handled before other tasks of the thread get their turn.
const TURN: u32 = 16;

type Begun = Pin<Box<dyn ActorFuture<Session, Output = ()>>>;

/// The context of a session's actor.
pub struct SessionContext {
    state: ActorState,
    /// Wakes the task; set by its first turn.
    waker: Waker,
    begun: Option<Box<Futures>>,
}

/// What was begun and is not ready.
#[derive(Default)]
struct Futures {
    /// What is waited for, the last one first.
    waits: Vec<Begun>,
    others: Vec<Begun>,
}

impl Default for SessionContext {
    fn default() -> Self {
        Self {
            state: ActorState::Started,
            waker: Waker::noop().clone(),
            begun: None,
        }
    }
}

impl ActorContext for SessionContext {
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

impl SessionContext {
    /// Runs a session in a task of its own: until it stops, or `stream` has ended and nothing else runs.
    pub fn run<S>(self, session: Session, stream: S)
    where
        S: Stream + Unpin + 'static,
        Session: StreamHandler<S::Item>,
    {
        actix_rt::spawn(SessionTask {
            session,
            ctx: self,
            stream: Some(stream),
        });
    }

    /// Wakes the session, to see what its line has to say.
    pub(super) fn waker(&self) -> Waker {
        self.waker.clone()
    }

    /// Has a future run beside everything else.
    pub(super) fn spawn(&mut self, future: impl ActorFuture<Session, Output = ()> + 'static) {
        let begun = self.begun.get_or_insert_default();
        begun.others.push(Box::pin(future));
    }

    /// Has a future run, and nothing else until it is ready.
    pub(super) fn wait(&mut self, future: impl ActorFuture<Session, Output = ()> + 'static) {
        let begun = self.begun.get_or_insert_default();
        begun.waits.push(Box::pin(future));
    }

    /// Does something after a while.
    pub fn run_later(
        &mut self,
        after: Duration,
        act: impl FnOnce(&mut Session, &mut Self) + 'static,
    ) {
        let act = move |(), session: &mut Session, ctx: &mut Self| act(session, ctx);
        // Begun before it is polled: the time counts from now on.
        let pause = sleep(after);
        self.spawn(wrap_future::<_, Session>(pause).map(act));
    }

    /// Whether nothing else may go on.
    fn waiting(&self) -> bool {
        let waits = |begun: &Futures| !begun.waits.is_empty();
        !self.state.alive() || self.begun.as_deref().is_some_and(waits)
    }

    fn take_wait(&mut self) -> Option<Begun> {
        self.begun.as_mut()?.waits.pop()
    }

    fn take_others(&mut self) -> Vec<Begun> {
        let begun = self.begun.as_mut();
        begun
            .map(|begun| std::mem::take(&mut begun.others))
            .unwrap_or_default()
    }

    /// Gives back the memory of what is ready.
    fn tidy(&mut self) {
        self.begun
            .take_if(|begun| begun.waits.is_empty() && begun.others.is_empty());
    }
}

/// A session, its context, and what drives it.
struct SessionTask<S> {
    session: Session,
    ctx: SessionContext,
    /// `None` once it has ended.
    stream: Option<S>,
}

impl<S> SessionTask<S>
where
    S: Stream + Unpin,
    Session: StreamHandler<S::Item>,
{
    /// Goes on with what is waited for. `Pending` if that is not ready.
    fn poll_waits(&mut self, task: &mut Context<'_>) -> Poll<()> {
        while self.ctx.state.alive() {
            let Some(mut wait) = self.ctx.take_wait() else {
                break;
            };
            let polled = wait.as_mut().poll(&mut self.session, &mut self.ctx, task);
            if polled.is_pending() {
                let begun = self.ctx.begun.get_or_insert_default();
                let newer = !begun.waits.is_empty();
                begun.waits.insert(0, wait);
                if !newer {
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
                    StreamHandler::handle(&mut self.session, item, &mut self.ctx);
                }
                Poll::Ready(None) => {
                    self.stream = None;
                    return StreamHandler::finished(&mut self.session, &mut self.ctx);
                }
            }
        }
        task.waker().wake_by_ref();
    }

    /// Goes on with what was begun, and with what that begins.
    fn poll_others(&mut self, task: &mut Context<'_>) {
        let mut pending = Vec::new();
        while !self.ctx.waiting() {
            let others = self.ctx.take_others();
            if others.is_empty() {
                break;
            }
            for mut other in others {
                let held = self.ctx.waiting();
                if held
                    || other
                        .as_mut()
                        .poll(&mut self.session, &mut self.ctx, task)
                        .is_pending()
                {
                    pending.push(other);
                }
            }
        }
        if !pending.is_empty() {
            let begun = self.ctx.begun.get_or_insert_default();
            pending.append(&mut begun.others);
            begun.others = pending;
        }
    }

    /// Whether nothing can happen any more.
    fn is_over(&self) -> bool {
        self.stream.is_none() && self.ctx.begun.is_none()
    }
}

impl<S> Future for SessionTask<S>
where
    S: Stream + Unpin,
    Session: StreamHandler<S::Item>,
{
    type Output = ();

    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        if !this.ctx.waker.will_wake(task.waker()) {
            this.ctx.waker = task.waker().clone();
        }
        if this.ctx.state == ActorState::Started {
            this.ctx.state = ActorState::Running;
            Actor::started(&mut this.session, &mut this.ctx);
        }
        loop {
            if this.poll_waits(task).is_pending() {
                return Poll::Pending;
            }
            if this.ctx.state.alive() {
                this.session.take_signals(&mut this.ctx);
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

impl<S> SessionTask<S> {
    fn end(&mut self) {
        if self.ctx.state != ActorState::Stopped {
            // A session never goes on once it stops.
            let _: Running = Actor::stopping(&mut self.session, &mut self.ctx);
            self.ctx.state = ActorState::Stopped;
            Actor::stopped(&mut self.session, &mut self.ctx);
        }
    }
}

impl<S> Drop for SessionTask<S> {
    /// A worker that stops drops its tasks. One that panicked is the session's own to end.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.end();
        }
    }
}
