//! A socket that never waits, plain or with TLS on it.

use std::{
    io::{self, Read as _, Write as _},
    net::SocketAddr,
    sync::Arc,
};

use mio::net::TcpStream;
#[cfg(target_os = "linux")]
use nix::sys::socket::{setsockopt, sockopt};
use rustls::ClientConnection;
use socket2::{Domain, Protocol, Socket, Type};

use crate::cli::bench::{fault::BenchFault, target::Endpoint};

/// Bytes that may wait for a server that does not read.
const UNSENT_MAX: usize = 1024 * 1024;

/// A socket on its way to the server, or connected.
pub(crate) struct Stream {
    socket: TcpStream,
    address: SocketAddr,
    /// Whether the server has been heard.
    heard: bool,
    tls: Option<Box<ClientConnection>>,
    /// What the socket had no room for.
    unsent: Vec<u8>,
}

impl Stream {
    /// Starts to connect. `number` tells it from the tool's other connections.
    pub(crate) fn connect(endpoint: &Endpoint, number: usize) -> Result<Self, BenchFault> {
        let address = endpoint.address;
        let connect = |cause| BenchFault::Connect { address, cause };
        let socket = connect_to(endpoint, number).map_err(connect)?;
        let tls = match &endpoint.tls {
            Some((config, name)) => Some(ClientConnection::new(Arc::clone(config), name.clone())?),
            None => None,
        };
        let tls = tls.map(|mut tls| {
            tls.set_buffer_limit(None);
            Box::new(tls)
        });
        Ok(Self {
            socket: TcpStream::from_std(socket.into()),
            address,
            heard: false,
            tls,
            unsent: Vec::new(),
        })
    }

    /// What to wait on.
    pub(crate) fn source(&mut self) -> &mut TcpStream {
        &mut self.socket
    }

    /// Reads what has come. `None`: nothing more for now; an empty count is the end.
    pub(crate) fn read(&mut self, into: &mut [u8]) -> Result<Option<usize>, BenchFault> {
        loop {
            let read = match &mut self.tls {
                None => self.socket.read(into),
                Some(tls) => read_tls(tls, &mut self.socket, into)?,
            };
            match read {
                Ok(count) => {
                    self.heard = true;
                    return Ok(Some(count));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.broken(error)),
            }
        }
    }

    /// Whether more may be there after this many bytes came where there was room for more.
    pub(crate) fn may_hold_more(&self) -> bool {
        // Of a socket, less than there was room for is all; the kernel tells of what comes next. TLS comes record by record.
        self.tls.is_some()
    }

    /// Sends, now or as soon as there is room.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), BenchFault> {
        if let Some(tls) = &mut self.tls {
            tls.writer().write_all(bytes).map_err(BenchFault::Broken)?;
            return self.flush();
        }
        let mut rest = bytes;
        if self.unsent.is_empty() {
            rest = match self.socket.write(bytes) {
                Ok(written) => bytes.get(written..).unwrap_or_default(),
                Err(error) if may_wait(&error) => bytes,
                Err(error) => return Err(self.broken(error)),
            };
        }
        self.unsent.extend_from_slice(rest);
        match self.unsent.len() > UNSENT_MAX {
            true => Err(BenchFault::NotRead),
            false => Ok(()),
        }
    }

    /// Sends what waits, as far as there is room.
    pub(crate) fn flush(&mut self) -> Result<(), BenchFault> {
        if let Some(tls) = &mut self.tls {
            while tls.wants_write() {
                match tls.write_tls(&mut self.socket) {
                    Ok(_) => {}
                    Err(error) if may_wait(&error) => break,
                    Err(error) => return Err(self.broken(error)),
                }
            }
            return Ok(());
        }
        while !self.unsent.is_empty() {
            match self.socket.write(&self.unsent) {
                Ok(written) => drop(self.unsent.drain(..written)),
                Err(error) if may_wait(&error) => return Ok(()),
                Err(error) => return Err(self.broken(error)),
            }
        }
        // Not kept: there are thousands of these.
        self.unsent = Vec::new();
        Ok(())
    }

    fn broken(&self, cause: io::Error) -> BenchFault {
        match self.heard {
            true => BenchFault::Broken(cause),
            false => BenchFault::Connect {
                address: self.address,
                cause,
            },
        }
    }
}

/// Whether it works later: there is no room, or it is not connected yet.
fn may_wait(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::NotConnected | io::ErrorKind::Interrupted
    )
}

/// Reads plain text, and takes records from the socket until there is some.
fn read_tls(
    tls: &mut ClientConnection,
    socket: &mut TcpStream,
    into: &mut [u8],
) -> Result<io::Result<usize>, rustls::Error> {
    loop {
        match tls.reader().read(into) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            // The goodbye of TLS was left out: whether something is missing is for the layers above to tell.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(Ok(0)),
            read => return Ok(read),
        }
        match tls.read_tls(socket) {
            Ok(_) => {}
            Err(error) => return Ok(Err(error)),
        }
        tls.process_new_packets()?;
        while tls.wants_write() {
            match tls.write_tls(socket) {
                Ok(_) => {}
                Err(error) if may_wait(&error) => break,
                Err(error) => return Ok(Err(error)),
            }
        }
    }
}

fn connect_to(endpoint: &Endpoint, number: usize) -> io::Result<Socket> {
    let domain = Domain::for_address(endpoint.address);
    let socket = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
    if let Some(source) = endpoint.sources.of_connection(number) {
        // The port is chosen when the destination is known, so that it need not be free for all.
        #[cfg(target_os = "linux")]
        setsockopt(&socket, sockopt::IpBindAddressNoPort, &true)?;
        socket.bind(&source.into())?;
    }
    socket.set_tcp_nodelay(true)?;
    socket.set_nonblocking(true)?;
    match socket.connect(&endpoint.address.into()) {
        Err(error) if error.raw_os_error() != Some(nix::errno::Errno::EINPROGRESS as i32) => {
            Err(error)
        }
        _ => Ok(socket),
    }
}
