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
//!
//! # PostgreSQL
//! Other nodes write too, and each statement is a round trip. The savepoint is moved along in one round trip a job, and a
//! batch ends after 20 ms at the latest, because others wait for what it has locked. A job that waits for a lock of theirs
//! ends it at once: those before it are committed, then it waits alone (so that it holds up nobody), then the rest goes on.
//! A job whose transaction was lost, or that met another's new row, runs again.
//!
//! Measured with `cargo test --test conformance pace -- --ignored --nocapture` (November 2026; PostgreSQL 15 with fsync on
//! the same two cores, which were busy with compilers; debug build; jobs a second):
//!
//! | writers at a time | SQLite: one row | an event | PostgreSQL: one row | an event | an event, on each of two nodes |
//! |---|---|---|---|---|---|
//! | 1 | 340 | 550 | 500 | 530 | 870 |
//! | 16 | 3,100 | 4,900 | 2,200 | 1,700 | 780 |
//! | 256 | 20,500 | 12,000 | 10,600 | 2,600 | 3,800 |

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use tokio::sync::{mpsc, watch};

use super::{
    Conn, StoreError, Tx,
    clock::{Look, StoreClock},
    conn::Access,
    failure_log::FailureLog,
    fence::Fence,
    job::{Job, Verdict},
    place::{Counted, Place},
    postgres::Trouble,
};
use crate::kernel::{config::DatabaseConfig, metrics::Metrics};

/// The most jobs in one transaction. At 10 to 40 µs a job that is 5 to 20 milliseconds of work, a
/// few times the flush that they share: a larger batch would save little more and make the first in
/// it wait for the last.
pub(super) const BATCH_MAX: usize = 512;

/// What is told of a job that failed and took its transaction along. Its own fault goes to whoever asked.
const ENDED_BY_ITSELF: StoreError =
    StoreError::unavailable("the database gave a transaction up, as it does when its disk is full");

/// How long jobs that share a transaction keep their locks from other nodes, where there are any. What is left of a batch
/// goes into the next one.
const SHARED_MAX: Duration = Duration::from_millis(20);

/// How often a job is run whose transaction was lost to another one, or with its connection. Who is in the way has gone on
/// by the next time; a server that goes away each time is no server.
const TRIES: u32 = 5;

/// What is told of a job whose transactions were lost each time.
const GONE: StoreError =
    StoreError::unavailable("the transaction was lost with its connection, or to another one");

/// Writes that wait for the writer thread.
pub(super) type Queue = mpsc::Sender<Box<dyn Job>>;

/// What became of jobs that ran in one transaction.
enum BatchOutcome {
    /// So many of them, from the first one on, are stored. Jobs that failed were undone alone.
    Stored(usize),
    /// The same, and the next one waited for the lock of another node. It has to wait without those of others.
    Held(usize),
    /// The transaction could not begin: the database is away, and trying each job would only wait
    /// for each. Or this node may not write.
    NotBegun(StoreError),
    /// The transaction was lost on the way, for a reason that may be one job's.
    Lost(StoreError),
}

/// The writer thread's own state.
pub(super) struct Committer {
    fence: Fence,
    place: Place,
    config: DatabaseConfig,
    look: Look,
    metrics: Arc<Metrics>,
    /// `None` after a failure that the connection may not have survived; opened again with the next
    /// batch.
    conn: Option<Counted>,
    failures: FailureLog,
}

impl Committer {
    /// Opens the connection that writes. Where the database is, is known from then on.
    pub(super) fn open(
        config: &DatabaseConfig,
        clock: StoreClock,
        fence: Fence,
        metrics: Arc<Metrics>,
    ) -> Result<Self, StoreError> {
        let mut conn = Conn::open(&config.url, Access::Write, config.statement_timeout)?;
        let mut look = Look::new(clock);
        look.now(&mut conn)?;
        let place = Place::of(&config.url)?;
        let conn = place.count(conn);
        Ok(Self {
            fence,
            place,
            config: config.clone(),
            look,
            metrics,
            conn: Some(conn),
            failures: FailureLog::default(),
        })
    }

