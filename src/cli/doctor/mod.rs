//! `otomo doctor`: tries everything that a server with these settings depends on, and says what to do about what is wrong. It
//! changes nothing and leaves no trace; it may be run beside a server.
//!
//! - `report`: what the looks come to. `stores`: the database and Redis. `trust`: keys for tokens, certificates. `machine`:
//!   descriptors, the address, the disk. `webhook`: the app's backend.

mod machine;
mod report;
mod stores;
mod trust;
mod webhook;

use std::{
    error::Error,
    io::{StdoutLock, stdout},
    time::Duration,
};

use clap::Args;

use crate::kernel::config::Config;

/// How long whoever is asked over the network may take to connect, and for each answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// What follows from a setting that cannot be used.
const NO_START: &str = "a server does not start with it";

/// How it is told.
#[derive(Args)]
pub(super) struct DoctorArgs {
    /// As JSON, for programs.
    #[arg(long)]
    json: bool,
}

/// Something is wrong, and was told.
#[derive(Debug, thiserror::Error)]
#[error("{0} of the things above must be put right")]
struct Unwell(usize);

type Report = report::Report<StdoutLock<'static>>;

/// What is looked at, in this order.
const LOOKS: [fn(&Config, &mut Report); 10] = [
    settings,
    stores::database,
    stores::redis,
    trust::tokens,
    trust::backends,
    trust::certificate,
    machine::descriptors,
    machine::address,
    machine::disk,
    webhook::look,
];

/// # Errors
/// If something is not as it must be: the exit code is 1 then.
pub(super) fn run(config: &Config, args: &DoctorArgs) -> Result<(), Box<dyn Error>> {
    let mut report = Report::new(stdout().lock(), args.json);
    for look in LOOKS {
        look(config, &mut report);
    }
    match report.end()? {
        0 => Ok(()),
        failed => Err(Unwell(failed).into()),
    }
}

/// What `otomo check-config` and a start warn of, but for the certificate, which has a look of its own.
fn settings(config: &Config, report: &mut Report) {
    const ABOUT: &str = "settings";
    let warnings = config.warnings();
    if warnings.is_empty() {
        report.ok(ABOUT, "they go together");
    }
    for warning in warnings {
        report.plain_warning(ABOUT, warning);
    }
}
