//! A store without threads, for simulations: whoever steps it decides when each job runs and what its caller hears.
//!
//! The jobs, their batches, savepoints, fence and transactions are the ones of every store. Only where they run differs: on
//! the thread of whoever asks, when the simulated time has come that a [`Fate`] says.
//!
//! ```text
//!   asked ── begins_in ──> transaction, committed ── answers_in ──> answered
//!               └ Away, Overloaded: nothing is done                    └ Unanswered: stored, and told that the store is away
//! ```
//! The database may be one that several such stores share, each of them a node, even if it is SQLite: transactions run one
//! after the other, from the beginning to the commit.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::mpsc, time::sleep};

use super::{
    Conn, StoreError, Tx,
    committer::{BATCH_MAX, Committer},
    conn::Access,
    job::{Job, Verdict},
};
use crate::kernel::config::DatabaseConfig;

/// What a store is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// A batch of writes: one for all that wait.
    Write,
    /// A write beside the others, by which a node joins, stays or leaves.
    Apart,
    /// A read.
    Read,
}

/// What becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fate {
    /// How long it takes until it begins. What is asked meanwhile joins a batch.
    pub begins_in: Duration,
    /// What is done then.
    pub outcome: Outcome,
    /// How long the answer takes once it is done.
    pub answers_in: Duration,
}

/// What is done, and what is said of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is done.
    Done,
    /// Nothing is: the database is away.
    Away,
    /// Nothing is: too much waits.
    Overloaded,
    /// It is done, and the connection is lost before the answer.
    Unanswered,
}

/// Decides what becomes of what a store is asked.
pub type Fates = Arc<dyn Fn(Work) -> Fate + Send + Sync>;

/// What is told of a job whose answer is lost, or that was not begun.
const AWAY: StoreError = StoreError::unavailable("the simulated database is away");

const OVERLOADED: StoreError = StoreError::Overloaded("the simulated database has too much to do");

/// How reads and the writes beside the others are run. Clones share the connection.
#[derive(Clone)]
pub(super) struct Stepped {
    fates: Fates,
    config: DatabaseConfig,
    /// Opened with the first read. One is enough: a read is over before the next one begins.
    reader: Arc<Mutex<Option<Conn>>>,
}

impl Stepped {
    pub(super) fn new(config: &DatabaseConfig, fates: Fates) -> Self {
        Self {
            fates,
            config: config.clone(),
            reader: Arc::default(),
        }
    }

    /// Runs a job beside the writes, when its time has come.
    pub(super) async fn apart<T, E: From<StoreError>>(
        &self,
        job: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        self.run(Work::Apart, job).await
    }

    /// Runs a job that reads, when its time has come.
    pub(super) async fn read<T, E: From<StoreError>>(
        &self,
        job: impl FnOnce(&mut Conn) -> Result<T, E>,
    ) -> Result<T, E> {
        self.run(Work::Read, || self.read_now(job)).await
    }

    async fn run<T, E: From<StoreError>>(
        &self,
        work: Work,
        job: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let fate = (self.fates)(work);
        sleep(fate.begins_in).await;
        match fate.outcome {
            Outcome::Away => return Err(AWAY.into()),
            Outcome::Overloaded => return Err(OVERLOADED.into()),
            Outcome::Done | Outcome::Unanswered => {}
        }
        let done = job();
        sleep(fate.answers_in).await;
        match fate.outcome {
            Outcome::Unanswered => Err(AWAY.into()),
            _ => done,
        }
    }

    fn read_now<T, E: From<StoreError>>(
        &self,
        job: impl FnOnce(&mut Conn) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut place = lock(&self.reader);
        let mut conn = match place.take() {
            Some(conn) => conn,
            None => Conn::open(
                &self.config.url,
                Access::Read,
                self.config.statement_timeout,
            )?,
        };
        conn.begin_read()?;
        let outcome = job(&mut conn);
        if conn.roll_back().is_ok() && !conn.is_broken() {
            *place = Some(conn);
        }
        outcome
    }
}

/// Commits what waits, batch by batch, until every sender is dropped and what they sent is answered.
pub(super) async fn commit(
    mut committer: Committer,
    mut waiting: mpsc::Receiver<Box<dyn Job>>,
    fates: Fates,
) {
    let mut jobs = Vec::new();
    while waiting.recv_many(&mut jobs, BATCH_MAX).await > 0 {
        let fate = fates(Work::Write);
        sleep(fate.begins_in).await;
        while jobs.len() < BATCH_MAX
            && let Ok(job) = waiting.try_recv()
        {
            jobs.push(job);
        }
        let refusal = match fate.outcome {
            Outcome::Away => Some(AWAY),
            Outcome::Overloaded => Some(OVERLOADED),
            Outcome::Done | Outcome::Unanswered => None,
        };
        if let Some(fault) = refusal {
            jobs.drain(..).for_each(|job| job.refuse(fault.clone()));
            continue;
        }
        let answers = Arc::<Mutex<Vec<Answer>>>::default();
        let held = jobs.drain(..).map(|job| Held::boxed(job, &answers));
        committer.commit_batch(&mut held.collect());
        sleep(fate.answers_in).await;
        for Answer { job, refused } in mem::take(&mut *lock(&answers)) {
            match (fate.outcome, refused) {
                (Outcome::Unanswered, _) => job.refuse(AWAY),
                (_, Some(fault)) => job.refuse(fault),
                (_, None) => job.answer(),
            }
        }
    }
}

/// A job whose answer is held back.
struct Held {
    job: Box<dyn Job>,
    answers: Arc<Mutex<Vec<Answer>>>,
}

/// An answer that is to be given.
struct Answer {
    job: Box<dyn Job>,
    refused: Option<StoreError>,
}

impl Held {
    fn boxed(job: Box<dyn Job>, answers: &Arc<Mutex<Vec<Answer>>>) -> Box<dyn Job> {
        let answers = Arc::clone(answers);
        Box::new(Self { job, answers })
    }

    fn hold(self, refused: Option<StoreError>) {
        let job = self.job;
        lock(&self.answers).push(Answer { job, refused });
    }
}

impl Job for Held {
    fn run(&mut self, tx: &mut Tx<'_>) -> Verdict {
        self.job.run(tx)
    }

    fn answer(self: Box<Self>) {
        self.hold(None);
    }

    fn refuse(self: Box<Self>, fault: StoreError) {
        self.hold(Some(fault));
    }

    fn is_withdrawn(&self) -> bool {
        self.job.is_withdrawn()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Whole between any two statements.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
