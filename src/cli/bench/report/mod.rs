//! What a run found out: a table for people, JSON for programs, a chart, and whether it is as expected.

mod expect;
mod figure;
mod names;
mod plot;

use std::io::{self, Write as _, stdout};

use hdrhistogram::Histogram;
use serde::{Serialize, Serializer, ser::SerializeMap as _};

use self::figure::Latency;
pub(crate) use self::{
    expect::{Expectation, hold, verdict},
    figure::{Figure, Unit, Value},
    names::help,
};
use super::measure::{Cost, Latencies, Meter, Moment};

/// What a report says of the tool itself wherever it makes load: its share of its core, and whether that is the limit.
pub(crate) const TOOL: [Figure; 2] = [
    Figure::new(
        "toolSharePercent",
        "this tool's share of its core",
        Unit::Percent,
    ),
    Figure::new("toolIsTheLimit", "this tool is the limit", Unit::Flag),
];

/// What it says of the server wherever that is waited for to be idle: else what it always does counts with the load.
pub(crate) const NEVER_IDLE: Figure =
    Figure::new("serverNeverIdle", "the server was never idle", Unit::Flag);

/// What it says of what was left over, wherever something can be.
pub(crate) const LEFT_OVER: [Figure; 2] = [
    Figure::new("unanswered", "not answered at the end", Unit::Count),
    Figure::new("unsent", "due, and never sent", Unit::Count),
];

/// What it says of what went late, where it goes by the clock.
pub(crate) const LATENESS: Figure =
    Figure::new("toolLateMs", "sent late by this tool, p99", Unit::Millis);

/// What a run found out.
#[derive(Debug)]
pub(crate) struct Report {
    scenario: &'static str,
    /// What may be in it.
    figures: &'static [Figure],
    values: Vec<(Figure, Value)>,
    /// What was found step by step, where a scenario goes through several.
    pub(crate) levels: Vec<Report>,
    /// What is drawn.
    drawn: Option<Drawn>,
}

/// Latencies and throughput, for the chart.
#[derive(Debug)]
struct Drawn {
    micros: Histogram<u64>,
    moments: Vec<Moment>,
    unit: &'static str,
}

impl Report {
    /// Empty. `figures` are all that it, and its levels, may hold.
    pub(crate) fn new(scenario: &'static str, figures: &'static [Figure]) -> Self {
        Self {
            scenario,
            figures,
            values: Vec::new(),
            levels: Vec::new(),
            drawn: None,
        }
    }

    /// Adds a figure.
    pub(crate) fn put(&mut self, figure: Figure, value: impl Into<Value>) {
        debug_assert!(
            self.figures.contains(&figure),
            "{} is not announced by {}",
            figure.name,
            self.scenario
        );
        self.values.push((figure, value.into()));
    }

    /// Puts another value in the place of one.
    #[cfg(test)]
    pub(crate) fn replace(&mut self, figure: Figure, value: impl Into<Value>) {
        self.values.retain(|(it, _)| *it != figure);
        self.put(figure, value);
    }

    /// Adds how long things took, in microseconds.
    pub(crate) fn latency(&mut self, figure: Figure, micros: &Histogram<u64>) {
        self.put(figure, Value::Latency(Latency::of(micros)));
    }

    /// Adds the latencies of a meter, and draws what it has counted.
    pub(crate) fn measured(&mut self, figure: Figure, meter: &Meter) {
        self.measured_beside(figure, meter.latencies(), meter);
    }

    /// Adds latencies, in microseconds, and draws them beside what another meter has counted.
    pub(crate) fn measured_beside(
        &mut self,
        figure: Figure,
        micros: &Histogram<u64>,
        counted: &Meter,
    ) {
        self.latency(figure, micros);
        self.drawn = Some(Drawn {
            micros: micros.clone(),
            moments: counted.moments().to_vec(),
            unit: counted.unit(),
        });
    }

    /// Adds what each of so many cost: the server's code, the kernel for it, and this tool; and whether the tool could have
    /// done more.
    pub(crate) fn costs(&mut self, [user, system, tool]: [Figure; 3], cost: &Cost, count: u64) {
        self.put(user, cost.server_user_micros(count));
        self.put(system, cost.server_system_micros(count));
        self.put(tool, cost.tool_micros(count));
        self.put(TOOL[0], cost.tool_share() * 100.0);
        self.put(TOOL[1], cost.tool_is_the_limit());
        if let Some(never_idle) = cost.never_idle() {
            self.put(NEVER_IDLE, never_idle);
        }
    }

