//! The machine: what each command is in each phase. One exhaustive `match` on the pair for what people ask,
//! one for what happens; each arm is one rule, found by name in the file of its phase.

use super::{
    call::{Call, Party, Phase, Side},
    command::{Ask, Command, Decline, Happening},
    due::Due,
    effect::{Answer, Step},
    ending::End,
    invariants, media,
    meter::{self, Moment},
    policy::Policy,
    refusal::Refusal,
    ring, talk,
};

/// A command that met a call whose time may have been up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advance {
    /// What time had done to the call before the command came, in order. To be stored even if the command is refused.
    pub overdue: Vec<Step>,
    /// What the command did after that.
    pub outcome: Result<Step, Refusal>,
}

/// Advances `call` by what is overdue, then by `command`: the door for everything that comes to a call.
///
/// A deadline holds to the millisecond, however late the sweeper comes: an accept after the ring's end is
/// too late, a device that comes back after its grace finds the call over. Charges hold likewise: who hangs up late pays
/// for the minutes that have passed.
pub fn advance(call: &Call, command: &Command, moment: Moment, policy: &Policy) -> Advance {
    let known = match command {
        // What time has done while the server was down counts only up to its last sign of life.
        Command::Happened(Happening::Restarted(alive_at)) => meter::unseen(call, *alive_at),
        Command::Happened(_) | Command::Asked(..) => call.clone(),
    };
    let overdue = catch_up(known, moment, policy);
    let moment = Moment {
        balance: overdue.balance,
        ..moment
    };
    Advance {
        outcome: step(&overdue.call, command, moment, policy),
        overdue: overdue.steps,
    }
}

/// A call that time has caught up with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CaughtUp {
    /// The call as it is now.
    pub(super) call: Call,
    /// What its caller has left.
    pub(super) balance: i64,
    /// What time has done, in order.
    pub(super) steps: Vec<Step>,
}

/// Does to a call what waiting has done to it by now.
pub(super) fn catch_up(call: Call, moment: Moment, policy: &Policy) -> CaughtUp {
    let Moment { now, balance } = moment;
    let mut current = CaughtUp {
        call,
        balance,
        steps: Vec::new(),
    };
    // It comes to an end: each charge is due a minute after the one before it.
    while let Some(due) = current.call.due().filter(|due| due.at() <= now) {
        let step = fall_due(&current.call, due, current.balance, policy);
        current.balance -= step.points();
        current.call = step.next.clone();
        current.steps.push(step);
    }
    current
}

/// One thing of what time has done, if it has done anything.
fn deadline_passed(call: &Call, moment: Moment, policy: &Policy) -> Step {
    match call.due().filter(|due| due.at() <= moment.now) {
        Some(due) => fall_due(call, due, moment.balance, policy),
        None => Step::unchanged(call),
    }
}

/// What time does next has come.
fn fall_due(call: &Call, due: Due, balance: i64, policy: &Policy) -> Step {
    let step = match (&call.phase, due) {
        (Phase::Requesting(_) | Phase::Ringing(_), Due::End(ended)) => ring::end(call, ended, None),
        (Phase::Connecting { .. } | Phase::Connected { .. }, Due::End(ended)) => {
            talk::end(call, ended, balance, policy)
        }
        (Phase::Connected { .. }, Due::Charge { at }) => meter::fall_due(call, at, balance, policy),
        // Nothing costs anything then, and nothing ends a second time.
        (
            Phase::Requesting(_) | Phase::Ringing(_) | Phase::Connecting { .. },
            Due::Charge { .. },
        )
        | (Phase::Ended(_), _) => Step::unchanged(call),
    };
    debug_assert_eq!(invariants::broken_by(call, &step), None);
    step
}

/// Advances `call` by one command, whatever is overdue. Pure: the caller supplies the moment and does the
/// effects.
///
/// # Errors
/// The command does not fit the phase, or is not for this device to give. Nothing has changed then.
pub fn step(
    call: &Call,
    command: &Command,
    moment: Moment,
    policy: &Policy,
) -> Result<Step, Refusal> {
    let step = match command {
        Command::Asked(device, ask) => asked(call, &call.party(device)?, *ask, moment, policy),
        Command::Happened(happening) => happened(call, happening, moment, policy),
    }?;
    debug_assert_eq!(invariants::broken_by(call, &step), None);
    Ok(step)
}

