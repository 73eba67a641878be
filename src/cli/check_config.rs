//! `otomo check-config`: whether a server would start with these settings, and with which, without starting one and
//! without leaving a trace.

use std::{
    error::Error,
    io::{Write, stdout},
};

use crate::kernel::{config::Config, token::Verifier};

pub(super) fn run(config: &Config) -> Result<(), Box<dyn Error>> {
    let mut out = stdout().lock();
    if config.development() {
        writeln!(out, "# Development mode: no credentials are configured.\n")?;
    } else {
        // Keys are files, which only reading can check. In development mode reading would make one.
        Verifier::new(&config.auth)?;
    }
    write!(out, "{}", config.settings())?;
    Ok(())
}
