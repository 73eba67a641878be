//! Results of the store, taken back by an actor in the order in which it asked.
//!
//! An actor's own futures ([`AsyncContext::spawn`](actix::AsyncContext::spawn)) are polled all of them at each wake, and
//! finish in any order. Here only the oldest is polled: the store's writer answers in order, so what is behind it cannot be
//! ready first, and ten thousand that wait cost no more than one.

use std::{
    collections::VecDeque,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use actix::Actor;

/// What an actor does with a result.
type Then<A> = Box<dyn FnOnce(&mut A, &mut <A as Actor>::Context)>;

/// Results that are waited for, oldest first.
pub(super) struct Ordered<A: Actor> {
    waiting: VecDeque<Pin<Box<dyn Future<Output = Then<A>>>>>,
}

impl<A: Actor> Default for Ordered<A> {
    fn default() -> Self {
        Self {
            waiting: VecDeque::new(),
        }
    }
}

impl<A: Actor> Ordered<A> {
    /// Waits for a result, and what to do with it once all that was asked before is done.
    pub(super) fn push<R: 'static>(
        &mut self,
        result: impl Future<Output = R> + 'static,
        then: impl FnOnce(R, &mut A, &mut A::Context) + 'static,
    ) {
        self.waiting.push_back(Box::pin(async move {
            let result = result.await;
            let then: Then<A> = Box::new(move |actor, ctx| then(result, actor, ctx));
            then
        }));
    }

    /// The next result, if it is there. To be called from a future that the actor's context polls.
    pub(super) fn poll_next(&mut self, task: &mut Context<'_>) -> Poll<Then<A>> {
        let Some(oldest) = self.waiting.front_mut() else {
            return Poll::Pending;
        };
        let ready = oldest.as_mut().poll(task);
        if ready.is_ready() {
            self.waiting.pop_front();
        }
        ready
    }
}
