//! Many clients in one thread: one wait for all of them, one read for all that a client has got.
//!
//! [`actions`]: what they are to do. [`timer`]: how a wait ends when something is due.

mod actions;
mod timer;

use std::{
    io, mem,
    thread::sleep,
    time::{Duration, Instant},
};

use mio::{Events, Interest, Poll, Token, event::Event, net::TcpStream};

pub(crate) use self::actions::Actions;
use self::timer::Timer;
use super::{
    fault::BenchFault,
    options::Speaks,
    target::{Endpoint, Target},
    transport::{Client, Ticket},
};

/// Clients on their way in at once: enough to keep a server busy, and fewer than wait to be accepted
/// at any server.
pub(crate) const HANDSHAKES: usize = 64;

/// How long to wait for the next client to be let in.
const PATIENCE: Duration = Duration::from_secs(30);

/// Sockets looked at after one wait.
const EVENTS: usize = 4096;

/// Pause before each wait, in which messages gather: else the tool would wake for each of them, which
/// costs both sides more than the message. Latencies are exact to this.
const PAUSE: Duration = Duration::from_millis(1);

/// How much longer than asked for a thread may sleep: the kernel joins timers that are this near (`PR_SET_TIMERSLACK`), twice
/// over. What is due sooner is not slept for.
const SLACK: Duration = Duration::from_micros(100);

/// The token of the timer; clients have those of their numbers.
const TIMER: Token = Token(usize::MAX);

/// Bytes read at once: all that a socket holds, nearly always.
const READ_MAX: usize = 256 * 1024;

/// How the message begins with which a server says that a client has all it needs.
const READY: &[u8] = br#"{"type":"ready""#;

/// All clients of a run. Any that is lost ends the run: its figures would be those of another crowd.
pub(crate) struct Crowd {
    endpoint: Endpoint,
    poll: Poll,
    timer: Timer,
    events: Events,
    /// By number; none where one has left.
    clients: Vec<Option<Client>>,
    scratch: Box<[u8]>,
    encoded: Vec<u8>,
    /// Before each wait.
    pause: Duration,
}

impl Crowd {
    /// Nobody yet. Messages are let gather before they are taken.
    pub(crate) fn new(target: &Target) -> Result<Self, BenchFault> {
        Self::at(target.endpoint().clone(), PAUSE)
    }

    /// A crowd that takes every message as soon as it is there: for clients that wait for an answer before they go on.
    pub(crate) fn eager(target: &Target) -> Result<Self, BenchFault> {
        Self::at(target.endpoint().clone(), Duration::ZERO)
    }

    /// `pause`: how long messages gather before each wait.
    pub(crate) fn at(endpoint: Endpoint, pause: Duration) -> Result<Self, BenchFault> {
        let poll = Poll::new().map_err(BenchFault::Wait)?;
        let timer = Timer::new(poll.registry(), TIMER)?;
        Ok(Self {
            endpoint,
            poll,
            timer,
            events: Events::with_capacity(EVENTS),
            clients: Vec::new(),
            scratch: vec![0; READ_MAX].into(),
            encoded: Vec::new(),
            pause,
        })
    }

    /// Clients, with those that have left.
    pub(crate) fn len(&self) -> usize {
        self.clients.len()
    }

    /// Lets in one client for each ticket, and returns when all are ready.
    pub(crate) fn admit(
        &mut self,
        tickets: impl ExactSizeIterator<Item = Ticket>,
    ) -> Result<(), BenchFault> {
        let before = self.len();
        let all = before + tickets.len();
        let mut tickets = tickets;
        let mut ready = before;
        let speaks = self.endpoint.speaks;
        let mut progress = Instant::now();
        while ready < all {
            while self.len() < ready + HANDSHAKES
                && let Some(ticket) = tickets.next()
            {
                self.begin(&ticket)?;
            }
            let known = ready;
            self.turn(PATIENCE, |_, message| {
                ready += usize::from(speaks.says_ready(message));
            })?;
            if ready > known {
                progress = Instant::now();
            } else if progress.elapsed() >= PATIENCE {
                return Err(BenchFault::Silent(PATIENCE));
            }
        }
        Ok(())
    }

    /// Has one more client ask to be let in, and returns its number: they count from 0. When it is ready, it hears so
    /// ([`Speaks::says_ready`]).
    pub(crate) fn begin(&mut self, ticket: &Ticket) -> Result<usize, BenchFault> {
        let number = self.len();
        self.clients.push(None);
        self.begin_again(number, ticket)?;
        Ok(number)
    }

    /// Has a client that has left ask to be let in again.
    pub(crate) fn begin_again(&mut self, number: usize, ticket: &Ticket) -> Result<(), BenchFault> {
        let mut client = Client::connect(&self.endpoint, ticket, number)?;
        self.wait_for(client.source(), number * 2)?;
        if let Some(place) = self.clients.get_mut(number) {
            *place = Some(client);
        }
        Ok(())
    }

    /// Waits for room as well: what was sent before the socket was connected goes then.
    fn wait_for(&self, source: &mut TcpStream, token: usize) -> Result<(), BenchFault> {
        let interest = Interest::READABLE | Interest::WRITABLE;
        let registry = self.poll.registry();
        let registered = registry.register(source, Token(token), interest);
        registered.map_err(BenchFault::Wait)
    }

