//! Conditions on figures: `p99<50ms`, `rate>=1000`, `memory<=2KiB`.

use std::{cmp::Ordering, fmt, str::FromStr};

use super::{
    Report,
    figure::{Figure, Unit, Value},
    names::{all_names, named},
    precise, whole,
};

/// A condition, as it was written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Expectation {
    name: String,
    relation: Relation,
    number: f64,
    measure: Measure,
    text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Relation {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
}

/// What a number in a condition measures.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Measure {
    /// Nothing is said.
    Bare,
    /// Time, in this many nanoseconds.
    Time(f64),
    /// Memory, in this many bytes.
    Memory(f64),
}

/// Signs of relations; the longer ones first, as the shorter ones begin them.
const RELATIONS: [(&str, Relation); 6] = [
    ("<=", Relation::LessOrEqual),
    (">=", Relation::GreaterOrEqual),
    ("==", Relation::Equal),
    ("<", Relation::Less),
    (">", Relation::Greater),
    ("=", Relation::Equal),
];

const UNITS: [(&str, Measure); 15] = [
    ("", Measure::Bare),
    ("/s", Measure::Bare),
    ("%", Measure::Bare),
    ("ns", Measure::Time(1.0)),
    ("us", Measure::Time(1e3)),
    ("µs", Measure::Time(1e3)),
    ("ms", Measure::Time(1e6)),
    ("s", Measure::Time(1e9)),
    ("min", Measure::Time(60e9)),
    ("B", Measure::Memory(1.0)),
    ("kB", Measure::Memory(1000.0)),
    ("MB", Measure::Memory(1e6)),
    ("KiB", Measure::Memory(1024.0)),
    ("MiB", Measure::Memory(1024.0 * 1024.0)),
    ("GiB", Measure::Memory(1024.0 * 1024.0 * 1024.0)),
];

/// A condition that is none, or not one on this scenario's figures.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unfit {
    #[error("{0:?} is no condition; write it like p99<50ms, rate>=1000, memory<=2KiB")]
    Form(String),
    #[error(
        "{0:?}: commas are not read; write a point for parts, like 0.5ms, and 1000 or 1_000 for thousands"
    )]
    Comma(String),
    #[error("{text:?}: there is no figure {name:?}; there are {known}")]
    Name {
        text: String,
        name: String,
        known: String,
    },
    #[error("{text:?}: {name} is {kind}")]
    Kind {
        text: String,
        name: String,
        kind: &'static str,
    },
}

/// Conditions that did not hold.
#[derive(Debug, thiserror::Error)]
#[error("not as expected: {0}")]
pub(crate) struct Unmet(String);

impl FromStr for Expectation {
    type Err = Unfit;

    fn from_str(text: &str) -> Result<Self, Unfit> {
        let unfit = || Unfit::Form(text.to_owned());
        let at = text.find(['<', '>', '=']).ok_or_else(unfit)?;
        let (name, rest) = text.split_at(at);
        let mut relations = RELATIONS.into_iter();
        let (rest, relation) = relations
            .find_map(|(sign, relation)| Some((rest.strip_prefix(sign)?, relation)))
            .ok_or_else(unfit)?;
        let rest = rest.trim();
        // A thousand to some, a part to others.
        if rest.contains(',') {
            return Err(Unfit::Comma(text.to_owned()));
        }
        let end = rest.find(|it: char| !matches!(it, '0'..='9' | '.' | '_'));
        let (number, unit) = rest.split_at(end.unwrap_or(rest.len()));
        let number = number.replace('_', "").parse().map_err(|_odd| unfit())?;
        let mut units = UNITS.into_iter();
        let (_, measure) = units
            .find(|(name, _)| *name == unit.trim())
            .ok_or_else(unfit)?;
        Ok(Self {
            name: name.trim().to_owned(),
            relation,
            number,
            measure,
            text: text.to_owned(),
        })
    }
}

impl Expectation {
    /// Refuses a condition that no report of these figures could meet or fail.
    pub(crate) fn check(&self, figures: &[Figure]) -> Result<(), Unfit> {
        let found = named(figures, &self.name).ok_or_else(|| Unfit::Name {
            text: self.text.clone(),
            name: self.name.clone(),
            known: all_names(figures).join(", "),
        })?;
        let kind = match (found.0.unit.measure(), self.measure) {
            (Measure::Bare, Measure::Bare)
            | (Measure::Time(_), Measure::Time(_))
            | (Measure::Memory(_), Measure::Memory(_)) => return Ok(()),
            (Measure::Bare, _) => "a number without a unit",
            (Measure::Time(_), _) => "a time: say in which unit, like 50ms",
            (Measure::Memory(_), _) => "memory: say in which unit, like 2KiB",
        };
        Err(Unfit::Kind {
            text: self.text.clone(),
            name: self.name.clone(),
            kind,
        })
    }

