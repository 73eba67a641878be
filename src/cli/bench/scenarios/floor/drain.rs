//! The other end of the sockets that are written to: a process of its own, which takes what comes as the tool does and tells how
//! many bytes that were so far.

use std::{
    io::{self, Read as _, Write},
    net::{SocketAddr, TcpStream},
    thread::sleep,
    time::Duration,
};

use mio::{Events, Interest, Poll, Token};

/// Pause before each wait: as the tool's own.
const PAUSE: Duration = Duration::from_millis(1);

/// Bytes read at once.
const READ_MAX: usize = 256 * 1024;

/// Connects so many sockets to an address and takes what comes on them until the other side ends them. After each turn the sum goes
/// to `told`, in eight bytes.
pub(super) fn drain(address: SocketAddr, count: u32, mut told: impl Write) -> io::Result<()> {
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(4096);
    let mut scratch = vec![0; READ_MAX];
    let mut streams = Vec::with_capacity(count as usize);
    for number in 0..count as usize {
        let socket = TcpStream::connect(address)?;
        socket.set_nonblocking(true)?;
        let mut stream = mio::net::TcpStream::from_std(socket);
        let registry = poll.registry();
        registry.register(&mut stream, Token(number), Interest::READABLE)?;
        streams.push(stream);
    }
    let mut sum = 0_u64;
    loop {
        sleep(PAUSE);
        match poll.poll(&mut events, None) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            waited => waited?,
        }
        for event in &events {
            let Token(number) = event.token();
            let Some(stream) = streams.get_mut(number) else {
                continue;
            };
            loop {
                match stream.read(&mut scratch) {
                    Ok(0) => return Ok(()),
                    Ok(read) => {
                        sum += read as u64;
                        if read < READ_MAX {
                            break;
                        }
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    Err(error) => return Err(error),
                }
            }
        }
        told.write_all(&sum.to_le_bytes())?;
        told.flush()?;
    }
}
