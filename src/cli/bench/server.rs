//! The server that is measured: one that runs already, or a child of our own.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use clap::Args;
use tempfile::TempDir;
use uuid::Uuid;

use super::{
    BenchFault,
    handshake::{Endpoint, Ticket},
    process::Process,
};
use crate::kernel::{
    config::{AuthConfig, Config, DatabaseUrl, PostgresUrl},
    identity::{Identity, Role},
    ids::UserId,
    secret::Secret,
    time::Clock,
    token::Issuer,
};

/// How long a child has until it serves.
const START: Duration = Duration::from_secs(30);

/// How often to look whether it does.
const LOOK: Duration = Duration::from_millis(10);

/// How long tokens are good: longer than any run.
const TTL: Duration = Duration::from_hours(24);

/// Which server to measure.
#[derive(Args)]
pub(super) struct ServerArgs {
    /// Measure the server at this address, like ws://127.0.0.1:8080/ws, instead of one started for the
    /// purpose. It must run on this machine, with the tool's own configuration (tokens!) and limits that
    /// let the load in.
    #[arg(long, value_name = "URL", requires = "pid")]
    url: Option<String>,
    /// The process id of the server at --url.
    #[arg(long, value_name = "PID", requires = "url")]
    pid: Option<u32>,
}

/// The server that is measured.
pub(super) struct Server {
    endpoint: Endpoint,
    process: Process,
    issuer: Issuer,
    database: DatabaseUrl,
    /// Ends with us.
    _child: Option<Running>,
}

impl Server {
    /// The server that is asked for. A child runs with the same configuration as the tool (file and
    /// environment) but with a secret of its own, an SQLite database of its own (of PostgreSQL it fills the one that is
    /// configured), and without the limits that would keep one user who connects ten thousand times, or one who never stops
    /// asking, from doing so.
    pub(super) fn find(
        args: ServerArgs,
        config: &Config,
        config_file: Option<&Path>,
    ) -> Result<Self, BenchFault> {
        if let (Some(url), Some(pid)) = (args.url, args.pid) {
            return Ok(Self {
                endpoint: Endpoint::parse(&url)?,
                process: Process::new(pid),
                issuer: Issuer::new(&config.auth)?,
                database: config.database.url.clone(),
                _child: None,
            });
        }
        let secret = Uuid::new_v4().to_string();
        let shared = match &config.database.url {
            DatabaseUrl::Postgres(url) => Some(url.clone()),
            DatabaseUrl::Sqlite(_) => None,
        };
        let mut child = Running::start(&secret, config_file, shared.as_ref())?;
        let auth = AuthConfig {
            hs256_secret: Some(Secret::new(secret)),
            ..config.auth.clone()
        };
        Ok(Self {
            endpoint: Endpoint::local(child.await_port()?),
            process: Process::new(child.process.id()),
            issuer: Issuer::new(&auth)?,
            database: shared.map_or_else(
                || DatabaseUrl::Sqlite(database_file(&child.folder)),
                DatabaseUrl::Postgres,
            ),
            _child: Some(child),
        })
    }

    pub(super) fn endpoint(&self) -> Endpoint {
        self.endpoint.clone()
    }

    pub(super) fn process(&self) -> Process {
        self.process
    }

    /// The folder on whose disk it stores what it is told. Where PostgreSQL does is unknown; it is compared with the working
    /// directory's.
    pub(super) fn database_folder(&self) -> PathBuf {
        let folder = match &self.database {
            DatabaseUrl::Sqlite(file) => file.parent(),
            DatabaseUrl::Postgres(_) => None,
        };
        let folder = folder.unwrap_or(Path::new(""));
        Path::new(".").join(folder)
    }

    /// A ticket for a user of this name.
    pub(super) fn ticket(
        &self,
        user: UserId,
        role: Role,
        topics: &'static str,
    ) -> Result<Ticket, BenchFault> {
        let identity = Identity {
            user,
            role,
            name: None,
            avatar: None,
            rooms: Vec::new(),
            expires_at: Clock::system().now() + TTL,
        };
        let token = self.issuer.sign(&identity)?;
        Ok(Ticket { token, topics })
    }
}

/// A child process that serves.
struct Running {
    process: Child,
    folder: TempDir,
}

impl Running {
    fn start(
        secret: &str,
        config_file: Option<&Path>,
        shared: Option<&PostgresUrl>,
    ) -> Result<Self, BenchFault> {
        let folder = TempDir::with_prefix("otomo-bench-").map_err(BenchFault::Start)?;
        let mut command = Command::new(std::env::current_exe().map_err(BenchFault::Start)?);
        command
            .args(["serve", "--listen", "127.0.0.1:0"])
            .arg("--port-file")
            .arg(port_file(&folder))
            .env("OTOMO_AUTH__HS256_SECRET", secret)
            .env("OTOMO_LIMITS__CONNECTIONS", "none")
            .env("OTOMO_LIMITS__COMMANDS_PER_SECOND", "none")
            .env("OTOMO_LIMITS__MESSAGES_PER_MINUTE", "none")
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        match shared {
            Some(url) => command.env("OTOMO_DATABASE__URL", url.reveal()),
            None => {
                let database = format!("sqlite://{}", database_file(&folder).display());
                command.args(["--database-url", &database])
            }
        };
        if let Some(file) = config_file {
            command.arg("--config").arg(file);
        }
        // A line for each session would be measured too.
        if std::env::var_os("RUST_LOG").is_none() {
            command.env("RUST_LOG", "warn");
        }
        let process = command.spawn().map_err(BenchFault::Start)?;
        Ok(Self { process, folder })
    }

    /// The port on which it serves, once it does.
    fn await_port(&mut self) -> Result<u16, BenchFault> {
        let file = port_file(&self.folder);
        let end = Instant::now() + START;
        while Instant::now() < end {
            if let Ok(Ok(port)) = fs::read_to_string(&file).map(|text| text.parse()) {
                return Ok(port);
            }
            if let Some(status) = self.process.try_wait().map_err(BenchFault::Start)? {
                return Err(BenchFault::NoServer(status.to_string()));
            }
            sleep(LOOK);
        }
        Err(BenchFault::NoServer(format!("silence for {START:?}")))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Not asked to drain: nobody is in a call, and its database goes with it.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn database_file(folder: &TempDir) -> PathBuf {
    folder.path().join("otomo.db")
}

fn port_file(folder: &TempDir) -> PathBuf {
    folder.path().join("port")
}