    /// Where the database was opened.
    pub(super) fn place(&self) -> Place {
        self.place.clone()
    }

    /// Starts the thread. It ends when every sender is dropped and what they sent is answered; then the `watch` closes.
    pub(super) fn start(mut self) -> Result<(Queue, watch::Receiver<()>), StoreError> {
        let (queue, waiting) = mpsc::channel(self.config.queue);
        let (running, ended) = watch::channel(());
        thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || {
                self.run(waiting);
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
            self.place.look_back();
        }
    }

    /// Runs and answers every job of the batch, and leaves it empty.
    pub(super) fn commit_batch(&mut self, batch: &mut Vec<Box<dyn Job>>) {
        batch.retain(|job| !job.is_withdrawn());
        while batch.len() > 1 {
            match self.together(batch) {
                BatchOutcome::Stored(stored) => answer(batch.drain(..stored)),
                BatchOutcome::Held(stored) => {
                    answer(batch.drain(..stored));
                    let held = batch.remove(0);
                    if let Err(fault) = self.alone(held) {
                        return refuse(batch.drain(..), &fault);
                    }
                }
                BatchOutcome::NotBegun(fault) => return refuse(batch.drain(..), &fault),
                BatchOutcome::Lost(fault) => {
                    self.failures.failed(&fault);
                    break;
                }
            }
        }
        self.one_by_one(batch);
    }

    /// Runs as many jobs as one transaction may hold, from the first one on. Answers nobody.
    fn together(&mut self, batch: &mut [Box<dyn Job>]) -> BatchOutcome {
        let fence = self.fence.clone();
        let mut tx = match self.begin(true) {
            Ok(tx) => tx,
            Err(fault) => return BatchOutcome::NotBegun(fault),
        };
        let ran = run_parted(&mut tx, batch)
            .and_then(|(jobs, held)| commit(&mut tx, &fence).map(|took| (jobs, held, took)));
        match ran {
            Ok((jobs, held, took)) => {
                self.committed(jobs, took);
                if held {
                    BatchOutcome::Held(jobs)
                } else {
                    BatchOutcome::Stored(jobs)
                }
            }
            Err(fault) => {
                self.abandon();
                if fault.is_fenced() {
                    self.failures.failed(&fault);
                    return BatchOutcome::NotBegun(fault);
                }
                BatchOutcome::Lost(fault)
            }
        }
    }

    /// Runs and answers each job in a transaction of its own. Once the database is found to be away
    /// the rest is refused: each of them would wait as long as the one before.
    fn one_by_one(&mut self, batch: &mut Vec<Box<dyn Job>>) {
        let mut jobs = batch.drain(..);
        while let Some(job) = jobs.next() {
            if let Err(fault) = self.alone(job) {
                return refuse(jobs, &fault);
            }
        }
    }

    /// Runs and answers one job, again if its transaction was lost for a reason that is not its own. An error says that a
    /// transaction could not even begin.
    fn alone(&mut self, mut job: Box<dyn Job>) -> Result<(), StoreError> {
        let fence = self.fence.clone();
        let mut raced = false;
        for _ in 0..TRIES {
            let mut tx = match self.begin(false) {
                Ok(tx) => tx,
                Err(fault) => {
                    job.refuse(fault.clone());
                    return Err(fault);
                }
            };
            let mut lost = false;
            let stored = match job.run(&mut tx) {
                Verdict::Keep => commit(&mut tx, &fence).map(Some),
                Verdict::Undo => Ok(None),
            };
            let again = match tx.trouble() {
                None | Some(Trouble::Undo) => false,
                // The second time it is no race.
                Some(Trouble::Raced) => !std::mem::replace(&mut raced, true),
                Some(Trouble::Again) => true,
                Some(Trouble::Lost) => {
                    lost = true;
                    true
                }
            };
            match stored {
                Ok(Some(took)) => {
                    self.committed(1, took);
                    job.answer();
                    return Ok(());
                }
                Ok(None) | Err(_) if again => {
                    if lost {
                        self.failures.failed(&GONE);
                    }
                    self.abandon();
                }
                Ok(None) => {
                    if !self.abandon() {
                        self.failures.failed(&ENDED_BY_ITSELF);
                    }
                    job.answer();
                    return Ok(());
                }
                Err(fault) => {
                    self.failures.failed(&fault);
                    self.abandon();
                    job.refuse(fault.clone());
                    return if fault.is_fenced() {
                        Err(fault)
                    } else {
                        Ok(())
                    };
                }
            }
        }
        job.refuse(GONE);
        Ok(())
    }

