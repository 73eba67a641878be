//! Durations and sizes as people write them: `250ms`, `15s`, `7d`, `64KiB`. Whole numbers with one unit,
//! so that each value has one reading.

use std::time::Duration;

use crate::kernel::time::millis;

/// Units of time, the largest first, in milliseconds.
const TIME_UNITS: [(&str, u64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// Units of size, the largest first, in bytes. Powers of 1,024 only: what `KB` means depends on whom one asks.
const SIZE_UNITS: [(&str, u64); 4] = [
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("", 1),
];

/// Reads a duration: a whole number and `ms`, `s`, `m`, `h` or `d`; zero may go without a unit.
pub fn parse_duration(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    parse(text, &TIME_UNITS).map(Duration::from_millis)
}

/// Writes a duration in the largest unit that keeps it whole, to the millisecond.
pub fn format_duration(span: Duration) -> String {
    format(millis(span), &TIME_UNITS, "0s")
}

/// Reads a size in bytes: a whole number, alone or with `KiB`, `MiB` or `GiB`.
pub fn parse_size(text: &str) -> Option<usize> {
    parse(text, &SIZE_UNITS).and_then(|bytes| usize::try_from(bytes).ok())
}

/// Writes a size in the largest unit that keeps it whole.
pub fn format_size(bytes: usize) -> String {
    format(u64::try_from(bytes).unwrap_or(u64::MAX), &SIZE_UNITS, "0")
}

fn parse(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits)?;
    let (_, factor) = units.iter().find(|(name, _)| *name == unit)?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

fn format(amount: u64, units: &[(&str, u64)], zero: &str) -> String {
    units
        .iter()
        .find(|(_, factor)| amount != 0 && amount.is_multiple_of(*factor))
        .map_or_else(
            || zero.to_owned(),
            |(unit, factor)| format!("{}{unit}", amount / factor),
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_a_whole_number_with_one_unit() {
        let cases = [
            ("0", 0),
            ("0s", 0),
            ("250ms", 250),
            ("15s", 15_000),
            ("10m", 600_000),
            ("12h", 43_200_000),
            ("7d", 604_800_000),
        ];
        for (text, millis) in cases {
            assert_eq!(
                parse_duration(text),
                Some(Duration::from_millis(millis)),
                "{text}"
            );
        }
        for text in [
            "",
            "s",
            "15",
            "1.5s",
            "-1s",
            " 1s",
            "1 s",
            "1S",
            "1h30m",
            "１s",
            "99999999999999999999d",
            "999999999999999d",
        ] {
            assert_eq!(parse_duration(text), None, "{text:?} passed");
        }
    }

    #[test]
    fn a_size_is_bytes_or_a_power_of_1024() {
        for (text, bytes) in [
            ("0", 0),
            ("65536", 65_536),
            ("64KiB", 65_536),
            ("1MiB", 1 << 20),
            ("2GiB", 2 << 30),
        ] {
            assert_eq!(parse_size(text), Some(bytes), "{text}");
        }
        for text in ["", "KiB", "64KB", "64kib", "64K", "-1", "1.5MiB", "64 KiB"] {
            assert_eq!(parse_size(text), None, "{text:?} passed");
        }
    }

    #[test]
    fn what_is_written_reads_back_the_same() {
        for text in ["0s", "1ms", "1500ms", "90s", "2h", "7d"] {
            assert_eq!(
                parse_duration(text).map(format_duration).as_deref(),
                Some(text)
            );
        }
        for text in ["0", "1", "1023", "64KiB", "1536KiB", "3GiB"] {
            assert_eq!(parse_size(text).map(format_size).as_deref(), Some(text));
        }
    }
}
