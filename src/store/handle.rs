//! The way to the store for everyone else.

use std::{
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{
        mpsc::{self, error::TrySendError},
        watch,
    },
    task::{JoinError, spawn_blocking},
    time::timeout,
};

use super::{
    Conn, StoreError, Tx,
    apart::Apart,
    clock::{Costs, StoreClock},
    committer::{Committer, Queue},
    fence::{Fence, Writer},
    job::{Job, Write},
    place::Place,
    pool::Pool,
    stepped::{self, Fates, Stepped},
};
use crate::kernel::{
    config::{DatabaseConfig, DatabaseUrl},
    metrics::Metrics,
    time::{Clock, Timestamp},
};

/// How many statements' time an answer is waited for: that of a server on another machine, which may stand still without
/// a sign. Whoever asks is told so, and asks again; what was stored all the same is found by its key.
const PATIENCE_FACTOR: u32 = 3;

/// The store. Clones share it.
#[derive(Clone)]
pub struct Handle {
    shared: Arc<Shared>,
}

struct Shared {
    clock: StoreClock,
    shares_clock: bool,
    fence: Fence,
    place: Place,
    apart: Apart,
    /// How long an answer of the database is waited for.
    patience: Option<Duration>,
    readers: Readers,
    /// `None` once the store is closed. Held for a `try_send` only.
    queue: Mutex<Option<Queue>>,
    /// Closes when the writer has answered everything and ended.
    writer: watch::Receiver<()>,
}

/// Where whatever is no write of the queue is run.
#[derive(Clone)]
enum Readers {
    /// On threads for blocking work; reads on a connection of the pool.
    Threads(Pool),
    /// On the thread of whoever asks.
    Stepped(Stepped),
}

