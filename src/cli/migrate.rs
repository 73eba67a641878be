//! `otomo migrate`: brings the database's schema up to date and says what changed.

use std::{error::Error, io::Write as _};

use crate::{kernel::config::Config, store::migrations::migrate};

/// Migrates.
///
/// # Errors
/// What the database says; nothing is changed then.
pub(super) fn run(config: &Config) -> Result<(), Box<dyn Error>> {
    let applied = migrate(&config.database.url)?;
    let mut out = std::io::stdout().lock();
    match applied.as_slice() {
        [] => writeln!(out, "the database is up to date")?,
        applied => applied
            .iter()
            .try_for_each(|name| writeln!(out, "applied {name}"))?,
    }
    Ok(())
}
