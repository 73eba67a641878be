//! Figures: what they are called, in which unit, and what was found.

use hdrhistogram::Histogram;
use serde::{Serialize, Serializer, ser::SerializeMap};

use super::{precise, whole};

/// Something that a scenario finds out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Figure {
    /// In JSON, and in conditions.
    pub(crate) name: &'static str,
    /// A shorter name for conditions.
    pub(crate) short: Option<&'static str>,
    /// In the table.
    pub(crate) says: &'static str,
    pub(crate) unit: Unit,
}

/// What a figure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Things.
    Count,
    /// Whether something is so: 1 if it is, else 0.
    Flag,
    PerSecond,
    Seconds,
    Millis,
    Micros,
    Nanos,
    Kib,
    Percent,
    /// How long things took, in milliseconds: five figures.
    Latency,
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Whole(u64),
    Real(f64),
    Flag(bool),
    Latency(Latency),
    /// It cannot be known: of a server elsewhere, say.
    Unknown,
}

/// How long things took, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Latency {
    p50: f64,
    p90: f64,
    p99: f64,
    p999: f64,
    max: f64,
}

/// The figures of a latency: its names, and what the table says.
pub(crate) const PERCENTILES: [&str; 5] = ["p50", "p90", "p99", "p999", "max"];

impl Figure {
    pub(crate) const fn new(name: &'static str, says: &'static str, unit: Unit) -> Self {
        Self {
            name,
            short: None,
            says,
            unit,
        }
    }

    /// The same, with a shorter name for conditions.
    pub(crate) const fn alias(self, short: &'static str) -> Self {
        Self {
            short: Some(short),
            ..self
        }
    }

    /// What the table says.
    pub(super) fn rows(&self, value: &Value) -> Vec<(String, String)> {
        let unit = self.unit.says();
        let says = match unit {
            "" => self.says.to_owned(),
            unit => format!("{}, {unit}", self.says),
        };
        let figure = match value {
            Value::Whole(number) => whole(*number),
            Value::Real(number) => precise(*number),
            Value::Flag(true) => "yes".to_owned(),
            Value::Flag(false) => "no".to_owned(),
            Value::Unknown => "unknown".to_owned(),
            Value::Latency(latency) => {
                let rows = PERCENTILES.iter().zip(latency.all());
                let row =
                    |(share, millis)| (format!("{}, {share}, ms", self.says), precise(millis));
                return rows.map(row).collect();
            }
        };
        vec![(says, figure)]
    }
}

impl Unit {
    /// What the table says behind the name.
    pub(super) fn says(self) -> &'static str {
        match self {
            Self::Count | Self::Flag | Self::PerSecond => "",
            Self::Seconds => "s",
            Self::Millis | Self::Latency => "ms",
            Self::Micros => "µs",
            Self::Nanos => "ns",
            Self::Kib => "KiB",
            Self::Percent => "%",
        }
    }
}

impl Latency {
    pub(super) fn of(micros: &Histogram<u64>) -> Self {
        let millis = |share| micros.value_at_quantile(share) as f64 / 1e3;
        Self {
            p50: millis(0.5),
            p90: millis(0.9),
            p99: millis(0.99),
            p999: millis(0.999),
            max: millis(1.0),
        }
    }

    /// In the order of [`PERCENTILES`].
    pub(super) fn all(&self) -> [f64; 5] {
        [self.p50, self.p90, self.p99, self.p999, self.max]
    }
}

impl Value {
    /// As a number, if it is known.
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Self::Whole(number) => Some(*number as f64),
            Self::Real(number) => Some(*number),
            Self::Flag(flag) => Some(f64::from(*flag)),
            Self::Latency(_) | Self::Unknown => None,
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Whole(number) => serializer.serialize_u64(*number),
            Self::Real(number) => serializer.serialize_f64(*number),
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            Self::Latency(latency) => latency.serialize(serializer),
            Self::Unknown => serializer.serialize_none(),
        }
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Whole(number)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Whole(number.into())
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Real(number)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(known: Option<T>) -> Self {
        known.map_or(Self::Unknown, Into::into)
    }
}

/// Writes figures as fields, in their order.
pub(super) fn fields<M: SerializeMap>(
    figures: &[(Figure, Value)],
    map: &mut M,
) -> Result<(), M::Error> {
    let mut figures = figures.iter();
    figures.try_for_each(|(figure, value)| map.serialize_entry(figure.name, value))
}
