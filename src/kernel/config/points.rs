//! `[points]`: the points that come by themselves each day.

use jiff::{civil::Time, tz::TimeZone};

use super::{fault::ConfigFault, reader::Section};

/// The most points of an account: 2^53 - 1, which every JSON parser reads exactly.
const POINTS_MAX: i64 = 9_007_199_254_740_991;

/// The points that come by themselves each day.
#[derive(Clone, Debug)]
pub struct PointsConfig {
    /// The local time at which they come.
    pub recovery_at: Time,
    /// How many; 0 for none.
    pub recovery_amount: i64,
    /// Up to which balance. None: any.
    pub recovery_cap: Option<i64>,
    /// Whose local time it is.
    pub time_zone: TimeZone,
}

impl PointsConfig {
    pub(super) fn read(mut section: Section<'_>) -> Result<Self, ConfigFault> {
        let amount = format!("a whole number from 0 (none) to {POINTS_MAX}");
        let cap = format!("a whole number from 1 to {POINTS_MAX}, or 0 or none for any balance");
        Ok(Self {
            recovery_at: section.parsed("recovery_at", "a time of day, like 04:00", minute)?,
            recovery_amount: section.parsed("recovery_amount", &amount, points)?,
            recovery_cap: section.parsed("recovery_cap", &cap, |text| match text {
                "none" => Some(None),
                _ => points(text).map(|cap| (cap != 0).then_some(cap)),
            })?,
            time_zone: section.parsed(
                "time_zone",
                "the name of a time zone (IANA), like UTC or Asia/Tokyo",
                zone,
            )?,
        })
    }
}

/// A time of day: `HH:MM`.
fn minute(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let two_digits = |part: &str| {
        let digits = part.len() == 2 && part.bytes().all(|it| it.is_ascii_digit());
        digits.then(|| part.parse().ok()).flatten()
    };
    Time::new(two_digits(hour)?, two_digits(minute)?, 0, 0).ok()
}

fn points(text: &str) -> Option<i64> {
    text.parse().ok().filter(|it| (0..=POINTS_MAX).contains(it))
}

fn zone(name: &str) -> Option<TimeZone> {
    TimeZone::get(name).ok().filter(|zone| !zone.is_unknown())
}
