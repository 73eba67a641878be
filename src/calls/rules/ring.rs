//! What a call may do before anybody has accepted it: `requesting` and `ringing`.
//!
//! The two differ in one point only: whether a device of the otomo has been told. So they share their
//! rules, and [`rang`] is the one way from the first to the second.

use super::{
    call::{Accepted, Call, Device, Lost, Party, Phase, Ring, Setup, Side, Talk},
    command::{Authority, Decline, Remaining, Signal},
    effect::{Answer, Audience, Devices, Durable, Notice, Spoken, Step, TimelineEvent},
    ending::{By, Cancellation, End, Ended, Rejection},
    policy::{EARLY_CANDIDATES_MAX, Policy, RING_WORTHWHILE},
    refusal::Refusal,
    speech,
};
use crate::kernel::{ids::DeviceId, time::Timestamp};

/// A device of the otomo takes the call.
pub(super) fn accept(
    call: &Call,
    ring: &Ring,
    party: &Party,
    now: Timestamp,
    policy: &Policy,
) -> Step {
    let device = party.device.clone();
    take(call, ring, device, Answer::Accepted, now, policy)
}

/// Takes the call for this device of the otomo and answers so. Whether the otomo was thought lost does not
/// matter: here they are.
pub(super) fn take(
    call: &Call,
    ring: &Ring,
    device: DeviceId,
    answer: Answer,
    now: Timestamp,
    policy: &Policy,
) -> Step {
    // A caller who is gone right now gets the longer grace of an accepted call.
    let lost = Lost {
        caller: ring.lost.caller.map(|_| now + policy.loss_grace),
        otomo: None,
    };
    let accepted = Accepted { device, at: now };
    let next = call.moved_to(Phase::Connecting {
        talk: Talk {
            accepted: accepted.clone(),
            lost,
            media_lost_until: None,
            unseen_since: None,
        },
        setup: Setup {
            deadline: now + policy.connect_timeout,
            caller_reported: false,
            otomo_reported: false,
        },
    });
    let signaling = speech::signaling(&next);
    let reconnecting = speech::reconnecting(&next);
    let kept_for = Audience::only(Side::Otomo, accepted.device.clone());
    Step::stored(next, TimelineEvent::Accepted, By::Otomo)
        .write([Durable::ResetMissed, Durable::Settle])
        .say([Spoken::Status])
        .say(speech::accepted(&accepted))
        .answer(answer)
        .say(signaling)
        .say([Spoken::RelayKept(kept_for)])
        .say(reconnecting)
        .say([Spoken::Watch(Side::Otomo)])
}

/// A device of the otomo does not take the call.
pub(super) fn reject(call: &Call, party: &Party, decline: Decline, now: Timestamp) -> Step {
    let ended = Ended {
        at: now,
        by: By::Otomo,
        end: End::Rejected(decline.into()),
    };
    end(call, ended, Some(party))
}

/// A device of the caller gives up.
pub(super) fn cancel(call: &Call, party: &Party, now: Timestamp) -> Step {
    let ended = Ended {
        at: now,
        by: By::Caller,
        end: End::Cancelled(Cancellation::CallerCancelled),
    };
    end(call, ended, Some(party))
}

/// An admin or the server ends the ring.
pub(super) fn stop(call: &Call, authority: Authority, now: Timestamp) -> Step {
    let (by, rejection) = match authority {
        Authority::Admin => (By::Admin, Rejection::AdminEnd),
        Authority::System => (By::System, Rejection::SystemError),
    };
    let ended = Ended {
        at: now,
        by,
        end: End::Rejected(rejection),
    };
    end(call, ended, None)
}

/// The same two begin a new call; nobody of them has asked for the end of this one.
pub(super) fn supersede(call: &Call, by: By, now: Timestamp) -> Step {
    let ended = Ended {
        at: now,
        by,
        end: End::Cancelled(Cancellation::Superseded),
    };
    end(call, ended, None)
}

/// The ring is over, for whatever reason but an accept.
pub(super) fn end(call: &Call, ended: Ended, asker: Option<&Party>) -> Step {
    let Ended { by, end, .. } = ended.clone();
    let next = call.moved_to(Phase::Ended(ended));
    let spoken = speech::ended(&next, &end, asker);
    let missed = (end == End::Missed).then_some(Durable::LeaveMissed);
    Step::stored(next, TimelineEvent::Ended, by)
        .write([Durable::Release])
        .write(missed_count(&end))
        // Also where it rang unseen: the missed limit may have put the otomo on break.
        .write([Durable::Settle])
        .write(missed)
        .say(spoken)
        .say([Spoken::Status])
}

