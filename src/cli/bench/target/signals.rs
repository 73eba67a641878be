//! What is done when the tool is told to end: nothing that it started outlives it, and its exit code says by which signal.

use std::{io, thread};

use tokio::{
    runtime,
    signal::unix::{Signal, SignalKind, signal},
};

/// Added to the signal's number for the exit code of a process that a signal has ended, as shells do.
const BY_SIGNAL: i32 = 128;

/// Has this done with the exit code when the tool is told to end (SIGINT, SIGTERM, SIGHUP).
pub(super) fn when_told_to_end(end: impl FnOnce(i32) + Send + 'static) -> io::Result<()> {
    let runtime = runtime::Builder::new_current_thread().enable_io().build()?;
    let signals = {
        let _inside = runtime.enter();
        let heard = |kind| signal(kind).map(|signal| (kind, signal));
        [
            heard(SignalKind::interrupt())?,
            heard(SignalKind::terminate())?,
            heard(SignalKind::hangup())?,
        ]
    };
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            let kind = runtime.block_on(first(signals));
            end(BY_SIGNAL + kind.as_raw_value());
        })?;
    Ok(())
}

/// The first signal that comes.
async fn first(signals: [(SignalKind, Signal); 3]) -> SignalKind {
    let [interrupt, terminate, hangup] = signals.map(|(kind, mut signal)| async move {
        signal.recv().await;
        kind
    });
    tokio::select! {
        kind = interrupt => kind,
        kind = terminate => kind,
        kind = hangup => kind,
    }
}
