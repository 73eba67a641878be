//! Rows that refer to none, of which no rule tells. Such a row is always told: by a rule, or as that.

use super::{Done, Finding};
use crate::store::{
    Conn, StoreError,
    repair::{Dangling, dangling},
};

/// What no rule has mended, nor told.
pub(super) const REFERENCES: &str = "reference";

/// What is no text refers to nothing, and is told with its row.
const UNREADABLE: &str = "unreadable-text";

/// The rule that finds all rows of a table that refer to none of another.
fn telling(table: &str, parent: &str) -> Option<&'static str> {
    Some(match (table, parent) {
        (_, "users") => "unknown-person",
        ("leases", "otomo") => "lease",
        ("calls", "calls") => "joined-call",
        ("live_participants", "calls") => "held-person",
        ("call_events", "calls") => "call-line",
        ("inbox", "events") => "inbox-stream",
        ("members" | "messages", "conversations") => "lost-conversation",
        ("point_transactions", "point_accounts") => "account",
        _ => return None,
    })
}

/// Those of which none of these findings tells.
pub(super) fn untold(conn: &mut Conn, findings: &[Finding]) -> Result<Vec<Finding>, StoreError> {
    let mut untold = dangling(conn)?;
    untold.retain(|rows| !findings.iter().any(|it| tells(it, rows)));
    Ok(untold.into_iter().map(finding).collect())
}

fn tells(finding: &Finding, Dangling { table, parent, .. }: &Dangling) -> bool {
    let is_unreadable =
        finding.rule == UNREADABLE && finding.found.starts_with(&format!("{table} ("));
    is_unreadable || telling(table, parent) == Some(finding.rule)
}

fn finding(
    Dangling {
        table,
        parent,
        rows,
    }: Dangling,
) -> Finding {
    let todo =
        "report this, with PRAGMA foreign_key_check; otomo restore puts a backup in its place";
    Finding {
        rule: REFERENCES,
        found: format!("{rows} rows of {table} refer to rows of {parent} that are not there"),
        done: Done::Left(todo.to_owned()),
    }
}
