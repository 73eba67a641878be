//! The writer thread: joins what waits into one transaction, commits, then answers (group commit).
//!
//! ```text
//!  queue ──> take all that waits (at most BATCH_MAX)
//!            BEGIN
//!              SAVEPOINT, job, RELEASE          or, when the job fails: ROLLBACK TO, and on to the next
//!              ..
//!            COMMIT ──> answer each
//!               └ failed: everything is rolled back, then each job runs again in a transaction of its own
//! ```
//!
//! Nothing is waited for to fill a batch: while one is flushed to the disk the next one gathers by
//! itself, so an idle server commits a write at once and a busy one joins more the busier it is.
//!
//! Measured (November 2026, two cores, ext4, release build; jobs a second of one row each, in the
//! mean of one commit; and the same while compilers kept the disk busy):
//!
//! | writers at a time | jobs/s | jobs a commit | a commit | busy: jobs/s | a commit |
//! |---|---|---|---|---|---|
//! | 1 | 3,500 | 1 | 0.24 ms | 510 | 1.7 ms |
//! | 16 | 22,000 | 10 | 0.33 ms | 3,400 | 3.2 ms |
//! | 256 | 95,000 | 129 | 0.49 ms | 29,000 | 3.4 ms |
//!
//! Appending to an inbox (three rows, six trees): 27,000 jobs a second with 256 writers.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use tokio::sync::{mpsc, watch};

use super::{
    Conn, StoreError, Tx,
    conn::Access,
    failure_log::FailureLog,
    fence::Fence,
    job::{Job, Verdict},
};
use crate::kernel::{
    config::{DatabaseConfig, DatabaseUrl},
    metrics::Metrics,
    time::Clock,
};

/// The most jobs in one transaction. At 10 to 40 µs a job that is 5 to 20 milliseconds of work, a
/// few times the flush that they share: a larger batch would save little more and make the first in
/// it wait for the last.
const BATCH_MAX: usize = 512;

/// What is told of a job that failed and took its transaction along. Its own fault goes to whoever asked.
const ENDED_BY_ITSELF: StoreError =
    StoreError::unavailable("the database gave a transaction up, as it does when its disk is full");

/// Writes that wait for the writer thread.
pub(super) type Queue = mpsc::Sender<Box<dyn Job>>;

/// What became of a batch that ran in one transaction.
enum BatchOutcome {
    /// Stored. Jobs that failed were undone alone.
    Committed,
    /// The transaction could not begin: the database is away, and trying each job would only wait
    /// for each.
    NotBegun(StoreError),
    /// The transaction was lost on the way, for a reason that may be one job's.
    Lost(StoreError),
}

/// The writer thread's own state.
pub(super) struct Committer {
    url: DatabaseUrl,
    clock: Clock,
    fence: Fence,
    metrics: Arc<Metrics>,
    /// `None` after a failure that the connection may not have survived; opened again with the next
    /// batch.
    conn: Option<Conn>,
    failures: FailureLog,
}

