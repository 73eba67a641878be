//! `otomo doctor`: tries everything that a server with these settings depends on, and says what to do about what is wrong. It
//! changes nothing and leaves no trace; it may be run beside a server.
//!
//! - `finding`: what a look comes to. `stores`: the database and Redis. `trust`: keys for tokens, certificates. `machine`:
//!   clocks, descriptors, the address, the disk. `webhook`: the app's backend.

mod finding;
mod machine;
mod stores;
mod trust;
mod webhook;

use std::{
    error::Error,
    io::{Write as _, stdout},
    time::Duration,
};

use clap::Args;
use serde_json::json;

use self::finding::{Report, Verdict};
use crate::kernel::config::Config;

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

/// How long whoever is asked may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// What is looked at, in this order. Each look is told as soon as it is over.
const LOOKS: [fn(&Config, &mut Report); 8] = [
    stores::database,
    stores::redis,
    trust::keys,
    trust::certificate,
    machine::descriptors,
    machine::address,
    machine::disk,
    webhook::look,
];

/// # Errors
/// If something is not as it must be: the exit code is 1 then.
pub(super) fn run(config: &Config, args: &DoctorArgs) -> Result<(), Box<dyn Error>> {
    let mut out = stdout().lock();
    let mut report = Report::default();
    for look in LOOKS {
        let told = report.0.len();
        look(config, &mut report);
        for finding in report.0.iter().skip(told).filter(|_| !args.json) {
            writeln!(out, "{finding}")?;
        }
    }
    let findings = report.0;
    let failed = findings.iter().filter(|it| it.verdict == Verdict::Failed);
    let failed = failed.count();
    if args.json {
        let report = json!({"ok": failed == 0, "findings": findings});
        writeln!(out, "{report:#}")?;
    }
    match failed {
        0 => Ok(()),
        failed => Err(Unwell(failed).into()),
    }
}
