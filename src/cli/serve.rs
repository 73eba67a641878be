//! `otomo serve`: runs the server until it is told to stop.
//!
//! SIGTERM and SIGINT drain: calls in progress may end, at the latest after `server.drain_limit`. A second
//! signal stops at once.

use std::{
    error::Error,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{allocator, descriptors};
use crate::{
    app::{App, Stopper},
    kernel::{config::Config, logging},
};

/// The file of `--port-file` cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("--port-file: cannot write {}", path.display())]
struct PortFileFault {
    path: PathBuf,
    source: std::io::Error,
}

/// Serves. The port in use is written into `port_file` once clients may connect.
///
/// # Errors
/// Whatever keeps the server from starting, with the key of the configuration to look at.
pub(super) fn run(config: Config, port_file: Option<&Path>) -> Result<(), Box<dyn Error>> {
    logging::init();
    if let Err(fault) = allocator::give_back_at_once() {
        log::warn!("memory that is free is kept for a while cause={fault}");
    }
    log::info!("room for descriptors={}", descriptors::raise()?);
    let development = config.development();
    let tls = config.server.tls.is_some();
    actix::System::new().block_on(async move {
        let app = App::build(config).await?;
        if let Some(file) = port_file {
            write_port(app.address().port(), file)?;
        }
        announce(app.address(), tls, development);
        let stopper = app.stopper();
        actix_rt::spawn(stop_on_signals(signals()?, stopper));
        app.run().await?;
        Ok(())
    })
}

fn write_port(port: u16, file: &Path) -> Result<(), PortFileFault> {
    std::fs::write(file, port.to_string()).map_err(|source| PortFileFault {
        path: file.to_owned(),
        source,
    })
}

/// Tells whoever started the server where it is.
fn announce(address: SocketAddr, tls: bool, development: bool) {
    let (http, ws) = if tls {
        ("https", "wss")
    } else {
        ("http", "ws")
    };
    log::info!("otomo serves page={http}://{address}/ websocket={ws}://{address}/ws");
    if development {
        log::warn!(
            "development mode: no credentials are configured, so anybody on this machine can be anybody"
        );
    }
}

fn signals() -> std::io::Result<[Signal; 3]> {
    let kinds = [
        SignalKind::terminate(),
        SignalKind::interrupt(),
        SignalKind::hangup(),
    ];
    let [terminate, interrupt, hangup] = kinds.map(signal);
    Ok([terminate?, interrupt?, hangup?])
}

async fn stop_on_signals(
    [mut terminate, mut interrupt, mut hangup]: [Signal; 3],
    stopper: Stopper,
) {
    let mut asked = false;
    loop {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hangup.recv() => {
                // Closing a terminal must not end a server that runs in the background.
                log::info!("hangup ignored");
                continue;
            }
        }
        if std::mem::replace(&mut asked, true) {
            log::warn!("asked to stop a second time: stops at once");
            return stopper.stop().await;
        }
        let stopper = stopper.clone();
        actix_rt::spawn(async move { stopper.drain().await });
    }
}
