//! What clients are to do, and how late this tool did it.

use std::{rc::Rc, time::Instant};

use super::Crowd;
use crate::cli::bench::{
    fault::BenchFault,
    measure::{Latencies, Pace},
    transport::Ticket,
};

/// What clients are to do, in order.
#[derive(Default)]
pub(crate) struct Actions {
    list: Vec<Planned>,
    /// From when the next was due, if the clock decides that.
    due: Option<Instant>,
    /// How long after they were due things were done. None where nothing goes by the clock.
    pub(crate) lateness: Option<Latencies>,
}

struct Planned {
    client: usize,
    what: Action,
    due: Option<Instant>,
}

enum Action {
    Say(Rc<str>),
    Join(Ticket),
    Leave,
    Cut,
}

impl Actions {
    /// What is wanted next was due then. If it is the clock that says so, what this tool does later is its own lateness.
    pub(crate) fn due(&mut self, pace: Pace, due: Instant) -> &mut Self {
        self.due = match pace {
            Pace::Open { .. } => Some(due),
            Pace::Closed => None,
        };
        self
    }

    /// What is wanted next was due then, by the clock.
    pub(crate) fn due_by_clock(&mut self, due: Instant) -> &mut Self {
        self.due = Some(due);
        self
    }

    /// Something that was due then, by the clock, has gone otherwise than through a client.
    pub(crate) fn gone(&mut self, due: Instant) {
        let lateness = self.lateness.get_or_insert_default();
        lateness.note(due.elapsed());
    }

    /// A client sends a message.
    pub(crate) fn say(&mut self, client: usize, text: impl Into<Rc<str>>) {
        self.add(client, Action::Say(text.into()));
    }

    /// A client that has left comes back; or the next new one comes.
    pub(crate) fn join(&mut self, client: usize, ticket: Ticket) {
        self.add(client, Action::Join(ticket));
    }

    /// A client says goodbye.
    pub(crate) fn leave(&mut self, client: usize) {
        self.add(client, Action::Leave);
    }

    /// A client's connection breaks.
    pub(crate) fn cut(&mut self, client: usize) {
        self.add(client, Action::Cut);
    }

    fn add(&mut self, client: usize, what: Action) {
        let due = self.due.take();
        self.list.push(Planned { client, what, due });
    }

    /// Has the crowd do all of it, in order, and notes how late that was.
    pub(crate) fn perform(&mut self, crowd: &mut Crowd) -> Result<(), BenchFault> {
        for Planned { client, what, due } in self.list.drain(..) {
            match what {
                Action::Say(text) => crowd.say(client, &text)?,
                Action::Join(ticket) if client < crowd.len() => {
                    crowd.begin_again(client, &ticket)?
                }
                Action::Join(ticket) => {
                    crowd.begin(&ticket)?;
                }
                Action::Leave => crowd.leave(client)?,
                Action::Cut => crowd.cut(client),
            }
            if let Some(due) = due {
                // Not `gone`: the list is being drained.
                let lateness = self.lateness.get_or_insert_default();
                lateness.note(due.elapsed());
            }
        }
        Ok(())
    }

    /// Says what is to be said, if nothing else is planned: whoever comes or goes has to wait until nobody's socket is being
    /// looked at.
    pub(super) fn say_at_once(&mut self, crowd: &mut Crowd) -> Result<(), BenchFault> {
        let says = |planned: &Planned| matches!(planned.what, Action::Say(_));
        match self.list.iter().all(says) {
            true => self.perform(crowd),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read as _, Write as _},
        net::{TcpListener, TcpStream},
        thread,
        time::Duration,
    };

    use super::*;
    use crate::cli::bench::{
        options::{Speaks, Transport, WayArgs},
        target::Endpoint,
        transport::handshake::ACCEPT,
    };

    /// Two clients of a plain server that says what the test says: the crowd, and the server's ends.
    fn two_clients() -> (Crowd, [TcpStream; 2]) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("ws://{}", listener.local_addr().unwrap());
        let way = WayArgs {
            transport: Transport::Ws,
            source: Vec::new(),
            ca: None,
            insecure: false,
        };
        let endpoint = Endpoint::parse(&url, Speaks::Plain, &way).unwrap();
        let accepted = thread::spawn(move || {
            [0, 1].map(|_| {
                let mut peer = listener.accept().unwrap().0;
                // The handshake, and the frame in which the client says its number.
                let mut asked = Vec::new();
                let mut byte = [0];
                while !asked.ends_with(b"\r\n\r\n") {
                    peer.read_exact(&mut byte).unwrap();
                    asked.push(byte[0]);
                }
                let welcome = format!(
                    "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: {ACCEPT}\r\n\r\n"
                );
                peer.write_all(welcome.as_bytes()).unwrap();
                peer.read_exact(&mut [0; 8]).unwrap();
                peer.write_all(&text("i")).unwrap();
                peer
            })
        });
        let mut crowd = Crowd::at(endpoint, Duration::ZERO).unwrap();
        let ticket = Ticket::new(String::new(), "calls");
        crowd.admit([ticket.clone(), ticket].into_iter()).unwrap();
        (crowd, accepted.join().unwrap())
    }

    /// A short frame of the server's.
    fn text(text: &str) -> Vec<u8> {
        [&[0x81, text.len() as u8], text.as_bytes()].concat()
    }

    #[test]
    fn who_has_its_answer_goes_on_before_the_next_is_looked_at() {
        let (mut crowd, mut server) = two_clients();
        for peer in &mut server {
            peer.write_all(&text("e")).unwrap();
            peer.set_nonblocking(true).unwrap();
        }
        let mut actions = Actions::default();
        let mut heard = Vec::new();
        while heard.len() < 2 {
            let until = Instant::now() + Duration::from_secs(10);
            let turned = crowd.act(until, &mut actions, |client, _, actions| {
                // What those said who were looked at before is at the server already.
                for earlier in &heard {
                    let peer: &TcpStream = &server[*earlier];
                    assert!(peer.peek(&mut [0]).is_ok(), "{earlier} waits for {client}");
                }
                heard.push(client);
                actions.say(client, "e");
                Ok(())
            });
            turned.unwrap();
        }
    }

    #[test]
    fn lateness_is_of_the_clock_and_of_what_was_due_by_it_alone() {
        let (mut crowd, _server) = two_clients();
        let mut actions = Actions::default();
        let due = Instant::now() - Duration::from_millis(50);
        actions.due(Pace::Closed, due).say(0, "e");
        actions.perform(&mut crowd).unwrap();
        assert!(actions.lateness.is_none());
        actions.due(Pace::open(1.0, due), due).say(0, "e");
        actions.say(1, "e");
        actions.perform(&mut crowd).unwrap();
        let lateness = actions.lateness.unwrap();
        assert_eq!(lateness.histogram().len(), 1);
        assert!(lateness.millis(1.0) >= 50.0);
    }
}
