//! The chart: how long things took, share by share, and how many came, second by second. Written by hand: it is two sets of axes.
//!
//! Colours follow the reader's light or dark mode.

use std::fmt::Write as _;

use hdrhistogram::Histogram;

use super::{precise, whole};
use crate::cli::bench::measure::Moment;

/// What is drawn in one colour.
pub(super) struct Series<'a> {
    /// What tells it from the others, if there are several.
    pub(super) label: String,
    /// Latencies.
    pub(super) micros: &'a Histogram<u64>,
    pub(super) moments: &'a [Moment],
}

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 680.0;

/// Left and right end of both sets of axes.
const LEFT: f64 = 78.0;
const RIGHT: f64 = 722.0;

/// Top and bottom of the latencies, and of the throughput.
const LATENCIES: (f64, f64) = (100.0, 326.0);
const THROUGHPUT: (f64, f64) = (412.0, 614.0);

/// Shares that have a mark on the axis. Each step is ten times as rare.
const TICKS: [(f64, &str); 6] = [
    (0.0, "min"),
    (0.9, "90%"),
    (0.99, "99%"),
    (0.999, "99.9%"),
    (0.9999, "99.99%"),
    (0.99999, "99.999%"),
];

/// Names that fit into a row.
const IN_A_ROW: usize = 4;

/// Points of a curve.
const POINTS: u32 = 200;

/// Colours that are told apart by most people, in light and dark mode.
const COLOURS: [(&str, &str); 6] = [
    ("#0b62c4", "#6cb0ff"),
    ("#b3440a", "#ff9e64"),
    ("#17703c", "#6fd08c"),
    ("#8a2ba8", "#d8a0f0"),
    ("#8a6a00", "#e6c84f"),
    ("#4d5561", "#b7c0cc"),
];

