//! What the hub asks of the store, one transaction each: change facts, settle whom they concern.

use std::collections::BTreeSet;

use super::{
    Choice,
    board::Entry,
    fault::PresenceFault,
    messages::Choose,
    records::{self, leases, listing},
    rules::{Lease, Policy, StatusChange},
    settings::Settings,
};
use crate::{
    delivery::{leave::Leave, line::Client},
    kernel::{
        ids::{SessionId, UserId},
        time::Timestamp,
    },
    store::{StoreError, Tx},
};

/// The most leases, and the most breaks, that one sweep ends: at four statements each it holds the writer for a few
/// milliseconds. What is left is swept at once, after those who waited meanwhile.
const SWEEP_MAX: i64 = 128;

/// What a transaction that may change a status came to.
#[derive(Debug)]
pub(super) struct Outcome<T> {
    /// What people have to be told.
    pub(super) changes: Vec<StatusChange>,
    /// When something will run out that this transaction knows of.
    pub(super) due: Option<Timestamp>,
    /// The answer to the asker.
    pub(super) answer: T,
}

/// A session has come: it has a lease from now on. Returns what people see of its otomo.
pub(super) fn arrive(
    tx: &mut Tx<'_>,
    client: &Client,
    settings: &Settings,
) -> Result<Entry, PresenceFault> {
    let otomo = &client.user;
    let arriving = Lease {
        session: client.session,
        device: client.device.clone(),
        node: settings.node.clone(),
        expires_at: tx.now() + settings.lease,
        leaving: false,
    };
    let standing = records::find_or_new(tx, otomo)?.arrived();
    records::save(tx, &standing)?;
    let replaced: Vec<SessionId> = leases::of(tx, otomo)?
        .iter()
        .filter(|lease| lease.gives_way_to(&arriving))
        .map(|lease| lease.session)
        .collect();
    leases::end(tx, &replaced)?;
    leases::insert(tx, otomo, &arriving)?;
    records::settle(tx, otomo, &settings.policy)?;
    listed(tx, otomo)
}

/// A session has gone. One without a lease (it never arrived, or was forced offline) changes nothing.
pub(super) fn leave(
    tx: &mut Tx<'_>,
    session: SessionId,
    leave: Leave,
    policy: &Policy,
) -> Result<Outcome<()>, StoreError> {
    let mut outcome = Outcome {
        changes: Vec::new(),
        due: None,
        answer: (),
    };
    let Some((otomo, _)) = leases::find(tx, session)? else {
        return Ok(outcome);
    };
    records::lock_all(tx, &[&otomo])?;
    let Some((otomo, lease)) = leases::find(tx, session)? else {
        return Ok(outcome);
    };
    let all = leases::of(tx, &otomo)?;
    match lease.left(leave, &all, policy, tx.now()) {
        None => leases::end(tx, &[session])?,
        Some(leaving) => {
            leases::let_run_out(tx, session, leaving.expires_at)?;
            outcome.due = Some(leaving.expires_at);
        }
    }
    outcome.changes.extend(records::settle(tx, &otomo, policy)?);
    Ok(outcome)
}

/// An otomo, or an admin for them, chooses.
pub(super) fn choose(
    tx: &mut Tx<'_>,
    choose: &Choose,
    policy: &Policy,
) -> Result<Outcome<Choice>, PresenceFault> {
    let Choose {
        otomo,
        chosen,
        until,
        by,
    } = choose;
    let now = tx.now();
    let mut standing = records::find_to_change(tx, otomo)?.ok_or(PresenceFault::UnknownOtomo)?;
    standing.readiness = standing.readiness.choose(*chosen, *until, *by, now)?;
    records::save(tx, &standing)?;
    let change = records::settle(tx, otomo, policy)?;
    let choice = Choice {
        chosen: *chosen,
        until: standing.readiness.until,
        shown: change
            .as_ref()
            .map_or(standing.published.status, |it| it.status),
    };
    Ok(Outcome {
        changes: change.into_iter().collect(),
        due: choice.until,
        answer: choice,
    })
}

/// An otomo is forced offline: nothing keeps them connected any more.
pub(super) fn force_offline(
    tx: &mut Tx<'_>,
    otomo: &UserId,
    policy: &Policy,
) -> Result<Outcome<()>, PresenceFault> {
    if records::find_to_change(tx, otomo)?.is_none() {
        return Err(PresenceFault::UnknownOtomo);
    }
    leases::end_all(tx, otomo)?;
    let change = records::settle(tx, otomo, policy)?;
    Ok(Outcome {
        changes: change.into_iter().collect(),
        due: None,
        answer: (),
    })
}

/// A user is an otomo, as a backend says, or has another name or picture: they are listed. Changes no status.
pub(super) fn introduce(tx: &mut Tx<'_>, otomo: &UserId) -> Result<Entry, PresenceFault> {
    let standing = records::find_or_new(tx, otomo)?;
    records::save(tx, &standing)?;
    listed(tx, otomo)
}

/// Renews the node's own leases; then ends what has run out, of whatever node, and settles whom that concerns. In this
/// order: a process that stood still must not take its own sessions for gone.
pub(super) fn sweep(tx: &mut Tx<'_>, settings: &Settings) -> Result<Outcome<()>, StoreError> {
    let mut concerned = BTreeSet::new();
    concerned.extend(leases::renew(tx, &settings.node, settings.lease)?);
    concerned.extend(leases::expire(tx, SWEEP_MAX)?);
    concerned.extend(records::breaks_over(tx, SWEEP_MAX)?);
    let mut changes = Vec::new();
    for otomo in &concerned {
        changes.extend(records::settle(tx, otomo, &settings.policy)?);
    }
    let next = [leases::next_grace_end(tx)?, records::next_break_end(tx)?];
    Ok(Outcome {
        changes,
        due: next.into_iter().flatten().min(),
        answer: (),
    })
}

fn listed(tx: &mut Tx<'_>, otomo: &UserId) -> Result<Entry, PresenceFault> {
    listing::find(tx, otomo)?.ok_or(PresenceFault::UnknownOtomo)
}
