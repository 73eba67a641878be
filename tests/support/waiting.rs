//! Waiting for what must come, always with an end: a test whose thing is broken fails, and says what it waited for.

use std::{panic::Location, time::Duration};

use tokio::time::{sleep, timeout};

/// How long a test waits for what must come. Far above what it takes, so that a slow machine fails no test; nothing that comes
/// is waited for longer than it takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Between two looks at what nobody tells of.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// Waits until something holds.
#[track_caller]
pub(crate) fn eventually(what: &str, holds: impl AsyncFnMut() -> bool) -> impl Future<Output = ()> {
    within(PATIENCE, what, holds)
}

/// The same, with a limit of its own.
#[track_caller]
pub(crate) fn within(
    limit: Duration,
    what: &str,
    mut holds: impl AsyncFnMut() -> bool,
) -> impl Future<Output = ()> {
    found_within(limit, what, async move || holds().await.then_some(()))
}

/// Looks until something is there, and gives it.
#[track_caller]
pub(crate) fn found<T>(
    what: &str,
    look: impl AsyncFnMut() -> Option<T>,
) -> impl Future<Output = T> {
    found_within(PATIENCE, what, look)
}

#[track_caller]
fn found_within<T>(
    limit: Duration,
    what: &str,
    mut look: impl AsyncFnMut() -> Option<T>,
) -> impl Future<Output = T> {
    let at = Location::caller();
    async move {
        let looking = async {
            loop {
                if let Some(found) = look().await {
                    return found;
                }
                sleep(LOOK_AGAIN).await;
            }
        };
        let found = timeout(limit, looking).await;
        found.unwrap_or_else(|_| panic!("{at}: never: {what}"))
    }
}