    /// Whether a report holds what it is about.
    fn names_one_of(&self, report: &Report) -> bool {
        let figures: Vec<Figure> = report.values.iter().map(|(figure, _)| *figure).collect();
        named(&figures, &self.name).is_some()
    }

    /// What a report says against it, if anything.
    fn against(&self, report: &Report) -> Option<String> {
        let Judged { found, holds, .. } = self.judged(report)?;
        (!holds).then(|| match found {
            None => format!("{}, but {} is unknown", self.text, self.name),
            Some(found) => format!("{}, but {} is {found}", self.text, self.name),
        })
    }

    /// Whether it holds for a report, if that holds what it is about.
    fn judged(&self, report: &Report) -> Option<Judged> {
        let figures: Vec<Figure> = report.values.iter().map(|(figure, _)| *figure).collect();
        let (figure, share) = named(&figures, &self.name)?;
        let (_, value) = report.values.iter().find(|(it, _)| *it == figure)?;
        let found = match (value, share) {
            (Value::Latency(latency), Some(share)) => latency.all().get(share).copied(),
            (value, _) => value.number(),
        };
        let says = figure.says;
        let Some(found) = found else {
            return Some(Judged {
                says,
                found: None,
                holds: false,
            });
        };
        let scale = match (self.measure, figure.unit.measure()) {
            (Measure::Time(asked), Measure::Time(its))
            | (Measure::Memory(asked), Measure::Memory(its)) => asked / its,
            _ => 1.0,
        };
        let order = found.partial_cmp(&(self.number * scale));
        let unit = figure.unit.says();
        let space = if unit.is_empty() { "" } else { " " };
        let shown = match value {
            Value::Whole(found) => whole(*found),
            Value::Flag(true) => "yes".to_owned(),
            Value::Flag(false) => "no".to_owned(),
            _ => precise(found),
        };
        Some(Judged {
            says,
            found: Some(format!("{shown}{space}{unit}")),
            holds: order.is_some_and(|order| self.relation.holds(order)),
        })
    }
}

/// What a condition comes to.
struct Judged {
    /// What it is about.
    says: &'static str,
    /// With its unit; `None` if it is not known.
    found: Option<String>,
    holds: bool,
}

/// What was expected and what was found, as a table of Markdown.
pub(crate) fn verdict(expected: &[Expectation], report: &Report) -> String {
    let mut table = "| what | found | expected | |\n|---|---|---|---|\n".to_owned();
    for expectation in expected {
        let Some(Judged { says, found, holds }) = expectation.judged(report) else {
            continue;
        };
        let found = found.unwrap_or_else(|| "unknown".to_owned());
        let holds = if holds { "holds" } else { "**does not hold**" };
        table += &format!("| {says} | {found} | `{expectation}` | {holds} |\n");
    }
    table
}

impl Relation {
    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
            Self::Equal => order.is_eq(),
        }
    }
}

impl Unit {
    fn measure(self) -> Measure {
        match self {
            Self::Count | Self::Flag | Self::PerSecond | Self::Percent => Measure::Bare,
            Self::Seconds => Measure::Time(1e9),
            Self::Millis | Self::Latency => Measure::Time(1e6),
            Self::Micros => Measure::Time(1e3),
            Self::Nanos => Measure::Time(1.0),
            Self::Kib => Measure::Memory(1024.0),
        }
    }
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Fails with every condition that does not hold for a report, or for one of its levels; or that is about a figure which this
/// run has not found.
pub(crate) fn hold(expected: &[Expectation], report: &Report) -> Result<(), Unmet> {
    let mut against = Vec::new();
    for expectation in expected {
        let mut reports = [report].into_iter().chain(&report.levels);
        if !reports.any(|it| expectation.names_one_of(it)) {
            against.push(format!("{expectation}, but this run does not tell"));
        }
        against.extend(expectation.against(report));
        for level in &report.levels {
            let at = level.label();
            let told = expectation.against(level);
            against.extend(told.map(|told| format!("{told} ({at})")));
        }
    }
    match against.is_empty() {
        true => Ok(()),
        false => Err(Unmet(against.join("; "))),
    }
}

#[cfg(test)]
mod tests;
