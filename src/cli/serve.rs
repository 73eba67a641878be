//! `otomo serve`: runs the server until it is told to stop.
//!
//! SIGTERM and SIGINT drain: calls in progress may end, at the latest after `server.drain_limit`. A second
//! signal stops at once. SIGHUP reads the configuration again ([`Reloader`]).

use std::{
    error::Error,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    task::spawn_blocking,
};

use super::{ConfigFlags, allocator, descriptors};
use crate::{
    app::{self, App, ReloadFault, Reloaded, Reloader, Stopper},
    kernel::{
        config::Config,
        logging::{self, chain},
    },
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
pub(super) fn run(
    config: Config,
    flags: ConfigFlags,
    port_file: Option<&Path>,
) -> Result<(), Box<dyn Error>> {
    logging::init();
    logging::log_panics();
    if let Err(fault) = allocator::give_back_at_once() {
        log::warn!("memory that is free is kept for a while cause={fault}");
    }
    log::info!("room for descriptors={}", descriptors::raise()?);
    warn_of(&app::warnings(&config));
    let development = config.development();
    let tls = config.server.tls.is_some();
    actix::System::new().block_on(async move {
        // What is asked for before the server is there is done once it is.
        let hangup = signal(SignalKind::hangup())?;
        let app = App::build(config).await?;
        if let Some(file) = port_file {
            write_port(app.address().port(), file)?;
        }
        announce(app.address(), tls, development);
        let stop = [SignalKind::terminate(), SignalKind::interrupt()].map(signal);
        let [terminate, interrupt] = stop;
        actix_rt::spawn(stop_on_signals([terminate?, interrupt?], app.stopper()));
        actix_rt::spawn(reload_on_hangup(hangup, flags, app.reloader()));
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

/// Tells what is allowed and seldom meant.
fn warn_of(warnings: &[String]) {
    for warning in warnings {
        log::warn!("configuration: {warning}");
    }
}

async fn stop_on_signals([mut terminate, mut interrupt]: [Signal; 2], stopper: Stopper) {
    let mut asked = false;
    loop {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        if std::mem::replace(&mut asked, true) {
            log::warn!("asked to stop a second time: stops at once");
            return stopper.stop().await;
        }
        let stopper = stopper.clone();
        actix_rt::spawn(async move { stopper.drain().await });
    }
}

/// Closing the terminal of a server that runs in the background is the same signal, and does no harm.
async fn reload_on_hangup(mut hangup: Signal, flags: ConfigFlags, reloader: Reloader) {
    while hangup.recv().await.is_some() {
        let (flags, reloader) = (flags.clone(), reloader.clone());
        // Files may lie on a disk that does not answer: everybody's calls are served on this thread.
        let reloading = spawn_blocking(move || reload(&flags, &reloader));
        if let Err(panic) = reloading.await {
            log::error!("configuration not read again cause={panic}");
        }
    }
}

fn reload(flags: &ConfigFlags, reloader: &Reloader) {
    let reloaded = flags
        .load()
        .map_err(ReloadFault::Config)
        .and_then(|config| {
            let warnings = app::warnings(&config);
            Ok((reloader.reload(config)?, warnings))
        });
    match reloaded {
        Ok((Reloaded { changed, kept }, warnings)) => {
            warn_of(&warnings);
            for setting in kept {
                log::warn!("{setting} changes only with a restart");
            }
            log::info!("configuration read again changed={}", changed.join(","));
        }
        Err(fault) => log::error!(
            "configuration not read again, all stays as it was cause={}",
            chain(&fault)
        ),
    }
}
