//! A real Redis of its own for each test.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;

use super::waiting::PATIENCE;

/// Between two looks at whether it has started, which nobody tells.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Starts the server, says its process id, and ends it when whoever started it wants that or has died: then what it reads
/// from ends.
const KEEPER: &str = r#""$@" & echo $!; read _; kill -KILL $!; wait"#;

/// A Redis. Dropped, it is gone, also if the process that had it is killed.
pub struct Redis {
    address: SocketAddr,
    folder: TempDir,
    running: Option<Running>,
}

/// The server's process and its keeper.
struct Running {
    keeper: Child,
    server: String,
}

impl Redis {
    /// Starts an empty one on a free port.
    pub fn start() -> Self {
        let mut folder = tempfile::tempdir().expect("a folder for Redis");
        let since = Instant::now();
        loop {
            let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
            let mut redis = Self {
                address: port.expect("a free port"),
                folder,
                running: None,
            };
            // Somebody else may take the port in between.
            if redis.begin() {
                return redis;
            }
            assert!(since.elapsed() < PATIENCE, "Redis does not start");
            folder = redis.folder;
        }
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The same, as it is configured (`redis.url`).
    pub fn url(&self) -> String {
        url(self.address)
    }

    /// Ends it at once, with everything that it knew.
    pub fn stop(&mut self) {
        self.running = None;
    }

    /// Starts it again where it was, empty.
    pub fn restart(&mut self) {
        self.stop();
        let since = Instant::now();
        while !self.begin() {
            assert!(since.elapsed() < PATIENCE, "the port of Redis is not free");
        }
    }

    /// It does nothing from now on, and its connections stay.
    pub fn freeze(&self) {
        self.signal("STOP");
    }

    /// It goes on.
    pub fn thaw(&self) {
        self.signal("CONT");
    }

    /// Says something to it, for a look at what is there: a word for each part of the command, without blanks in it. The answer
    /// is as Redis writes it (RESP2).
    pub fn say(&self, command: &str) -> String {
        ask(self.address, command).expect("Redis answers")
    }

    fn signal(&self, signal: &str) {
        let running = self.running.as_ref().expect("Redis runs");
        let sent = Command::new("kill")
            .args([&format!("-{signal}"), &running.server])
            .status();
        assert!(sent.expect("there is kill").success());
    }

    /// Returns whether it has started.
    fn begin(&mut self) -> bool {
        let mut keeper = Command::new("sh")
            .args(["-c", KEEPER, "sh", "redis-server"])
            .args(["--port", &self.address.port().to_string()])
            .args(["--bind", "127.0.0.1"])
            .args(["--save", "", "--appendonly", "no"])
            .args(["--logfile", "redis.log"])
            .current_dir(self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("there is a shell");
        let mut server = String::new();
        let said = keeper.stdout.as_mut().map(BufReader::new);
        said.expect("it is piped")
            .read_line(&mut server)
            .expect("the keeper says which process it is");
        let server = server.trim().to_owned();
        let running = Running { keeper, server };
        let since = Instant::now();
        // Somebody else's Redis may answer at this port.
        let ours = format!("process_id:{}\r\n", running.server);
        while !ask(self.address, "INFO server").is_ok_and(|info| info.contains(&ours)) {
            let name = format!("/proc/{}/stat", running.server);
            let stat = std::fs::read_to_string(name).unwrap_or_default();
            if stat.is_empty() || stat.contains(") Z ") {
                return false;
            }
            assert!(since.elapsed() < PATIENCE, "Redis does not start");
            std::thread::sleep(LOOK_EVERY);
        }
        self.running = Some(running);
        true
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// A Redis at this address as it is configured: behind a tunnel it has the tunnel's.
pub fn url(address: SocketAddr) -> String {
    format!("redis://{address}/")
}

fn ask(address: SocketAddr, command: &str) -> std::io::Result<String> {
    let mut connection = TcpStream::connect(address)?;
    connection.set_read_timeout(Some(PATIENCE))?;
    connection.write_all(format!("{command}\r\nQUIT\r\n").as_bytes())?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer)?;
    let goodbye = answer.strip_suffix("+OK\r\n");
    Ok(goodbye.unwrap_or(&answer).to_owned())
}
