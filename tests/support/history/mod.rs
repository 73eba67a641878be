//! What the clients of a run said, were answered and heard, and the laws that it must keep.
//!
//! A [`History`] is data: messages of the wire as they were, each with its moment and its connection; of a connection its user,
//! its device and the `lastSeq` that it was opened with. The order is that in which the clients saw things happen: what is
//! recorded before something was sent happened before it. What is asked over REST is written as a message, too: its `type` is the
//! method and the path as documented (`GET /api/points`), the `type` of its answer is `answer`, or `error`, and its connection has
//! the device [`REST`] and no stream.
//!
//! [`laws`] are functions from a history to what breaks them, named in the words of the rules. They believe the clients alone:
//! what was acknowledged is done, what was refused is not, and what has no answer is perhaps done ([`commands`]).
//!
//! A history is printed a line a moment, and read from the same lines: what a run has printed is checked again, and the histories
//! of the laws' own tests are written so.

pub(crate) mod commands;
pub(crate) mod laws;
mod written;

use std::fmt;

use serde_json::Value as Json;

/// The device of those who ask over REST.
pub(crate) const REST: &str = "rest";

/// What happened at a connection.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum What {
    /// It is about to be opened.
    Opens,
    /// Its client sends a command, or asks something.
    Says(Json),
    /// Its client was told something.
    Hears(Json),
    /// It is over, whoever ended it.
    Closes,
    /// Everything that is due to its user has come, as far as a fresh connection can tell.
    Settles,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Moment {
    /// Milliseconds since the run began.
    pub(crate) at: u64,
    /// The connection's number.
    pub(crate) connection: usize,
    pub(crate) what: What,
}

/// Whose a connection is, and how it was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Connection {
    pub(crate) user: String,
    pub(crate) device: String,
    /// The last durable event that its client has, if it says so.
    pub(crate) last_seq: Option<u64>,
    /// The place of its opening.
    pub(crate) opened: usize,
    /// The places of everything that happened at it, in order.
    places: Vec<usize>,
}

/// What happened, in order. A *place* is the number of a moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct History {
    moments: Vec<Moment>,
    connections: Vec<Connection>,
}

/// Something that was said or heard.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Word<'a> {
    pub(crate) place: usize,
    pub(crate) connection: usize,
    pub(crate) by: &'a Connection,
    pub(crate) json: &'a Json,
}

/// What breaks a law.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Breach {
    /// The law, in the words of the rules.
    pub(crate) law: &'static str,
    pub(crate) what: String,
    /// The moments that show it.
    pub(crate) places: Vec<usize>,
}

impl History {
    /// Somebody is about to connect; the connection's number.
    pub(crate) fn opens(&mut self, at: u64, user: &str, device: &str, last: Option<u64>) -> usize {
        self.connections.push(Connection {
            user: user.to_owned(),
            device: device.to_owned(),
            last_seq: last,
            opened: self.moments.len(),
            places: Vec::new(),
        });
        let connection = self.connections.len() - 1;
        self.add(at, connection, What::Opens);
        connection
    }

    /// A client is about to send something.
    pub(crate) fn says(&mut self, at: u64, connection: usize, command: Json) {
        self.add(at, connection, What::Says(command));
    }

    /// A client was told something.
    pub(crate) fn hears(&mut self, at: u64, connection: usize, event: Json) {
        self.add(at, connection, What::Hears(event));
    }

    /// A connection is over.
    pub(crate) fn closes(&mut self, at: u64, connection: usize) {
        self.add(at, connection, What::Closes);
    }

    /// Everything that is due to the connection's user has come.
    pub(crate) fn settles(&mut self, at: u64, connection: usize) {
        self.add(at, connection, What::Settles);
    }

    fn add(&mut self, at: u64, connection: usize, what: What) {
        self.connections[connection].places.push(self.moments.len());
        self.moments.push(Moment {
            at,
            connection,
            what,
        });
    }

    /// All connections; the number of each is its index.
    pub(crate) fn connections(&self) -> &[Connection] {
        &self.connections
    }

