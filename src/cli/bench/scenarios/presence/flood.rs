//! Otomo change their status faster than every change could be told, so that watchers are told the newest only.
//!
//! Each change has a version, which watchers are told with it: so a status is known to be stale even where it is the same as the
//! newest. *Behind* is for how long a watcher has shown a status after anybody was told a newer one; no watcher may hear an
//! older one than it knows.
//!
//! The tool does not learn which version a change of its own became, since changes that come while one is being stored are joined.
//! So each otomo rests now and then: it changes for a second, then half a second not, each at another time. What is the newest at
//! the end of the rest, once the server has answered every change, is that of the change before it; from when that was due until
//! a watcher knew it is what counts. A watcher that does not know it at the end of the rest is late. At the end of the run all
//! rest, every watcher must know everything, and it must be what a client is told that only comes then ([`Flood::compare`]).

use std::time::{Duration, Instant};

use super::{
    quiet,
    views::{Snapshot, Status, View, Views},
};
use crate::cli::bench::{
    fault::BenchFault,
    measure::{Meter, Pace},
    refusal,
    stage::{Play, Wants},
    words::kind,
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
    /// How long watchers have shown a status after anybody was told a newer one.
    pub(super) behind: Meter,
    /// From when changes were due until this tool has said them.
    pub(super) said: Meter,
    /// Updates that the watchers which are looked at have heard.
    updates: u64,
}

struct Otomo {
    status: Status,
    due: Instant,
    resting: bool,
    /// Changes that the server has not answered.
    unanswered: u64,
}

impl Flood {
    /// All are online.
    pub(super) fn new(otomo: usize, views: Views, pace: Pace, meter: Meter) -> Self {
        let began = Instant::now();
        let one = |_| Otomo {
            status: Status::Online,
            due: began,
            resting: false,
            unanswered: 0,
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
            behind: quiet(),
            said: quiet(),
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
            // Of whom nobody has heard nothing was told: they never changed.
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
        let (status, due, answered) = (otomo.status, otomo.due, otomo.unanswered == 0);
        if std::mem::replace(&mut otomo.resting, rests) && !rests {
            let newest = self.views.newest(number);
            for view in self.views.of(number) {
                if answered && view.version == newest && view.status == status {
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
                otomo.unanswered += 1;
                self.said.came(now.saturating_duration_since(due));
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
                if let Some(heard) = self.views.heard(watcher, message)? {
                    self.updates += 1;
                    self.behind.came(heard.behind);
                }
                Ok(())
            }
            None => {
                if kind(message) == b"otomo_status_set_ack"
                    && let Some(otomo) = self.otomo.get_mut(client)
                {
                    otomo.unanswered = otomo.unanswered.saturating_sub(1);
                }
                refusal(message).map_or(Ok(()), Err)
            }
        }
    }

    /// Otomo of whom somebody does not know the newest.
    fn under_way(&self) -> usize {
        let unknown = |(number, otomo): (usize, &Otomo)| {
            let newest = self.views.newest(number);
            let knows = |view: View| view.version == newest && view.status == otomo.status;
            otomo.unanswered > 0 || !self.views.of(number).all(knows)
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
        self.behind.reset();
        self.said.reset();
        (self.late, self.updates) = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cli::bench::scenarios::presence::views::tests::versioned, protocol::event::OtomoStatus,
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
        let heard = flood.heard(1, &versioned(0, OtomoStatus::Break, 2), &mut wants);
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

    /// Goal: a watcher that holds an older break than the newest is late. Method: two watchers, one of whom hears of a change to
    /// online and of the next break.
    #[test]
    fn who_knows_an_older_one_of_the_same_status_is_late() {
        let mut flood = Flood::new(1, Views::new(1, 2), Pace::Closed, quiet());
        let mut hear = |client, status, version| {
            let message = versioned(0, status, version);
            flood
                .heard(client, &message, &mut Wants::default())
                .unwrap();
        };
        hear(1, OtomoStatus::Break, 2);
        hear(2, OtomoStatus::Break, 2);
        hear(1, OtomoStatus::Online, 3);
        hear(1, OtomoStatus::Break, 4);
        flood.otomo[0].status = Status::Break;
        flood.rest(0, true);
        flood.rest(0, false);
        assert_eq!((flood.seen.count(), flood.late), (2, 1));
        assert_eq!(flood.under_way(), 1);
        let told = |version| {
            let text = format!(
                r#"{{"type":"otomo_status_snapshot","otomos":[{{"userId":"bench-otomo-0","status":"break","timestamp":1,"version":{version}}}]}}"#
            );
            let mut snapshot = Snapshot::default();
            snapshot.take(text.as_bytes());
            snapshot
        };
        assert!(flood.compare(&told(4)).is_err(), "one knows version 2");
        let message = versioned(0, OtomoStatus::Break, 4);
        flood.heard(2, &message, &mut Wants::default()).unwrap();
        assert_eq!(flood.under_way(), 0);
        flood.compare(&told(4)).unwrap();
        assert!(flood.compare(&told(6)).is_err(), "nobody was told the last");
    }

    #[test]
    fn nothing_is_known_before_the_server_has_answered() {
        let mut flood = flood(1);
        flood.otomo[0].unanswered = 1;
        flood.rest(0, true);
        flood.rest(0, false);
        assert_eq!((flood.late, flood.under_way()), (1, 1));
        let ack = br#"{"type":"otomo_status_set_ack","status":"online","shown":"online"}"#;
        flood.heard(0, ack, &mut Wants::default()).unwrap();
        assert_eq!(flood.under_way(), 0);
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
