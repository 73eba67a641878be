//! Otomo come and go by the clock, in turn. The next change of an otomo comes when every watcher has seen the last one.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::{
    quiet,
    views::{Heard, Status, Views},
};
use crate::cli::bench::{
    fault::BenchFault,
    measure::{Meter, Pace},
    refusal,
    stage::{Actions, Play},
    transport::Ticket,
};

pub(super) struct Churn {
    otomo: Vec<Otomo>,
    /// Otomo whose last change everybody has seen, the one that has waited longest first.
    settled: VecDeque<usize>,
    views: Views,
    pace: Pace,
    /// Changes that everybody has seen.
    pub(super) meter: Meter,
    /// From each until a watcher knew.
    pub(super) login: Meter,
    pub(super) logout: Meter,
}

struct Otomo {
    ticket: Ticket,
    status: Status,
    /// Since when that was due, and how many watchers do not know it yet.
    due: Instant,
    missing: usize,
}

impl Churn {
    /// All are online, and everybody knows.
    pub(super) fn new(tickets: Vec<Ticket>, views: Views, pace: Pace, meter: Meter) -> Self {
        let due = Instant::now();
        let otomo = |ticket| Otomo {
            ticket,
            status: Status::Online,
            due,
            missing: 0,
        };
        Self {
            settled: (0..tickets.len()).collect(),
            otomo: tickets.into_iter().map(otomo).collect(),
            views,
            pace,
            meter,
            login: quiet(),
            logout: quiet(),
        }
    }

    fn change(&mut self, number: usize, due: Instant, actions: &mut Actions) {
        let watchers = self.views.watchers();
        let Some(otomo) = self.otomo.get_mut(number) else {
            return;
        };
        otomo.due = due;
        otomo.missing = watchers;
        otomo.status = match otomo.status {
            Status::Offline => {
                actions
                    .due(self.pace, due)
                    .join(number, otomo.ticket.clone());
                Status::Online
            }
            Status::Online | Status::Break => {
                actions.due(self.pace, due).leave(number);
                Status::Offline
            }
        };
    }
}

impl Play for Churn {
    fn tick(
        &mut self,
        now: Instant,
        actions: &mut Actions,
    ) -> Result<Option<Duration>, BenchFault> {
        while !self.settled.is_empty()
            && let Some(due) = self.pace.next(now)
            && let Some(number) = self.settled.pop_front()
        {
            self.change(number, due, actions);
        }
        let settled = !self.settled.is_empty();
        Ok(settled.then(|| self.pace.pause(now)).flatten())
    }

    fn heard(
        &mut self,
        client: usize,
        message: &[u8],
        _actions: &mut Actions,
    ) -> Result<(), BenchFault> {
        let Some(watcher) = client.checked_sub(self.otomo.len()) else {
            return refusal(message).map_or(Ok(()), Err);
        };
        let Some(Heard {
            otomo: number,
            status,
            before,
            ..
        }) = self.views.heard(watcher, message)?
        else {
            return Ok(());
        };
        let Some(otomo) = self.otomo.get_mut(number) else {
            return Ok(());
        };
        if status != otomo.status || before.status == status {
            let said = String::from_utf8_lossy(message);
            return Err(BenchFault::Wrong(format!(
                "a watcher who knew {:?} heard {said} while the otomo was {:?}",
                before.status, otomo.status
            )));
        }
        match status {
            Status::Online => self.login.came(otomo.due.elapsed()),
            Status::Offline | Status::Break => self.logout.came(otomo.due.elapsed()),
        }
        otomo.missing -= 1;
        if otomo.missing == 0 {
            self.meter.came(otomo.due.elapsed());
            self.settled.push_back(number);
        }
        Ok(())
    }

    fn under_way(&self) -> usize {
        self.otomo.len() - self.settled.len()
    }

    fn meter(&mut self) -> &mut Meter {
        &mut self.meter
    }

    fn reset(&mut self) {
        for meter in [&mut self.meter, &mut self.login, &mut self.logout] {
            meter.reset();
        }
    }

    fn stop(&mut self, now: Instant) -> u64 {
        let watchers = self.views.watchers() as u64;
        let mut count = 0;
        for due in self.pace.overdue(now) {
            let waited = now.saturating_duration_since(due);
            self.meter.sample(waited);
            // Nobody knows which it would have been.
            for meter in [&mut self.login, &mut self.logout] {
                meter.sample_many(waited, watchers);
            }
            count += 1;
        }
        count
    }

    fn give_up(&mut self, now: Instant) -> u64 {
        let mut count = 0;
        for otomo in self.otomo.iter().filter(|otomo| otomo.missing > 0) {
            let waited = now.saturating_duration_since(otomo.due);
            let seen = match otomo.status {
                Status::Online => &mut self.login,
                Status::Offline | Status::Break => &mut self.logout,
            };
            seen.sample_many(waited, otomo.missing as u64);
            self.meter.sample(waited);
            count += 1;
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cli::bench::scenarios::presence::views::tests::told, protocol::event::OtomoStatus,
    };

    fn one_otomo() -> Churn {
        let ticket = Ticket::new(String::new(), "calls");
        Churn::new(vec![ticket], Views::new(1, 2), Pace::Closed, quiet())
    }

    #[test]
    fn the_next_change_comes_when_everybody_has_seen_the_last() {
        let (mut churn, mut actions) = (one_otomo(), Actions::default());
        let now = Instant::now();
        churn.tick(now, &mut actions).unwrap();
        assert_eq!(churn.under_way(), 1);
        let gone = told(0, OtomoStatus::Offline);
        churn.heard(1, &gone, &mut actions).unwrap();
        assert_eq!(churn.under_way(), 1, "one watcher is missing");
        churn.heard(2, &gone, &mut actions).unwrap();
        assert_eq!((churn.under_way(), churn.meter.count()), (0, 1));
        assert_eq!((churn.login.count(), churn.logout.count()), (0, 2));
    }

    /// Goal: a change that nobody sees is in the figures. Method: one watcher of two has seen a logout; two more changes were due.
    #[test]
    fn what_is_never_seen_counts_with_its_age() {
        let (mut churn, mut actions) = (one_otomo(), Actions::default());
        let start = Instant::now();
        churn.pace = Pace::open(1.0, start);
        churn.tick(start, &mut actions).unwrap();
        let gone = told(0, OtomoStatus::Offline);
        churn.heard(1, &gone, &mut actions).unwrap();
        let later = start + Duration::from_secs(2);
        assert_eq!(churn.stop(later), 2);
        assert_eq!(churn.give_up(later), 1);
        let of = |meter: &Meter, seconds: u64| {
            let latencies = meter.latencies();
            latencies.count_between(seconds * 1_000_000 - 9_000, seconds * 1_000_000 + 9_000)
        };
        // What was not begun was due after one and after two seconds.
        assert_eq!((of(&churn.logout, 2), of(&churn.logout, 1)), (1, 2));
        assert_eq!((of(&churn.login, 2), of(&churn.login, 1)), (0, 2));
        assert_eq!(churn.meter.count(), 0);
    }

    #[test]
    fn a_status_that_is_not_true_or_told_twice_is_wrong() {
        let (mut churn, mut actions) = (one_otomo(), Actions::default());
        let online = told(0, OtomoStatus::Online);
        assert!(
            churn.heard(1, &online, &mut actions).is_err(),
            "known already"
        );
        churn.tick(Instant::now(), &mut actions).unwrap();
        assert!(
            churn.heard(1, &online, &mut actions).is_err(),
            "it has left"
        );
    }
}
