//! A PostgreSQL server of the tests' own: in a temporary folder, on a free port, gone with whoever started it.
//!
//! A small process beside it (the watch) reads a pipe whose other end this process holds. However this process ends, the
//! pipe ends with it, and the watch stops the server and removes the folder.

use std::{
    env,
    ffi::OsStr,
    fs,
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio, id},
    sync::{
        OnceLock,
        atomic::{AtomicU16, AtomicU32, Ordering},
    },
};

use diesel::{Connection as _, PgConnection, connection::SimpleConnection as _};

/// Below the ports that the system gives to connections: nobody else gets it while the server is down.
const PORTS: std::ops::Range<u16> = 15_000..32_000;

/// What the server is told beside its port. Its memory is small: many may run beside each other. A deadlock is looked for
/// soon: tests make hundreds on purpose, and each would take a second of the time that a write has.
const SETTINGS: &str = "-c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off \
    -c synchronous_commit=off -c full_page_writes=off -c max_connections=200 -c shared_buffers=32MB \
    -c deadlock_timeout=50ms";

/// What the watch does once this process is gone, or has let go: `$1` is `pg_ctl`, `$2` the server's folder.
const WATCH: &str = r#"trap '' INT TERM HUP
    cat; "$1" stop -s -w -m immediate -D "$2/data"; rm -rf "$2""#;

/// A server. Dropped, it is killed and its folder goes.
pub(crate) struct Postgres {
    folder: PathBuf,
    port: u16,
    /// Its standard input is the pipe.
    watch: Child,
}

/// An empty database of a server, dropped with the value.
pub(crate) struct PostgresDatabase {
    port: u16,
    name: String,
}

