//! What should not be in a database, found and mended: every room's rules, one after the other.
//!
//! ```text
//!   look ──> a read of one moment ──> each room's rules ──> what was found, and what would be done
//!   mend ──> nobody serves it? ──> the same look ──> a copy of the file ──> one transaction: mended until nothing more is found
//! ```
//! First comes what the tables lack, then what no room could read (`texts`, and numbers that are none). The order of the rooms is
//! that of what they stand on: who is known before who is in a call, calls before the statuses that follow from them (so presence
//! comes twice: who the otomo are, and what they are shown as). What one rule mends another may find something new in, so all are
//! asked again until a round finds nothing.
//! All of it is one transaction: a repair that is interrupted has changed nothing.
//!
//! What the tables are is looked at before what is in them ([`store::shape`](crate::store::shape)). Each room knows its own
//! breakages (`people::repair`, `calls::repair`, ..); what they are told in is
//! [`store::repair`](crate::store::repair), which also says why no server may run meanwhile.

mod fault;
mod references;
#[cfg(test)]
mod tests;
mod texts;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

pub use self::fault::{RepairFault, relisting};
use crate::{
    calls, chat, cluster,
    delivery::inbox,
    friends,
    kernel::{
        config::{Config, DatabaseConfig, DatabaseUrl},
        logging::chain,
        time::Timestamp,
    },
    people, points, presence, rooms,
    store::{
        Conn, StoreError,
        backup::back_up_beside,
        numbers,
        repair::{Breakage, Closed, Operation, Reading, References, Remedy, Rule, Scene, damage},
        shape,
    },
};

/// What is mended rests on what is before it.
const ROOMS: [&[Rule]; 13] = [
    shape::RULES,
    texts::RULES,
    numbers::RULES,
    people::repair::RULES,
    cluster::repair::RULES,
    presence::repair::OTOMO,
    calls::repair::RULES,
    presence::repair::RULES,
    inbox::repair::RULES,
    chat::repair::RULES,
    points::repair::RULES,
    rooms::repair::RULES,
    friends::repair::RULES,
];

/// The file itself: not a rule that a room could mend.
const FILE: &str = "file";

/// What a mended thing can bring up is mended in the round after it. Chains of more than three are not known.
const ROUNDS: usize = 8;

/// Something that should not be, or should not have been.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The name of the rule that found it.
    pub rule: &'static str,
    /// What it is about, and what is wrong with it.
    pub found: String,
    /// What became of it.
    pub done: Done,
}

/// What became of a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    /// A repair would do this.
    Mendable(String),
    /// It is mended, in this way.
    Mended(String),
    /// A person must do this.
    Left(String),
}

/// What a repair came to.
#[derive(Debug, Default)]
pub struct Repaired {
    /// What was mended, and what was left, in this order.
    pub findings: Vec<Finding>,
    /// The database as it was before; `None` if nothing was changed, and for PostgreSQL.
    pub backup: Option<PathBuf>,
}

/// The names of all rules.
pub fn rules() -> impl Iterator<Item = &'static str> {
    ROOMS.into_iter().flatten().map(|rule| rule.name)
}

/// Looks, and leaves no trace; beside servers, too. `None` for a database that is not there yet, or not up to date: what its tables
/// promise is known of those of this binary only.
///
/// # Errors
/// Those of the store.
pub fn look(config: &Config) -> Result<Option<Vec<Finding>>, StoreError> {
    look_at(&config.database, config)
}

/// The same for another database, whose servers have these settings.
///
/// # Errors
/// Those of the store.
pub fn look_at(
    database: &DatabaseConfig,
    config: &Config,
) -> Result<Option<Vec<Finding>>, StoreError> {
    if is_missing(&database.url) {
        return Ok(None);
    }
    let mut reading = Reading::begin(database)?;
    match reading.is_current()? {
        true => examine(&mut reading, config).map(Some),
        false => Ok(None),
    }
}

