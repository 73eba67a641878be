//! Durable state behind one interface.
//!
//! A room that stores something writes plain synchronous functions over a [`Conn`] (its
//! `records.rs`) and runs them through the [`Handle`], the only holder of connections and the only
//! one to leave the actor thread. Writes go to one writer thread, which joins what waits into one
//! transaction and answers each writer after the commit; reads take a connection from a pool and
//! see one snapshot.
//!
//! # Why one writer
//! SQLite has one writer at a time whatever we do, and what a durable commit costs is the flush of
//! the log to the disk (milliseconds), not the rows (microseconds). Writers who queue for the lock
//! pay one flush each; writers who queue for the writer thread share one. A savepoint per job keeps
//! them apart: a job that fails is undone alone.
//!
//! # Two databases
//! [`Conn`] is an enum with one variant per database, and [`run!`] writes a query out once per
//! variant, so a query must stay in what the databases have in common. Diesel's own
//! `derive(MultiConnection)` was tried first: it refuses `on_conflict` and `returning`, which the
//! inbox and the calls live on.

mod clock;
mod committer;
mod conn;
mod error;
mod failure_log;
mod handle;
mod job;
pub mod lock;
pub mod migrations;
pub mod ordered;
mod pool;
mod postgres;
mod prepared;
pub mod sql;
mod sqlite;
pub mod steps;
mod tx;

pub use conn::Conn;
pub use error::StoreError;
pub use handle::Handle;
pub use postgres::Pg;
pub use prepared::{Prepared, prepared};
pub use tx::Tx;

#[doc(inline)]
pub use crate::__run as run;

#[doc(inline)]
pub use crate::__lock as lock;
