//! The retention of the inbox, in steps so small that nobody waits for one.

use super::records;
use crate::{
    kernel::config::InboxConfig,
    store::{Handle, StoreError, Tx},
};

/// Rows dropped in one transaction. Each costs some 35 µs (the row, its body, their indexes), so a
/// step takes about as long as the flush that ends it, and the writers that it is joined with
/// hardly notice.
const STEP_ROWS: u32 = 100;

/// Drops what is older than the retention, then what is more than a user may have. Says how many
/// rows went. Writers take their turns between the steps.
///
/// # Errors
/// Those of [`Handle::write`]. What was dropped until then stays dropped; the next call goes on
/// from there.
pub async fn prune(store: &Handle, retention: &InboxConfig) -> Result<u64, StoreError> {
    let mut dropped = 0;
    if let Some(age) = retention.retention {
        let before = store.now() - age;
        dropped += in_steps(store, move |tx| records::drop_aged(tx, before, STEP_ROWS)).await?;
    }
    if let Some(keep) = retention.max_events {
        for user in store
            .read(move |conn| records::overfull(conn, keep.get()))
            .await?
        {
            dropped += in_steps(store, move |tx| {
                records::drop_overfull(tx, &user, keep.get(), STEP_ROWS)
            })
            .await?;
        }
    }
    Ok(dropped)
}

/// Runs `step` until it finds nothing more to drop.
async fn in_steps<F>(store: &Handle, step: F) -> Result<u64, StoreError>
where
    F: FnMut(&mut Tx<'_>) -> Result<u32, StoreError> + Clone + Send + 'static,
{
    let mut dropped = 0;
    loop {
        match store.write(step.clone()).await? {
            0 => return Ok(dropped),
            rows => dropped += u64::from(rows),
        }
    }
}
