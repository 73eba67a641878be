//! Times as ISO 8601 in UTC, to the millisecond (`2026-11-22T12:36:08.123Z`): in REST bodies, and in the events of source document
//! 003. Read with any offset.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::time::Timestamp;

/// The beginning of the year 0 in UNIX milliseconds: before it years have a sign, which few read.
const FIRST: i64 = -62_167_219_200_000;

/// A point in time, written as ISO 8601.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema)]
#[schemars(rename = "DateTime", with = "String", extend("format" = "date-time"))]
pub struct Iso(pub Timestamp);

impl From<Timestamp> for Iso {
    fn from(time: Timestamp) -> Self {
        Self(time)
    }
}

impl Serialize for Iso {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // One that has no such text, which only a damaged database holds, keeps no list in which it stands from being read.
        let last = jiff::Timestamp::MAX.as_second() * 1_000;
        let time = jiff::Timestamp::from_millisecond(self.0.millis().clamp(FIRST, last));
        let time = time.map_err(serde::ser::Error::custom)?;
        serializer.collect_str(&format_args!("{time:.3}"))
    }
}

impl<'de> Deserialize<'de> for Iso {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        let time: jiff::Timestamp = text.parse().map_err(|_fault| {
            serde::de::Error::custom("a time must be written like 2026-11-22T12:36:08Z")
        })?;
        Ok(Self(Timestamp::from_millis(time.as_millisecond())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_to_the_millisecond_and_read_with_any_offset() {
        let time = Iso(Timestamp::from_millis(1_795_351_608_120));
        let text = serde_json::to_string(&time).unwrap();
        assert_eq!(text, r#""2026-11-22T12:46:48.120Z""#);
        for same in [&text, r#""2026-11-22T21:46:48.12+09:00""#] {
            assert_eq!(serde_json::from_str::<Iso>(same).unwrap(), time);
        }
        for (far, nearest) in [(i64::MAX, "9999-12-30T"), (i64::MIN, "0000-01-01T")] {
            let text = serde_json::to_string(&Iso(Timestamp::from_millis(far))).unwrap();
            assert!(text.contains(nearest), "{text}");
            serde_json::from_str::<Iso>(&text).unwrap();
        }
        for bad in ["\"tomorrow\"", "\"2026-11-22\"", "1795351608", "\"\""] {
            assert!(serde_json::from_str::<Iso>(bad).is_err(), "{bad} was read");
        }
    }
}
