//! `otomo check-config`: whether a server would start with these settings, and with which, without starting one and
//! without leaving a trace.

use std::{
    error::Error,
    io::{Write, stdout},
};

use crate::{app, kernel::config::Config};

pub(super) fn run(config: &Config) -> Result<(), Box<dyn Error>> {
    app::check_files(config)?;
    let mut out = stdout().lock();
    if config.development() {
        writeln!(out, "# Development mode: no credentials are configured.\n")?;
    }
    for warning in app::warnings(config) {
        writeln!(out, "# Warning: {warning}\n")?;
    }
    write!(out, "{}", config.settings())?;
    Ok(())
}
