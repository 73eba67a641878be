//! Which lines of a worker have something to write, and when they write it.
//!
//! ```text
//!   now      control, durable, high    once the worker has handled what waits for it
//!   joined   states, ephemeral         the first after a pause at once; what follows within `outbox.join_delay` leaves together
//!   held     low                       `outbox.low_window` after the first of a line
//! ```
//! A write takes along what waits for its line, but for what is held. So a line whose states change a thousand times a second
//! is written a hundred times, and a call of it is not late by any of that.
//!
//! There is no timer per line: the windows are all of one length, so lines are due in the order in which they were noted.

use std::{cell::Cell, collections::VecDeque, rc::Rc, time::Duration};

use actix_rt::time::Instant;

use super::{line::Line, queued::Urgency};

/// How long writes are put off.
#[derive(Debug, Clone, Copy)]
pub(super) struct Delays {
    /// `outbox.join_delay`.
    pub(super) join: Duration,
    /// `outbox.low_window`.
    pub(super) low: Duration,
}

impl Delays {
    /// Nothing is put off.
    #[cfg(test)]
    pub(super) const NONE: Delays = Delays {
        join: Duration::ZERO,
        low: Duration::ZERO,
    };
}

/// What the worker's list knows of one line.
#[derive(Debug, Default)]
pub(super) struct Noted {
    /// How soon that must be written which the line was given since.
    wanted: Cell<Urgency>,
    /// As what it is in the list.
    listed: Cell<Urgency>,
    /// Whether the end of its window is in the list.
    in_window: Cell<bool>,
}

impl Noted {
    /// The line was given something.
    pub(super) fn want(&self, urgency: Urgency) {
        self.wanted.set(self.wanted.get().max(urgency));
    }

    /// The line has written what it could.
    pub(super) fn wrote(&self) {
        self.wanted.take();
    }
}

/// The lines of one worker that have something to write.
pub(super) struct Writes {
    now: VecDeque<Rc<Line>>,
    joined: VecDeque<Rc<Line>>,
    /// Whose window is over when.
    held: VecDeque<(Instant, Rc<Line>)>,
    /// When the lines in `joined` were written last.
    joined_at: Instant,
    delays: Delays,
}

impl Writes {
    pub(super) fn new(delays: Delays) -> Self {
        let now = Instant::now();
        Self {
            now: VecDeque::new(),
            joined: VecDeque::new(),
            held: VecDeque::new(),
            joined_at: now.checked_sub(delays.join).unwrap_or(now),
            delays,
        }
    }

    /// Notes what a line was given. Returns whether that will leave together with something else.
    pub(super) fn note(&mut self, line: &Rc<Line>) -> bool {
        let noted = line.noted();
        if line.holds_low() && !noted.in_window.replace(true) {
            self.held
                .push_back((Instant::now() + self.delays.low, Rc::clone(line)));
        }
        let (wanted, listed) = (noted.wanted.take(), noted.listed.get());
        if listed < wanted {
            noted.listed.set(wanted);
            match wanted {
                Urgency::Now => self.now.push_back(Rc::clone(line)),
                Urgency::Joined => self.joined.push_back(Rc::clone(line)),
                Urgency::Held => {}
            }
        }
        wanted == Urgency::Joined && listed == Urgency::Joined
    }

    /// The next lines to write, `count` at most.
    pub(super) fn take_due(&mut self, now: Instant, count: usize) -> Vec<Rc<Line>> {
        self.end_windows(now);
        if !self.joined.is_empty() && self.joined_due() <= now {
            self.joined_at = now;
            // One that was written meanwhile for a better reason has nothing left to write, and is asked in vain.
            self.now.append(&mut self.joined);
        }
        let count = count.min(self.now.len());
        let due: Vec<_> = self.now.drain(..count).collect();
        for line in &due {
            line.noted().listed.take();
        }
        due
    }

    /// Whether more is due than was taken.
    pub(super) fn more_due(&self) -> bool {
        !self.now.is_empty()
    }

    /// When more will be due; `None` while nothing waits for a time.
    pub(super) fn next_due(&self) -> Option<Instant> {
        let joined = (!self.joined.is_empty()).then(|| self.joined_due());
        let held = self.held.front().map(|(due, _)| *due);
        [joined, held].into_iter().flatten().min()
    }

    fn joined_due(&self) -> Instant {
        self.joined_at + self.delays.join
    }

    fn end_windows(&mut self, now: Instant) {
        while let Some((_, line)) = self.held.pop_front_if(|(due, _)| *due <= now) {
            line.noted().in_window.set(false);
            line.release_low();
            self.note(&line);
        }
    }
}
