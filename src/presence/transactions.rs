//! What the hub asks of the store, one transaction each: change facts, settle whom they concern.

use std::collections::BTreeSet;

use super::{
    Choice, Freed,
    board::Entry,
    fault::PresenceFault,
    messages::Choose,
    records::{
        self, calling,
        leases::{self, Neighbours},
        listing,
    },
    rules::{Lease, Policy, Readiness, Standing, StatusChange},
    settings::Settings,
};
use crate::{
    delivery::{leave::Leave, line::Client},
    kernel::{
        ids::{SessionId, UserId},
        logging::chain,
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
    let stored = records::find_or_new(tx, otomo)?;
    let (replaced, mut leases): (Vec<Lease>, Vec<Lease>) = leases::of(tx, otomo)?
        .into_iter()
        .partition(|lease| lease.gives_way_to(&arriving));
    for lease in replaced {
        leases::end(tx, lease.session)?;
    }
    leases::insert(tx, otomo, &arriving)?;
    leases.push(arriving);
    let arrived = stored.clone().arrived();
    records::settle_known(tx, &stored, arrived, &leases, &settings.policy)?;
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
    // The lease is looked for again once nobody else changes it.
    let Some(stored) = records::find_to_change(tx, &otomo)? else {
        return Ok(outcome);
    };
    let (own, others): (Vec<Lease>, Vec<Lease>) = leases::of(tx, &otomo)?
        .into_iter()
        .partition(|lease| lease.session == session);
    let Some(lease) = own.into_iter().next() else {
        return Ok(outcome);
    };
    let left = lease.left(leave, &others, policy, tx.now());
    match &left {
        None => leases::end(tx, session)?,
        Some(leaving) => {
            leases::let_run_out(tx, session, leaving.expires_at)?;
            outcome.due = Some(leaving.expires_at);
        }
    }
    let leases: Vec<Lease> = others.into_iter().chain(left).collect();
    let settled = records::settle_known(tx, &stored, stored.clone(), &leases, policy)?;
    outcome.changes.extend(settled.change);
    Ok(outcome)
}

/// An otomo, or an admin for them, chooses; several times, where they did so faster than it could be stored. What comes of
/// the last choice is stored, and each is answered as if it had been stored alone, a moment before the next.
pub(super) fn choose(
    tx: &mut Tx<'_>,
    otomo: &UserId,
    choices: &[Choose],
    policy: &Policy,
) -> Result<Outcome<Vec<Result<Choice, PresenceFault>>>, PresenceFault> {
    let now = tx.now();
    let stored = records::find_to_change(tx, otomo)?.ok_or(PresenceFault::UnknownOtomo)?;
    let mut chosen = stored.clone();
    let mut taken = Vec::with_capacity(choices.len());
    for choice in choices {
        let next = chosen
            .readiness
            .choose(choice.chosen, choice.until, choice.by, now);
        taken.push(next.inspect(|readiness| chosen.readiness = *readiness));
    }
    let leases = leases::of(tx, otomo)?;
    let settled = records::settle_known(tx, &stored, chosen, &leases, policy)?;
    let answer = |readiness: Readiness| Choice {
        chosen: readiness.chosen,
        until: readiness.until,
        shown: settled.shown_with(readiness, policy),
    };
    let answers = taken.into_iter();
    let answers = answers.map(|taken| taken.map(answer).map_err(PresenceFault::from));
    Ok(Outcome {
        answer: answers.collect(),
        changes: settled.change.into_iter().collect(),
        due: settled.standing.readiness.until,
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

/// An admin sets an otomo free of what keeps calls from them, but for their call: a break that missed calls caused, and the
/// wrap-up. Also has a status that does not follow from the facts follow from them.
pub(super) fn free(
    tx: &mut Tx<'_>,
    otomo: &UserId,
    policy: &Policy,
) -> Result<Outcome<Freed>, PresenceFault> {
    let stored = records::find_to_change(tx, otomo)?.ok_or(PresenceFault::UnknownOtomo)?;
    let freed = Standing {
        readiness: stored.readiness.freed(),
        ..stored.clone()
    };
    let now = tx.now();
    let answer = Freed {
        break_ended: freed.readiness.chosen != stored.readiness.chosen,
        wrap_up_ended: now < records::free_at(tx, otomo)?,
    };
    if answer.wrap_up_ended {
        calling::wrap_up(tx, otomo, now)?;
    }
    let leases = leases::of(tx, otomo)?;
    let settled = records::settle_known(tx, &stored, freed, &leases, policy)?;
    Ok(Outcome {
        changes: settled.change.into_iter().collect(),
        due: None,
        answer,
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
pub(super) fn sweep(
    tx: &mut Tx<'_>,
    settings: &Settings,
    neighbours: Neighbours,
) -> Result<Outcome<()>, StoreError> {
    let mut concerned = BTreeSet::new();
    concerned.extend(leases::renew(tx, &settings.node, settings.lease)?);
    concerned.extend(leases::expire(tx, SWEEP_MAX, neighbours)?);
    concerned.extend(records::breaks_over(tx, SWEEP_MAX)?);
    let (mut changes, mut all_settled) = (Vec::new(), true);
    for otomo in &concerned {
        match records::settle(tx, otomo, &settings.policy) {
            // Who cannot be read holds up nobody else.
            Err(fault @ StoreError::Corrupt(..)) => {
                log::warn!("otomo not settled user={otomo} cause={}", chain(&fault));
                all_settled = false;
            }
            settled => changes.extend(settled?),
        }
    }
    let next = [leases::next_grace_end(tx)?, records::next_break_end(tx)?];
    // What is left of those is due still, and would be again at once: the next sweep comes by itself.
    let now = tx.now();
    let ahead = |due: &Timestamp| all_settled || *due > now;
    Ok(Outcome {
        changes,
        due: next.into_iter().flatten().filter(ahead).min(),
        answer: (),
    })
}

fn listed(tx: &mut Tx<'_>, otomo: &UserId) -> Result<Entry, PresenceFault> {
    listing::find(tx, otomo)?.ok_or(PresenceFault::UnknownOtomo)
}
