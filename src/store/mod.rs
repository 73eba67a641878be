//! Durable state behind one interface.
//!
//! A room that stores something writes plain synchronous functions over a [`Conn`] (its
//! `records`) and runs them through the [`Handle`], the only holder of connections and the only
//! one to leave the actor thread. Writes go to one writer thread, which joins what waits into one
//! transaction and answers each writer after the commit; reads take a connection from a pool and
//! see one snapshot.
//!
//! - [`Handle`]: the way in. `job`: one write on its way. `committer`: the writer thread. `pool`: the connections that read.
//!   [`gathered`]: questions that one read answers together. `apart`: the few writes that must not wait behind others. [`ordered`]: results in the order of the writes.
//! - `conn`, [`Tx`]: what queries run on. `sqlite`, `postgres`: what is particular to each. [`prepared()`], [`steps`],
//!   [`sql`]: for queries. [`migrations`]: the schema. [`backup`]: a copy of a database that is served. [`inspection`]: whether a
//!   database can be used. [`repair`]: what should not be in one. [`shape`]: whether it has all that the migrations make. [`numbers`]:
//!   whether SQLite has numbers where they should be. `error`, `failure_log`: what goes wrong.
//!   `paths`: what is beside a file.
//! - `stepped`: the same without threads, each job at a moment that a simulation decides.
//! - [`Lossy`], [`readable`]: a row that is damaged keeps nobody from reading the others.
//! - [`lock`](mod@lock): one server for one SQLite file. `place`: whether that is where it was opened. `fence`: no writes of a node that has lost its place. `clock`: the
//!   time that all nodes of a database share.
//!
//! # Why one writer on each node
//! SQLite has one writer at a time whatever we do, and on either database what a durable commit costs is the flush of
//! the log to the disk (milliseconds), not the rows (microseconds). Writers who queue for the lock
//! pay one flush each; writers who queue for the writer thread share one. A savepoint per job keeps
//! them apart: a job that fails is undone alone.
//!
//! # Two databases
//! [`Conn`] is an enum with one variant per database, and [`run!`] writes a query out once per
//! variant, so a query must stay in what the databases have in common. Diesel's own
//! `derive(MultiConnection)` was tried first: it refuses `on_conflict` and `returning`, which the
//! inbox and the calls live on.
//!
//! # Many writers
//! SQLite has one writer, in one process. A PostgreSQL server is shared by several nodes, each with its writer, at
//! READ COMMITTED: each statement sees what was committed when it began, and another node may commit between two
//! statements. So whoever decides on a change by what it has read, locks it in the statement that reads it or before:
//!
//! - [`run_locked!`] reads rows and keeps other writers from them until the transaction ends; [`lock!`] only keeps them. On
//!   SQLite both do nothing more than read. One row stands for a thing: an otomo's for their leases, choice, and call; a
//!   conversation's for its messages and members; an account's for its transactions; an inbox's head for its events.
//! - Several rows of a table are locked in the order of their keys, and otomo before calls before conversations and
//!   accounts before inboxes. A job that deadlocks all the same is undone and run again.
//! - A row that is not there cannot be locked. Two who insert it find that out by its key: the job whose insert met another's
//!   row is run again, and finds that row. So an insert whose row was looked for says nothing of conflicts, and what
//!   somebody else may have changed since it was read is no `on_conflict`, `do_update`. [`Tx::outrun`] is for conflicts that
//!   no key shows, [`Tx::lock_name`] for things without a row.
//! - `DELETE` and `UPDATE` of rows that were looked for repeat the condition: it may no longer hold.
//!
//! A job is also run again when the connection was lost at its commit, which may have been stored: so each is keyed (by an id
//! that was drawn before the job, or by what it is about), and finds its own first result.

mod apart;
pub mod backup;
mod clock;
mod committer;
mod conn;
mod damaged;
mod error;
mod failure_log;
mod fence;
pub mod gathered;
mod handle;
pub mod inspection;
mod job;
pub mod lock;
mod lossy;
pub mod migrations;
pub mod numbers;
pub mod ordered;
mod paths;
mod place;
mod pool;
mod postgres;
mod prepared;
pub mod repair;
pub mod shape;
pub mod sql;
mod sqlite;
mod stepped;
pub mod steps;
mod tx;

pub use clock::Costs;
pub use conn::Conn;
pub use damaged::{pass_over, readable, readable_page};
pub use error::StoreError;
pub use fence::Writer;
pub use handle::Handle;
pub use lossy::{Lossy, LossyIfAny};
pub use postgres::Pg;
pub use prepared::{Prepared, prepared, rounded};
pub use stepped::{Fate, Fates, Outcome, Work};
pub use tx::Tx;

/// No row has changed so often: a version above it is of another hand, and one near the end of its numbers cannot be raised. Clients
/// whose numbers are those of JavaScript tell twice as many apart.
pub const VERSION_MAX: i64 = 1 << 52;

#[doc(inline)]
pub use crate::__run as run;

#[doc(inline)]
pub use crate::{__lock as lock, __run_locked as run_locked};
