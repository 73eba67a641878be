//! The smallest plain server there can be: one thread, bare sockets, one wait for all of them. It does what it is asked and
//! keeps nothing: a floor for servers, not one to be used.
//!
//! What is for one connection is written as soon as it has been read, from where it was read. What is for everybody gathers
//! until all that a wait has brought is read, so that each socket is written to once.

mod connection;
mod frame;

use std::{
    convert::Infallible,
    io::{self, Read as _, Write as _},
    net::SocketAddr,
    ops::Range,
    time::Duration,
};

use mio::{Events, Interest, Poll, Token, event::Event, net::TcpListener};
use slab::Slab;
use socket2::{Domain, Protocol, Socket, Type};

use self::{
    connection::{Connection, NOBODY, welcome},
    frame::turn_round,
};
use crate::cli::bench::transport::frames;

/// Clients that may wait to be accepted.
const BACKLOG: i32 = 4096;

/// Bytes read at once.
const READ_MAX: usize = 64 * 1024;

/// Sockets looked at after one wait.
const EVENTS: usize = 4096;

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
    /// What was read last.
    scratch: Box<[u8]>,
}

/// Serves at an address, and prints `listening` and its port.
pub(super) fn serve(address: SocketAddr) -> io::Result<Infallible> {
    let mut server = Server::bind(address)?;
    let mut out = io::stdout().lock();
    writeln!(out, "listening {}", server.listener.local_addr()?.port())?;
    out.flush()?;
    let mut events = Events::with_capacity(EVENTS);
    loop {
        server.turn(&mut events, None)?;
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
            scratch: vec![0; READ_MAX].into(),
        })
    }

    /// Waits, for `patience` at most or for ever, and does what there is to do.
    fn turn(&mut self, events: &mut Events, patience: Option<Duration>) -> io::Result<()> {
        match self.poll.poll(events, patience) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            waited => waited?,
        }
        for event in &*events {
            match event.token() {
                LISTENER => self.accept()?,
                Token(place) => {
                    if self.look(place, event).is_err() {
                        self.forget(place);
                    }
                }
            }
        }
        self.tell_everybody();
        Ok(())
    }

    fn accept(&mut self) -> io::Result<()> {
        loop {
            let mut socket = match self.listener.accept() {
                Ok((socket, _)) => socket,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                // Whoever it was has left already.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => continue,
                Err(error) => return Err(error),
            };
            let place = self.connections.vacant_entry();
            let registry = self.poll.registry();
            registry.register(&mut socket, Token(place.key()), Interest::READABLE)?;
            place.insert(Connection::new(socket));
        }
    }

    /// Sends what a connection had no room for, and takes what it has got. An error is its end.
    fn look(&mut self, place: usize, event: &Event) -> io::Result<()> {
        let mut scratch = std::mem::take(&mut self.scratch);
        let looked = self.look_with(place, event, &mut scratch);
        self.scratch = scratch;
        looked
    }

    fn look_with(&mut self, place: usize, event: &Event, scratch: &mut [u8]) -> io::Result<()> {
        // One that broke when it was told something is gone, and may have had something to say in the same turn.
        while let Some(connection) = self.connections.get_mut(place) {
            if event.is_writable() {
                connection.flush()?;
            }
            let count = match connection.socket.read(scratch) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            self.take(place, scratch.get_mut(..count).unwrap_or_default())?;
            // There may be more, or an end that will not be announced again.
            if count < scratch.len() && !event.is_read_closed() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Does what was read, with what was not whole before it.
    fn take(&mut self, place: usize, read: &mut [u8]) -> io::Result<()> {
        let Some(connection) = self.connections.get_mut(place) else {
            return Ok(());
        };
        if connection.incomplete.is_empty() {
            let used = self.obey(place, read)?;
            if let Some(rest) = read.get(used..).filter(|rest| !rest.is_empty())
                && let Some(connection) = self.connections.get_mut(place)
            {
                connection.incomplete.extend_from_slice(rest);
            }
            return Ok(());
        }
        let mut all = std::mem::take(&mut connection.incomplete);
        all.extend_from_slice(read);
        let used = self.obey(place, &mut all)?;
        all.drain(..used);
        if let Some(connection) = self.connections.get_mut(place) {
            connection.incomplete = all;
        }
        Ok(())
    }

    /// Does what is whole, and says how many bytes that was.
    fn obey(&mut self, place: usize, bytes: &mut [u8]) -> io::Result<usize> {
        let Some(connection) = self.connections.get_mut(place) else {
            return Ok(0);
        };
        let mut at = 0;
        if !connection.open {
            let Some(end) = bytes.windows(4).position(|it| it == b"\r\n\r\n") else {
                return Ok(0);
            };
            at = end + 4;
            let answer = bytes.get(..at).and_then(welcome).ok_or_else(foreign)?;
            connection.open = true;
            connection.write(answer.as_bytes(), self.poll.registry(), place)?;
        }
        // Answers slide up to each other, so that they are one write. The first stays where it is.
        let mut answers = 0..0;
        while let Some(frame) = bytes.get_mut(at..).and_then(turn_round) {
            let (whole, payload) = (at + frame.start..at + frame.end, at + frame.payload);
            at = whole.end;
            if self.do_one(place, bytes, &whole, payload)? {
                let end = answers.end;
                answers = match answers.is_empty() {
                    true => whole,
                    false => {
                        let length = whole.len();
                        bytes.copy_within(whole, end);
                        answers.start..end + length
                    }
                };
            }
        }
        if let Some(answers) = bytes.get(answers).filter(|it| !it.is_empty())
            && let Some(connection) = self.connections.get_mut(place)
        {
            connection.write(answers, self.poll.registry(), place)?;
        }
        Ok(at)
    }

    /// Does what one frame says; `payload` is where its first letter is. Whether the sender is to have it back.
    fn do_one(
        &mut self,
        place: usize,
        bytes: &[u8],
        whole: &Range<usize>,
        payload: usize,
    ) -> io::Result<bool> {
        let frame = bytes.get(whole.clone()).unwrap_or_default();
        match frame.first() {
            Some(&frames::TEXT) => {}
            Some(&frames::PONG) => return Ok(false),
            _ => return Err(foreign()),
        }
        let text = bytes.get(payload..whole.end).unwrap_or_default();
        match text.first() {
            Some(b'b') => self.round.extend_from_slice(frame),
            Some(b'd') => self.pass_on(number(text), frame),
            Some(b'i') => {
                self.introduce(place, number(text));
                return Ok(true);
            }
            _ => return Ok(true),
        }
        Ok(false)
    }

    fn introduce(&mut self, place: usize, client: usize) {
        if self.clients.len() <= client {
            self.clients.resize(client + 1, NOBODY);
        }
        if let Some(known) = self.clients.get_mut(client) {
            *known = place;
        }
        if let Some(connection) = self.connections.get_mut(place) {
            connection.client = client;
        }
    }

    /// Tells one client. One that is not there is in nobody's way.
    fn pass_on(&mut self, client: usize, frame: &[u8]) {
        let place = self.clients.get(client).copied().unwrap_or(NOBODY);
        if let Some(receiver) = self.connections.get_mut(place)
            && receiver.write(frame, self.poll.registry(), place).is_err()
        {
            self.forget(place);
        }
    }

    /// Sends what this turn has brought for everybody.
    fn tell_everybody(&mut self) {
        if self.round.is_empty() {
            return;
        }
        let registry = self.poll.registry();
        let mut broken = Vec::new();
        for (place, connection) in &mut self.connections {
            if connection.open && connection.write(&self.round, registry, place).is_err() {
                broken.push(place);
            }
        }
        self.round.clear();
        for place in broken {
            self.forget(place);
        }
    }

    fn forget(&mut self, place: usize) {
        if let Some(gone) = self.connections.try_remove(place)
            && let Some(known) = self.clients.get_mut(gone.client)
            && *known == place
        {
            *known = NOBODY;
        }
    }
}

/// What no client of the tool says.
fn foreign() -> io::Error {
    io::ErrorKind::InvalidData.into()
}

/// The number behind the first letter.
fn number(text: &[u8]) -> usize {
    let digits = text.iter().skip(1);
    let digits = digits.map_while(|byte| char::from(*byte).to_digit(10));
    // A million clients are more than any run has.
    digits
        .take(6)
        .fold(0, |number, digit| number * 10 + digit as usize)
}

#[cfg(test)]
mod tests;
