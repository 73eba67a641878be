//! The binary itself as a process of its own: for what only a process has, memory and a sudden death.

use std::{
    net::TcpListener,
    ops::Deref,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
};

use diesel::{Connection as _, SqliteConnection};
use tempfile::TempDir;

use super::{
    Dice, TimeOfDay,
    endpoint::{Endpoint, SECRET},
    found,
};

/// A running `otomo serve`. Dropped, it is killed.
pub struct Process {
    endpoint: Arc<Endpoint>,
    child: Child,
    folder: Option<TempDir>,
    settings: Vec<(String, String)>,
    around: Around,
}

/// What a process has beside its settings, as has the next one in its place.
#[derive(Clone, Default)]
struct Around {
    /// Where it logs, and from which level on.
    log: Option<(PathBuf, String)>,
    /// The library of its [`TimeOfDay`].
    clock: Option<PathBuf>,
}

impl Deref for Process {
    type Target = Endpoint;

    fn deref(&self) -> &Endpoint {
        &self.endpoint
    }
}

impl Process {
    /// Starts one with some settings changed.
    pub async fn start_with(settings: &[(&str, &str)]) -> Self {
        Self::start_in(super::folder(), owned(settings), Around::default()).await
    }

    /// Starts one that logs from a level on (`info`: as servers do; `trace`: all it can), into the file that comes with it.
    pub async fn start_logging(settings: &[(&str, &str)], level: &str) -> (Self, PathBuf) {
        let folder = super::folder();
        let log = folder.path().join("log");
        let around = Around {
            log: Some((log.clone(), level.to_owned())),
            ..Around::default()
        };
        let process = Self::start_in(folder, owned(settings), around).await;
        (process, log)
    }

    /// Starts one on a machine whose time of day may be set. It logs what is wrong into the file that comes with it.
    pub async fn start_at(settings: &[(&str, &str)], clock: &TimeOfDay) -> (Self, PathBuf) {
        let folder = super::folder();
        let log = folder.path().join("log");
        let around = Around {
            log: Some((log.clone(), "warn".to_owned())),
            clock: Some(clock.library()),
        };
        let process = Self::start_in(folder, owned(settings), around).await;
        (process, log)
    }

