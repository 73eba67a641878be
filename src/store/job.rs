//! One write, with the one who waits for its answer.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{sync::oneshot, time::timeout};

use super::{StoreError, Tx};

/// What the writer thread sees of a write: its types are the caller's business.
pub(super) trait Job: Send {
    /// Does the work in the transaction at hand and keeps what came out. The last run counts.
    fn run(&mut self, tx: &mut Tx<'_>) -> Verdict;

    /// Answers with what the last run kept. Called after the commit, or after the job was undone.
    fn answer(self: Box<Self>);

    /// Answers that the store failed. Nothing was stored, unless the connection was lost at the commit.
    fn refuse(self: Box<Self>, fault: StoreError);

    /// Whether the one who asked has been told that it is not done.
    fn is_withdrawn(&self) -> bool;
}

/// Whether what a job wrote is to stay.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    /// The job returned `Ok`.
    Keep,
    /// The job returned `Err`, or panicked.
    Undo,
}

/// A write as [`Handle::write`](super::Handle::write) was given it.
pub(super) struct Write<F, T, E> {
    work: F,
    outcome: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
    withdrawn: Arc<AtomicBool>,
}

/// Where the answer of a write comes out.
pub(super) struct Answer<T, E> {
    reply: oneshot::Receiver<Result<T, E>>,
    withdrawn: Arc<AtomicBool>,
}

impl<F, T, E> Write<F, T, E> {
    /// A write that has not run yet, and where its answer will come out.
    pub(super) fn new(work: F) -> (Self, Answer<T, E>) {
        let (reply, answer) = oneshot::channel();
        let withdrawn = Arc::default();
        let write = Self {
            work,
            outcome: None,
            reply,
            withdrawn: Arc::clone(&withdrawn),
        };
        let answer = Answer {
            reply: answer,
            withdrawn,
        };
        (write, answer)
    }
}

impl<T, E: From<StoreError>> Answer<T, E> {
    /// Waits for it, for so long at most if there is a limit. Then the write is withdrawn: it is not begun any more, but it
    /// may be under way.
    pub(super) async fn within(self, patience: Option<Duration>) -> Result<T, E> {
        let stopped = |_gone| Err(StoreError::unavailable("the writer has stopped").into());
        let Some(patience) = patience else {
            return self.reply.await.unwrap_or_else(stopped);
        };
        match timeout(patience, self.reply).await {
            Ok(answer) => answer.unwrap_or_else(stopped),
            Err(_elapsed) => {
                self.withdrawn.store(true, Ordering::Relaxed);
                Err(StoreError::unavailable("it does not answer").into())
            }
        }
    }
}

impl<F, T, E> Job for Write<F, T, E>
where
    F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<StoreError> + Send,
{
    fn run(&mut self, tx: &mut Tx<'_>) -> Verdict {
        // What the unwinding may have left half done is the transaction, which is undone, and the
        // job's own captures.
        let outcome = catch_unwind(AssertUnwindSafe(|| (self.work)(tx)))
            .unwrap_or_else(|panic| Err(StoreError::panicked(panic.as_ref()).into()));
        let verdict = if outcome.is_ok() {
            Verdict::Keep
        } else {
            Verdict::Undo
        };
        self.outcome = Some(outcome);
        verdict
    }

    fn answer(self: Box<Self>) {
        if let Some(outcome) = self.outcome {
            // A caller who no longer waits has gone; what is stored is stored.
            let _ = self.reply.send(outcome);
        }
    }

    fn refuse(self: Box<Self>, fault: StoreError) {
        let _ = self.reply.send(Err(fault.into()));
    }

    fn is_withdrawn(&self) -> bool {
        self.withdrawn.load(Ordering::Relaxed)
    }
}