impl Handle {
    /// Opens the database and starts the writer thread. Blocks. The schema must be there: see
    /// [`migrate`](super::migrations::migrate).
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database cannot be opened.
    pub fn open(
        config: &DatabaseConfig,
        clock: Clock,
        metrics: Arc<Metrics>,
    ) -> Result<Self, StoreError> {
        let (clock, fence) = (StoreClock::new(clock), Fence::default());
        let committer = Committer::open(config, clock.clone(), fence.clone(), metrics)?;
        let place = committer.place();
        let (queue, writer) = committer.start()?;
        let patience = match &config.url {
            DatabaseUrl::Sqlite(_) => None,
            DatabaseUrl::Postgres(_) => Some(config.statement_timeout * PATIENCE_FACTOR),
        };
        let shared = Shared {
            apart: Apart::new(config, clock.clone(), place.clone()),
            clock,
            shares_clock: config.url.is_shared(),
            fence,
            patience,
            readers: Readers::Threads(Pool::open(config, place.clone())?),
            place,
            queue: Mutex::new(Some(queue)),
            writer,
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// Opens the database without threads, for simulations: see [`Fate`](super::Fate). It writes for as long as the future
    /// is polled.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database cannot be opened.
    pub fn stepped(
        config: &DatabaseConfig,
        clock: Clock,
        metrics: Arc<Metrics>,
        fates: Fates,
    ) -> Result<(Self, impl Future<Output = ()> + use<>), StoreError> {
        let (clock, fence) = (StoreClock::new(clock), Fence::default());
        let committer = Committer::open(config, clock.clone(), fence.clone(), metrics)?;
        let (queue, waiting) = mpsc::channel(config.queue);
        let (running, writer) = watch::channel(());
        let shared = Shared {
            apart: Apart::new(config, clock.clone(), committer.place()),
            clock,
            shares_clock: config.url.is_shared(),
            fence,
            place: committer.place(),
            patience: Some(config.statement_timeout * PATIENCE_FACTOR),
            readers: Readers::Stepped(Stepped::new(config, Arc::clone(&fates))),
            queue: Mutex::new(Some(queue)),
            writer,
        };
        let store = Self {
            shared: Arc::new(shared),
        };
        let commits = async move {
            stepped::commit(committer, waiting, fates).await;
            drop(running);
        };
        Ok((store, commits))
    }

    /// Whether there is somebody who writes.
    pub fn is_alive(&self) -> bool {
        self.shared.writer.has_changed().is_ok()
    }

    /// The time on the store's clock. Inside a write it is [`Tx::now`].
    pub fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    /// Whether its clock is that of a server, by which other nodes go, too.
    pub fn shares_clock(&self) -> bool {
        self.shared.shares_clock
    }

    /// Says what the time costs somebody: while it does, a machine whose time of day jumps is not followed. On SQLite only; a
    /// server of PostgreSQL is followed always, since its nodes must agree. What was said first counts.
    pub fn keep_time_while(&self, costs: Costs) {
        self.shared.clock.keep_while(costs);
    }

    /// Runs `job` in a transaction and answers after the commit: an `Ok` survives `kill -9` and
    /// power loss.
    ///
    /// The write is queued at the call, so writes are run in the order of the calls, and dropping
    /// the future does not take it back. A job that returns `Err` is undone alone and its error
    /// handed through. After the failure of a transaction that it shared a job is run again, so it
    /// must not consume what it captured, and must do nothing but write to its `Tx`. It must not go
    /// on after a statement failed, for the database may have ended the transaction; where a
    /// conflict is expected there is `on_conflict`.
    ///
    /// # Errors
    /// [`StoreError::Overloaded`] if too much is waiting; [`StoreError::Unavailable`] if the
    /// database is away or the store closed; [`StoreError::Panicked`] if the job panicked. In each
    /// case nothing is stored, with one exception: on PostgreSQL a job that was
    /// [`StoreError::Unavailable`] may be stored all the same, if the connection was lost at its commit or no answer came in
    /// three times `database.statement_timeout`.
    pub fn write<T, E, F>(&self, job: F) -> impl Future<Output = Result<T, E>> + Send + use<T, E, F>
    where
        F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (write, answer) = Write::new(job);
        let queued = self.enqueue(Box::new(write));
        let patience = self.shared.patience;
        async move {
            queued?;
            answer.within(patience).await
        }
    }

    /// Says who writes from now on: see [`Writer`].
    pub fn write_as(&self, writer: Writer) {
        self.shared.fence.set(writer);
    }

    /// Runs `job` once, in a transaction on a connection of its own: it waits behind no other write of the queue, and
    /// [`Handle::write_as`] does not hold it back. For what decides who writes. There is no limit to the wait for an answer.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database is away, in which case the job may be stored if that was at its commit;
    /// [`StoreError::Panicked`] if the job panicked; what the database says of another transaction that was in the way.
    pub fn write_apart<T, E, F>(
        &self,
        job: F,
    ) -> impl Future<Output = Result<T, E>> + Send + use<T, E, F>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (apart, readers) = (self.shared.apart.clone(), self.shared.readers.clone());
        async move {
            match readers {
                Readers::Threads(_) => joined(spawn_blocking(move || apart.write(job)).await),
                Readers::Stepped(stepped) => stepped.apart(|| apart.write(job)).await,
            }
        }
    }