    /// Adds what was not answered, and what was due and never sent: both are in the latencies, with how long they had been
    /// waited for. And how late the tool was, if it went by the clock.
    pub(crate) fn left_over(&mut self, unanswered: u64, unsent: u64, late: Option<&Latencies>) {
        self.put(LEFT_OVER[0], unanswered);
        self.put(LEFT_OVER[1], unsent);
        if let Some(late) = late {
            self.put(LATENESS, late.millis(0.99));
        }
    }

    /// What tells a level from the others: its first figure.
    fn label(&self) -> String {
        let rows = self
            .values
            .first()
            .map(|(figure, value)| figure.rows(value));
        let first = rows.into_iter().flatten().next();
        first.map_or_else(String::new, |(says, figure)| format!("{says} {figure}"))
    }

    fn rows(&self) -> Vec<(String, String)> {
        let own = self
            .values
            .iter()
            .flat_map(|(figure, value)| figure.rows(value));
        own.chain(self.levels.iter().flat_map(Self::rows)).collect()
    }
}

/// Draws what was measured; of several levels each in a colour. A scenario that measures no latencies has no chart.
pub(crate) fn draw(report: &Report) -> Option<String> {
    let reports = || [report].into_iter().chain(&report.levels);
    let series = reports().filter_map(|report| {
        let drawn = report.drawn.as_ref()?;
        Some(plot::Series {
            label: report.label(),
            micros: &drawn.micros,
            moments: &drawn.moments,
        })
    });
    let series: Vec<_> = series.collect();
    let unit = reports().find_map(|report| Some(report.drawn.as_ref()?.unit))?;
    let title = format!("otomo bench {}: {}", report.scenario, report.label());
    Some(plot::svg(&title, unit, &series))
}

/// Its scenario and its figures, those of its levels without the scenario.
impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("scenario", self.scenario)?;
        figure::fields(&self.values, &mut map)?;
        if !self.levels.is_empty() {
            let levels: Vec<Level<'_>> = self.levels.iter().map(Level).collect();
            map.serialize_entry("levels", &levels)?;
        }
        map.end()
    }
}

struct Level<'a>(&'a Report);

impl Serialize for Level<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        figure::fields(&self.0.values, &mut map)?;
        map.end()
    }
}

/// Prints a report on standard output.
pub(crate) fn print(report: &Report, json: bool) -> io::Result<()> {
    let mut out = stdout().lock();
    if json {
        serde_json::to_writer_pretty(&mut out, report)?;
        return writeln!(out);
    }
    let rows = report.rows();
    let width = |text: &String| text.chars().count();
    let names = rows.iter().map(|(name, _)| width(name)).max().unwrap_or(0);
    let figures = rows.iter().map(|(_, figure)| width(figure)).max();
    let figures = figures.unwrap_or(0);
    for (name, figure) in rows {
        writeln!(out, "{name:<names$}  {figure:>figures$}")?;
    }
    Ok(())
}

/// A whole number with its thousands apart.
pub(crate) fn whole(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A figure of which two or three digits matter.
pub(crate) fn precise(figure: f64) -> String {
    match figure.abs() {
        large if large >= 1000.0 => {
            let sign = if figure < 0.0 { "-" } else { "" };
            format!("{sign}{}", whole(large.round() as u64))
        }
        middle if middle >= 10.0 => format!("{figure:.1}"),
        _ => format!("{figure:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_readable() {
        assert_eq!(
            [0, 12, 999, 1000, 1_234_567].map(whole),
            ["0", "12", "999", "1,000", "1,234,567"]
        );
        assert_eq!(
            [0.0314, 3.5, 12.34, 123_456.7, -1_234.5].map(precise),
            ["0.031", "3.500", "12.3", "123,457", "-1,235"]
        );
    }

    #[test]
    fn programs_find_figures_by_name_and_levels_apart() {
        const COUNT: Figure = Figure::new("sends", "sends", Unit::Count);
        const CPU: Figure = Figure::new("serverMicros", "server CPU", Unit::Micros);
        let mut level = Report::new("test", &[COUNT, CPU]);
        level.put(COUNT, 7_u64);
        level.put(CPU, None::<f64>);
        let mut report = Report::new("test", &[COUNT]);
        report.put(COUNT, 1_u64);
        report.levels.push(level);
        let json = serde_json::to_string(&report).unwrap();
        let expected =
            r#"{"scenario":"test","sends":1,"levels":[{"sends":7,"serverMicros":null}]}"#;
        assert_eq!(json, expected);
        let rows: Vec<_> = report
            .rows()
            .into_iter()
            .map(|(name, it)| name + " " + &it)
            .collect();
        assert_eq!(rows, ["sends 1", "sends 7", "server CPU, µs unknown"]);
    }
}
