//! Bare writes to many sockets, and a thread that takes what was written.

use std::{
    io::{self, Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use mio::{Events, Interest, Poll, Token};
use nix::sys::{
    resource::{UsageWho, getrusage},
    time::TimeVal,
};

use crate::cli::bench::{fault::BenchFault, target::cores::Cores};

/// Pause of the reader before each wait: as the tool's own.
const PAUSE: Duration = Duration::from_millis(1);

/// How long what was written may take to come.
const PATIENCE: Duration = Duration::from_secs(30);

/// Sockets to write to, and how many bytes have come out of their other ends.
pub(super) struct Writes {
    ends: Vec<TcpStream>,
    written: u64,
    read: Arc<AtomicU64>,
}

impl Writes {
    /// Connects so many sockets. This thread is the server that writes, another reads.
    pub(super) fn prepare(connections: usize, cores: Option<Cores>) -> Result<Self, BenchFault> {
        let (ends, others) = connected(connections).map_err(BenchFault::Start)?;
        let read = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&read);
        thread::spawn(move || {
            if let Some(cores) = cores {
                // Refused only where the writer is refused too, which says so.
                let _ = cores.as_tool();
            }
            take(others, &count)
        });
        if let Some(cores) = cores {
            cores.as_server()?;
        }
        Ok(Self {
            ends,
            written: 0,
            read,
        })
    }

    /// Writes the same bytes to all sockets over and over for this long, and says what one write cost.
    pub(super) fn nanos_per_write(
        &mut self,
        bytes: &[u8],
        span: Duration,
    ) -> Result<f64, BenchFault> {
        // Buffers grow, caches fill.
        self.round(bytes)?;
        let (end, mut cpu, mut rounds) = (Instant::now() + span, Duration::ZERO, 0_u32);
        while Instant::now() < end {
            cpu += self.round(bytes)?;
            rounds += 1;
        }
        let writes = f64::from(rounds) * self.ends.len() as f64;
        Ok(cpu.as_secs_f64() * 1e9 / writes)
    }

    /// Writes once to all, and waits until it has come. Returns the CPU of the writes.
    fn round(&mut self, bytes: &[u8]) -> Result<Duration, BenchFault> {
        let before = cpu()?;
        for end in &mut self.ends {
            // Nothing else is on its way, so there is room.
            end.write_all(bytes).map_err(BenchFault::Broken)?;
        }
        let cpu = cpu()?.saturating_sub(before);
        self.written += (bytes.len() * self.ends.len()) as u64;
        let began = Instant::now();
        while self.read.load(Ordering::Acquire) < self.written {
            if began.elapsed() > PATIENCE {
                return Err(BenchFault::Silent(PATIENCE));
            }
            thread::sleep(PAUSE / 4);
        }
        Ok(cpu)
    }
}

/// What this thread has used: its own code and the kernel's for it.
fn cpu() -> Result<Duration, BenchFault> {
    let usage = getrusage(UsageWho::RUSAGE_THREAD).map_err(|cause| BenchFault::Process {
        path: "getrusage".to_owned(),
        cause: cause.into(),
    })?;
    let micros = |time: TimeVal| time.tv_sec() * 1_000_000 + time.tv_usec();
    let all = micros(usage.user_time()) + micros(usage.system_time());
    Ok(Duration::from_micros(all.unsigned_abs()))
}

/// Both ends of so many connections.
fn connected(count: usize) -> io::Result<(Vec<TcpStream>, Vec<TcpStream>)> {
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    let address = listener.local_addr()?;
    let mut ends = Vec::with_capacity(count);
    let mut others = Vec::with_capacity(count);
    for _ in 0..count {
        others.push(TcpStream::connect(address)?);
        let (end, _) = listener.accept()?;
        end.set_nodelay(true)?;
        ends.push(end);
    }
    Ok((ends, others))
}

/// Takes what comes for as long as anything may, and counts it.
fn take(sockets: Vec<TcpStream>, count: &AtomicU64) -> io::Result<()> {
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(4096);
    let mut scratch = vec![0; 256 * 1024];
    let mut streams = Vec::with_capacity(sockets.len());
    for (number, socket) in sockets.into_iter().enumerate() {
        socket.set_nonblocking(true)?;
        let mut stream = mio::net::TcpStream::from_std(socket);
        let registry = poll.registry();
        registry.register(&mut stream, Token(number), Interest::READABLE)?;
        streams.push(stream);
    }
    loop {
        thread::sleep(PAUSE);
        match poll.poll(&mut events, None) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            waited => waited?,
        }
        for event in &events {
            let Token(number) = event.token();
            let Some(stream) = streams.get_mut(number) else {
                continue;
            };
            match stream.read(&mut scratch) {
                Ok(0) => return Ok(()),
                Ok(read) => drop(count.fetch_add(read as u64, Ordering::Release)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_are_weighed() {
        let mut writes = Writes::prepare(10, None).unwrap();
        let nanos = writes.nanos_per_write(&[b'x'; 112], Duration::from_millis(50));
        // A thread's CPU is counted in microseconds, and a write takes some.
        assert!((1.0..1e6).contains(&nanos.unwrap()));
    }
}
