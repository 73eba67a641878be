//! What is shown while a scenario runs: one line on standard error, written over each second.

use std::io::{IsTerminal as _, Write as _, stderr};

use super::Moment;
use crate::cli::bench::{
    options::OutputArgs,
    report::{precise, whole},
};

/// Clears what was written on the line.
const CLEAR: &str = "\r\u{1b}[K";

/// Shows how far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// To nobody.
    Silent,
    /// A line that is written over.
    Line,
    /// A line for each second, where nobody could write over it.
    Lines,
}

impl Progress {
    /// What is asked for, or what fits.
    pub(crate) fn new(output: &OutputArgs) -> Self {
        match (stderr().is_terminal(), output.quiet, output.progress) {
            (_, true, _) | (false, _, false) => Self::Silent,
            (true, ..) => Self::Line,
            (false, _, true) => Self::Lines,
        }
    }

    /// Says what is going on.
    pub(crate) fn say(self, text: &str) {
        // Progress that cannot be shown is no reason to stop.
        let _ = match self {
            Self::Silent => Ok(()),
            Self::Line => write!(stderr(), "{CLEAR}{text}"),
            Self::Lines => writeln!(stderr(), "{text}"),
        };
    }

    /// Says how it goes.
    pub(crate) fn show(self, connections: usize, unit: &str, moment: &Moment, latencies: [f64; 2]) {
        if self == Self::Silent {
            return;
        }
        let [p50, p99] = latencies.map(precise);
        self.say(&format!(
            "{:>4.0} s  {} connections  {} {unit}/s  p50 {p50} ms  p99 {p99} ms",
            moment.at,
            whole(connections as u64),
            precise(moment.rate),
        ));
    }

    /// Leaves nothing behind.
    pub(crate) fn clear(self) {
        if self == Self::Line {
            let _ = write!(stderr(), "{CLEAR}");
        }
    }
}
