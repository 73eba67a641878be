//! Bare writes to many sockets, and what they cost.

use std::{
    io::{self, Read, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use crate::cli::bench::{
    fault::BenchFault,
    target::{cores::Cores, process::Process},
};

/// How often to look for the next connection.
const LOOK: Duration = Duration::from_micros(100);

/// How long the other side may take to connect.
const PATIENCE: Duration = Duration::from_secs(30);

/// Sockets to write to.
pub(super) struct Writes {
    ends: Vec<TcpStream>,
    written: u64,
    /// How much has come out of the other ends so far, in eight bytes each time.
    told: Box<dyn Read>,
    /// The other side.
    _reader: Option<Reader>,
}

/// A process that takes what is written. Ends with us.
struct Reader(Child);

impl Drop for Reader {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Writes {
    /// Connects so many sockets to a process of its own. This one is the server that writes.
    pub(super) fn prepare(connections: u32, cores: Option<Cores>) -> Result<Self, BenchFault> {
        if let Some(cores) = cores {
            cores.as_tool()?;
        }
        let (listener, address) = listen().map_err(BenchFault::Start)?;
        let (told, reader) = start(address, connections).map_err(BenchFault::Start)?;
        if let Some(cores) = cores {
            cores.as_server()?;
        }
        Self::accept(&listener, connections, told, Some(reader)).map_err(BenchFault::Start)
    }

    fn accept(
        listener: &TcpListener,
        connections: u32,
        told: Box<dyn Read>,
        mut reader: Option<Reader>,
    ) -> io::Result<Self> {
        let (mut ends, mut last) = (Vec::new(), Instant::now());
        while ends.len() < connections as usize {
            match listener.accept() {
                Ok((end, _)) => {
                    end.set_nonblocking(false)?;
                    end.set_nodelay(true)?;
                    ends.push(end);
                    last = Instant::now();
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => sleep(LOOK),
                Err(error) => return Err(error),
            }
            let ended = reader.as_mut().map(|it| it.0.try_wait()).transpose()?;
            if ended.flatten().is_some() || last.elapsed() > PATIENCE {
                return Err(io::Error::other("the other side does not connect"));
            }
        }
        Ok(Self {
            ends,
            written: 0,
            told,
            _reader: reader,
        })
    }

    /// Writes the same bytes to all sockets over and over for this long, and says what one write cost: by the clock that servers
    /// are measured with, so with the wait for the other side after each round.
    pub(super) fn nanos_per_write(
        &mut self,
        bytes: &[u8],
        span: Duration,
    ) -> Result<f64, BenchFault> {
        // Buffers grow, caches fill.
        self.round(bytes)?;
        let (before, end, mut rounds) = (Process::own().cpu()?, Instant::now() + span, 0_u32);
        while rounds == 0 || Instant::now() < end {
            self.round(bytes)?;
            rounds += 1;
        }
        let used = Process::own().cpu()?.since(before);
        let writes = f64::from(rounds) * self.ends.len() as f64;
        Ok((used.user + used.system).as_secs_f64() * 1e9 / writes)
    }

    /// Writes once to all, and waits until it has come.
    fn round(&mut self, bytes: &[u8]) -> Result<(), BenchFault> {
        for end in &mut self.ends {
            // Nothing else is on its way, so there is room.
            end.write_all(bytes).map_err(BenchFault::Broken)?;
        }
        self.written += (bytes.len() * self.ends.len()) as u64;
        let mut sum = [0; 8];
        while u64::from_le_bytes(sum) < self.written {
            self.told.read_exact(&mut sum).map_err(BenchFault::Broken)?;
        }
        Ok(())
    }
}

fn listen() -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// Starts the process that takes what is written.
fn start(address: SocketAddr, connections: u32) -> io::Result<(Box<dyn Read>, Reader)> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(["bench", "floor", "--drain", &address.to_string()])
        .args(["--connections", &connections.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()?;
    let told = child.stdout.take();
    let reader = Reader(child);
    let told = told.ok_or_else(|| io::Error::other("the other side has no output"))?;
    Ok((Box::new(told), reader))
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use super::{super::drain::drain, *};

    #[test]
    fn writes_are_weighed_and_waited_for() {
        let (listener, address) = listen().unwrap();
        let (told, tell) = UnixStream::pair().unwrap();
        let reader = std::thread::spawn(move || drain(address, 100, tell));
        let mut writes = Writes::accept(&listener, 100, Box::new(told), None).unwrap();
        // The clock goes on every hundredth of a second.
        let nanos = writes.nanos_per_write(&[b'x'; 112], Duration::from_millis(300));
        assert!((1.0..1e6).contains(&nanos.unwrap()));
        drop(writes);
        // However it ends: what it told last may have found nobody.
        let _ = reader.join().unwrap();
    }
}
