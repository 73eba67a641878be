//! `otomo backup` and `otomo restore`: a copy of an SQLite database while it is served, and the way back.

use std::{
    error::Error,
    io::{Write as _, stderr, stdout},
    path::PathBuf,
};

use clap::Args;

use crate::{
    kernel::config::Config,
    store::backup::{back_up, restore},
};

/// Where to.
#[derive(Args)]
pub(super) struct BackupArgs {
    /// The file to write; it must not be there.
    file: PathBuf,
}

/// Where from.
#[derive(Args)]
pub(super) struct RestoreArgs {
    /// A file that `otomo backup` has written.
    file: PathBuf,
}

/// # Errors
/// Why there is no backup.
pub(super) fn run_backup(config: &Config, args: &BackupArgs) -> Result<(), Box<dyn Error>> {
    let copied = back_up(&config.database.url, &args.file)?;
    for path in copied.removed {
        writeln!(
            stderr(),
            "removed {}, which a run that was killed left half-made",
            path.display()
        )?;
    }
    let (file, took) = (args.file.display(), copied.took.as_millis());
    let bytes = copied.bytes;
    writeln!(stdout(), "{file}: {bytes} bytes in {took} ms, checked")?;
    Ok(())
}

/// # Errors
/// Why the database is as it was.
pub(super) fn run_restore(config: &Config, args: &RestoreArgs) -> Result<(), Box<dyn Error>> {
    let kept = restore(&config.database.url, &args.file)?;
    let file = args.file.display();
    match kept {
        Some(kept) => writeln!(
            stdout(),
            "restored from {file}; what was there is kept as {}",
            kept.display()
        )?,
        None => writeln!(stdout(), "restored from {file}")?,
    }
    Ok(())
}