impl Postgres {
    /// The server that all tests of this binary share.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<Postgres> = OnceLock::new();
        SHARED.get_or_init(Self::own)
    }

    /// A server for one test, which may stop it.
    pub(crate) fn own() -> Self {
        Self::with_settings("")
    }

    /// A server that is told more (`-c name=value ..`).
    pub(crate) fn with_settings(more: &str) -> Self {
        let made = output(&mut tool("mktemp", ["-d", "-t", "otomo-postgres-XXXXXX"]));
        let folder = PathBuf::from(made.trim());
        let watch = tool("sh", ["-c", WATCH, "watch"])
            .arg(binary("pg_ctl"))
            .arg(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell starts");
        let mut server = Self {
            folder,
            port: 0,
            watch,
        };
        let flags = "-A trust -U postgres -E UTF8 --no-locale --no-sync".split(' ');
        output(tool(binary("initdb"), flags).arg(server.data()));
        // The port may be taken between the look and the start.
        let started = free_ports().take(20).any(|port| {
            server.port = port;
            fs::write(server.options(), format!("-p {port} {SETTINGS} {more}")).is_ok()
                && server.try_start()
        });
        assert!(started, "PostgreSQL does not start: {}", server.log());
        server
    }

    /// An empty database.
    pub(crate) fn database(&self) -> PostgresDatabase {
        let database = PostgresDatabase {
            port: self.port,
            name: next_name(),
        };
        let made = database.administer(&format!("CREATE DATABASE {}", database.name));
        made.expect("a database can be made");
        database
    }

    /// Where it listens, on 127.0.0.1, also while it is stopped.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Stops it: connections are ended, what is committed stays.
    pub(crate) fn stop(&self) {
        output(self.control("stop").args(["-m", "fast"]));
    }

    /// Kills it, as a power loss would.
    pub(crate) fn crash(&self) {
        output(self.control("stop").args(["-m", "immediate"]));
    }

    /// Starts it again, at the same port with the same data.
    pub(crate) fn start(&self) {
        assert!(
            self.try_start(),
            "PostgreSQL does not start: {}",
            self.log()
        );
    }

    /// Stops and starts it.
    pub(crate) fn restart(&self) {
        self.stop();
        self.start();
    }

    /// Lets it stand still, without closing a connection, until [`Postgres::thaw`].
    pub(crate) fn freeze(&self) {
        self.signal("STOP");
    }

    /// Lets it go on.
    pub(crate) fn thaw(&self) {
        self.signal("CONT");
    }

    /// To all of its processes.
    fn signal(&self, signal: &str) {
        output(&mut self.signalling(signal));
    }

    /// The command that does it. A process of it that ends meanwhile needs no signal.
    fn signalling(&self, signal: &str) -> Command {
        let send = r#"read -r server < "$1/postmaster.pid" && kill -s "$2" "$server" || exit
            for child in $(cat "/proc/$server/task/$server/children"); do kill -s "$2" "$child" || true; done"#;
        let mut signalling = tool("sh", ["-c", send, "signal"]);
        signalling.arg(self.data()).arg(signal);
        signalling
    }

    /// Returns once it takes connections, or has given up.
    fn try_start(&self) -> bool {
        let options = fs::read_to_string(self.options()).expect("the options were written");
        let mut start = self.control("start");
        start
            .arg("-o")
            .arg(options)
            .arg("-l")
            .arg(self.folder.join("log"));
        // A server that stays must not hold the pipes of this process.
        let outcome = start
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        outcome.expect("pg_ctl runs").success()
    }

    fn control(&self, what: &str) -> Command {
        let mut control = tool(binary("pg_ctl"), [what, "-s", "-w"]);
        control.arg("-D").arg(self.data());
        control
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// What it is started with.
    fn options(&self) -> PathBuf {
        self.folder.join("options")
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // One that stands still cannot be stopped; one that is down already gets no signal.
        let _ = self.signalling("CONT").output();
        // The end of the pipe.
        self.watch.stdin.take();
        let _ = self.watch.wait();
    }
}

impl PostgresDatabase {
    /// Its URL.
    pub(crate) fn url(&self) -> String {
        url(self.port, &self.name)
    }

    /// The same for somebody who comes by another way, to this port of 127.0.0.1.
    pub(crate) fn url_by(&self, port: u16) -> String {
        url(port, &self.name)
    }

    /// Another one with the same in it. Nobody may be connected to this one meanwhile.
    pub(crate) fn copy(&self) -> Self {
        let copy = Self {
            port: self.port,
            name: next_name(),
        };
        let made = format!("CREATE DATABASE {} TEMPLATE {}", copy.name, self.name);
        self.administer(&made).expect("a database can be copied");
        copy
    }

    /// A connection past the store.
    pub(crate) fn connect(&self) -> PgConnection {
        PgConnection::establish(&self.url()).expect("PostgreSQL takes a connection")
    }

    fn administer(&self, sql: &str) -> Result<(), Box<dyn std::error::Error>> {
        PgConnection::establish(&url(self.port, "postgres"))?.batch_execute(sql)?;
        Ok(())
    }
}

impl Drop for PostgresDatabase {
    fn drop(&mut self) {
        // A server that is down takes it along when it goes itself.
        let _ = self.administer(&format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}

/// A name that no database of this process has.
fn next_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("test_{}_{}", id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

fn url(port: u16, database: &str) -> String {
    format!("postgres://postgres@127.0.0.1:{port}/{database}")
}

/// Ports on which nothing listens, beginning somewhere else in each process and each time.
fn free_ports() -> impl Iterator<Item = u16> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let own = id().wrapping_mul(7_919) % u32::from(PORTS.end - PORTS.start);
    std::iter::repeat_with(move || {
        let next = own + u32::from(NEXT.fetch_add(1, Ordering::Relaxed));
        PORTS.start + u16::try_from(next % u32::from(PORTS.end - PORTS.start)).unwrap_or(0)
    })
    .filter(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
}

/// A program of PostgreSQL: Debian keeps them beside the PATH, by version.
fn binary(name: &str) -> PathBuf {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut versions: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|version| version.path().join("bin"))
        .collect();
    versions.sort();
    let found = env::split_paths(&path)
        .chain(versions.into_iter().rev())
        .map(|folder| folder.join(name))
        .find(|file| file.is_file());
    found.unwrap_or_else(|| panic!("{name} is not installed: apt-get install postgresql"))
}

/// A command that may run as it is: PostgreSQL refuses root, so root does it as the user that Debian's package has made.
fn tool<A: AsRef<OsStr>>(
    program: impl AsRef<OsStr>,
    arguments: impl IntoIterator<Item = A>,
) -> Command {
    static ROOT: OnceLock<bool> = OnceLock::new();
    let root = *ROOT.get_or_init(|| output(Command::new("id").arg("-u")).trim() == "0");
    let mut command = if root {
        let mut other = Command::new("setpriv");
        other.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]);
        other.arg(program);
        other
    } else {
        Command::new(program)
    };
    // The folder of the tests may be closed to that user.
    command
        .args(arguments)
        .current_dir("/")
        .stdin(Stdio::null());
    command
}

/// Runs it to the end. What it said; fails if it failed.
fn output(command: &mut Command) -> String {
    let done = command.output();
    let done = done.unwrap_or_else(|fault| panic!("{command:?}: {fault}"));
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    let complaint = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{command:?}: {said}{complaint}");
    said
}
