//! How a node gets its place among the nodes of a database.

use std::{collections::HashMap, time::Duration};

use actix_rt::time::sleep;

use super::{
    Settings,
    process::Process,
    records::{self, Node, Presentation},
    rules::{self, Entry, Epoch},
};
use crate::{
    kernel::{ids::NodeId, standing::Standing, time::Timestamp},
    store::{Handle, StoreError, Tx},
};

/// Looks at who is in the way, in the time that one of them has to renew its lease twice.
const LOOKS: u32 = 6;

/// Why a node does not get its place.
#[derive(Debug, Clone, thiserror::Error)]
pub enum JoinFault {
    /// Its name is another's.
    #[error(
        "cluster.node: another server of this database is {0} and alive; where there are to be several, give each a name \
         of its own (cluster.node) and all of them redis.url; or stop that one"
    )]
    NameTaken(NodeId),
    /// Others serve the database, and it could not hear them.
    #[error(
        "redis.url: {0} serves this database too, and nodes hear of each other through Redis: give all of them the same \
         redis.url, or stop that one"
    )]
    Deaf(NodeId),
    /// The store failed.
    #[error("the node could not join the others")]
    Store(#[from] StoreError),
}

/// A new life.
pub(super) struct Joined {
    pub(super) epoch: Epoch,
    /// When it was asked for, by the standing's count: the lease counts from there.
    pub(super) asked: Duration,
}

/// Takes the place, as soon as nobody can be in it any more. `own` is the epoch that this very process had.
pub(super) async fn join(
    store: &Handle,
    settings: &Settings,
    standing: &Standing,
    own: Option<Epoch>,
) -> Result<Joined, JoinFault> {
    let process = Process::own();
    let mut seen = HashMap::new();
    let mut told = false;
    loop {
        let (wanted, known, process) = (settings.clone(), seen.clone(), process.clone());
        let asked = standing.elapsed();
        let entered = store.write_apart(move |tx| enter(tx, &wanted, own, process, &known));
        let (by, wait) = match entered.await? {
            Entered::As(epoch) => return Ok(Joined { epoch, asked }),
            Entered::Outrun => continue,
            Entered::Never(fault) => return Err(fault),
            Entered::NotYet { by, wait } => (by, wait),
        };
        if !std::mem::replace(&mut told, true) {
            log::info!(
                "waiting for the lease of another to run out node={} of={by}",
                settings.name
            );
        }
        let until = store.now() + wait;
        seen.entry(by).or_insert(until);
        sleep(wait.min(settings.lease / LOOKS)).await;
    }
}

/// What came of an attempt.
enum Entered {
    As(Epoch),
    Outrun,
    NotYet { by: NodeId, wait: Duration },
    Never(JoinFault),
}

fn enter(
    tx: &mut Tx<'_>,
    settings: &Settings,
    own: Option<Epoch>,
    process: Option<Process>,
    seen: &HashMap<NodeId, Timestamp>,
) -> Result<Entered, StoreError> {
    let now = tx.now();
    let found = records::find(tx, &settings.name)?;
    let ended = found
        .as_ref()
        .is_some_and(|it| !settings.shared || own == Some(it.row.epoch) || has_ended(it));
    let row = found.as_ref().map(|it| &it.row);
    let first_seen = |name: &NodeId| seen.get(name).copied();
    match rules::enter(row, first_seen(&settings.name), ended, now) {
        Entry::Free => {}
        Entry::Wait(wait) => {
            let by = settings.name.clone();
            return Ok(Entered::NotYet { by, wait });
        }
        Entry::Taken => return Ok(Entered::Never(JoinFault::NameTaken(settings.name.clone()))),
    }
    if settings.shared && !settings.linked {
        let others = records::all(tx)?.into_iter();
        for other in others.filter(|it| it.row.name != settings.name) {
            let by = other.row.name.clone();
            match rules::enter(Some(&other.row), first_seen(&by), has_ended(&other), now) {
                Entry::Free => {}
                Entry::Wait(wait) => return Ok(Entered::NotYet { by, wait }),
                Entry::Taken => return Ok(Entered::Never(JoinFault::Deaf(by))),
            }
        }
    }
    let before = row.map(|row| row.epoch);
    let epoch = rules::next_epoch(before, now);
    let node = Presentation {
        name: settings.name.clone(),
        advertise: settings.advertise.as_ref().map(ToString::to_string),
        process: process.as_ref().map(ToString::to_string),
    };
    if !records::begin(tx, &node, before, epoch, settings.lease)? {
        return outrun(settings);
    }
    // At a start each room does that for itself.
    if own.is_some() {
        settle(tx, settings, &settings.name)?;
    }
    if !settings.shared {
        end_others(tx, settings)?;
    }
    Ok(Entered::As(epoch))
}

/// Another life of the node began meanwhile. Where there is one server there is none that could: its row is not found by what
/// was read of it, and would not be the next time either.
fn outrun(settings: &Settings) -> Result<Entered, StoreError> {
    match settings.shared {
        true => Ok(Entered::Outrun),
        false => Err(StoreError::corrupt(format!(
            "nodes.epoch of {} is not the number that it is read as",
            settings.name
        ))),
    }
}

/// Where there is one server, each other name is one that it had before: nobody else ends what it left under that.
fn end_others(tx: &mut Tx<'_>, settings: &Settings) -> Result<(), StoreError> {
    let others = records::all(tx)?.into_iter().map(|it| it.row);
    for other in others.filter(|row| row.name != settings.name && row.lease_until.is_some()) {
        records::end(tx, &other.name)?;
        settle(tx, settings, &other.name)?;
    }
    Ok(())
}

/// Settles what a life of a node left, in the transaction that ends it.
pub(super) fn settle(
    tx: &mut Tx<'_>,
    settings: &Settings,
    name: &NodeId,
) -> Result<usize, StoreError> {
    let settled = settings.settle.iter().map(|settle| settle(tx, name));
    settled.sum()
}

fn has_ended(node: &Node) -> bool {
    let process = node.process.as_ref().and_then(|it| it.parse().ok());
    process.is_some_and(|process: Process| process.has_ended())
}
