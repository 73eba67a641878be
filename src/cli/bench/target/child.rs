//! A server of our own: a child process that ends with the tool.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio, exit},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::sleep,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use super::{errors::Errors, signals};
use crate::{cli::bench::fault::BenchFault, kernel::config::PostgresUrl};

/// How long a child has until it serves.
const START: Duration = Duration::from_secs(30);

/// How often to look whether it does.
const LOOK: Duration = Duration::from_millis(10);

/// A child process that serves. It ends with this value, or when the tool is told to end.
pub(crate) struct Running {
    pid: u32,
    folder: PathBuf,
    errors: Errors,
    /// Shared with the thread that waits for signals.
    service: Arc<Mutex<Option<Service>>>,
}

/// The process and what it stores.
struct Service {
    process: Child,
    _folder: TempDir,
}

impl Running {
    pub(crate) fn start(
        secret: &str,
        config_files: &[PathBuf],
        shared: Option<&PostgresUrl>,
    ) -> Result<Self, BenchFault> {
        let folder = TempDir::with_prefix("otomo-bench-").map_err(BenchFault::Start)?;
        let mut command = Command::new(std::env::current_exe().map_err(BenchFault::Start)?);
        command
            .args(["serve", "--listen", "127.0.0.1:0"])
            .arg("--port-file")
            .arg(port_file(folder.path()))
            .env("OTOMO_AUTH__HS256_SECRET", secret)
            .env("OTOMO_LIMITS__CONNECTIONS", "none")
            .env("OTOMO_LIMITS__COMMANDS_PER_SECOND", "none")
            .env("OTOMO_LIMITS__MESSAGES_PER_MINUTE", "none")
            .env("OTOMO_LIMITS__CALLS_PER_MINUTE", "none")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        match shared {
            Some(url) => command.env("OTOMO_DATABASE__URL", url.reveal()),
            None => {
                let database = format!("sqlite://{}", database_file(folder.path()).display());
                command.args(["--database-url", &database])
            }
        };
        for file in config_files {
            command.arg("--config").arg(file);
        }
        // A line for each session would be measured too.
        if std::env::var_os("RUST_LOG").is_none() {
            command.env("RUST_LOG", "warn");
        }
        let mut process = command.spawn().map_err(BenchFault::Start)?;
        let errors = Errors::default();
        if let Some(log) = process.stderr.take() {
            errors.listen(log);
        }
        let running = Self {
            pid: process.id(),
            folder: folder.path().to_owned(),
            errors,
            service: Arc::new(Mutex::new(Some(Service {
                process,
                _folder: folder,
            }))),
        };
        signals::when_told_to_end(running.ending()).map_err(BenchFault::Start)?;
        Ok(running)
    }

    /// What ends it, and then the tool with this exit code.
    fn ending(&self) -> impl FnOnce(i32) + Send + 'static {
        let service = Arc::clone(&self.service);
        move |code| {
            // Held until the end: whoever measures misses the server at once, drops this and waits, and ends the tool with no
            // other code meanwhile.
            let mut service = locked(&service);
            drop(service.take());
            exit(code);
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// How many errors it has logged.
    pub(crate) fn errors(&self) -> u64 {
        self.errors.count()
    }

    /// Its database, if that is its own.
    pub(crate) fn database_file(&self) -> PathBuf {
        database_file(&self.folder)
    }

    /// The port on which it serves, once it does.
    pub(crate) fn await_port(&mut self) -> Result<u16, BenchFault> {
        let file = port_file(&self.folder);
        let end = Instant::now() + START;
        while Instant::now() < end {
            if let Ok(Ok(port)) = fs::read_to_string(&file).map(|text| text.parse()) {
                return Ok(port);
            }
            if let Some(service) = &mut *locked(&self.service)
                && let Some(status) = service.process.try_wait().map_err(BenchFault::Start)?
            {
                return Err(BenchFault::NoServer(status.to_string()));
            }
            sleep(LOOK);
        }
        Err(BenchFault::NoServer(format!("silence for {START:?}")))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(locked(&self.service).take());
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // Killed, not drained: calls that are left belong to the run.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn locked(service: &Mutex<Option<Service>>) -> MutexGuard<'_, Option<Service>> {
    service.lock().unwrap_or_else(PoisonError::into_inner)
}

fn database_file(folder: &Path) -> PathBuf {
    folder.join("otomo.db")
}

fn port_file(folder: &Path) -> PathBuf {
    folder.join("port")
}
