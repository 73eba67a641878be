//! What calls need of presence inside their own transactions, beside [`settle`](super::settle).

use diesel::prelude::*;

use super::{find, leases, save};
use crate::{
    kernel::{ids::UserId, time::Timestamp},
    presence::rules::{Callable, Chosen, Policy, Reach, Readiness, Standing},
    store::{
        StoreError, Tx, prepared, run,
        sql::schema::{otomo as table, users},
    },
};

/// Whether an otomo can be called; `None` for a user who is not an otomo.
pub fn callable(tx: &mut Tx<'_>, otomo: &UserId) -> Result<Option<Callable>, StoreError> {
    let now = tx.now();
    let Some(standing) = find(tx, otomo)? else {
        return Ok(None);
    };
    let (free_at, disabled): (i64, bool) = run!(tx, |c| table::table
        .inner_join(users::table)
        .filter(table::user_id.eq(otomo.as_str()))
        .select((table::free_at, users::disabled))
        .get_result(c))?;
    // A person who is locked out has sessions only until these are closed.
    let reach = match disabled {
        true => Reach::Offline,
        false => Reach::of(&leases::of(tx, otomo)?, now),
    };
    Ok(Some(Callable {
        reach,
        on_break: standing.readiness.lapse(now).chosen == Chosen::Break,
        free_at: Timestamp::from_millis(free_at),
    }))
}

/// Counts a ring without an answer; at `calls.missed_limit` in a row the otomo is put on break. To be settled.
pub fn count_missed(tx: &mut Tx<'_>, otomo: &UserId, policy: &Policy) -> Result<(), StoreError> {
    change_readiness(tx, otomo, |readiness| readiness.missed(policy))
}

/// A ring was accepted or rejected: the count of missed ones begins anew.
pub fn reset_missed(tx: &mut Tx<'_>, otomo: &UserId) -> Result<(), StoreError> {
    change_readiness(tx, otomo, Readiness::answered)
}

/// Lets nobody ring the otomo before `until`.
pub fn wrap_up(tx: &mut Tx<'_>, otomo: &UserId, until: Timestamp) -> Result<(), StoreError> {
    let row = table::table.find(otomo.as_str());
    let free = diesel::update(row).set(table::free_at.eq(until.millis()));
    run!(tx, |c| prepared(free).execute(c)).map(drop)
}

fn change_readiness(
    tx: &mut Tx<'_>,
    otomo: &UserId,
    change: impl FnOnce(Readiness) -> Readiness,
) -> Result<(), StoreError> {
    let Some(stored) = find(tx, otomo)? else {
        return Ok(());
    };
    let readiness = change(stored.readiness);
    if readiness == stored.readiness {
        return Ok(());
    }
    save(
        tx,
        &Standing {
            readiness,
            ..stored
        },
    )
}