    /// Runs `job` on a connection that only reads, off the actor's thread. All its queries see the
    /// same moment, at or after the call.
    ///
    /// # Errors
    /// [`StoreError::Overloaded`] if no connection came free in time; [`StoreError::Unavailable`]
    /// if the database is away, does not answer in time, or the store is closed; [`StoreError::Panicked`] if the job panicked.
    pub fn read<T, E, F>(&self, job: F) -> impl Future<Output = Result<T, E>> + Send + use<T, E, F>
    where
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (readers, patience) = (self.shared.readers.clone(), self.shared.patience);
        async move {
            let pool = match readers {
                Readers::Threads(pool) => pool,
                Readers::Stepped(stepped) => return stepped.read(job).await,
            };
            let turn = pool.turn().await?;
            let reading = spawn_blocking(move || turn.read(job));
            joined(match patience {
                None => reading.await,
                // The thread keeps its turn until it is done.
                Some(patience) => timeout(patience, reading)
                    .await
                    .map_err(|_elapsed| StoreError::unavailable("it does not answer"))?,
            })
        }
    }

    /// Whether the store reads and writes: a transaction of each kind, behind all that waits. The one that writes goes to
    /// the disk: a full one takes transactions that are empty. A file in which somebody has met damage is not well again.
    ///
    /// # Errors
    /// What keeps it from one of them.
    pub async fn check(&self) -> Result<(), StoreError> {
        self.write(|tx| tx.rewrite()).await?;
        self.read(|_| Ok::<_, StoreError>(())).await?;
        self.shared.place.check_sound()
    }

    /// Lets nothing more in, and returns when all that was let in is done and answered.
    pub async fn close(&self) {
        self.queue().take();
        // The sender is never used: the channel closes when the thread ends.
        let _ = self.shared.writer.clone().changed().await;
        if let Readers::Threads(pool) = &self.shared.readers {
            pool.close().await;
        }
    }

    fn enqueue(&self, job: Box<dyn Job>) -> Result<(), StoreError> {
        let queue = self.queue();
        let Some(queue) = queue.as_ref() else {
            return Err(StoreError::unavailable("it is closed"));
        };
        queue.try_send(job).map_err(|refused| match refused {
            TrySendError::Full(_) => StoreError::Overloaded("too many writes are waiting"),
            TrySendError::Closed(_) => StoreError::unavailable("the writer has stopped"),
        })
    }

    fn queue(&self) -> MutexGuard<'_, Option<Queue>> {
        self.shared
            .queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a job came to on a thread for blocking work.
fn joined<T, E: From<StoreError>>(ended: Result<Result<T, E>, JoinError>) -> Result<T, E> {
    ended.unwrap_or_else(|lost| {
        Err(match lost.try_into_panic() {
            Ok(panic) => StoreError::panicked(panic.as_ref()),
            Err(_cancelled) => StoreError::unavailable("the runtime is stopping"),
        }
        .into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::migrations::migrate;

    fn open(folder: &tempfile::TempDir) -> Handle {
        let config = DatabaseConfig {
            url: DatabaseUrl::Sqlite(folder.path().join("otomo.db")),
            pool_size: 1,
            queue: 1,
            statement_timeout: Duration::from_secs(5),
        };
        migrate(&config.url).unwrap();
        Handle::open(&config, Clock::system(), Arc::default()).unwrap()
    }

    /// Whoever asks for what is lost is refused; who asks whether the store is well does not ask for that.
    #[actix_rt::test]
    async fn a_file_in_which_somebody_meets_damage_is_not_well_again() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder);
        store.check().await.unwrap();
        let path = folder.path().join("otomo.db");
        let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
        file.set_len(8_192).unwrap();
        store.check().await.unwrap();
        let asks = |conn: &mut Conn| {
            use crate::store::{run, sql::schema::friendships};
            use diesel::prelude::*;
            run!(conn, |c| friendships::table.count().get_result::<i64>(c))
        };
        let refused = store.read(asks).await.unwrap_err();
        assert!(matches!(refused, StoreError::Corrupt(..)), "{refused:?}");
        let unwell = store.check().await.unwrap_err();
        assert!(
            unwell.is_outage() && unwell.to_string().contains("damaged"),
            "{unwell}"
        );
    }

    #[actix_rt::test]
    async fn a_check_writes_to_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder);
        let log = || std::fs::metadata(folder.path().join("otomo.db-wal")).map_or(0, |it| it.len());
        for _ in 0..3 {
            let before = log();
            store.check().await.unwrap();
            assert!(log() > before, "nothing was written");
        }
    }
}
