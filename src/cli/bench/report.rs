//! How figures are shown: a table for people, JSON for programs.

use std::io::{self, Write as _, stdout};

use serde::Serialize;

/// Width of the column of names.
const NAMES: usize = 42;

/// What a run found out.
pub(super) trait Report: Serialize {
    /// The table's lines: what was measured, with its unit, and the figure.
    fn rows(&self) -> Vec<(&'static str, String)>;
}

/// Prints a report on standard output.
pub(super) fn print(report: &impl Report, json: bool) -> io::Result<()> {
    let mut out = stdout().lock();
    if json {
        serde_json::to_writer_pretty(&mut out, report)?;
        return writeln!(out);
    }
    for (name, figure) in report.rows() {
        writeln!(out, "{name:<NAMES$}{figure:>14}")?;
    }
    Ok(())
}

/// A whole number with its thousands apart.
pub(super) fn whole(number: u64) -> String {
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
pub(super) fn precise(figure: f64) -> String {
    match figure.abs() {
        large if large >= 1000.0 => whole(figure.round() as u64),
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
            [0.0314, 3.5, 12.34, 123_456.7].map(precise),
            ["0.031", "3.500", "12.3", "123,457"]
        );
    }
}
