//! The machine: what each command is in each phase. One exhaustive `match` on the pair for what people ask,
//! one for what happens; each arm is one rule, found by name in the file of its phase.

use super::{
    call::{Call, Party, Phase, Side},
    command::{Ask, Command, Decline, Happening},
    effect::{Answer, Step},
    ending::End,
    invariants, media,
    policy::Policy,
    refusal::Refusal,
    ring, talk,
};
use crate::kernel::time::Timestamp;

/// A command that met a call whose time may have been up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advance {
    /// What time had done to the call before the command came. To be stored even if the command is refused.
    pub overdue: Option<Step>,
    /// What the command did after that.
    pub outcome: Result<Step, Refusal>,
}

/// Advances `call` by what is overdue, then by `command`: the door for everything that comes to a call.
///
/// A deadline holds to the millisecond, however late the sweeper comes: an accept after the ring's end is
/// too late, a device that comes back after its grace finds the call over.
pub fn advance(call: &Call, command: &Command, now: Timestamp, policy: &Policy) -> Advance {
    let overdue = overdue(call, now, policy);
    let current = overdue.as_ref().map_or(call, |step| &step.next);
    Advance {
        outcome: step(current, command, now, policy),
        overdue,
    }
}

/// Advances `call` by one command, whatever is overdue. Pure: the caller supplies the time and does the
/// effects.
///
/// # Errors
/// The command does not fit the phase, or is not for this device to give. Nothing has changed then.
pub fn step(
    call: &Call,
    command: &Command,
    now: Timestamp,
    policy: &Policy,
) -> Result<Step, Refusal> {
    let step = match command {
        Command::Asked(device, ask) => asked(call, &call.party(device)?, *ask, now, policy),
        Command::Happened(happening) => happened(call, happening, now, policy),
    }?;
    debug_assert_eq!(invariants::broken_by(call, &step), None);
    Ok(step)
}

fn asked(
    call: &Call,
    party: &Party,
    ask: Ask,
    now: Timestamp,
    policy: &Policy,
) -> Result<Step, Refusal> {
    use Phase::{Connected, Connecting, Ended, Requesting, Ringing};

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
            Ok(talk::hang_up(call, talk, party.side, now, policy).answer(Answer::Cancelled))
        }
        (Connecting { talk, .. } | Connected { talk, .. }, Ask::End) => {
            Ok(talk::hang_up(call, talk, party.side, now, policy).answer(Answer::Ended))
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
    now: Timestamp,
    policy: &Policy,
) -> Result<Step, Refusal> {
    use Phase::{Connected, Connecting, Ended, Requesting, Ringing};

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
        (Requesting(_) | Ringing(_), Happening::Restarted) => ring::restarted(call, now, policy),

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
            talk::stop(call, talk, *authority, now, policy)
        }
        (Connecting { .. } | Connected { .. }, Happening::Restarted) => {
            talk::restarted(call, now, policy)
        }

        (
            Requesting(_) | Ringing(_) | Connecting { .. } | Connected { .. } | Ended(_),
            Happening::DeadlinePassed,
        ) => overdue(call, now, policy).unwrap_or_else(|| Step::unchanged(call)),

        (Ended(ended), Happening::MediaAlive) => return Err(over(&ended.end)),
        (
            Ended(_),
            Happening::Rang
            | Happening::Unreached
            | Happening::Left(..)
            | Happening::Arrived(_)
            | Happening::MediaLost
            | Happening::Stopped(_)
            | Happening::Restarted,
        ) => Step::unchanged(call),
    };
    Ok(step)
}

/// What waiting has done to the call by now.
pub(super) fn overdue(call: &Call, now: Timestamp, policy: &Policy) -> Option<Step> {
    let ended = call.foreseen().filter(|ended| ended.at <= now)?;
    let step = match &call.phase {
        Phase::Requesting(_) | Phase::Ringing(_) => ring::end(call, ended, None),
        Phase::Connecting { .. } | Phase::Connected { .. } => talk::end(call, ended, policy),
        Phase::Ended(_) => return None,
    };
    debug_assert_eq!(invariants::broken_by(call, &step), None);
    Some(step)
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
