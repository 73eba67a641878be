//! Points, "SP" in source document 003: a ledger, and a user who hears of every change.
//!
//! ```text
//!   backend ---> Points ---> store: transaction, balance and inbox of the user (one transaction)
//!                  |             |
//!                  |<- committed-+
//!                  +---> dispatch: sp_update to the user, then the answer to the backend
//! ```
//! - [`rules`]: what an order does to a balance, and when a day's points come. Pure.
//! - [`order`]: an order, and the transaction that came of it. [`fault`]: why something was refused.
//! - [`transactions`]: the one way in which points change; other rooms use it inside their own transactions.
//! - [`recovery`]: the points of a new day. [`told`]: the events. [`records`]: the queries. [`repair`]: what may not be stored.
//!
//! Why no actor: the store's writer puts all orders into one order, and the inbox gives each user theirs, so the balances that
//! a client is told go on from one another in the order of `seq`.
//!
//! The event is a consequence of the commit. It is in the inbox with the transaction; if it cannot be delivered now, that is
//! logged and counted, and the client gets it when it next connects.

pub mod fault;
pub mod order;
pub mod records;
pub mod recovery;
pub mod repair;
pub mod rules;
pub mod told;
pub mod transactions;

use std::{future::Future, sync::Arc};

use self::{
    order::{Order, Transaction},
    records::Account,
    told::Told,
    transactions::Outcome,
};
use crate::{
    delivery::dispatch::Dispatch,
    kernel::{ids::UserId, metrics::Metrics},
    store::{Handle, StoreError, Tx},
};

pub use fault::PointsFault;

/// The points, for the rooms above. Clones share everything.
#[derive(Clone)]
pub struct Points(Arc<Shared>);

struct Shared {
    store: Handle,
    dispatch: Dispatch,
    metrics: Arc<Metrics>,
}

impl Points {
    /// The points that are stored.
    pub fn new(store: Handle, dispatch: Dispatch, metrics: Arc<Metrics>) -> Self {
        Self(Arc::new(Shared {
            store,
            dispatch,
            metrics,
        }))
    }

    /// Carries out an order. It is queued at the call, so orders are carried out in the order of the calls; once it is
    /// stored the user is told, even if nobody waits for the answer any more. Must be called on an arbiter.
    ///
    /// An order that was carried out before changes nothing and has the answer of the first time.
    ///
    /// # Errors
    /// The refusals of [`PointsFault`], and those of the store. No points change then. A user who has not enough points
    /// is told (`sp_insufficient`), once for each key; the same order may succeed later.
    pub fn carry_out(
        &self,
        order: Order,
    ) -> impl Future<Output = Result<Transaction, PointsFault>> + use<> {
        let apply = move |tx: &mut Tx<'_>| transactions::apply(tx, &order);
        let queued = self.0.store.write(apply);
        let points = self.clone();
        let task = actix_rt::spawn(async move { points.answer(queued.await) });
        async move { task.await.unwrap_or(Err(PointsFault::Stopped)) }
    }

    fn answer(&self, outcome: Result<Outcome, PointsFault>) -> Result<Transaction, PointsFault> {
        let (name, answer) = match outcome {
            Ok(Outcome::Applied { transaction, told }) => {
                self.publish(&told);
                ("applied", Ok(transaction))
            }
            Ok(Outcome::Repeated(transaction)) => ("repeated", Ok(transaction)),
            Ok(Outcome::Insufficient {
                required,
                balance,
                told,
            }) => {
                told.iter().for_each(|told| self.publish(told));
                let fault = PointsFault::Insufficient { required, balance };
                ("insufficient", Err(fault))
            }
            Err(fault @ (PointsFault::Store(_) | PointsFault::Stopped)) => ("failed", Err(fault)),
            Err(fault) => ("refused", Err(fault)),
        };
        self.0.metrics.points.orders.of(name).inc();
        answer
    }

    /// Delivers what a transaction has told a user, once it is committed. It cannot fail the transaction any more: what is
    /// not delivered now is in the inbox, and counted.
    pub fn publish(&self, told: &Told) {
        let Shared {
            dispatch, metrics, ..
        } = &*self.0;
        let event = told.frame.spec().name;
        log::info!(
            "SP update event emitted event={event} user_id={} current_sp={} transaction_type={}",
            told.user,
            told.balance,
            told.transaction_type
        );
        metrics.points.events.of(event).inc();
        if !dispatch.is_alive() {
            log::warn!(
                "SP update event not delivered, it waits in the inbox event={event} user_id={} seq={} transaction_type={}",
                told.user,
                told.seq,
                told.transaction_type
            );
            metrics.points.undelivered.inc();
        }
        dispatch.durable(&told.user, told.seq, &told.frame);
    }

    /// What a user has.
    ///
    /// # Errors
    /// Those of the store.
    pub fn account(
        &self,
        user: &UserId,
    ) -> impl Future<Output = Result<Account, StoreError>> + use<> {
        let user = user.clone();
        self.0.store.read(move |conn| records::account(conn, &user))
    }

    /// A part of a user's transactions, the newest first: those before the place `before`, at most `limit`.
    ///
    /// # Errors
    /// Those of the store.
    pub fn transactions(
        &self,
        user: &UserId,
        before: Option<u64>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Transaction>, StoreError>> + use<> {
        let user = user.clone();
        self.0
            .store
            .read(move |conn| records::list(conn, &user, before, limit))
    }
}
