//! `otomo doctor`: tries everything that a server with these settings depends on, and says what to do about what is wrong. It
//! changes nothing and leaves no trace; it may be run beside a server. `--repair` mends what should not be in the database.
//!
//! - `contents`: what is in the database. `report`: what the looks come to. `stores`: the database and Redis. `trust`: keys for
//!   tokens, certificates. `machine`: descriptors, the address, the disk. `webhook`: the app's backend.

mod contents;
mod machine;
mod report;
mod stores;
mod trust;
mod webhook;

use std::{
    error::Error,
    fs,
    io::{self, StdoutLock, stdout},
    path::{Path, PathBuf},
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
    /// Mend what should not be in the database, and do nothing else. No server may run on it; of an SQLite file a copy is made
    /// first. Ends with 0 if nothing was found, with 3 if all of it is mended, with 1 if something is left.
    #[arg(long)]
    repair: bool,
    /// Lines of what has failed, as this command has printed them, that somebody has decided to live with: they are told as
    /// known, and do not count.
    #[arg(long, value_name = "FILE")]
    known: Option<PathBuf>,
}

/// What is known is not.
#[derive(Debug, thiserror::Error)]
#[error("--known: {} cannot be read", .0.display())]
struct UnreadableFile(PathBuf, #[source] io::Error);

/// Something is wrong, and was told.
#[derive(Debug, thiserror::Error)]
#[error("{0} of the things above must be put right")]
struct Unwell(usize);

type Report = report::Report<StdoutLock<'static>>;

/// What is looked at, in this order.
const LOOKS: [fn(&Config, &mut Report); 11] = [
    settings,
    stores::database,
    contents::look,
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
/// If something is not as it must be: the exit code is 1 then. See [`DoctorArgs`] for those of a repair.
pub(super) fn run(config: &Config, args: &DoctorArgs) -> Result<(), Box<dyn Error>> {
    let mut report = Report::new(stdout().lock(), args.json);
    if let Some(file) = &args.known {
        report = report.knowing(&known(file)?);
    }
    if args.repair {
        return contents::mend(config, report);
    }
    for look in LOOKS {
        look(config, &mut report);
    }
    match report.end()? {
        0 => Ok(()),
        failed => Err(Unwell(failed).into()),
    }
}

fn known(file: &Path) -> Result<String, UnreadableFile> {
    fs::read_to_string(file).map_err(|cause| UnreadableFile(file.to_owned(), cause))
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
