//! The command line: `otomo [flags] <command>`, one file for each command. Flags that set something are the last
//! source of the configuration; they come before or after the command.

mod allocator;
mod any_certificate;
mod backup;
mod bench;
mod check_config;
mod descriptors;
mod doctor;
mod migrate;
mod schema;
mod serve;
mod token;

use std::{error::Error, path::PathBuf};

use clap::{Args, Parser, Subcommand};

use crate::kernel::config::{Config, ConfigFault, Sources, load};

/// A self-hosted realtime server: who can be called right now, and calls that ring, connect and end.
#[derive(Parser)]
#[command(name = "otomo", version)]
pub struct Cli {
    #[command(flatten)]
    flags: ConfigFlags,
    /// Write the port in use into this file once clients may connect (serve).
    #[arg(long, global = true, value_name = "FILE")]
    port_file: Option<PathBuf>,
    /// Without a command: serve.
    #[command(subcommand)]
    command: Option<Command>,
}

/// All there is to say was said: the process ends with this code.
#[derive(Debug, thiserror::Error)]
#[error("ends with {0}")]
pub struct ExitWith(pub u8);

/// The flags that every command takes.
#[derive(Args, Clone)]
struct ConfigFlags {
    /// Read settings from this TOML file; config/default.toml in the sources explains them all. Given again, each further file
    /// is laid over those before: one may hold the secrets alone.
    #[arg(long, global = true, value_name = "FILE")]
    config: Vec<PathBuf>,
    /// Serve on this address, like 127.0.0.1:8080; port 0 is any free one.
    #[arg(long, global = true, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Keep state there, like sqlite://./data/otomo.db.
    #[arg(long, global = true, value_name = "URL")]
    database_url: Option<String>,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server: what happens without a command, too.
    Serve,
    /// Print a token, for development, scripts and load tests.
    Token(token::TokenArgs),
    /// Print the settings in force without their secrets, or what is wrong with them.
    CheckConfig,
    /// Try everything that a server with these settings depends on, and say what to do about what is wrong.
    Doctor(doctor::DoctorArgs),
    /// Copy an SQLite database, also while a server writes to it.
    Backup(backup::BackupArgs),
    /// Put a backup in the place of an SQLite database that no server serves.
    Restore(backup::RestoreArgs),
    /// Measure what a server pays for its clients.
    Bench(bench::BenchArgs),
    /// Print what describes the protocol to programs.
    Schema(schema::SchemaArgs),
    /// Bring the database's schema up to date.
    Migrate,
}

impl Cli {
    /// Does what was asked for.
    ///
    /// # Errors
    /// Whatever keeps the command from it, with its causes; the caller prints them.
    pub fn run(self) -> Result<(), Box<dyn Error>> {
        let config_files = self.flags.config.clone();
        let config = self.flags.load()?;
        match self.command.unwrap_or(Command::Serve) {
            Command::Serve => serve::run(config, self.flags, self.port_file.as_deref()),
            Command::Token(args) => token::run(&config, args),
            Command::CheckConfig => check_config::run(&config),
            Command::Doctor(args) => doctor::run(&config, &args),
            Command::Backup(args) => backup::run_backup(&config, &args),
            Command::Restore(args) => backup::run_restore(&config, &args),
            Command::Bench(args) => bench::run(&config, &config_files, args),
            Command::Schema(args) => schema::run(&args),
            Command::Migrate => migrate::run(&config),
        }
    }
}

impl ConfigFlags {
    fn load(&self) -> Result<Config, ConfigFault> {
        let mut sources = Sources::from_environment();
        sources.files.clone_from(&self.config);
        let flags = [
            ("server.listen", &self.listen),
            ("database.url", &self.database_url),
        ];
        for (key, value) in flags {
            if let Some(value) = value {
                sources = sources.with(key, value);
            }
        }
        load(&sources)
    }
}
