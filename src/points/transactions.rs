//! The one way in which points change: inside a transaction of the store, which may be another room's.

use super::{
    fault::PointsFault,
    order::{Order, Transaction},
    records::{self, Account},
    rules::{self, Verdict},
    told::Told,
};
use crate::{
    kernel::ids::TransactionId,
    store::{StoreError, Tx},
};

/// What became of an order.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// It is done.
    Applied {
        /// The change.
        transaction: Transaction,
        /// The `sp_update` to deliver after the commit.
        told: Told,
    },
    /// It was done before, by an order with the same key that asked for the same. Nothing changes now.
    Repeated(Transaction),
    /// There are not enough points: nothing changes.
    Insufficient {
        /// What it costs.
        required: i64,
        /// What there is.
        balance: i64,
        /// The `sp_insufficient` to deliver after the commit; `None` if the same key was refused before, which the user
        /// knows.
        told: Option<Told>,
    },
}

/// Carries out an order: writes the transaction, moves the balance, and puts the event into the user's inbox.
///
/// A refusal stores nothing under the key: the same order may be tried again when there are points. After the commit
/// deliver what was told ([`Points::publish`](super::Points::publish)).
///
/// # Errors
/// [`PointsFault::KeyReused`] if the key stands for another order, [`PointsFault::Overflow`] if the account cannot hold so
/// much, and those of the store. Nothing is written then, unless the store failed in the middle.
pub fn apply(tx: &mut Tx<'_>, order: &Order) -> Result<Outcome, PointsFault> {
    let digest = order.digest();
    let account = records::account_to_move(tx, order.user())?;
    if let Some((earlier, asked)) = records::find(tx, order.user(), order.key())? {
        return if asked == digest {
            Ok(Outcome::Repeated(earlier))
        } else {
            Err(PointsFault::KeyReused)
        };
    }
    let balance = account.balance;
    match rules::apply(balance, order.change()) {
        Verdict::Balance(after) => {
            let transaction = store(tx, order, &digest, account, after)?;
            let told = Told::update(tx, &transaction)?;
            Ok(Outcome::Applied { transaction, told })
        }
        Verdict::Insufficient => {
            let required = order.change().signed().saturating_abs();
            Ok(Outcome::Insufficient {
                required,
                balance,
                told: Told::insufficient(tx, order, required, balance)?,
            })
        }
        Verdict::Overflow => Err(PointsFault::Overflow { balance }),
    }
}

/// Writes the transaction that brings an account to the balance `after`.
pub(super) fn store(
    tx: &mut Tx<'_>,
    order: &Order,
    digest: &str,
    account: Account,
    after: i64,
) -> Result<Transaction, StoreError> {
    let transaction = Transaction {
        id: TransactionId::keyed(order.user(), order.key().as_str()),
        user: order.user().clone(),
        ordinal: account.last_ordinal.saturating_add(1).unsigned_abs(),
        amount: order.change().signed(),
        balance_after: after,
        purpose: order.purpose().clone(),
        created_at: tx.now(),
    };
    debug_assert_eq!(transaction.balance_before(), account.balance);
    records::insert(tx, order.key(), digest, &transaction)?;
    Ok(transaction)
}