    /// Everything that was heard, in order.
    pub(crate) fn heard(&self) -> impl Iterator<Item = Word<'_>> {
        (0..self.moments.len()).filter_map(|place| self.heard_at(place))
    }

    /// Everything that was heard on one connection, in order.
    pub(crate) fn heard_on(&self, connection: usize) -> impl Iterator<Item = Word<'_>> {
        let places = self.connections[connection].places.iter();
        places.filter_map(|place| self.heard_at(*place))
    }

    fn heard_at(&self, place: usize) -> Option<Word<'_>> {
        match &self.moments[place].what {
            What::Hears(json) => Some(self.word(place, json)),
            _ => None,
        }
    }

    /// Everything that was said, in order.
    pub(crate) fn said(&self) -> impl Iterator<Item = Word<'_>> {
        let moments = self.moments.iter().enumerate();
        moments.filter_map(|(place, moment)| match &moment.what {
            What::Says(json) => Some(self.word(place, json)),
            _ => None,
        })
    }

    fn word<'a>(&'a self, place: usize, json: &'a Json) -> Word<'a> {
        let connection = self.moments[place].connection;
        Word {
            place,
            connection,
            by: &self.connections[connection],
            json,
        }
    }

    /// The users to whom everything that was due has come, with the place where it had.
    pub(crate) fn settled(&self) -> impl Iterator<Item = (&str, usize)> {
        let moments = self.moments.iter().enumerate();
        let settled = moments.filter(|(_, moment)| moment.what == What::Settles);
        settled.map(|(place, moment)| (&*self.connections[moment.connection].user, place))
    }

    /// How many moments there are.
    pub(crate) fn len(&self) -> usize {
        self.moments.len()
    }
}

impl<'a> Word<'a> {
    /// The `type`.
    pub(crate) fn kind(&self) -> &'a str {
        self.text("type")
    }

    /// A field that is a string; empty if it is not there.
    pub(crate) fn text(&self, field: &str) -> &'a str {
        self.json[field].as_str().unwrap_or_default()
    }

    /// A field that is a number; 0 if it is not there.
    pub(crate) fn number(&self, field: &str) -> i64 {
        self.json[field].as_i64().unwrap_or_default()
    }

    /// The place in its user's stream, if it is durable.
    pub(crate) fn seq(&self) -> Option<u64> {
        self.json["prev"].as_u64()?;
        self.json["seq"].as_u64()
    }

    /// Whose it is.
    pub(crate) fn user(&self) -> &'a str {
        &self.by.user
    }
}

impl Breach {
    /// Something that must not be, as these moments show.
    pub(crate) fn at(what: impl Into<String>, places: impl Into<Vec<usize>>) -> Self {
        Self {
            law: "",
            what: what.into(),
            places: places.into(),
        }
    }
}

/// Everything in a history that breaks a law.
pub(crate) fn breaches(history: &History) -> Vec<Breach> {
    let broken = |(law, find): &(&'static str, laws::Law)| {
        let found = find(history).into_iter();
        found
            .map(|breach| Breach { law, ..breach })
            .collect::<Vec<_>>()
    };
    laws::ALL.iter().flat_map(broken).collect()
}

/// The first breaches of each law, with the moments that show them: short enough to be read, whatever went wrong.
pub(crate) fn report(history: &History, breaches: &[Breach]) -> String {
    const SHOWN: usize = 5;
    let mut text = String::new();
    for (law, _) in laws::ALL {
        let broken: Vec<_> = breaches.iter().filter(|it| it.law == law).collect();
        if !broken.is_empty() {
            text += &format!("broken {} times: {law}\n", broken.len());
        }
        for breach in broken.into_iter().take(SHOWN) {
            text += &format!("  {}\n", breach.what);
            for place in &breach.places {
                text += &format!("    {}\n", history.line(*place));
            }
        }
    }
    text
}

/// Fails if a history breaks a law, and says which and where.
#[track_caller]
pub(crate) fn assert_lawful(history: &History) {
    let broken = breaches(history);
    assert!(broken.is_empty(), "{}", report(history, &broken));
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (0..self.len()).try_for_each(|place| writeln!(f, "{}", self.line(place)))
    }
}