/// Draws the chart. `unit` is what came.
pub(super) fn svg(title: &str, unit: &str, series: &[Series<'_>]) -> String {
    let mut svg = String::new();
    begin(&mut svg, title, series);
    latencies(&mut svg, series);
    throughput(&mut svg, unit, series);
    svg += "</svg>\n";
    svg
}

fn begin(svg: &mut String, title: &str, series: &[Series<'_>]) {
    let title = escaped(title);
    let (mut light, mut dark) = (String::new(), String::new());
    for (number, (day, night)) in COLOURS.iter().enumerate() {
        put(&mut light, format_args!(".s{number}{{--c:{day}}}"));
        put(&mut dark, format_args!(".s{number}{{--c:{night}}}"));
    }
    put(
        svg,
        format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
             aria-label=\"{title}\">\n<style>\n\
             svg{{--paper:#fff;--ink:#1c2128;--faint:#5c6570;--grid:#e1e5ea;\
             font:13px system-ui,sans-serif;background:var(--paper)}}\n{light}\n\
             @media (prefers-color-scheme:dark){{\
             svg{{--paper:#14181d;--ink:#e8ecf1;--faint:#a3adb8;--grid:#2c333b}}{dark}}}\n\
             .paper{{fill:var(--paper)}}text{{fill:var(--ink)}}.faint{{fill:var(--faint)}}.head{{font-size:16px;font-weight:600}}\
             .grid{{stroke:var(--grid)}}.curve{{fill:none;stroke:var(--c);stroke-width:2;stroke-linejoin:round}}\
             .key{{fill:var(--c)}}\
             .again{{stroke-dasharray:7 4}}.again .key{{fill:none;stroke:var(--c)}}.end{{text-anchor:end}}.middle{{text-anchor:middle}}\n</style>\n\
             <rect class=\"paper\" width=\"{WIDTH}\" height=\"{HEIGHT}\"/>\n\
             <text class=\"head\" x=\"{LEFT}\" y=\"32\">{title}</text>\n"
        ),
    );
    if series.len() > 1 {
        legend(svg, series);
    }
}

/// Which curve is whose, in two rows where there are more than fit into one.
fn legend(svg: &mut String, series: &[Series<'_>]) {
    let columns = series.len().div_ceil(2).max(series.len().min(IN_A_ROW));
    let width = (RIGHT - LEFT) / columns as f64;
    for (number, one) in series.iter().enumerate() {
        let (row, column) = (number / columns, number % columns);
        let (x, y) = (LEFT + width * column as f64, 45.0 + 18.0 * row as f64);
        let label = escaped(&one.label);
        put(
            svg,
            format_args!(
                "<g class=\"{}\"><rect class=\"key\" x=\"{x:.1}\" y=\"{y}\" width=\"12\" height=\"12\" rx=\"2\"/>\
                 <text x=\"{:.1}\" y=\"{}\">{label}</text></g>\n",
                look(number),
                x + 18.0,
                y + 11.0
            ),
        );
    }
}

/// What tells a series from the others: its colour, and a broken line where all colours are used already.
fn look(number: usize) -> String {
    let again = if number < COLOURS.len() { "" } else { " again" };
    format!("s{}{again}", number % COLOURS.len())
}

/// Latency over share: the rarer, the more room.
fn latencies(svg: &mut String, series: &[Series<'_>]) {
    let (top, bottom) = LATENCIES;
    let longest = series.iter().map(|one| one.micros.max()).max();
    let scale = Scale::over(longest.unwrap_or(0) as f64 / 1e3);
    rows(svg, LATENCIES, &scale, "latency, ms");
    let rarest = TICKS.len() as f64 - 1.0;
    for (number, (_, label)) in TICKS.iter().enumerate() {
        let x = LEFT + (RIGHT - LEFT) * number as f64 / rarest;
        column(svg, LATENCIES, x, label);
    }
    for (number, one) in series.iter().enumerate() {
        // Of a thousand, none is rarer than one in a thousand.
        let known = (one.micros.len().max(1) as f64).log10().min(rarest) / rarest;
        let points = (0..=POINTS).map(|point| {
            let far = known * f64::from(point) / f64::from(POINTS);
            let share = 1.0 - 10_f64.powf(-far * rarest);
            let millis = one.micros.value_at_quantile(share) as f64 / 1e3;
            let x = LEFT + (RIGHT - LEFT) * far;
            (x, bottom - (bottom - top) * scale.part(millis))
        });
        curve(svg, number, points);
    }
}

/// How many came, over time.
fn throughput(svg: &mut String, unit: &str, series: &[Series<'_>]) {
    let (top, bottom) = THROUGHPUT;
    let moments = || series.iter().flat_map(|one| one.moments);
    let most = moments().map(|it| it.rate).fold(0.0, f64::max);
    let long = moments().map(|it| it.at).fold(1.0, f64::max);
    let scale = Scale::over(most);
    rows(svg, THROUGHPUT, &scale, &format!("{unit} per second"));
    let time = Scale::over(long);
    for mark in time.marks().filter(|mark| *mark <= long) {
        let x = LEFT + (RIGHT - LEFT) * mark / long;
        column(svg, THROUGHPUT, x, &format!("{} s", short(mark)));
    }
    for (number, one) in series.iter().enumerate() {
        // A moment's rate is that of the second before it: so the first one begins at zero, and alone is a line too.
        let begin = one.moments.first().map(|first| (0.0, first.rate));
        let moments = one.moments.iter().map(|moment| (moment.at, moment.rate));
        let points = begin.into_iter().chain(moments).map(|(at, rate)| {
            let x = LEFT + (RIGHT - LEFT) * at / long;
            (x, bottom - (bottom - top) * scale.part(rate))
        });
        curve(svg, number, points);
    }
}

/// Lines across, with what they stand for.
fn rows(svg: &mut String, (top, bottom): (f64, f64), scale: &Scale, says: &str) {
    let says = escaped(says);
    put(
        svg,
        format_args!("<text x=\"{LEFT}\" y=\"{:.1}\">{says}</text>\n", top - 12.0),
    );
    for mark in scale.marks() {
        let y = bottom - (bottom - top) * scale.part(mark);
        put(
            svg,
            format_args!(
                "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
                 <text class=\"faint end\" x=\"{:.1}\" y=\"{:.1}\">{}</text>\n",
                LEFT - 8.0,
                y + 4.0,
                short(mark)
            ),
        );
    }
}

/// A line down, with what it stands for.
fn column(svg: &mut String, (top, bottom): (f64, f64), x: f64, label: &str) {
    let label = escaped(label);
    put(
        svg,
        format_args!(
            "<line class=\"grid\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{top}\" y2=\"{bottom}\"/>\
             <text class=\"faint middle\" x=\"{x:.1}\" y=\"{:.1}\">{label}</text>\n",
            bottom + 20.0
        ),
    );
}

fn curve(svg: &mut String, number: usize, points: impl Iterator<Item = (f64, f64)>) {
    let points: Vec<String> = points.map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    put(
        svg,
        format_args!(
            "<polyline class=\"curve {}\" points=\"{}\"/>\n",
            look(number),
            points.join(" ")
        ),
    );
}

/// From zero to a round number.
struct Scale {
    step: f64,
    top: f64,
}

impl Scale {
    /// One that `most` fits under, with about five steps of 1, 2 or 5.
    fn over(most: f64) -> Self {
        let most = if most > 0.0 { most } else { 1.0 };
        let magnitude = 10_f64.powf((most / 5.0).log10().floor());
        let steps = [1.0, 2.0, 5.0, 10.0].map(|it| it * magnitude);
        let step = steps.into_iter().find(|step| most / step <= 5.0);
        let step = step.unwrap_or(most);
        Self {
            step,
            top: (most / step).ceil() * step,
        }
    }

    fn marks(&self) -> impl Iterator<Item = f64> + use<> {
        let (step, steps) = (self.step, (self.top / self.step).round() as u32);
        (0..=steps).map(move |mark| f64::from(mark) * step)
    }

    /// Where on the scale a value is, from 0 to 1.
    fn part(&self, value: f64) -> f64 {
        value / self.top
    }
}

/// A mark's number, as short as it is round.
fn short(number: f64) -> String {
    match number {
        whole_number if number.fract() == 0.0 => whole(whole_number as u64),
        _ => {
            let text = precise(number);
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
    }
}

/// As text between tags, or between quotes.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            // XML has no room for others, not even escaped.
            control if control.is_control() => escaped.push(' '),
            sign => escaped.push(sign),
        }
    }
    escaped
}

fn put(svg: &mut String, text: std::fmt::Arguments<'_>) {
    let written = svg.write_fmt(text);
    debug_assert!(written.is_ok(), "a string takes everything");
}

#[cfg(test)]
mod tests;
