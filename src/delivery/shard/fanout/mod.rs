//! Fan-out: every line of a worker is told what was broadcast, in passes over all of them, each in steps.

mod company;

use std::{rc::Rc, sync::Arc, time::Duration};

use actix_rt::time::Instant;

use self::company::Company;
use super::super::{
    broadcast::{Broadcast, Due},
    dispatch::Queue,
    express::Entry,
    line::{Accepted, Line},
    lines::Lines,
    rounds::{Audience, Joined, Round, Rounds},
};

/// Lines visited before the mailbox gets its turn: a millisecond or two of socket writes.
pub(super) const STEP: usize = 256;

/// The fan-out of one worker.
pub(super) struct Fanout {
    lines: Rc<Lines>,
    broadcast: Arc<Broadcast>,
    queue: Arc<Queue>,
    rounds: Rounds,
    stage: Stage,
    company: Company,
    /// Messages written during this pass, counted once at its end.
    told: Told,
    /// How long updates are gathered when they come faster than this (`outbox.join_delay`).
    join_delay: Duration,
}

/// Counted here and handed on once a pass: a shared counter would be slower than the delivery that it counts.
#[derive(Debug, Clone, Copy, Default)]
struct Told {
    /// Messages, once for each client.
    messages: u64,
    /// Those of them that left together with another one.
    joined: u64,
}

impl Told {
    /// A client was told all this in one piece.
    fn count(&mut self, joined: &Joined) {
        self.messages += joined.frames;
        self.joined += joined.frames - 1;
    }
}

/// Where the fan-out is.
#[derive(Debug, Clone, Copy)]
enum Stage {
    /// Everybody knows everything; the last pass began at `since`.
    Resting { since: Instant },
    /// Something was broadcast soon after the last pass began: more is gathered until then, or until all are there that are
    /// expected.
    Gathering { until: Instant },
    /// Lines before `next` have seen everything up to `target`.
    Sending {
        next: usize,
        target: u64,
        began: Instant,
    },
}

/// What the worker should do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Nothing: everybody knows everything.
    Rest,
    /// Come back at this time.
    Sleep(Instant),
    /// Come back as soon as the mailbox has had its turn.
    GoOn,
    /// The same; a whole pass has just ended, which took so long.
    Finished(Duration),
}

impl Fanout {
    pub(super) fn new(
        lines: Rc<Lines>,
        broadcast: Arc<Broadcast>,
        queue: Arc<Queue>,
        join_delay: Duration,
    ) -> Self {
        let now = Instant::now();
        let since = now.checked_sub(join_delay).unwrap_or(now);
        Self {
            lines,
            broadcast,
            queue,
            rounds: Rounds::default(),
            stage: Stage::Resting { since },
            company: Company::default(),
            told: Told::default(),
            join_delay,
        }
    }

    /// Something was broadcast. The first after a pause is told at once; what follows within
    /// `join_delay` waits that long at most and is told together. Where the last passes told several things, more is likely
    /// to follow this one, and a pass for each would cost as much as one for all: see [`company`].
    pub(super) fn poked(&mut self) {
        if let Stage::Resting { since } = self.stage {
            let after = since + self.join_delay;
            self.company.comes_after(since.elapsed(), self.join_delay);
            let patience = self.company.patience().min(self.join_delay);
            self.stage = Stage::Gathering {
                until: match patience.is_zero() {
                    true => after,
                    false => after.max(Instant::now() + patience),
                },
            };
        }
    }

    /// Whether all have come that are expected. If not, the worker is poked once they have.
    fn all_have_come(&self) -> bool {
        let worker = usize::from(self.lines.worker());
        self.company.all().is_some_and(|all| {
            let missing = all.saturating_sub(self.rounds.told());
            self.broadcast.has_or_pokes(worker, missing)
        })
    }

    /// Brings one line up to date with what was broadcast up to `said`, so that what is addressed to it
    /// comes after what was said to all before.
    pub(super) fn catch_up(&mut self, line: &Line, said: Round) {
        self.take_broadcast(Due::UpTo(said));
        self.tell(line);
    }

    /// Notes that a line has a snapshot which contains every round up to `seen`.
    pub(super) fn caught_up_to(&mut self, line: &Line, seen: u64) {
        line.seat().see(seen.max(line.seat().seen()));
    }

    /// Takes in what hubs have left for this worker, as far as it is due.
    fn take_broadcast(&mut self, due: Due) {
        let worker = usize::from(self.lines.worker());
        if self.broadcast.waiting(worker) > 0 {
            self.rounds.append(self.broadcast.take(worker, due));
            self.lines.set_latest_round(self.rounds.latest());
            self.poked();
        }
    }

