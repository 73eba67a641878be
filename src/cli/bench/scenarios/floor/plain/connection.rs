//! One connection: what it has sent that is not whole yet, and what it had no room for.

use std::io::{self, Write as _};

use actix_http::ws::hash_key;
use mio::{Interest, Registry, Token, net::TcpStream};

/// The number, or the place, of nobody.
pub(super) const NOBODY: usize = usize::MAX;

/// A client.
pub(super) struct Connection {
    pub(super) socket: TcpStream,
    /// Whether it has been welcomed.
    pub(super) open: bool,
    /// The number that it has said.
    pub(super) client: usize,
    /// What is not whole yet.
    pub(super) incomplete: Vec<u8>,
    /// What there was no room for.
    out: Vec<u8>,
}

impl Connection {
    pub(super) fn new(socket: TcpStream) -> Self {
        Self {
            socket,
            open: false,
            client: NOBODY,
            incomplete: Vec::new(),
            out: Vec::new(),
        }
    }

    /// Writes at once. What there is no room for is kept, and goes when there is ([`Self::flush`]): only then is that waited for.
    pub(super) fn write(
        &mut self,
        bytes: &[u8],
        registry: &Registry,
        place: usize,
    ) -> io::Result<()> {
        if !self.out.is_empty() {
            self.out.extend_from_slice(bytes);
            return Ok(());
        }
        let written = some(self.socket.write(bytes))?;
        match bytes.get(written..) {
            None | Some([]) => Ok(()),
            Some(rest) => {
                self.out.extend_from_slice(rest);
                let interest = Interest::READABLE | Interest::WRITABLE;
                registry.reregister(&mut self.socket, Token(place), interest)
            }
        }
    }

    /// Whether there is something that had no room.
    #[cfg(test)]
    pub(super) fn is_full(&self) -> bool {
        !self.out.is_empty()
    }

    /// Writes what was kept, as far as there is room.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        while !self.out.is_empty() {
            match some(self.socket.write(&self.out))? {
                0 => break,
                written => drop(self.out.drain(..written)),
            }
        }
        Ok(())
    }
}

/// How much was written: nothing where there is no room.
fn some(written: io::Result<usize>) -> io::Result<usize> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
        written => written,
    }
}

/// The answer to a request for a WebSocket.
pub(super) fn welcome(head: &[u8]) -> Option<String> {
    let head = str::from_utf8(head).ok()?;
    let key = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("sec-websocket-key")
            .then(|| value.trim())
    })?;
    let accept = hash_key(key.as_bytes());
    let accept = str::from_utf8(&accept).ok()?;
    Some(format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    ))
}
