//! The shape of a day, and what people do in it. Pure.

use std::time::Duration;

/// How many people are there at each full hour, as a share of the evening's peak: quiet before dawn, some at noon, most from
/// eight to eleven.
const HOURS: [f64; 25] = [
    0.55, 0.35, 0.20, 0.12, 0.10, 0.10, 0.12, 0.18, 0.22, 0.22, 0.24, 0.28, 0.40, 0.38, 0.28, 0.28,
    0.32, 0.40, 0.55, 0.75, 0.92, 1.00, 1.00, 0.85, 0.55,
];

/// The hour at which the run's day begins: so that people come all day, and the peak is in the last third.
const FIRST_HOUR: f64 = 4.0;

/// A day of so long.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Day {
    /// From before dawn to before dawn.
    Of(Duration),
    /// The peak, all the time.
    Peak,
}

impl Day {
    /// How many people are there, as a share of the peak.
    pub(crate) fn level(self, at: Duration) -> f64 {
        let Self::Of(span) = self else {
            return 1.0;
        };
        let passed = at.as_secs_f64() / span.as_secs_f64().max(f64::MIN_POSITIVE);
        let hour = (FIRST_HOUR + passed * 24.0) % 24.0;
        let full = |hour: usize| HOURS.get(hour).copied().unwrap_or_default();
        let (before, part) = (hour as usize, hour.fract());
        full(before) * (1.0 - part) + full(before + 1) * part
    }
}

/// Something that somebody does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// A user calls an otomo; they talk and hang up.
    Call,
    /// A user writes to another.
    Message,
    /// A user is typing.
    Typing,
    /// An otomo goes on break, or comes back.
    Status,
    /// The backend says something to a user.
    Event,
    /// A user's connection breaks, and they are back at once.
    Reconnect,
}

impl Act {
    pub(crate) const ALL: [Self; 6] = [
        Self::Call,
        Self::Message,
        Self::Typing,
        Self::Status,
        Self::Event,
        Self::Reconnect,
    ];

    /// How many of a hundred acts are of this kind.
    const fn share(self) -> usize {
        match self {
            Self::Call => 5,
            Self::Message => 45,
            Self::Typing => 20,
            Self::Status => 5,
            Self::Event => 15,
            Self::Reconnect => 10,
        }
    }
}

/// When who does what: acts in their shares and in no order, at a rate that follows the day.
#[derive(Debug)]
pub(crate) struct Acts {
    day: Day,
    /// A second, at the peak.
    peak: f64,
    /// When the next is due.
    due: Duration,
    deck: Vec<Act>,
    turn: usize,
}

impl Acts {
    pub(crate) fn new(day: Day, peak: f64) -> Self {
        let mut deck: Vec<Act> = Act::ALL
            .iter()
            .flat_map(|act| [*act].repeat(act.share()))
            .collect();
        // The same order in every run, so that runs can be compared.
        let mut chance = Chance(0x0070_6d6f_746f);
        for last in (1..deck.len()).rev() {
            deck.swap(last, chance.below(last + 1));
        }
        Self {
            day,
            peak,
            due: Duration::ZERO,
            deck,
            turn: 0,
        }
    }

    /// The next act that is due by then, and when it was.
    pub(crate) fn next(&mut self, by: Duration) -> Option<(Act, Duration)> {
        let due = self.due;
        if due > by {
            return None;
        }
        let act = self.deck.get(self.turn).copied()?;
        self.turn = (self.turn + 1) % self.deck.len();
        self.due += Duration::from_secs_f64(1.0 / (self.peak * self.day.level(due)));
        Some((act, due))
    }

    pub(crate) fn day(&self) -> Day {
        self.day
    }

    /// When the next is due.
    pub(crate) fn due(&self) -> Duration {
        self.due
    }
}

/// A row of numbers without order that is the same in every run (xorshift).
#[derive(Debug)]
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound.max(1) as u64).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(24);

    /// The level at an hour of the clock.
    fn at(hour: f64) -> f64 {
        let passed = (hour - FIRST_HOUR).rem_euclid(24.0);
        Day::Of(DAY).level(Duration::from_secs_f64(passed))
    }

    #[test]
    fn the_evening_is_the_peak_and_it_is_quiet_before_dawn() {
        assert!((at(21.5) - 1.0).abs() < 1e-9);
        assert!((at(4.0) - 0.1).abs() < 1e-9);
        assert!((at(12.5) - 0.39).abs() < 1e-9, "between two hours");
        assert!((at(23.5) - 0.70).abs() < 1e-9, "midnight is no gap");
        assert!((Day::Of(DAY).level(DAY) - at(4.0)).abs() < 1e-9);
    }

    #[test]
    fn acts_come_in_their_shares_and_follow_the_day() {
        assert_eq!(Act::ALL.iter().map(|act| act.share()).sum::<usize>(), 100);
        let mut acts = Acts::new(Day::Peak, 100.0);
        let second = Duration::from_secs(1);
        let first: Vec<_> =
            std::iter::from_fn(|| acts.next(second - Duration::from_millis(1))).collect();
        assert_eq!(first.len(), 100);
        for act in Act::ALL {
            let count = first.iter().filter(|(it, _)| *it == act).count();
            assert_eq!(count, act.share(), "{act:?}");
        }
        let mut acts = Acts::new(Day::Of(DAY), 100.0);
        let mut in_span = |to: u64| {
            let by = Duration::from_secs(to);
            std::iter::from_fn(|| acts.next(by)).count()
        };
        let (dawn, _day, evening) = (in_span(1), in_span(17), in_span(18));
        assert!((8..=12).contains(&dawn), "{dawn}");
        assert!((95..=105).contains(&evening), "{evening}");
    }
}
