//! `otomo schema`: what describes the protocol to programs, on standard output. `web/schemas` holds the same.

use std::{
    error::Error,
    io::{Write, stdout},
};

use clap::{Args, ValueEnum};

use crate::protocol::schema;

/// Which description.
#[derive(Args)]
pub(super) struct SchemaArgs {
    /// What is described.
    subject: Subject,
}

#[derive(Clone, Copy, ValueEnum)]
enum Subject {
    /// The events that backends publish and clients get, as JSON Schema (draft 2020-12).
    Events,
}

pub(super) fn run(args: &SchemaArgs) -> Result<(), Box<dyn Error>> {
    let document = match args.subject {
        Subject::Events => schema::document(),
    };
    write!(stdout(), "{document}")?;
    Ok(())
}