/// What the end of a ring is for the count of rings without an answer: a person's decision begins it anew,
/// an app that gave up by itself is not one, and an end that the otomo could not help does not count.
fn missed_count(end: &End) -> Option<Durable> {
    match end {
        End::Missed | End::Rejected(Rejection::Timeout) => Some(Durable::CountMissed),
        End::Rejected(Rejection::Busy | Rejection::ManualDecline | Rejection::Away) => {
            Some(Durable::ResetMissed)
        }
        End::Rejected(Rejection::Offline | Rejection::AdminEnd | Rejection::SystemError)
        | End::Cancelled(_)
        | End::Joined { .. }
        | End::HungUp { .. } => None,
    }
}

/// A device of the otomo shows the ring: the caller hears so.
pub(super) fn shown(call: &Call) -> Step {
    let caller = Audience::all(Side::Caller);
    Step::unchanged(call).say([Spoken::Tell(caller, Notice::Ringing)])
}

/// The caller's device may send candidates ahead; everything else waits for somebody to send it to.
pub(super) fn signal(
    call: &Call,
    party: &Party,
    signal: Signal,
    kept: usize,
) -> Result<Step, Refusal> {
    if !call.is_bound(party) {
        // Of the otomo's devices none is bound yet.
        return Err(match party.side {
            Side::Caller => Refusal::OtherDevice,
            Side::Otomo => Refusal::SignalTooEarly,
        });
    }
    match signal {
        Signal::Candidate if kept < EARLY_CANDIDATES_MAX => {
            Ok(Step::unchanged(call).say([Spoken::KeepCandidate]))
        }
        Signal::Candidate => Err(Refusal::TooManyCandidates),
        Signal::Offer | Signal::Answer => Err(Refusal::SignalTooEarly),
    }
}

/// The ring has entered an outbox. A loss that was noticed meanwhile stays one: only an arrival ends it.
pub(super) fn rang(call: &Call, ring: &Ring, policy: &Policy) -> Step {
    let next = call.moved_to(Phase::Ringing(ring.clone()));
    let step = Step::stored(next, TimelineEvent::Ringing, By::System);
    if policy.busy_while_ringing {
        step.write([Durable::Settle]).say([Spoken::Status])
    } else {
        step
    }
}

/// The ring has entered no outbox: as if the otomo's last device had just left.
pub(super) fn unreached(call: &Call, ring: &Ring, now: Timestamp, policy: &Policy) -> Step {
    lose(
        call,
        ring,
        Side::Otomo,
        TimelineEvent::Unreached,
        now,
        policy,
    )
}

/// A device left. Of the caller the one that requested counts, of the otomo the last of all.
pub(super) fn left(
    call: &Call,
    ring: &Ring,
    device: &Device,
    remaining: Remaining,
    now: Timestamp,
    policy: &Policy,
) -> Step {
    match call.party(device) {
        Ok(party) if party.side == Side::Caller && call.is_bound(&party) => {
            lose(call, ring, Side::Caller, TimelineEvent::Lost, now, policy)
        }
        Ok(party) if party.side == Side::Otomo && remaining == Remaining::Nobody => {
            lose(call, ring, Side::Otomo, TimelineEvent::Lost, now, policy)
        }
        Ok(_) | Err(_) => Step::unchanged(call),
    }
}

/// A device is there. One of the otomo is rung, if the ring is still worth it.
pub(super) fn arrived(call: &Call, ring: &Ring, device: &Device, now: Timestamp) -> Step {
    match call.party(device) {
        Ok(party) if party.side == Side::Otomo => {
            let worthwhile = now.until(ring.deadline) >= RING_WORTHWHILE;
            let ring_it = worthwhile.then(|| Spoken::Ring(Devices::Only(party.device.clone())));
            return_to(call, ring, Side::Otomo).say(ring_it)
        }
        Ok(party) if call.is_bound(&party) => return_to(call, ring, Side::Caller),
        Ok(_) | Err(_) => Step::unchanged(call),
    }
}

/// Both have to come back. A restart is not their doing: they get the longer grace.
pub(super) fn restarted(call: &Call, now: Timestamp, policy: &Policy) -> Step {
    let until = Some(now + policy.loss_grace);
    let lost = Lost {
        caller: until,
        otomo: until,
    };
    Step::stored(with_lost(call, lost), TimelineEvent::Restarted, By::System)
}

fn lose(
    call: &Call,
    ring: &Ring,
    side: Side,
    event: TimelineEvent,
    now: Timestamp,
    policy: &Policy,
) -> Step {
    if ring.lost.until(side).is_some() {
        return Step::unchanged(call);
    }
    let until = Some(now + policy.ring_loss_grace);
    Step::stored(
        with_lost(call, ring.lost.with(side, until)),
        event,
        side.into(),
    )
}

fn return_to(call: &Call, ring: &Ring, side: Side) -> Step {
    if ring.lost.until(side).is_none() {
        return Step::unchanged(call);
    }
    let next = with_lost(call, ring.lost.with(side, None));
    Step::stored(next, TimelineEvent::Back, side.into())
}

fn with_lost(call: &Call, lost: Lost) -> Call {
    let mut phase = call.phase.clone();
    if let Some(ring) = phase.ring_mut() {
        ring.lost = lost;
    }
    call.moved_to(phase)
}