/// Mends whatever can be mended safely.
///
/// # Errors
/// [`RepairFault`]; then nothing was changed.
pub fn mend(config: &Config) -> Result<Repaired, RepairFault> {
    let url = &config.database.url;
    if is_missing(url) {
        return Err(RepairFault::Missing);
    }
    let closed = Closed::take(url)?;
    let mut reading = Reading::begin(&config.database)?;
    if !reading.is_current()? {
        return Err(RepairFault::outdated(&mut reading, url)?);
    }
    let now = reading.now();
    refuse_served(reading.conn(), now)?;
    let findings = examine(&mut reading, config)?;
    drop(reading);
    if !findings
        .iter()
        .any(|it| matches!(it.done, Done::Mendable(_)))
    {
        return Ok(Repaired {
            findings,
            backup: None,
        });
    }
    let backup = match url {
        DatabaseUrl::Sqlite(_) => Some(back_up_beside(url, "repair")?),
        DatabaseUrl::Postgres(_) => None,
    };
    // Bytes that become a text may refer to what is lost, which is made again after them. Where it is not, each change is looked at.
    let whole = operation(config, &closed, References::AtTheEnd)?;
    let findings = match whole {
        Some(findings) => Some(findings),
        None => operation(config, &closed, References::AtOnce)?,
    };
    let findings = findings.unwrap_or_default();
    Ok(Repaired { findings, backup })
}

/// Mends all of it. `None` if something refers to nothing after that, of which only the end would tell; then nothing was changed.
fn operation(
    config: &Config,
    closed: &Closed,
    references: References,
) -> Result<Option<Vec<Finding>>, RepairFault> {
    let mut operation = Operation::begin(&config.database, closed, references)?;
    let now = operation.now();
    // Nobody can have come since the table of nodes is locked.
    refuse_served(operation.conn(), now)?;
    let findings = operate(&mut operation, config)?;
    if references == References::AtTheEnd && !operation.is_whole()? {
        return Ok(None);
    }
    operation.commit()?;
    Ok(Some(findings))
}

fn is_missing(url: &DatabaseUrl) -> bool {
    matches!(url, DatabaseUrl::Sqlite(path) if !path.exists())
}

fn refuse_served(conn: &mut Conn, now: Timestamp) -> Result<(), RepairFault> {
    match cluster::repair::holders(conn, now)?.into_iter().next() {
        // On SQLite the lock says who serves it, and a lease says nothing.
        Some(holder) if matches!(conn, Conn::Pg(_)) => Err(RepairFault::Served {
            seconds: now.until(holder.until).as_secs() + 1,
            node: holder.node,
        }),
        _ => Ok(()),
    }
}

/// What is wrong with the file itself, or with its tables, or else all that the rules find.
fn examine(reading: &mut Reading, config: &Config) -> Result<Vec<Finding>, StoreError> {
    let damaged = damage(reading.conn())?;
    if !damaged.is_empty() {
        return Ok(damaged.into_iter().map(damaged_file).collect());
    }
    let lacks = shape::lacks(reading.conn(), restoring(&config.database.url))?;
    if !lacks.is_empty() {
        let told = lacks.into_iter().map(|it| finding(shape::SCHEMA, it));
        return Ok(told.collect());
    }
    let scene = Scene {
        now: reading.now(),
        config,
    };
    let rules = ROOMS.into_iter().flatten();
    found_by(rules, reading.conn(), &scene)
}

/// What these rules find, and whatever refers to nothing of which none of them tells.
fn found_by<'a>(
    rules: impl Iterator<Item = &'a Rule>,
    conn: &mut Conn,
    scene: &Scene<'_>,
) -> Result<Vec<Finding>, StoreError> {
    let mut findings = Vec::new();
    for rule in rules {
        let found = ask(rule, conn, scene)?;
        findings.extend(found.into_iter().map(|it| finding(rule.name, it)));
    }
    let untold = references::untold(conn, &findings)?;
    findings.extend(untold);
    Ok(findings)
}

/// How a backup is put in the place of a database that cannot be mended.
pub fn restoring(url: &DatabaseUrl) -> &'static str {
    match url {
        DatabaseUrl::Sqlite(_) => "otomo restore puts a backup in the place of the database",
        DatabaseUrl::Postgres(_) => {
            "let pg_restore or psql put a dump back into an empty database, all of it, and name that in database.url"
        }
    }
}

