//! What is in the database: whether it is what it should be, and `--repair`.

use std::io::Write;

use super::{Report, Unwell};
use crate::{
    cli::ExitWith,
    kernel::{config::Config, logging::chain},
    repair::{self, Done, Finding},
};

/// What is said of a database in which all is well.
const ABOUT: &str = "contents";

/// What is said of a database that is not mended.
const REFUSED: &str = "repair";

/// The exit code if all that was found is mended.
const MENDED: u8 = 3;

/// Looks. What keeps it from that, the look at the database has told.
pub(super) fn look(config: &Config, report: &mut Report) {
    match repair::look(config) {
        Ok(Some(findings)) => tell(findings, report),
        Ok(None) => {}
        Err(fault) if fault.is_outage() => {}
        Err(fault) => report.failed(
            ABOUT,
            chain(&fault).to_string(),
            repair::restoring(&config.database.url),
        ),
    }
}

/// Mends.
///
/// # Errors
/// [`Unwell`] if something is left; [`ExitWith`] if something was found, and is mended; why nothing could be done.
pub(super) fn mend(config: &Config, mut report: Report) -> Result<(), Box<dyn std::error::Error>> {
    let repaired = match repair::mend(config) {
        // Whoever reads no words reads this.
        Err(fault) if report.is_json() => {
            report.plain_failure(REFUSED, chain(&fault).to_string());
            return Err(Unwell(report.end()?).into());
        }
        repaired => repaired?,
    };
    if let Some(backup) = &repaired.backup {
        report.ok(
            "backup",
            format!("{} is what was there before", backup.display()),
        );
    }
    let mended = |finding: &Finding| matches!(finding.done, Done::Mended(_));
    let any = repaired.findings.iter().any(mended);
    tell(repaired.findings, &mut report);
    match (report.end()?, any) {
        (0, false) => Ok(()),
        (0, true) => Err(ExitWith(MENDED).into()),
        (left, _) => Err(Unwell(left).into()),
    }
}

fn tell<W: Write>(findings: Vec<Finding>, report: &mut super::report::Report<W>) {
    if findings.is_empty() {
        let rules = repair::rules().count();
        report.ok(ABOUT, format!("{rules} rules hold"));
    }
    for Finding { rule, found, done } in findings {
        match done {
            Done::Mendable(what) => {
                report.failed(
                    rule,
                    found,
                    format!("otomo doctor --repair mends it: {what}"),
                );
            }
            Done::Mended(what) => report.mended(rule, found, what),
            Done::Left(todo) => report.failed(rule, found, todo),
        }
    }
}