    /// Begins a transaction, on a new connection if the last one was given up; `parted` if several jobs share it. A failure
    /// is logged here: once for the batch, not by each who is refused.
    fn begin(&mut self, parted: bool) -> Result<Tx<'_>, StoreError> {
        let may = self.fence.check_open().and_then(|()| self.place.check());
        let begun = may.and_then(|()| self.begun(parted));
        let begun = begun.and_then(|mut conn| {
            let now = self.look.now(&mut conn)?;
            Ok((conn, now))
        });
        match begun {
            Ok((conn, now)) => Ok(Tx::new(self.conn.insert(conn), now)),
            Err(fault) => {
                self.failures.failed(&fault);
                Err(fault)
            }
        }
    }

    /// A connection with a transaction. One that was lost while it was idle shows that at its next use.
    fn begun(&mut self, parted: bool) -> Result<Counted, StoreError> {
        if let Some(mut conn) = self.conn.take() {
            match conn.begin_write(parted) {
                Ok(()) => return Ok(conn),
                Err(_) if conn.trouble() == Some(Trouble::Lost) => {}
                Err(fault) => return Err(fault),
            }
        }
        let config = &self.config;
        let mut conn = self
            .place
            .open(&config.url, Access::Write, config.statement_timeout)?;
        conn.begin_write(parted)?;
        Ok(conn)
    }

    fn committed(&self, jobs: usize, took: Duration) {
        if jobs > 0 {
            self.metrics.commit.took(took);
            self.metrics.commit_jobs.observe(jobs as f64);
        }
    }

    /// Rolls back what is open, and gives the connection up if it does not survive that. Says whether it does.
    fn abandon(&mut self) -> bool {
        let is_lost = |conn: &mut Counted| conn.roll_back().is_err() || conn.is_broken();
        self.conn.take_if(is_lost).is_none()
    }
}

/// Answers those whose jobs are stored, or were undone alone.
fn answer(jobs: impl Iterator<Item = Box<dyn Job>>) {
    jobs.for_each(|job| job.answer());
}

/// Answers those whose jobs could not run.
fn refuse(jobs: impl Iterator<Item = Box<dyn Job>>, fault: &StoreError) {
    jobs.for_each(|job| job.refuse(fault.clone()));
}

/// Commits, and says how long that took: the flush, mostly.
fn commit(tx: &mut Tx<'_>, fence: &Fence) -> Result<Duration, StoreError> {
    let started = Instant::now();
    fence.check(tx)?;
    tx.commit().map(|()| started.elapsed())
}

/// Runs jobs in a transaction, each so that its failure undoes it alone: all of them, or those before one that waited for
/// somebody else's lock (`true`), or as many as there is time for. An error says that the transaction itself is lost.
fn run_parted(tx: &mut Tx<'_>, batch: &mut [Box<dyn Job>]) -> Result<(usize, bool), StoreError> {
    let began = Instant::now();
    for (done, job) in batch.iter_mut().enumerate() {
        if done > 0 && tx.shares_database() && began.elapsed() > SHARED_MAX {
            return Ok((done, false));
        }
        tx.begin_job()?;
        let verdict = job.run(tx);
        match (tx.trouble(), verdict) {
            (None, Verdict::Keep) => tx.keep_job()?,
            (None, Verdict::Undo) => tx.undo_job()?,
            (Some(Trouble::Lost), _) => return Err(GONE),
            (Some(Trouble::Again | Trouble::Raced | Trouble::Undo), _) => {
                tx.undo_job()?;
                return Ok((done, true));
            }
        }
    }
    Ok((batch.len(), false))
}