    /// Waits until something comes, `patience` at most, and hands it out: the client's number and the message.
    pub(crate) fn turn(
        &mut self,
        patience: Duration,
        mut heard: impl FnMut(usize, &[u8]),
    ) -> Result<(), BenchFault> {
        let until = Instant::now() + patience;
        self.act(until, &mut Actions::default(), |number, message, _| {
            heard(number, message);
            Ok(())
        })
    }

    /// Waits until something comes, or it is `until`, and hands out what each client has got, with a list for what is to be
    /// done about it. What is to be said is said before the next client is looked at: an answer that waited for the others of
    /// its turn would make all clients go in step.
    pub(crate) fn act(
        &mut self,
        until: Instant,
        actions: &mut Actions,
        mut heard: impl FnMut(usize, &[u8], &mut Actions) -> Result<(), BenchFault>,
    ) -> Result<(), BenchFault> {
        self.wait(until)?;
        // Taken out while they are looked at: who answers needs the crowd.
        let events = mem::replace(&mut self.events, Events::with_capacity(0));
        let looked = events.iter().try_for_each(|event| {
            self.look(event, actions, &mut heard)?;
            actions.say_at_once(self)
        });
        self.events = events;
        looked?;
        actions.perform(self)
    }

    /// Lets messages gather, and waits until there are some or it is time.
    fn wait(&mut self, until: Instant) -> Result<(), BenchFault> {
        let mut now = Instant::now();
        let left = until.saturating_duration_since(now);
        let pause = self.pause.min(left.saturating_sub(SLACK));
        if !pause.is_zero() {
            sleep(pause);
            now = Instant::now();
        }
        let waited = match now < until {
            true => {
                self.timer.ring_by(until, now)?;
                self.poll.poll(&mut self.events, None)
            }
            false => self.poll.poll(&mut self.events, Some(Duration::ZERO)),
        };
        match waited {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                self.events.clear();
                Ok(())
            }
            waited => waited.map_err(BenchFault::Wait),
        }
    }

    /// Looks at what has happened to a client.
    fn look(
        &mut self,
        event: &Event,
        actions: &mut Actions,
        heard: &mut impl FnMut(usize, &[u8], &mut Actions) -> Result<(), BenchFault>,
    ) -> Result<(), BenchFault> {
        let Token(token) = event.token();
        let number = token / 2;
        let Some(place) = self.clients.get_mut(number) else {
            return Ok(());
        };
        let Some(client) = place else {
            return Ok(());
        };
        let mut judged = Ok(());
        let heard = |message: &[u8]| {
            if judged.is_ok() {
                judged = heard(number, message, actions);
            }
        };
        let read = match event.is_writable() {
            true => client.flush(),
            false => Ok(()),
        }
        .and_then(|()| match token % 2 {
            0 => client.read(&mut self.scratch, heard),
            _ => client.read_answers(&mut self.scratch, heard),
        });
        match read {
            Err(_) if client.is_leaving() => *place = None,
            read => read?,
        }
        judged
    }

    /// Takes what comes, for this long.
    pub(crate) fn listen(&mut self, span: Duration) -> Result<(), BenchFault> {
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
    pub(crate) fn say(&mut self, number: usize, text: &str) -> Result<(), BenchFault> {
        let Some(Some(client)) = self.clients.get_mut(number) else {
            return Ok(());
        };
        if client.lacks_commands() {
            self.open_commands(number)?;
        }
        match self.clients.get_mut(number) {
            Some(Some(client)) => client.say(text, &mut self.encoded),
            _ => Ok(()),
        }
    }

    fn open_commands(&mut self, number: usize) -> Result<(), BenchFault> {
        let Some(mut client) = self.clients.get_mut(number).and_then(Option::take) else {
            return Ok(());
        };
        client.open_commands(&self.endpoint)?;
        if let Some(source) = client.commands_source() {
            self.wait_for(source, number * 2 + 1)?;
        }
        if let Some(place) = self.clients.get_mut(number) {
            *place = Some(client);
        }
        Ok(())
    }

    /// Has a client say goodbye. It is gone when the server has said goodbye too.
    pub(crate) fn leave(&mut self, number: usize) -> Result<(), BenchFault> {
        if let Some(place) = self.clients.get_mut(number)
            && let Some(client) = place
            && !client.leave()?
        {
            *place = None;
        }
        Ok(())
    }

    /// Cuts a client's connection, as a tunnel does.
    pub(crate) fn cut(&mut self, number: usize) {
        if let Some(place) = self.clients.get_mut(number) {
            *place = None;
        }
    }

    /// Has everybody leave, and returns when all are gone.
    pub(crate) fn leave_all(&mut self) -> Result<(), BenchFault> {
        for number in 0..self.len() {
            self.leave(number)?;
        }
        let end = Instant::now() + PATIENCE;
        while self.clients.iter().any(Option::is_some) {
            if Instant::now() > end {
                return Err(BenchFault::Silent(PATIENCE));
            }
            self.turn(PATIENCE, |_, _| {})?;
        }
        Ok(())
    }
}

impl Speaks {
    /// Whether a message says that its client has all it needs.
    pub(crate) fn says_ready(self, message: &[u8]) -> bool {
        match self {
            Self::Otomo => message.starts_with(READY),
            Self::Plain => message.starts_with(b"i"),
        }
    }
}
