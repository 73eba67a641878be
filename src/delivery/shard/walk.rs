//! Telling every line of a worker what was broadcast, in steps.

use std::{rc::Rc, sync::Arc, time::Duration};

use actix_rt::time::Instant;

use super::super::{
    broadcast::Broadcast,
    line::{Accepted, Line},
    lines::Lines,
    rounds::{Audience, Rounds},
};

/// Lines visited before the mailbox gets its turn: a millisecond or two of socket writes.
const STEP: usize = 256;

/// The walk of one worker over its lines.
pub(super) struct Walk {
    lines: Rc<Lines>,
    broadcast: Arc<Broadcast>,
    rounds: Rounds,
    stage: Stage,
    /// Messages written during this walk, counted once at its end.
    told: u64,
    /// How long updates are gathered when they come faster than this (`outbox.join_delay`).
    join_delay: Duration,
}

/// Where the walk is.
#[derive(Debug, Clone, Copy)]
enum Stage {
    /// Everybody knows everything; the last walk began at `since`.
    Resting { since: Instant },
    /// Something was broadcast soon after the last walk: more is gathered until then.
    Gathering { until: Instant },
    /// Lines before `next` have seen everything up to `target`.
    Walking {
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
    /// The same; a whole walk has just ended, which took so long.
    Walked(Duration),
}

impl Walk {
    pub(super) fn new(lines: Rc<Lines>, broadcast: Arc<Broadcast>, join_delay: Duration) -> Self {
        let now = Instant::now();
        let since = now.checked_sub(join_delay).unwrap_or(now);
        Self {
            lines,
            broadcast,
            rounds: Rounds::default(),
            stage: Stage::Resting { since },
            told: 0,
            join_delay,
        }
    }

    /// Something was broadcast. The first after a pause is told at once; what follows within
    /// `join_delay` waits that long and is told together.
    pub(super) fn poked(&mut self) {
        if let Stage::Resting { since } = self.stage {
            self.stage = Stage::Gathering {
                until: since + self.join_delay,
            };
        }
    }

    /// Brings one line up to date, so that what is addressed to it comes after what was said to all.
    pub(super) fn catch_up(&mut self, line: &Line) {
        self.take_broadcast();
        self.tell(line);
    }

    /// Notes that a line has a snapshot which contains every round up to `seen`.
    pub(super) fn caught_up_to(&mut self, line: &Line, seen: u64) {
        line.seen.set(seen.max(line.seen.get()));
    }

    /// Takes in all that hubs have left for this worker.
    pub(super) fn take_broadcast(&mut self) {
        let worker = usize::from(self.lines.worker());
        if self.broadcast.waits(worker) {
            self.rounds.append(self.broadcast.take(worker));
            self.lines.set_latest_round(self.rounds.latest());
            self.poked();
        }
    }

    fn tell(&mut self, line: &Line) {
        if line.seen.get() >= self.rounds.latest() {
            return;
        }
        let audience = Audience {
            after: line.seen.replace(self.rounds.latest()),
            topics: line.subscribed(),
            versioned: line.versioned(),
            format: line.format(),
        };
        let joined = self.rounds.joined_for(audience);
        if joined.frames == 0 {
            return;
        }
        if line.send_shared(&joined.bytes) == Accepted::Taken {
            self.lines.tally().joined(joined.frames - 1);
            self.told += joined.frames;
            return;
        }
        for frame in self.rounds.frames_for(audience) {
            // A line that is too slow for it says so itself.
            let _ = line.push(frame.clone());
        }
    }

    /// Goes on for one step.
    pub(super) fn step(&mut self) -> Next {
        let now = Instant::now();
        match self.stage {
            Stage::Resting { .. } => Next::Rest,
            Stage::Gathering { until } if until > now => Next::Sleep(until),
            Stage::Gathering { .. } => {
                self.take_broadcast();
                self.walk_on(0, self.rounds.latest(), now)
            }
            Stage::Walking {
                next,
                target,
                began,
            } => self.walk_on(next, target, began),
        }
    }

    fn walk_on(&mut self, from: usize, target: u64, began: Instant) -> Next {
        let (page, next) = self.lines.page(from, STEP);
        for line in page {
            self.tell(&line);
        }
        if let Some(next) = next {
            self.stage = Stage::Walking {
                next,
                target,
                began,
            };
            return Next::GoOn;
        }
        self.stage = Stage::Resting { since: began };
        self.lines.tally().broadcast(std::mem::take(&mut self.told));
        // Lines that were addressed during the walk may be ahead of those visited before them.
        match target == self.rounds.latest() {
            true => self.rounds.clear(),
            false => self.poked(),
        }
        Next::Walked(began.elapsed())
    }
}
