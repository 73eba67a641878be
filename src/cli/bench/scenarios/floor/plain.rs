//! The smallest plain server there can be: one thread, bare sockets, one wait for all of them. It does what it is asked and
//! keeps nothing: a floor for servers, not one to be used.

use std::{
    convert::Infallible,
    io::{self, Read as _, Write as _},
    net::SocketAddr,
};

use actix_http::ws::hash_key;
use mio::{
    Events, Interest, Poll, Token,
    net::{TcpListener, TcpStream},
};
use slab::Slab;
use socket2::{Domain, Protocol, Socket, Type};

use crate::cli::bench::transport::frames::{self, unmask};

/// Clients that may wait to be accepted.
const BACKLOG: i32 = 4096;

/// Bytes read at once.
const READ_MAX: usize = 64 * 1024;

/// The token of the listener. Connections have those of their places.
const LISTENER: Token = Token(usize::MAX);

/// All connections.
struct Server {
    poll: Poll,
    listener: TcpListener,
    connections: Slab<Connection>,
    /// The place of the connection of each client that has said its number.
    clients: Vec<usize>,
    /// Frames for everybody that came in this turn.
    round: Vec<u8>,
    /// Places of connections that have something to send in this turn.
    waiting: Vec<usize>,
}

struct Connection {
    socket: TcpStream,
    open: bool,
    /// What is not whole yet.
    incomplete: Vec<u8>,
    out: Vec<u8>,
}

/// Serves at an address, and prints `listening` and its port.
pub(super) fn serve(address: SocketAddr) -> io::Result<Infallible> {
    let mut server = Server::bind(address)?;
    let mut out = io::stdout().lock();
    writeln!(out, "listening {}", server.listener.local_addr()?.port())?;
    out.flush()?;
    let mut events = Events::with_capacity(4096);
    let mut scratch = vec![0; READ_MAX];
    loop {
        match server.poll.poll(&mut events, None) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            waited => waited?,
        }
        for event in &events {
            match event.token() {
                LISTENER => server.accept()?,
                Token(place) => server.look(place, &mut scratch),
            }
        }
        server.send();
    }
}

impl Server {
    fn bind(address: SocketAddr) -> io::Result<Self> {
        let domain = Domain::for_address(address);
        let socket = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        // Sockets that are accepted inherit it.
        socket.set_tcp_nodelay(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        let mut listener = TcpListener::from_std(socket.into());
        let poll = Poll::new()?;
        let registry = poll.registry();
        registry.register(&mut listener, LISTENER, Interest::READABLE)?;
        Ok(Self {
            poll,
            listener,
            connections: Slab::new(),
            clients: Vec::new(),
            round: Vec::new(),
            waiting: Vec::new(),
        })
    }

    fn accept(&mut self) -> io::Result<()> {
        loop {
            let mut socket = match self.listener.accept() {
                Ok((socket, _)) => socket,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            let place = self.connections.vacant_entry();
            let interest = Interest::READABLE | Interest::WRITABLE;
            let registry = self.poll.registry();
            registry.register(&mut socket, Token(place.key()), interest)?;
            place.insert(Connection {
                socket,
                open: false,
                incomplete: Vec::new(),
                out: Vec::new(),
            });
        }
    }

    /// Takes what a connection has got. One that ends or breaks is forgotten.
    fn look(&mut self, place: usize, scratch: &mut [u8]) {
        let Some(connection) = self.connections.get_mut(place) else {
            return;
        };
        if !connection.out.is_empty() {
            self.waiting.push(place);
        }
        loop {
            let Some(connection) = self.connections.get_mut(place) else {
                return;
            };
            let count = match connection.socket.read(scratch) {
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => 0,
            };
            let read = scratch.get_mut(..count).filter(|read| !read.is_empty());
            if read.and_then(|read| self.take(place, read)).is_none() {
                self.connections.try_remove(place);
            }
            if count < scratch.len() {
                return;
            }
        }
    }

    /// `None` where the client leaves, or says what no client of the tool does.
    fn take(&mut self, place: usize, read: &mut [u8]) -> Option<()> {
        let connection = self.connections.get_mut(place)?;
        let mut before = std::mem::take(&mut connection.incomplete);
        let mut rest = match before.is_empty() {
            true => read,
            false => {
                before.extend_from_slice(read);
                &mut before
            }
        };
        if !connection.open {
            let Some(end) = rest.windows(4).position(|it| it == b"\r\n\r\n") else {
                connection.incomplete = rest.to_vec();
                return Some(());
            };
            let (head, after) = rest.split_at_mut(end + 4);
            connection.out = welcome(head)?;
            connection.open = true;
            self.waiting.push(place);
            rest = after;
        }
        let mut at = 0;
        while let Some((kind, payload)) = rest.get_mut(at..).and_then(unmask) {
            let payload = at + payload.start..at + payload.end;
            at = payload.end;
            self.answer(place, kind, rest.get(payload)?)?;
        }
        self.connections.get_mut(place)?.incomplete = rest.get(at..)?.to_vec();
        Some(())
    }

    fn answer(&mut self, place: usize, kind: u8, payload: &[u8]) -> Option<()> {
        if kind != frames::TEXT {
            return (kind == frames::PONG).then_some(());
        }
        let to = match payload.first()? {
            b'b' => {
                frames::encode_as_server(payload, &mut self.round);
                return Some(());
            }
            b'i' => {
                let client = number(payload);
                let places = self.clients.len().max(client + 1);
                self.clients.resize(places, usize::MAX);
                *self.clients.get_mut(client)? = place;
                place
            }
            b'd' => *self.clients.get(number(payload)).unwrap_or(&usize::MAX),
            _ => place,
        };
        if let Some(receiver) = self.connections.get_mut(to) {
            frames::encode_as_server(payload, &mut receiver.out);
            self.waiting.push(to);
        }
        Some(())
    }

    /// Sends what this turn has brought.
    fn send(&mut self) {
        for place in std::mem::take(&mut self.waiting) {
            if let Some(connection) = self.connections.get_mut(place) {
                connection.flush();
            }
        }
        if self.round.is_empty() {
            return;
        }
        let round = std::mem::take(&mut self.round);
        for (_, connection) in &mut self.connections {
            if connection.open {
                connection.write(&round);
            }
        }
    }
}

impl Connection {
    /// Writes at once, and keeps what there is no room for.
    fn write(&mut self, bytes: &[u8]) {
        let written = match self.out.is_empty() {
            true => self.socket.write(bytes).unwrap_or(0),
            false => 0,
        };
        self.out
            .extend_from_slice(bytes.get(written..).unwrap_or_default());
    }

    /// A connection that is broken says so when it is read.
    fn flush(&mut self) {
        let written = match self.out.is_empty() {
            true => return,
            false => self.socket.write(&self.out).unwrap_or(0),
        };
        self.out.drain(..written);
    }
}

/// The answer to a request for a WebSocket.
fn welcome(head: &[u8]) -> Option<Vec<u8>> {
    let head = str::from_utf8(head).ok()?;
    let key = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("sec-websocket-key")
            .then(|| value.trim())
    })?;
    let accept = hash_key(key.as_bytes());
    let accept = str::from_utf8(&accept).ok()?;
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    Some(answer.into_bytes())
}

/// The number behind the first letter.
fn number(payload: &[u8]) -> usize {
    let digits = payload.iter().skip(1);
    let digits = digits.map_while(|byte| char::from(*byte).to_digit(10));
    // As many digits as fit in any case.
    digits
        .take(9)
        .fold(0, |number, digit| number * 10 + digit as usize)
}
