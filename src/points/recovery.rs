//! The points of a new day: each account gets some, up to its cap, once for each local day.
//!
//! One recovery is a walk through all accounts in the order of their users, in steps of [`BATCH`], each a transaction that
//! also stores how far it came; so a server that is killed goes on where it was. What a day has had is known by its
//! transactions' key (`daily:<date>`) and by the walk being finished: neither a restart nor a clock that is set back or
//! forward brings it again. A walk is for the current local date by the store's clock, and ends with it.
//!
//! An account that is created, or falls below the cap, after the walk has passed it gets nothing until the next day.

use std::{convert::Infallible, time::Duration};

use actix_rt::time::sleep;
use jiff::civil::Date;
use serde_json::{Map, json};

use super::{
    Points,
    fault::PointsFault,
    order::{Key, Order, Purpose},
    records::{
        self, Account,
        recoveries::{self, Progress},
    },
    rules::{
        self, Amount, Change, POINTS_MAX, Verdict,
        recovery::{Schedule, gain},
    },
    told::Told,
    transactions,
};
use crate::{
    kernel::{config::PointsConfig, ids::UserId, logging::chain},
    store::{StoreError, Tx, steps::in_steps},
};

/// Accounts that one step looks at.
pub const BATCH: u32 = 500;

/// The longest that nobody looks whether points have come: a clock may be set.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// The `transaction_type` of what comes.
const TRANSACTION_TYPE: &str = "daily_recovery";

/// Which points come, and when.
#[derive(Debug, Clone)]
pub struct Recovery {
    schedule: Schedule,
    amount: Amount,
    cap: i64,
}

/// What one step has done.
#[derive(Debug)]
pub struct Recovered {
    /// The day.
    pub day: Date,
    /// The events to deliver, one for each account that got something.
    pub told: Vec<Told>,
}

impl Recovery {
    /// As it is configured; `None` if no points come.
    pub fn new(config: &PointsConfig) -> Option<Self> {
        Some(Self {
            schedule: Schedule {
                at: config.recovery_at,
                zone: config.time_zone.clone(),
            },
            amount: Amount::try_from(config.recovery_amount).ok()?,
            cap: config.recovery_cap.unwrap_or(POINTS_MAX),
        })
    }
}

impl Points {
    /// Brings the points of each day when they come, for as long as it is polled: by one task of the server.
    pub async fn recover_daily(&self, config: &PointsConfig) -> Infallible {
        let Some(recovery) = Recovery::new(config) else {
            return std::future::pending().await;
        };
        loop {
            if let Err(fault) = self.recover(&recovery).await {
                log::warn!("points not recovered cause={}", chain(&fault));
            }
            let now = self.0.store.now();
            let next = recovery.schedule.next(now);
            let wait = next.map_or(LOOK_EVERY, |next| now.until(next).min(LOOK_EVERY));
            sleep(wait).await;
        }
    }

    /// Brings the points that have come and are not there yet; returns to how many accounts.
    ///
    /// # Errors
    /// Those of [`in_steps`]. The next call goes on from there.
    pub async fn recover(&self, recovery: &Recovery) -> Result<usize, StoreError> {
        let mut accounts = 0;
        let mut day = None;
        let recovery = recovery.clone();
        let one = move |tx: &mut Tx<'_>| step(tx, &recovery);
        let walked = in_steps(&self.0.store, one, |done: Recovered| {
            done.told.iter().for_each(|told| self.publish(told));
            accounts += done.told.len();
            day = Some(done.day);
        });
        let walked = walked.await;
        if let Some(day) = day {
            log::info!("points recovered day={day} accounts={accounts}");
        }
        walked.map(|()| accounts)
    }
}

/// One step of the recovery that is due; `None` if none is, or it is finished.
///
/// # Errors
/// Those of the store.
pub fn step(tx: &mut Tx<'_>, recovery: &Recovery) -> Result<Option<Recovered>, StoreError> {
    let Some(day) = recovery.schedule.due(tx.now()) else {
        return Ok(None);
    };
    // One node at a time: the others go on from where it has come.
    tx.lock_name("points:recovery")?;
    let progress = recoveries::progress(tx, day)?;
    if progress.finished {
        return Ok(None);
    }
    let accounts = recoveries::accounts_to_move(tx, progress.through.as_ref(), BATCH)?;
    let mut told = Vec::new();
    for (user, account) in &accounts {
        told.extend(bring(tx, recovery, day, user, *account)?);
    }
    let through = accounts.last().map(|(user, _)| user.clone());
    let walked = Progress {
        through: through.or(progress.through),
        finished: u32::try_from(accounts.len()) != Ok(BATCH),
    };
    recoveries::put(tx, day, &walked)?;
    Ok(Some(Recovered { day, told }))
}

/// Brings one account its points; `None` if it has no room, or had them.
fn bring(
    tx: &mut Tx<'_>,
    recovery: &Recovery,
    day: Date,
    user: &UserId,
    account: Account,
) -> Result<Option<Told>, StoreError> {
    let Some(amount) = gain(account.balance, recovery.amount, recovery.cap) else {
        return Ok(None);
    };
    let key = Key::day(day);
    if records::find(tx, user, &key)?.is_some() {
        return Ok(None);
    }
    let change = Change::Grant(amount);
    let Verdict::Balance(after) = rules::apply(account.balance, change) else {
        return Ok(None);
    };
    let order = order(user, key, change, day).map_err(|fault| match fault {
        PointsFault::Store(fault) => fault,
        fault => StoreError::corrupt(format!("a recovery: {fault}")),
    })?;
    let transaction = transactions::store(tx, &order, &order.digest(), account, after)?;
    Told::recovery(tx, &transaction, day).map(Some)
}

fn order(user: &UserId, key: Key, change: Change, day: Date) -> Result<Order, PointsFault> {
    let purpose = Purpose {
        transaction_type: TRANSACTION_TYPE.to_owned(),
        description: format!("Daily recovery of {day}"),
        action: String::new(),
        metadata: Map::from_iter([("date".to_owned(), json!(day.to_string()))]),
    };
    Order::new(user.clone(), key, change, purpose)
}
