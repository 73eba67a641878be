//! The `otomo` binary: the allocator, the command line, and how a failure ends.

use std::{error::Error, io, process::ExitCode};

use clap::Parser;
use otomo::{
    cli::{Cli, ExitWith},
    kernel::logging::chain,
};

/// See the manifest for why.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // A wrong command line ends here, with clap's own message and exit code 2.
    match Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            // Another one that only the command itself could tell.
            if let Some(wrong) = fault.downcast_ref::<clap::Error>() {
                wrong.exit();
            }
            if let Some(ExitWith(code)) = fault.downcast_ref() {
                return ExitCode::from(*code);
            }
            // Who reads has read enough: `otomo check-config | head`.
            let pipe = fault.downcast_ref::<io::Error>();
            if pipe.is_some_and(|it| it.kind() == io::ErrorKind::BrokenPipe) {
                return ExitCode::SUCCESS;
            }
            let fault: &dyn Error = fault.as_ref();
            eprintln!("otomo: {}", chain(fault));
            ExitCode::FAILURE
        }
    }
}
