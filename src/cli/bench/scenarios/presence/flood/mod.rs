//! Otomo change their status faster than every change could be told, so that watchers are told the newest only.
//!
//! Each change has a version, which watchers are told with it: so a status is known to be stale even where it is the same as the
//! newest. *Behind* is for how long a watcher has shown a status after anybody was told a newer one; no watcher may hear an
//! older one than it knows.
//!
//! The tool does not learn which version a change of its own became, since changes that come while one is being stored are joined.
//! So each otomo rests now and then: it changes for a second, then half a second not, each at another time. What is the newest at
//! the end of the rest, once the server has answered every change, is that of the change before it; from when that was due until
//! a watcher knew it is what counts, once for each change before a rest. A watcher that does not know it at the end of the rest is late. At the end of the run all
//! rest, every watcher must know everything, and it must be what a client is told that only comes then ([`Flood::compare`]).

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::{
    quiet,
    views::{Snapshot, Status, View, Views},
};
use crate::cli::bench::{
    fault::BenchFault,
    measure::{Meter, Pace},
    peek::kind,
    refusal,
    stage::{Actions, Play},
};

/// How long an otomo goes on changing.
const CHANGES: Duration = Duration::from_secs(1);

/// How long it rests then.
const RESTS: Duration = Duration::from_millis(500);

const BREAK: &str = r#"{"type":"otomo_status_set","status":"break"}"#;
const ONLINE: &str = r#"{"type":"otomo_status_set","status":"online"}"#;

pub(super) struct Flood {
    otomo: Vec<Otomo>,
    /// Whose turn it is.
    turn: usize,
    /// All of them, whose rest ends next first.
    resting: VecDeque<usize>,
    views: Views,
    pace: Pace,
    /// Changes that the server has acknowledged.
    pub(super) meter: Meter,
    /// From each change before a rest until a watcher knew.
    pub(super) seen: Meter,
    /// How often a watcher did not know at the end of a rest.
    pub(super) late: u64,
    /// How long watchers have shown a status after anybody was told a newer one.
    pub(super) behind: Meter,
    /// Updates that the watchers which are looked at have heard.
    updates: u64,
}

struct Otomo {
    status: Status,
    /// When its last change was due, and whether that was after its last rest.
    due: Instant,
    has_changed: bool,
    /// When its next rest is over, or the one that it is in.
    rests_until: Instant,
    /// When each change was due that the server has not answered.
    unanswered: VecDeque<Instant>,
}

impl Flood {
    /// All are online.
    pub(super) fn new(otomo: usize, views: Views, pace: Pace, meter: Meter) -> Self {
        let began = Instant::now();
        let period = CHANGES + RESTS;
        let one = |number| Otomo {
            status: Status::Online,
            due: began,
            has_changed: false,
            // Spread over the whole period.
            rests_until: began + period - period.mul_f64(number as f64 / otomo as f64),
            unanswered: VecDeque::new(),
        };
        Self {
            otomo: (0..otomo).map(one).collect(),
            turn: 0,
            resting: (0..otomo).rev().collect(),
            views,
            pace,
            meter,
            seen: quiet(),
            late: 0,
            behind: quiet(),
            updates: 0,
        }
    }

    /// Updates that a watcher has heard, in the mean.
    pub(super) fn heard_by_one(&self) -> f64 {
        self.updates as f64 / self.views.watchers().max(1) as f64
    }

    /// Compares what watchers know at the end with what somebody is told who comes then.
    ///
    /// # Errors
    /// If a watcher knows something else.
    pub(super) fn compare(&self, snapshot: &Snapshot) -> Result<(), BenchFault> {
        for number in 0..self.otomo.len() {
            let Some((status, version)) = snapshot.of(number) else {
                continue;
            };
            // An otomo that never changed has no version on any screen.
            let stale =
                |view: &View| view.version > 0 && view.version != version || view.status != status;
            if let Some(view) = self.views.of(number).find(stale) {
                return Err(BenchFault::Wrong(format!(
                    "otomo {number} is {status:?} in version {version}, and a watcher last heard {view:?}"
                )));
            }
        }
        Ok(())
    }

    /// Judges those whose rest is over by now.
    fn end_rests(&mut self, now: Instant) {
        while let Some(number) = self.resting.front().copied()
            && let Some(otomo) = self.otomo.get_mut(number)
            && otomo.rests_until <= now
        {
            let end = otomo.rests_until;
            otomo.rests_until += CHANGES + RESTS;
            self.resting.rotate_left(1);
            self.judge(number, end);
        }
    }

