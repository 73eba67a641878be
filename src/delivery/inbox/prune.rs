//! The retention of the inbox, in steps so small that no writer waits noticeably for one.

use super::records;
use crate::{
    kernel::config::InboxConfig,
    store::{
        Handle, StoreError, Tx,
        steps::{STEP_ROWS, in_steps},
    },
};

/// Drops the events that are older than the retention, then those beyond the most that a user may have; returns how many rows
/// went. Other writes go between the steps.
///
/// # Errors
/// Those of [`in_steps`].
pub async fn prune(store: &Handle, retention: &InboxConfig) -> Result<u64, StoreError> {
    let mut dropped = 0;
    let some = |rows: u32| (rows > 0).then_some(rows);
    if let Some(age) = retention.retention {
        let before = store.now() - age;
        let step = move |tx: &mut Tx<'_>| records::drop_aged(tx, before, STEP_ROWS).map(some);
        in_steps(store, step, |rows| dropped += u64::from(rows)).await?;
    }
    if let Some(keep) = retention.max_events {
        let keep = keep.get();
        let mut after = Some(String::new());
        while let Some(last) = after {
            let look = store.read(move |conn| records::overfull(conn, keep, &last));
            let (overfull, next) = look.await?;
            for user in overfull {
                let step = move |tx: &mut Tx<'_>| {
                    records::drop_overfull(tx, &user, keep, STEP_ROWS).map(some)
                };
                in_steps(store, step, |rows| dropped += u64::from(rows)).await?;
            }
            after = next;
        }
    }
    Ok(dropped)
}
