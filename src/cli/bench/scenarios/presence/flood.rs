//! Otomo change their status faster than every change could be told, so that watchers are told the newest only.
//!
//! A change alone does not tell which of many like it a watcher has heard of. So each otomo rests now and then: it changes for
//! a second, then half a second not, each at another time. The change before the rest is the newest then, and what a watcher
//! hears last in the rest is how it knew; from when that change was due until then is what counts. A watcher that does not know
//! at the end of the rest is late. At the end of the run all rest, and every watcher must know everything.

use std::time::{Duration, Instant};

use super::{
    quiet,
    views::{Status, Views},
};
use crate::cli::bench::{
    fault::BenchFault,
    measure::{Meter, Pace},
    refusal,
    stage::{Play, Wants},
};

/// How long an otomo goes on changing, and then rests.
const CHANGES: Duration = Duration::from_secs(1);
const RESTS: Duration = Duration::from_millis(500);

const BREAK: &str = r#"{"type":"otomo_status_set","status":"break"}"#;
const ONLINE: &str = r#"{"type":"otomo_status_set","status":"online"}"#;

pub(super) struct Flood {
    otomo: Vec<Otomo>,
    /// Whose turn it is.
    turn: usize,
    began: Instant,
    views: Views,
    pace: Pace,
    /// Changes.
    meter: Meter,
    /// From each change before a rest until a watcher knew.
    pub(super) seen: Meter,
    /// How often a watcher did not know at the end of a rest.
    pub(super) late: u64,
    /// Updates that the watchers which are looked at have heard.
    updates: u64,
}

struct Otomo {
    status: Status,
    due: Instant,
    resting: bool,
}

impl Flood {
    /// All are online.
    pub(super) fn new(otomo: usize, views: Views, pace: Pace, meter: Meter) -> Self {
        let began = Instant::now();
        let one = |_| Otomo {
            status: Status::Online,
            due: began,
            resting: false,
        };
        Self {
            otomo: (0..otomo).map(one).collect(),
            turn: 0,
            began,
            views,
            pace,
            meter,
            seen: quiet(),
            late: 0,
            updates: 0,
        }
    }

    /// Updates that a watcher has heard, in the mean.
    pub(super) fn heard_by_one(&self) -> f64 {
        self.updates as f64 / self.views.watchers().max(1) as f64
    }

    /// Whether it is an otomo's time to rest: their times are spread over the whole of it.
    fn rests(&self, number: usize, now: Instant) -> bool {
        let period = (CHANGES + RESTS).as_secs_f64();
        let own = period * number as f64 / self.otomo.len().max(1) as f64;
        let at = (now.saturating_duration_since(self.began).as_secs_f64() + own) % period;
        at >= CHANGES.as_secs_f64()
    }

    /// The next otomo that changes.
    fn next(&mut self, now: Instant) -> usize {
        for _ in 0..self.otomo.len() {
            let number = self.turn;
            self.turn = (self.turn + 1) % self.otomo.len();
            let rests = self.rests(number, now);
            self.rest(number, rests);
            if !rests {
                return number;
            }
        }
        self.turn
    }

    /// An otomo goes to rest, or its rest is over.
    fn rest(&mut self, number: usize, rests: bool) {
        let Some(otomo) = self.otomo.get_mut(number) else {
            return;
        };
        let (status, due) = (otomo.status, otomo.due);
        if std::mem::replace(&mut otomo.resting, rests) && !rests {
            for view in self.views.of(number) {
                if view.status == status {
                    self.seen.came(view.since.saturating_duration_since(due));
                } else {
                    self.late += 1;
                    self.seen.came(due.elapsed());
                }
            }
        }
    }
}

impl Play for Flood {
    fn tick(&mut self, now: Instant, wants: &mut Wants) -> Result<Option<Duration>, BenchFault> {
        while let Some(due) = self.pace.next(now) {
            let number = self.next(now);
            if let Some(otomo) = self.otomo.get_mut(number) {
                otomo.due = due;
                let (status, words) = match otomo.status {
                    Status::Break => (Status::Online, ONLINE),
                    Status::Online | Status::Offline => (Status::Break, BREAK),
                };
                otomo.status = status;
                wants.say(number, words);
                self.meter.add(1);
            }
        }
        Ok(self.pace.pause(now))
    }

    fn heard(
        &mut self,
        client: usize,
        message: &[u8],
        _wants: &mut Wants,
    ) -> Result<(), BenchFault> {
        match client.checked_sub(self.otomo.len()) {
            Some(watcher) => {
                self.updates += u64::from(self.views.heard(watcher, message).is_some());
                Ok(())
            }
            None => refusal(message).map_or(Ok(()), Err),
        }
    }

    /// Otomo of whom somebody does not know the newest.
    fn under_way(&self) -> usize {
        let unknown = |(number, otomo): (usize, &Otomo)| {
            self.views
                .of(number)
                .any(|view| view.status != otomo.status)
        };
        self.otomo
            .iter()
            .enumerate()
            .filter(|it| unknown(*it))
            .count()
    }

    fn meter(&mut self) -> &mut Meter {
        &mut self.meter
    }

    fn reset(&mut self) {
        self.meter.reset();
        self.seen.reset();
        (self.late, self.updates) = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cli::bench::scenarios::presence::views::tests::told, protocol::event::OtomoStatus,
    };

    fn flood(otomo: usize) -> Flood {
        Flood::new(otomo, Views::new(otomo, 1), Pace::Closed, quiet())
    }

    #[test]
    fn a_third_of_all_rest_at_any_time() {
        let flood = flood(300);
        for millis in [0, 400, 1_100, 9_999] {
            let now = flood.began + Duration::from_millis(millis);
            let resting = (0..300).filter(|it| flood.rests(*it, now)).count();
            assert!((99..=101).contains(&resting), "{resting} at {millis} ms");
        }
    }

    #[test]
    fn what_counts_is_when_the_newest_was_known_and_not_what_was_heard_before() {
        let (mut flood, mut wants) = (flood(1), Wants::default());
        flood.otomo[0].status = Status::Break;
        let heard = flood.heard(1, &told(0, OtomoStatus::Break), &mut wants);
        heard.unwrap();
        assert_eq!(flood.under_way(), 0);
        // Due after it was heard: the same status from before, which is the newest all the same.
        flood.otomo[0].due = Instant::now() + Duration::from_secs(9);
        flood.rest(0, true);
        assert_eq!(flood.seen.count(), 0, "the rest is not over");
        flood.rest(0, false);
        assert_eq!((flood.seen.count(), flood.late), (1, 0));
        assert!(flood.seen.latencies().max() <= 1);
    }

    #[test]
    fn who_does_not_know_is_late() {
        let mut flood = flood(1);
        flood.otomo[0].status = Status::Break;
        flood.rest(0, true);
        flood.rest(0, false);
        assert_eq!((flood.seen.count(), flood.late), (1, 1));
        assert_eq!(flood.under_way(), 1);
    }
}