/// What a rule finds. One that meets what it cannot read says so, and the others are asked all the same.
fn ask(rule: &Rule, conn: &mut Conn, scene: &Scene<'_>) -> Result<Vec<Breakage>, StoreError> {
    match (rule.find)(conn, scene) {
        Err(fault @ StoreError::Corrupt(..)) => {
            let found = format!("cannot be asked: {}", chain(&fault));
            let todo = "it can be, once the texts that cannot be read are mended; if none is told, report this";
            Ok(vec![Breakage::left("the rule", found, todo)])
        }
        found => found,
    }
}

fn finding(rule: &'static str, breakage: Breakage) -> Finding {
    let found = told(&breakage);
    let done = match breakage.remedy {
        Remedy::Mend { what, .. } => Done::Mendable(what),
        Remedy::Leave { todo } => Done::Left(todo),
    };
    Finding { rule, found, done }
}

fn told(breakage: &Breakage) -> String {
    format!("{} {}", breakage.subject, breakage.found)
}

fn damaged_file(problem: String) -> Finding {
    let todo = "a damaged file is not mended: otomo restore puts a backup in its place";
    Finding {
        rule: FILE,
        found: problem,
        done: Done::Left(todo.to_owned()),
    }
}

/// Asks all rules, and mends what they find, until they find nothing more that can be mended.
fn operate(operation: &mut Operation<'_>, config: &Config) -> Result<Vec<Finding>, StoreError> {
    let scene = Scene {
        now: operation.now(),
        config,
    };
    let (mut findings, mut failed) = (Vec::new(), Failed::new());
    for _ in 0..ROUNDS {
        let (mended, unmended) = mend_once(operation, &scene)?;
        failed = unmended;
        if mended.is_empty() {
            break;
        }
        findings.extend(mended);
    }
    let left = left(operation.conn(), &scene, &failed)?;
    Ok(told_once(findings, left))
}

/// What could not be mended: what was found, and why. It is tried again after whatever was mended beside it, since that may have
/// been the reason.
type Failed = BTreeMap<String, String>;

/// Asks each rule once. Returns what was mended, and what was not.
fn mend_once(
    operation: &mut Operation<'_>,
    scene: &Scene<'_>,
) -> Result<(Vec<Finding>, Failed), StoreError> {
    let (mut mended, mut failed) = (Vec::new(), Failed::new());
    for rule in ROOMS.into_iter().flatten() {
        for breakage in ask(rule, operation.conn(), scene)? {
            let found = told(&breakage);
            let Remedy::Mend { what, how } = breakage.remedy else {
                continue;
            };
            match operation.attempt(how) {
                Ok(()) => mended.push(Finding {
                    rule: rule.name,
                    found,
                    done: Done::Mended(what),
                }),
                Err(fault) => {
                    failed.insert(found, chain(&fault).to_string());
                }
            }
        }
    }
    Ok((mended, failed))
}

/// What is there after all.
fn left(conn: &mut Conn, scene: &Scene<'_>, failed: &Failed) -> Result<Vec<Finding>, StoreError> {
    let mut left = found_by(ROOMS.into_iter().flatten(), conn, scene)?;
    for finding in &mut left {
        if let Done::Mendable(_) = finding.done {
            let why = failed.get(&finding.found);
            let why = why.map_or("it comes back", String::as_str);
            finding.done = Done::Left(format!("it could not be mended, report this: {why}"));
        }
    }
    Ok(left)
}

/// Of what comes back it is said once that it is there, and not that it was mended each time.
fn told_once(mended: Vec<Finding>, left: Vec<Finding>) -> Vec<Finding> {
    let key = |it: &Finding| (it.rule, it.found.clone());
    let mut told: BTreeSet<_> = left.iter().map(key).collect();
    let mended = mended.into_iter().filter(|it| told.insert(key(it)));
    mended.collect::<Vec<_>>().into_iter().chain(left).collect()
}
