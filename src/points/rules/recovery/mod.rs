//! When the points of a new day come, and how many.
//!
//! Local time is not a line: where clocks go forward a time of day is missing, where they go back it comes twice, and where a
//! country moves to the other side of the date line a whole day is missing. Each day that there is has one moment at which its
//! points come (`Schedule::comes_at`); all else follows from that.

#[cfg(test)]
mod tests;

use jiff::{
    ToSpan as _,
    civil::{Date, Time},
    tz::{AmbiguousOffset, TimeZone},
};

use super::Amount;
use crate::kernel::time::Timestamp;

/// The local time at which a day's points come.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// The time of day.
    pub at: Time,
    /// Whose local time it is.
    pub zone: TimeZone,
}

impl Schedule {
    /// The day whose points are to be there now: they have come since the current local date began. `None` before they
    /// come. The points of earlier days are never due.
    pub fn due(&self, now: Timestamp) -> Option<Date> {
        let now = instant(now)?;
        let today = self.zone.to_datetime(now).date();
        // Yesterday's come today if yesterday ended before the time at which they should have come.
        let days = [Some(today), today.yesterday().ok()];
        days.into_iter().flatten().find(|day| {
            self.comes_at(*day)
                .is_some_and(|at| at <= now && self.zone.to_datetime(at).date() == today)
        })
    }

    /// When points come next, after `now`. `None` at the end of the calendar.
    pub fn next(&self, now: Timestamp) -> Option<Timestamp> {
        let now = instant(now)?;
        let today = self.zone.to_datetime(now).date();
        // Of three days in a row at least one is a day that there is.
        let days = (-1..=2).filter_map(|n| today.checked_add(n.days()).ok());
        let times = days.filter_map(|day| self.comes_at(day));
        let next = times.filter(|at| *at > now).min()?;
        Some(Timestamp::from_millis(next.as_millisecond()))
    }

    /// When the points of a day come: at the first moment of the day that the clock shows the time of day, or where it
    /// never does, at the first that it shows a later one. `None` for a day that there is not.
    fn comes_at(&self, day: Date) -> Option<jiff::Timestamp> {
        let midnight = self.zone.to_timestamp(day.at(0, 0, 0, 0)).ok()?;
        if self.zone.to_datetime(midnight).date() != day {
            return None;
        }
        let shown = self.zone.to_ambiguous_timestamp(day.to_datetime(self.at));
        match shown.offset() {
            AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => {
                shown.earlier().ok()
            }
            AmbiguousOffset::Gap { .. } => {
                let before = shown.earlier().ok()?;
                let change = self.zone.following(before).next()?;
                Some(change.timestamp())
            }
        }
    }
}

/// The points that an account gets: `amount`, or as many as it has room for below `cap`.
pub fn gain(balance: i64, amount: Amount, cap: i64) -> Option<Amount> {
    let room = cap.saturating_sub(balance);
    Amount::try_from(room.min(amount.get())).ok()
}

fn instant(time: Timestamp) -> Option<jiff::Timestamp> {
    jiff::Timestamp::from_millisecond(time.millis()).ok()
}
