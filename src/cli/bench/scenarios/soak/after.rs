//! What is left once everybody has gone.

use std::{
    io::{Write as _, stderr},
    thread::sleep,
    time::{Duration, Instant},
};

use serde::Deserialize;

use crate::{
    cli::bench::{
        Bench,
        fault::BenchFault,
        report::{Figure, Report, Unit},
        target::{Target, http},
        user,
    },
    kernel::{config::DatabaseConfig, identity::Role},
    repair,
};

/// Calls whose people are gone end after `calls.loss_grace`, and rings at their deadline. By then and this all of them are over.
const GRACE: Duration = Duration::from_secs(30);

/// Between two looks.
const EVERY: Duration = Duration::from_millis(250);

pub(super) const STUCK: Figure = Figure::new(
    "stuckCalls",
    "calls that go on without anybody",
    Unit::Count,
)
.alias("stuck");
pub(super) const ERRORS: Figure =
    Figure::new("logErrors", "errors in the server's log", Unit::Count).alias("errors");
pub(super) const FINDINGS: Figure = Figure::new(
    "databaseFindings",
    "things in the database that should not be",
    Unit::Count,
)
.alias("findings");

/// The part of an overview that is looked at.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Overview {
    live_calls: u64,
}

/// Waits for calls to end that nobody is in any more, and looks at what the server has logged and stored. Of a server that is not
/// our own the last two are not known.
pub(super) fn look(
    report: &mut Report,
    bench: &Bench<'_>,
    target: &Target,
) -> Result<(), BenchFault> {
    let calls = &bench.config.calls;
    let end = Instant::now() + calls.loss_grace.max(calls.ring_timeout) + GRACE;
    let mut live = live_calls(target)?;
    while live > 0 && Instant::now() < end {
        sleep(EVERY);
        live = live_calls(target)?;
    }
    report.put(STUCK, live);
    report.put(ERRORS, target.errors());
    report.put(FINDINGS, findings(bench, target)?);
    Ok(())
}

fn live_calls(target: &Target) -> Result<u64, BenchFault> {
    let token = target.token(user("admin", 0)?, Role::Admin)?;
    let answer = http::send(target.endpoint(), "GET", "/admin/api/overview", &token, "")?;
    let overview: Overview = serde_json::from_str(&answer)
        .map_err(|fault| BenchFault::NotTaken(format!("the overview: {fault}")))?;
    Ok(overview.live_calls)
}

/// What `otomo doctor` would say of the database; `None` where it could not look.
fn findings(bench: &Bench<'_>, target: &Target) -> Result<Option<u64>, BenchFault> {
    let Some(url) = target.own_database() else {
        return Ok(None);
    };
    let database = DatabaseConfig {
        url: url.clone(),
        ..bench.config.database.clone()
    };
    let found = repair::look_at(&database, bench.config)
        .map_err(|fault| BenchFault::NotTaken(format!("a look at the database: {fault}")))?;
    let Some(found) = found else {
        return Ok(None);
    };
    for finding in &found {
        // The figure alone does not say what it was.
        let _ = writeln!(stderr(), "{}: {}", finding.rule, finding.found);
    }
    Ok(u64::try_from(found.len()).ok())
}