    async fn start_in(folder: TempDir, settings: Vec<(String, String)>, around: Around) -> Self {
        let port_file = folder.path().join("port");
        let _ = std::fs::remove_file(&port_file);
        let mut command = Command::new(env!("CARGO_BIN_EXE_otomo"));
        command
            .arg("--port-file")
            .arg(&port_file)
            .env_clear()
            .current_dir(folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let level = std::env::var("RUST_LOG").unwrap_or("warn".into());
        if let Some(clock) = &around.clock {
            command.env("LD_PRELOAD", clock);
        }
        match &around.log {
            None => command.env("RUST_LOG", level),
            Some((log, level)) => {
                let file = std::fs::File::options().create(true).append(true).open(log);
                let file = file.expect("a file for the log");
                command.env("RUST_LOG", level).stderr(file)
            }
        };
        let fixed = [
            ("server.listen", "127.0.0.1:0".to_owned()),
            ("auth.hs256_secret", SECRET.to_owned()),
            // Tests write faster than people do.
            ("limits.messages_per_minute", "none".to_owned()),
            (
                "database.url",
                format!("sqlite://{}", database(folder.path()).display()),
            ),
        ];
        let (file, settings_of): (Vec<_>, Vec<_>) =
            settings.iter().partition(|(key, _)| key == "--config");
        let mut of_file = config::Config::default();
        if let [(flag, path)] = &file[..] {
            command.arg(flag).arg(path);
            let source = config::File::from(Path::new(path));
            let read = config::Config::builder().add_source(source).build();
            of_file = read.expect("a configuration");
        }
        let says = |key: &str| of_file.get::<config::Value>(key).is_ok();
        // What the environment says wins over the file.
        let fixed = fixed.into_iter();
        let fixed =
            fixed.filter(|(key, _)| file.is_empty() || !(key.starts_with("auth.") || says(key)));
        let settings_of = settings_of
            .into_iter()
            .map(|(key, value)| (key.as_str(), value.clone()));
        for (key, value) in fixed.chain(settings_of) {
            let variable = format!("OTOMO_{}", key.replace('.', "__").to_uppercase());
            command.env(variable, value);
        }
        let child = command.spawn().expect("the binary starts");
        let port = port_in(&port_file).await;
        let endpoint = Arc::new(Endpoint::new(([127, 0, 0, 1], port).into()));
        Self {
            endpoint,
            child,
            folder: Some(folder),
            settings,
            around,
        }
    }

    /// The way in: that of the next process too, if the settings say the port ([`steady_port`]).
    pub fn way_in(&self) -> Arc<Endpoint> {
        Arc::clone(&self.endpoint)
    }

    /// `kill -9`, then a new process on the same database.
    pub async fn kill_and_restart(mut self) -> Self {
        self.kill();
        self.restart().await
    }

    /// A new process in place of one that has ended.
    pub async fn restart(mut self) -> Self {
        let folder = self.folder.take().expect("a running process has a folder");
        let settings = std::mem::take(&mut self.settings);
        Self::start_in(folder, settings, std::mem::take(&mut self.around)).await
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        // It may have died already; what matters is that it is gone.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// It does nothing from now on (SIGSTOP), and its connections stay.
    #[allow(dead_code, reason = "for the tests of several nodes")]
    pub fn freeze(&self) {
        self.signal("STOP");
    }

    /// It goes on.
    #[allow(dead_code, reason = "for the tests of several nodes")]
    pub fn thaw(&self) {
        self.signal("CONT");
    }

    /// Asks it to stop (SIGTERM).
    pub fn terminate(&self) {
        self.signal("TERM");
    }

    /// Waits until it has ended by itself, and says whether well.
    pub async fn ended(&mut self) -> bool {
        let status = async || self.child.try_wait().expect("a child of ours");
        found("the server ends", status).await.success()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: &str) {
        let mut kill = Command::new("kill");
        kill.arg(format!("-{signal}"))
            .arg(self.child.id().to_string());
        assert!(kill.status().expect("there is kill").success());
    }

    /// What the process holds in memory, in bytes.
    pub fn resident_memory(&self) -> u64 {
        self.memory("VmRSS:")
    }

    /// The most that it has held so far.
    #[allow(dead_code, reason = "for the tests of intruders")]
    pub fn peak_memory(&self) -> u64 {
        self.memory("VmHWM:")
    }

    fn memory(&self, which: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.expect("a live process");
        let line = status
            .lines()
            .find(|line| line.starts_with(which))
            .expect("a size");
        let kib: u64 = line
            .split_whitespace()
            .nth(1)
            .expect("a number")
            .parse()
            .expect("a number");
        kib * 1024
    }

    /// The file of the database, if the settings name no other.
    pub fn database_file(&self) -> PathBuf {
        let folder = self.folder.as_ref();
        database(folder.expect("a running process has a folder").path())
    }

    /// The database, to look at what is stored.
    pub fn database(&self) -> SqliteConnection {
        let folder = self
            .folder
            .as_ref()
            .expect("a running process has a folder");
        let path = database(folder.path());
        SqliteConnection::establish(path.to_str().expect("a path")).expect("the database opens")
    }
}

/// A port that stays free while a server is down: below those that systems give to whoever does not care which.
pub fn steady_port() -> u16 {
    let mut ports = (20_000..30_000)
        .cycle()
        .skip(Dice::any_seed() as usize % 10_000);
    ports
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("there is no end")
}

fn owned(settings: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    settings.iter().map(own).collect()
}

fn database(folder: &Path) -> PathBuf {
    folder.join("otomo.db")
}

/// The port that a server has written into its port file, once it serves.
pub async fn port_in(file: &Path) -> u16 {
    found("the server serves", async || {
        let written = std::fs::read_to_string(file).ok()?;
        written.trim().parse().ok()
    })
    .await
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