impl Committer {
    /// Opens the connection that writes, and starts the thread. It ends when every sender is
    /// dropped and what they sent is answered; then the `watch` closes.
    pub(super) fn start(
        config: &DatabaseConfig,
        clock: Clock,
        fence: Fence,
        metrics: Arc<Metrics>,
    ) -> Result<(Queue, watch::Receiver<()>), StoreError> {
        let conn = Conn::open(&config.url, Access::Write)?;
        let (queue, waiting) = mpsc::channel(config.queue);
        let (running, ended) = watch::channel(());
        let mut committer = Self {
            url: config.url.clone(),
            clock,
            fence,
            metrics,
            conn: Some(conn),
            failures: FailureLog::default(),
        };
        thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || {
                committer.run(waiting);
                drop(running);
            })
            .map_err(|cause| StoreError::unavailable_because("no thread for the writer", cause))?;
        Ok((queue, ended))
    }

    fn run(&mut self, mut waiting: mpsc::Receiver<Box<dyn Job>>) {
        let mut batch = Vec::with_capacity(BATCH_MAX);
        while waiting.blocking_recv_many(&mut batch, BATCH_MAX) > 0 {
            let left = i64::try_from(waiting.len()).unwrap_or(i64::MAX);
            self.metrics.store_queue.set(left);
            self.commit_batch(&mut batch);
        }
    }

    /// Runs and answers every job of the batch, and leaves it empty.
    fn commit_batch(&mut self, batch: &mut Vec<Box<dyn Job>>) {
        if batch.len() == 1 {
            return self.one_by_one(batch);
        }
        match self.together(batch) {
            BatchOutcome::Committed => batch.drain(..).for_each(|job| job.answer()),
            BatchOutcome::NotBegun(fault) => {
                batch.drain(..).for_each(|job| job.refuse(fault.clone()))
            }
            BatchOutcome::Lost(fault) => {
                self.failures.failed(&fault);
                self.one_by_one(batch);
            }
        }
    }

    /// Runs the whole batch in one transaction. Answers nobody.
    fn together(&mut self, batch: &mut [Box<dyn Job>]) -> BatchOutcome {
        let mut tx = match self.begin() {
            Ok(tx) => tx,
            Err(fault) => return BatchOutcome::NotBegun(fault),
        };
        let ran = batch
            .iter_mut()
            .try_for_each(|job| run_in_savepoint(&mut tx, job.as_mut()))
            .and_then(|()| commit(&mut tx));
        match ran {
            Ok(took) => {
                self.committed(batch.len(), took);
                BatchOutcome::Committed
            }
            Err(fault) => {
                self.abandon();
                BatchOutcome::Lost(fault)
            }
        }
    }

    /// Runs and answers each job in a transaction of its own. Once the database is found to be away
    /// the rest is refused: each of them would wait as long as the one before.
    fn one_by_one(&mut self, batch: &mut Vec<Box<dyn Job>>) {
        let mut away = None;
        for job in batch.drain(..) {
            match &away {
                None => away = self.alone(job).err(),
                Some(fault) => job.refuse(fault.clone()),
            }
        }
    }

    /// Runs and answers one job. An error says that its transaction could not even begin.
    fn alone(&mut self, mut job: Box<dyn Job>) -> Result<(), StoreError> {
        let mut tx = match self.begin() {
            Ok(tx) => tx,
            Err(fault) => {
                job.refuse(fault.clone());
                return Err(fault);
            }
        };
        match job.run(&mut tx) {
            Verdict::Keep => match commit(&mut tx) {
                Ok(took) => {
                    self.committed(1, took);
                    job.answer();
                }
                Err(fault) => {
                    self.failures.failed(&fault);
                    self.abandon();
                    job.refuse(fault);
                }
            },
            Verdict::Undo => {
                if !self.abandon() {
                    self.failures.failed(&ENDED_BY_ITSELF);
                }
                job.answer();
            }
        }
        Ok(())
    }

    /// Begins a transaction, on a new connection if the last one was given up. A failure is logged
    /// here: once for the batch, not by each who is refused.
    fn begin(&mut self) -> Result<Tx<'_>, StoreError> {
        let conn = self
            .conn
            .take()
            .map_or_else(|| Conn::open(&self.url, Access::Write), Ok);
        let begun = conn.and_then(|mut conn| conn.begin_write().map(|()| conn));
        let checked = begun.and_then(|conn| self.fence.check(self.conn.insert(conn)));
        if let Err(fault) = checked {
            // Who may not write still has a sound connection, for when it may again.
            self.abandon();
            self.failures.failed(&fault);
            return Err(fault);
        }
        let conn = self.conn.as_mut();
        let conn = conn.ok_or(StoreError::unavailable("there is no connection"))?;
        Ok(Tx::new(conn, self.clock.now()))
    }

    fn committed(&self, jobs: usize, took: Duration) {
        self.metrics.commit.took(took);
        self.metrics.commit_jobs.observe(jobs as f64);
    }

    /// Rolls back what is open, and gives the connection up if it does not survive that. Says whether it does.
    fn abandon(&mut self) -> bool {
        self.conn
            .take_if(|conn| conn.roll_back_to(0).is_err() || conn.is_broken())
            .is_none()
    }
}

/// Commits, and says how long that took: the flush, mostly.
fn commit(tx: &mut Tx<'_>) -> Result<Duration, StoreError> {
    let started = Instant::now();
    tx.commit().map(|()| started.elapsed())
}

/// Runs one job of several in a transaction, so that its failure undoes it alone. An error says
/// that the transaction itself is lost.
fn run_in_savepoint(tx: &mut Tx<'_>, job: &mut dyn Job) -> Result<(), StoreError> {
    tx.savepoint()?;
    match job.run(tx) {
        Verdict::Keep => tx.commit(),
        Verdict::Undo => tx.roll_back_to(1),
    }
}
