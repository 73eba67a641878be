//! Work that is too long for one transaction, in steps between which other writes take their turn.

use super::{Handle, StoreError, Tx};

/// Rows that one step may drop. Each costs some 35 µs (the row, what belongs to it, their indexes), so a step takes about
/// as long as the flush that ends it, and the writers that it is joined with hardly notice.
pub const STEP_ROWS: u32 = 100;

/// Runs `step` until it finds nothing more to do. `done` gets what each has done, once that is committed.
///
/// # Errors
/// Those of [`Handle::write`]. What was done until then stays done; the next call goes on from there.
pub async fn in_steps<T, F>(
    store: &Handle,
    step: F,
    mut done: impl FnMut(T),
) -> Result<(), StoreError>
where
    F: FnMut(&mut Tx<'_>) -> Result<Option<T>, StoreError> + Clone + Send + 'static,
    T: Send + 'static,
{
    while let Some(outcome) = store.write(step.clone()).await? {
        done(outcome);
    }
    Ok(())
}
