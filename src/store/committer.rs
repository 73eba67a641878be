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
//! Nothing is waited for to fill a batch: while one is flushed to the disk the next one gathers by itself, so an idle server
//! commits a write at once and a busy one joins more the busier it is.

use std::thread;

use tokio::sync::{mpsc, watch};

use super::{
    Conn, StoreError, Tx,
    conn::Access,
    job::{Job, Verdict},
};
use crate::kernel::{
    config::DatabaseUrl,
    time::{Clock, Timestamp},
};

/// The most jobs in one transaction. At 20 to 50 µs a job that is about ten milliseconds of work, a few times the flush
/// that they share: a larger batch would save little more and make the first in it wait for the last.
const BATCH_MAX: usize = 256;

/// Writes that wait for the writer thread.
pub(super) type Queue = mpsc::Sender<Box<dyn Job>>;

/// What became of a batch that ran in one transaction.
enum Together {
    /// Stored. Jobs that failed were undone alone.
    Committed,
    /// The transaction could not begin: the database is away, and trying each job would only wait for each.
    NotBegun(StoreError),
    /// The transaction was lost on the way, for a reason that may be one job's.
    Lost(StoreError),
}

/// The writer thread's own state.
pub(super) struct Committer {
    url: DatabaseUrl,
    clock: Clock,
    /// `None` after a failure that the connection may not have survived; opened again with the next batch.
    conn: Option<Conn>,
}

impl Committer {
    /// Opens the connection that writes, and starts the thread. It ends when every sender is dropped and what they sent is
    /// answered; then the `watch` closes.
    pub(super) fn start(
        url: DatabaseUrl,
        clock: Clock,
        bound: usize,
    ) -> Result<(Queue, watch::Receiver<()>), StoreError> {
        let conn = Conn::open(&url, Access::Write)?;
        let (queue, mut waiting) = mpsc::channel::<Box<dyn Job>>(bound);
        let (running, ended) = watch::channel(());
        let mut committer = Self {
            url,
            clock,
            conn: Some(conn),
        };
        thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || {
                let mut batch = Vec::with_capacity(BATCH_MAX);
                while waiting.blocking_recv_many(&mut batch, BATCH_MAX) > 0 {
                    committer.commit(&mut batch);
                }
                drop(committer);
                drop(running);
            })
            .map_err(|cause| StoreError::unavailable_because("no thread for the writer", cause))?;
        Ok((queue, ended))
    }

    /// Runs and answers every job of the batch, and leaves it empty.
    fn commit(&mut self, batch: &mut Vec<Box<dyn Job>>) {
        if batch.len() == 1 {
            return self.one_by_one(batch);
        }
        match self.together(batch) {
            Together::Committed => batch.drain(..).for_each(|job| job.answer()),
            Together::NotBegun(fault) => batch.drain(..).for_each(|job| job.refuse(fault.clone())),
            Together::Lost(fault) => {
                log::warn!(
                    "batch rolled back, running its jobs one by one jobs={} cause={fault}",
                    batch.len()
                );
                self.one_by_one(batch);
            }
        }
    }

    /// Runs the whole batch in one transaction. Answers nobody.
    fn together(&mut self, batch: &mut [Box<dyn Job>]) -> Together {
        let now = self.clock.now();
        let conn = match self.begin() {
            Ok(conn) => conn,
            Err(fault) => return Together::NotBegun(fault),
        };
        let ran = batch
            .iter_mut()
            .try_for_each(|job| run_in_savepoint(conn, now, job.as_mut()))
            .and_then(|()| conn.commit());
        match ran {
            Ok(()) => Together::Committed,
            Err(fault) => {
                self.abandon();
                Together::Lost(fault)
            }
        }
    }

    /// Runs and answers each job in a transaction of its own. Once the database is found to be away the rest is refused:
    /// each of them would wait as long as the one before.
    fn one_by_one(&mut self, batch: &mut Vec<Box<dyn Job>>) {
        let mut away = None;
        for job in batch.drain(..) {
            match &away {
                None => away = self.alone(job).err(),
                Some(fault) => job.refuse(StoreError::clone(fault)),
            }
        }
    }

    /// Runs and answers one job. An error says that its transaction could not even begin.
    fn alone(&mut self, mut job: Box<dyn Job>) -> Result<(), StoreError> {
        let now = self.clock.now();
        let conn = match self.begin() {
            Ok(conn) => conn,
            Err(fault) => {
                job.refuse(fault.clone());
                return Err(fault);
            }
        };
        match job.run(&mut Tx::new(conn, now)) {
            Verdict::Keep => match conn.commit() {
                Ok(()) => job.answer(),
                Err(fault) => {
                    self.abandon();
                    job.refuse(fault);
                }
            },
            Verdict::Undo => {
                self.abandon();
                job.answer();
            }
        }
        Ok(())
    }

    /// Begins a transaction, on a new connection if the last one was given up.
    fn begin(&mut self) -> Result<&mut Conn, StoreError> {
        let conn = match self.conn.take() {
            Some(conn) => conn,
            None => Conn::open(&self.url, Access::Write)?,
        };
        let conn = self.conn.insert(conn);
        conn.begin_write()?;
        Ok(conn)
    }

    /// Rolls back what is open, and gives the connection up if it does not survive that.
    fn abandon(&mut self) {
        self.conn
            .take_if(|conn| conn.roll_back_to(0).is_err() || conn.is_broken());
    }
}

/// Runs one job of several in a transaction, so that its failure undoes it alone. An error says that the transaction itself
/// is lost.
fn run_in_savepoint(conn: &mut Conn, now: Timestamp, job: &mut dyn Job) -> Result<(), StoreError> {
    conn.savepoint()?;
    match job.run(&mut Tx::new(conn, now)) {
        Verdict::Keep => conn.commit(),
        Verdict::Undo => conn.roll_back_to(1),
    }
}