fn asked(
    call: &Call,
    party: &Party,
    ask: Ask,
    moment: Moment,
    policy: &Policy,
) -> Result<Step, Refusal> {
    use Phase::{Connected, Connecting, Ended, Requesting, Ringing};

    let now = moment.now;
    if ask.reserved_for().is_some_and(|side| side != party.side) {
        return Err(Refusal::WrongSide);
    }
    match (&call.phase, ask) {
        (Requesting(ring) | Ringing(ring), Ask::Accept) => {
            Ok(ring::accept(call, ring, party, now, policy))
        }
        (Requesting(_) | Ringing(_), Ask::Reject(decline)) => {
            Ok(ring::reject(call, party, decline, now).answer(Answer::Rejected))
        }
        (Requesting(_) | Ringing(_), Ask::Cancel) => {
            Ok(ring::cancel(call, party, now).answer(Answer::Cancelled))
        }
        (Requesting(_) | Ringing(_), Ask::End) => {
            let step = match party.side {
                Side::Caller => ring::cancel(call, party, now),
                Side::Otomo => ring::reject(call, party, Decline::ManualDecline, now),
            };
            Ok(step.answer(Answer::Ended))
        }
        (Requesting(_) | Ringing(_), Ask::Ringing) => Ok(ring::shown(call)),
        (Requesting(_) | Ringing(_), Ask::Connected) => Err(invalid(call)),
        (Requesting(_) | Ringing(_), Ask::Signal { signal, kept }) => {
            ring::signal(call, party, signal, kept)
        }

        (Connecting { .. } | Connected { .. }, Ask::Accept) => {
            Ok(talk::accept_again(call, party)?.answer(Answer::Accepted))
        }
        (Connecting { .. } | Connected { .. }, Ask::Reject(_)) => Err(invalid(call)),
        (Connecting { talk, .. } | Connected { talk, .. }, Ask::Cancel) => {
            Ok(talk::hang_up(call, talk, party.side, moment, policy).answer(Answer::Cancelled))
        }
        (Connecting { talk, .. } | Connected { talk, .. }, Ask::End) => {
            Ok(talk::hang_up(call, talk, party.side, moment, policy).answer(Answer::Ended))
        }
        // It crossed the accept on its way.
        (Connecting { .. } | Connected { .. }, Ask::Ringing) => Ok(Step::unchanged(call)),
        (Connecting { talk, setup }, Ask::Connected) => {
            media::reported(call, talk, setup, party, now, policy)
        }
        (Connected { .. }, Ask::Connected) => media::reported_again(call, party),
        (Connecting { talk, .. } | Connected { talk, .. }, Ask::Signal { .. }) => {
            talk::signal(call, talk, party)
        }

        (Ended(_), Ask::Reject(_)) => Ok(Step::unchanged(call).answer(Answer::Rejected)),
        (Ended(_), Ask::Cancel) => Ok(Step::unchanged(call).answer(Answer::Cancelled)),
        (Ended(_), Ask::End) => Ok(Step::unchanged(call).answer(Answer::Ended)),
        // It crossed the end on its way.
        (Ended(_), Ask::Ringing) => Ok(Step::unchanged(call)),
        (Ended(ended), Ask::Accept | Ask::Connected | Ask::Signal { .. }) => Err(over(&ended.end)),
    }
}

fn happened(
    call: &Call,
    happening: &Happening,
    moment: Moment,
    policy: &Policy,
) -> Result<Step, Refusal> {
    use Phase::{Connected, Connecting, Ended, Requesting, Ringing};

    let now = moment.now;
    let step = match (&call.phase, happening) {
        (Requesting(ring), Happening::Rang) => ring::rang(call, ring, policy),
        (Requesting(ring), Happening::Unreached) => ring::unreached(call, ring, now, policy),
        // A late device was rung, or was gone before it could be.
        (Ringing(_), Happening::Rang | Happening::Unreached) => Step::unchanged(call),
        (Requesting(ring) | Ringing(ring), Happening::Left(device, remaining)) => {
            ring::left(call, ring, device, *remaining, now, policy)
        }
        (Requesting(ring) | Ringing(ring), Happening::Arrived(device)) => {
            ring::arrived(call, ring, device, now)
        }
        (Requesting(_) | Ringing(_), Happening::MediaAlive | Happening::MediaLost) => {
            return Err(invalid(call));
        }
        (Requesting(_) | Ringing(_), Happening::Stopped(authority)) => {
            ring::stop(call, *authority, now)
        }
        (Requesting(_) | Ringing(_), Happening::Restarted(_)) => ring::restarted(call, now, policy),

        // The ring crossed the accept on its way.
        (Connecting { .. } | Connected { .. }, Happening::Rang | Happening::Unreached) => {
            Step::unchanged(call)
        }
        (Connecting { talk, .. } | Connected { talk, .. }, Happening::Left(device, _)) => {
            talk::left(call, talk, device, now, policy)
        }
        (Connecting { talk, .. } | Connected { talk, .. }, Happening::Arrived(device)) => {
            talk::arrived(call, talk, device)
        }
        (Connecting { talk, .. }, Happening::MediaAlive) => media::seen(call, talk, now),
        (Connected { talk, .. }, Happening::MediaAlive) => media::seen_again(call, talk),
        (Connecting { talk, .. } | Connected { talk, .. }, Happening::MediaLost) => {
            media::lost(call, talk, now, policy)
        }
        (Connecting { talk, .. } | Connected { talk, .. }, Happening::Stopped(authority)) => {
            talk::stop(call, talk, *authority, moment, policy)
        }
        (Connecting { .. } | Connected { .. }, Happening::Restarted(alive_at)) => {
            talk::restarted(call, *alive_at, now, policy)
        }

        (
            Requesting(_) | Ringing(_) | Connecting { .. } | Connected { .. } | Ended(_),
            Happening::DeadlinePassed,
        ) => deadline_passed(call, moment, policy),

        (Ended(ended), Happening::MediaAlive) => return Err(over(&ended.end)),
        (
            Ended(_),
            Happening::Rang
            | Happening::Unreached
            | Happening::Left(..)
            | Happening::Arrived(_)
            | Happening::MediaLost
            | Happening::Stopped(_)
            | Happening::Restarted(_),
        ) => Step::unchanged(call),
    };
    Ok(step)
}

fn invalid(call: &Call) -> Refusal {
    Refusal::InvalidPhase {
        phase: call.phase.name(),
    }
}

fn over(end: &End) -> Refusal {
    Refusal::AlreadyEnded {
        outcome: end.outcome(),
        reason: end.reason(),
    }
}
