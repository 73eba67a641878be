//! Results of the store, taken back by an actor in the order in which it asked.
//!
//! An actor's own futures ([`AsyncContext::spawn`](actix::AsyncContext::spawn)) are polled all of them at each wake, and
//! finish in any order. Here only the oldest is polled: the store's writer answers in order, so what is behind it cannot be
//! ready first, and ten thousand that wait cost no more than one.

use std::{
    collections::VecDeque,
    future::Future,
    pin::Pin,
    task::{Context, Poll, Waker},
};

use actix::{Actor, fut::ActorFuture};

/// What an actor does with a result.
type Then<A> = Box<dyn FnOnce(&mut A, &mut <A as Actor>::Context)>;

/// Results that are waited for, oldest first.
pub struct Ordered<A: Actor> {
    waiting: VecDeque<Pin<Box<dyn Future<Output = Then<A>>>>>,
    /// Wakes who found nothing to wait for. A result may be asked for from anywhere in the actor, also after
    /// [`TakeResults`] has had its turn.
    idle: Option<Waker>,
}

/// An actor that takes results back in order. It spawns [`TakeResults`] when it starts.
pub trait TakesInOrder: Actor {
    /// What it waits for.
    fn results(&mut self) -> &mut Ordered<Self>;
}

/// Hands an actor its results. Polled by the actor's context each time the mailbox has been emptied, and when a result is
/// there.
pub struct TakeResults;

impl<A: Actor> Default for Ordered<A> {
    fn default() -> Self {
        Self {
            waiting: VecDeque::new(),
            idle: None,
        }
    }
}

impl<A: Actor> Ordered<A> {
    /// Waits for a result, and what to do with it once all that was asked before is done.
    pub fn push<R: 'static>(
        &mut self,
        result: impl Future<Output = R> + 'static,
        then: impl FnOnce(R, &mut A, &mut A::Context) + 'static,
    ) {
        self.waiting.push_back(Box::pin(async move {
            let result = result.await;
            let then: Then<A> = Box::new(move |actor, ctx| then(result, actor, ctx));
            then
        }));
        if let Some(idle) = self.idle.take() {
            idle.wake();
        }
    }

    /// The next result, if it is there.
    fn poll_next(&mut self, task: &mut Context<'_>) -> Poll<Then<A>> {
        let Some(oldest) = self.waiting.front_mut() else {
            self.idle = Some(task.waker().clone());
            return Poll::Pending;
        };
        let ready = oldest.as_mut().poll(task);
        if ready.is_ready() {
            self.waiting.pop_front();
        }
        ready
    }
}

impl<A: TakesInOrder> ActorFuture<A> for TakeResults {
    type Output = ();

    fn poll(
        self: Pin<&mut Self>,
        actor: &mut A,
        ctx: &mut A::Context,
        task: &mut Context<'_>,
    ) -> Poll<()> {
        while let Poll::Ready(then) = actor.results().poll_next(task) {
            then(actor, ctx);
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::{future::ready, time::Duration};

    use actix::{AsyncContext, Context};
    use tokio::sync::oneshot;

    use super::*;

    struct Asks {
        results: Ordered<Self>,
        slow: Option<oneshot::Receiver<u8>>,
        done: Option<oneshot::Sender<Vec<u8>>>,
        taken: Vec<u8>,
    }

    impl TakesInOrder for Asks {
        fn results(&mut self) -> &mut Ordered<Self> {
            &mut self.results
        }
    }

    impl Actor for Asks {
        type Context = Context<Self>;

        fn started(&mut self, ctx: &mut Context<Self>) {
            ctx.spawn(TakeResults);
            // After `TakeResults` has had its turn, and nothing else wakes the actor.
            ctx.run_later(Duration::from_millis(1), |actor, _| {
                let slow = actor.slow.take().unwrap();
                actor.results.push(slow, |slow, actor, _| {
                    actor.taken.push(slow.unwrap());
                });
                actor.results.push(ready(2), |quick, actor, _| {
                    actor.taken.push(quick);
                    let taken = std::mem::take(&mut actor.taken);
                    actor.done.take().unwrap().send(taken).unwrap();
                });
            });
        }
    }

    #[actix_rt::test]
    async fn results_are_taken_in_the_order_of_asking_whoever_is_ready_first() {
        let (answer, slow) = oneshot::channel();
        let (done, taken) = oneshot::channel();
        let _asks = Asks {
            results: Ordered::default(),
            slow: Some(slow),
            done: Some(done),
            taken: Vec::new(),
        }
        .start();
        actix_rt::time::sleep(Duration::from_millis(20)).await;
        answer.send(1).unwrap();
        let taken = actix_rt::time::timeout(Duration::from_secs(5), taken);
        assert_eq!(taken.await.unwrap().unwrap(), [1, 2]);
    }
}