    /// Who of the watchers knows an otomo's last change at the end of its rest.
    fn judge(&mut self, number: usize, end: Instant) {
        let Some(otomo) = self.otomo.get_mut(number) else {
            return;
        };
        if !std::mem::take(&mut otomo.has_changed) {
            return;
        }
        let (status, due, answered) = (otomo.status, otomo.due, otomo.unanswered.is_empty());
        let newest = self.views.newest(number);
        for view in self.views.of(number) {
            let knows = answered && view.version == newest && view.status == status;
            let seen = if knows { view.since } else { Instant::now() };
            self.seen.came(seen.saturating_duration_since(due));
            self.late += u64::from(!knows || seen > end);
        }
    }

    /// The next otomo that may change: one that does not rest.
    fn next(&self, now: Instant) -> Option<usize> {
        let all = self.otomo.len();
        let mut numbers = (0..all).map(|step| (self.turn + step) % all);
        numbers.find(|number| self.otomo.get(*number).is_some_and(|it| !it.rests(now)))
    }

    /// Watchers that do not know the newest of an otomo.
    fn missing(&self, number: usize, otomo: &Otomo) -> usize {
        let newest = self.views.newest(number);
        let knows = |view: &View| view.version == newest && view.status == otomo.status;
        match otomo.unanswered.is_empty() {
            true => self.views.of(number).filter(|view| !knows(view)).count(),
            // The newest is not told yet.
            false => self.views.watchers(),
        }
    }
}

impl Otomo {
    fn rests(&self, now: Instant) -> bool {
        self.rests_until.saturating_duration_since(now) <= RESTS
    }
}

impl Play for Flood {
    fn tick(
        &mut self,
        now: Instant,
        actions: &mut Actions,
    ) -> Result<Option<Duration>, BenchFault> {
        self.end_rests(now);
        while let Some(number) = self.next(now)
            && let Some(due) = self.pace.next(now)
            && let Some(otomo) = self.otomo.get_mut(number)
        {
            self.turn = number + 1;
            let (status, words) = match otomo.status {
                Status::Break => (Status::Online, ONLINE),
                Status::Online | Status::Offline => (Status::Break, BREAK),
            };
            (otomo.status, otomo.due, otomo.has_changed) = (status, due, true);
            otomo.unanswered.push_back(due);
            actions.due(self.pace, due).say(number, words);
        }
        let first = self.resting.front().and_then(|it| self.otomo.get(*it));
        let rest = first.map(|it| it.rests_until.saturating_duration_since(now));
        Ok(self.pace.pause(now).into_iter().chain(rest).min())
    }

    fn heard(
        &mut self,
        client: usize,
        message: &[u8],
        _actions: &mut Actions,
    ) -> Result<(), BenchFault> {
        match client.checked_sub(self.otomo.len()) {
            Some(watcher) => {
                if let Some(heard) = self.views.heard(watcher, message)? {
                    self.updates += 1;
                    self.behind.came(heard.behind);
                }
                Ok(())
            }
            None => {
                if kind(message) == b"otomo_status_set_ack"
                    && let Some(otomo) = self.otomo.get_mut(client)
                    && let Some(due) = otomo.unanswered.pop_front()
                {
                    self.meter.came(due.elapsed());
                }
                refusal(message).map_or(Ok(()), Err)
            }
        }
    }

    /// Otomo of whom somebody does not know the newest.
    fn under_way(&self) -> usize {
        let otomo = self.otomo.iter().enumerate();
        otomo
            .filter(|(number, it)| self.missing(*number, it) > 0)
            .count()
    }

    fn meter(&mut self) -> &mut Meter {
        &mut self.meter
    }

    fn reset(&mut self) {
        self.meter.reset();
        self.seen.reset();
        self.behind.reset();
        (self.late, self.updates) = (0, 0);
    }

    fn stop(&mut self, now: Instant) -> u64 {
        self.meter.missed(self.pace.overdue(now), now)
    }

    fn give_up(&mut self, now: Instant) -> u64 {
        let mut count = 0;
        for (number, otomo) in self.otomo.iter().enumerate() {
            self.meter.missed(otomo.unanswered.iter().copied(), now);
            let missing = self.missing(number, otomo);
            if missing > 0 {
                let waited = now.saturating_duration_since(otomo.due);
                self.seen.sample_many(waited, missing as u64);
                count += 1;
            }
        }
        count
    }
}

#[cfg(test)]
mod tests;
