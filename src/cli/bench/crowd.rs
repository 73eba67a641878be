//! Many clients in one thread: one wait for all of them, one read for all that a client has got.

use std::{
    io,
    thread::sleep,
    time::{Duration, Instant},
};

use mio::{Events, Interest, Poll, Token};

use super::{
    BenchFault,
    client::Client,
    handshake::{Endpoint, Ticket},
};

/// Clients on their way in at once: enough to keep a server busy, and fewer than wait to be accepted
/// at any server.
const AT_THE_DOOR: usize = 64;

/// How long to wait for the next client to be let in.
const PATIENCE: Duration = Duration::from_secs(30);

/// Sockets looked at after one wait.
const EVENTS: usize = 4096;

/// Pause before each wait, in which messages gather: else the tool would wake for each of them, which
/// costs both sides more than the message. Latencies are exact to this.
const PAUSE: Duration = Duration::from_millis(1);

/// Bytes read at once: all that a socket holds, nearly always.
const READ_MAX: usize = 256 * 1024;

/// How the message begins with which a server says that a client has all it needs.
const READY: &[u8] = br#"{"type":"ready""#;

/// All clients of a run. Any that is lost ends the run: its figures would be those of another crowd.
pub(super) struct Crowd {
    endpoint: Endpoint,
    poll: Poll,
    events: Events,
    clients: Vec<Client>,
    scratch: Box<[u8]>,
    /// Before each wait.
    pause: Duration,
}

impl Crowd {
    pub(super) fn new(endpoint: Endpoint) -> Result<Self, BenchFault> {
        Ok(Self {
            endpoint,
            poll: Poll::new().map_err(BenchFault::Wait)?,
            events: Events::with_capacity(EVENTS),
            clients: Vec::new(),
            scratch: vec![0; READ_MAX].into(),
            pause: PAUSE,
        })
    }

    /// A crowd that takes every message as soon as it is there: for clients that wait for an answer before they go on.
    pub(super) fn eager(endpoint: Endpoint) -> Result<Self, BenchFault> {
        Ok(Self {
            pause: Duration::ZERO,
            ..Self::new(endpoint)?
        })
    }

    /// Lets in one client for each ticket, and returns when all are `ready`.
    pub(super) fn admit(
        &mut self,
        tickets: impl ExactSizeIterator<Item = Ticket>,
    ) -> Result<(), BenchFault> {
        let before = self.clients.len();
        let all = before + tickets.len();
        let mut tickets = tickets;
        let mut ready = before;
        let mut progress = Instant::now();
        while ready < all {
            while self.clients.len() < ready + AT_THE_DOOR
                && let Some(ticket) = tickets.next()
            {
                self.connect(&ticket)?;
            }
            let known = ready;
            self.turn(PATIENCE, |_, message| {
                ready += usize::from(message.starts_with(READY));
            })?;
            if ready > known {
                progress = Instant::now();
            } else if progress.elapsed() >= PATIENCE {
                return Err(BenchFault::Silent(PATIENCE));
            }
        }
        Ok(())
    }

    fn connect(&mut self, ticket: &Ticket) -> Result<(), BenchFault> {
        let number = self.clients.len();
        let mut client = Client::connect(&self.endpoint, ticket, number)?;
        self.poll
            .registry()
            .register(client.source(), Token(number), Interest::READABLE)
            .map_err(BenchFault::Wait)?;
        self.clients.push(client);
        Ok(())
    }

    /// Waits until something comes, `patience` at most, and hands it out: the client's number, counted
    /// from 0 in the order of admission, and the message.
    pub(super) fn turn(
        &mut self,
        patience: Duration,
        mut heard: impl FnMut(usize, &[u8]),
    ) -> Result<(), BenchFault> {
        let pause = self.pause.min(patience);
        if !pause.is_zero() {
            sleep(pause);
        }
        match self.poll.poll(&mut self.events, Some(patience)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            waited => waited.map_err(BenchFault::Wait)?,
        }
        for event in &self.events {
            let Token(number) = event.token();
            if let Some(client) = self.clients.get_mut(number) {
                client.read(&mut self.scratch, |message| heard(number, message))?;
            }
        }
        Ok(())
    }

    /// Takes what comes, for this long.
    pub(super) fn listen(&mut self, span: Duration) -> Result<(), BenchFault> {
        let end = Instant::now() + span;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            self.turn(left, |_, _| {})?;
        }
    }

    /// Sends a message as the client with this number.
    pub(super) fn say(&mut self, number: usize, text: &str) -> Result<(), BenchFault> {
        match self.clients.get_mut(number) {
            Some(client) => client.say(text),
            None => Ok(()),
        }
    }
}