    fn tell(&mut self, line: &Line) {
        let (seen, latest) = (line.seat().seen(), self.rounds.latest());
        if seen >= latest {
            return;
        }
        line.seat().see(latest);
        let audience = Audience {
            after: seen,
            topics: line.subscribed(),
            versioned: line.versioned(),
            format: line.format(),
        };
        let joined = self.rounds.joined_for(audience);
        if joined.frames == 0 {
            return;
        }
        if line.send_shared(&joined.bytes) == Accepted::Taken {
            self.told.count(&joined);
            return line.board();
        }
        for frame in self.rounds.frames_for(audience) {
            // A line that is too slow for it says so itself.
            let _ = line.push(frame.clone());
        }
    }

    /// Tells the lines in these places: those that keep up by bare writes, the others one by one.
    fn tell_all(&mut self, from: usize, end: usize) {
        let mut place = from;
        while place < end {
            place = self.tell_boarded(place, end);
            if let Some(line) = self.lines.at(place).filter(|_| place < end) {
                self.tell(&line);
            }
            place += 1;
        }
    }

    /// Writes to the sockets of lines that keep up, until there is one that does not. Returns its place.
    fn tell_boarded(&mut self, from: usize, end: usize) -> usize {
        let Self {
            lines,
            rounds,
            told,
            ..
        } = self;
        let latest = rounds.latest();
        // Lines that hear the same follow one another: almost always it is one piece for all.
        let mut piece: Option<(Audience, Rc<Joined>)> = None;
        let mut begun = None;
        let halt = lines.express().walk(from, end, |place| {
            let entry: Entry = place.get();
            if entry.seen >= latest {
                return true;
            }
            let Some(socket) = entry.socket() else {
                return false;
            };
            let audience = entry.audience();
            let (_, joined) = match &mut piece {
                Some(piece) if piece.0 == audience => piece,
                piece => piece.insert((audience, rounds.joined_for(audience))),
            };
            let whole = joined.bytes.len();
            let written = if whole == 0 {
                0
            } else {
                socket.write(&joined.bytes)
            };
            match written {
                all if all == whole => place.set(entry.told(latest)),
                // What is wrong, and that there is no room, is found out the long way.
                0 => place.set(entry.off()),
                some => {
                    place.set(entry.told(latest).off());
                    begun = Some((joined.bytes.clone(), some));
                }
            }
            if written > 0 {
                told.count(joined);
            }
            written == whole
        });
        if let (Some((bytes, written)), Some(line)) = (begun, lines.at(halt)) {
            line.finish_shared(&bytes, written);
        }
        halt
    }

    /// Goes on for one step.
    pub(super) fn step(&mut self) -> Next {
        let now = Instant::now();
        match self.stage {
            Stage::Resting { .. } => Next::Rest,
            Stage::Gathering { until } => {
                if until > now && !self.all_have_come() {
                    return Next::Sleep(until);
                }
                self.take_broadcast(Due::Behind(self.queue.left()));
                self.send_on(0, self.rounds.latest(), now)
            }
            Stage::Sending {
                next,
                target,
                began,
            } => self.send_on(next, target, began),
        }
    }

    fn send_on(&mut self, from: usize, target: u64, began: Instant) -> Next {
        let places = self.lines.express().len();
        let end = from.saturating_add(STEP).min(places);
        self.tell_all(from, end);
        if end < places {
            self.stage = Stage::Sending {
                next: end,
                target,
                began,
            };
            return Next::GoOn;
        }
        let worker = usize::from(self.lines.worker());
        let (took, meanwhile) = (began.elapsed(), self.broadcast.waiting(worker));
        if self.rounds.told() > 0 {
            let different = self.broadcast.different(worker, self.rounds.frames());
            self.company.learn(different, took);
        }
        self.stage = Stage::Resting { since: began };
        let Told { messages, joined } = std::mem::take(&mut self.told);
        self.lines.counters().broadcast(messages, joined);
        // Lines that were addressed during the pass may be ahead of those visited before them.
        let everybody_knows = target == self.rounds.latest();
        self.rounds.forget(target);
        // A poke during the pass changed nothing then: what it was about is still to be told.
        if !everybody_knows || meanwhile > 0 {
            self.poked();
        }
        Next::Finished(took)
    }
}

#[cfg(test)]
mod tests;
