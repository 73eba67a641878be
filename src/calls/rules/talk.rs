//! What a call may do once it is accepted: `connecting` and `connected`.
//!
//! The two differ in whether media is up. Loss and return, signals and the end are the same in both.

use super::{
    call::{Call, Device, Lost, Party, Phase, Side, Talk},
    command::Authority,
    effect::{Audience, Durable, Notice, Spoken, Step, TimelineEvent},
    ending::{By, End, Ended, Hangup},
    meter::{self, Moment, Tick},
    policy::Policy,
    refusal::Refusal,
    speech,
};
use crate::kernel::time::Timestamp;

/// The otomo accepts again: the device that won hears so again, any other that it lost.
pub(super) fn accept_again(call: &Call, party: &Party) -> Result<Step, Refusal> {
    if call.is_bound(party) {
        Ok(Step::unchanged(call))
    } else {
        Err(Refusal::AlreadyAccepted {
            phase: call.phase.name(),
        })
    }
}

/// A participant hangs up, on whichever of their devices.
pub(super) fn hang_up(
    call: &Call,
    talk: &Talk,
    side: Side,
    moment: Moment,
    policy: &Policy,
) -> Step {
    let reason = match side {
        Side::Caller => Hangup::UserEnd,
        Side::Otomo => Hangup::OtomoEnd,
    };
    let ended = ended(call, talk, reason, side.into(), moment.now);
    end(call, ended, moment.balance, policy)
}

/// An admin or the server ends the talk.
pub(super) fn stop(
    call: &Call,
    talk: &Talk,
    authority: Authority,
    moment: Moment,
    policy: &Policy,
) -> Step {
    let (by, reason) = match authority {
        Authority::Admin => (By::Admin, Hangup::AdminEnd),
        Authority::System => (By::System, Hangup::SystemError),
    };
    let ended = ended(call, talk, reason, by, moment.now);
    end(call, ended, moment.balance, policy)
}

/// The same two begin a new call.
pub(super) fn supersede(call: &Call, talk: &Talk, by: By, moment: Moment, policy: &Policy) -> Step {
    let ended = ended(call, talk, Hangup::Superseded, by, moment.now);
    end(call, ended, moment.balance, policy)
}

/// How the talk ends now.
fn ended(call: &Call, talk: &Talk, reason: Hangup, by: By, now: Timestamp) -> Ended {
    Ended {
        at: now,
        by,
        end: End::HungUp {
            accepted: talk.accepted.clone(),
            connection: call.connection(),
            reason,
        },
    }
}

/// The talk is over. Each participant hears `call_end` before the status that it causes, and what the last minute cost
/// before that.
pub(super) fn end(call: &Call, ended: Ended, balance: i64, policy: &Policy) -> Step {
    let over_at = ended.at;
    let at = meter::end_at(call, over_at);
    let tick = meter::last_tick(call, at, &ended.end, balance, policy);
    let charge = tick.and_then(Tick::charge);
    let end = ended.end.charged(charge);
    let (by, said) = (ended.by, end.clone());
    let next = call.moved_to(Phase::Ended(Ended { at, by, end }));
    let ticks = tick.map(|tick| speech::tick(&next, tick));
    let spoken = speech::ended(&next, &said, None);
    let charged = charge.map(|charge| {
        let note = Durable::Note(TimelineEvent::Charged, By::System);
        [note, Durable::Charge(charge)]
    });
    let wrap_up = (!policy.wrap_up.is_zero()).then_some(Durable::WrapUp {
        until: over_at + policy.wrap_up,
    });
    Step::stored(next, TimelineEvent::Ended, by)
        .write(charged.into_iter().flatten())
        .write([Durable::Release])
        .write(wrap_up)
        .write([Durable::Settle])
        .say(charge.map(|_| Spoken::Charged))
        .say(ticks.into_iter().flatten())
        .say(spoken)
        .say([Spoken::Status])
}

/// A signal of the device that talks, to the other device that talks.
pub(super) fn signal(call: &Call, talk: &Talk, party: &Party) -> Result<Step, Refusal> {
    if !call.is_bound(party) {
        return Err(Refusal::OtherDevice);
    }
    let peer = party.side.other();
    if talk.lost.until(peer).is_some() {
        return Err(Refusal::PeerUnavailable);
    }
    let audience = call
        .bound_device(peer)
        .map(|device| Audience::only(peer, device.clone()));
    Ok(Step::unchanged(call).say(audience.map(Spoken::Relay)))
}

/// A device left. Only the two that talk count.
pub(super) fn left(
    call: &Call,
    talk: &Talk,
    device: &Device,
    now: Timestamp,
    policy: &Policy,
) -> Step {
    let Some(side) = bound_side(call, device) else {
        return Step::unchanged(call);
    };
    if talk.lost.until(side).is_some() {
        return Step::unchanged(call);
    }
    let deadline = now + policy.loss_grace;
    let next = with_lost(call, talk.lost.with(side, Some(deadline)));
    let reconnecting = Notice::PeerReconnecting { deadline };
    let told = speech::tell_bound(&next, side.other(), reconnecting);
    Step::stored(next, TimelineEvent::Lost, side.into()).say(told)
}

/// A device is back. It gets its `call_snapshot` while it connects, as every session does; that the other
/// side is gone meanwhile it hears here.
pub(super) fn arrived(call: &Call, talk: &Talk, device: &Device) -> Step {
    let Some(side) = bound_side(call, device) else {
        return Step::unchanged(call);
    };
    if talk.lost.until(side).is_none() {
        return Step::unchanged(call);
    }
    // Whoever is back was in the call all the time.
    let next = with_lost(&seen(call), talk.lost.with(side, None));
    let back = speech::tell_bound(&next, side.other(), Notice::PeerBack);
    let reconnecting = speech::reconnecting(&next);
    Step::stored(next, TimelineEvent::Back, side.into())
        .say(back)
        .say(reconnecting)
}

/// Both have to come back; there is nobody to tell.
pub(super) fn restarted(
    call: &Call,
    alive_at: Option<Timestamp>,
    now: Timestamp,
    policy: &Policy,
) -> Step {
    let until = Some(now + policy.loss_grace);
    let lost = Lost {
        caller: until,
        otomo: until,
    };
    let next = with_lost(&meter::unseen(call, alive_at), lost);
    Step::stored(next, TimelineEvent::Restarted, By::System)
}

/// The side on which this device talks, if it does.
fn bound_side(call: &Call, device: &Device) -> Option<Side> {
    let party = call.party(device).ok()?;
    call.is_bound(&party).then_some(party.side)
}

fn seen(call: &Call) -> Call {
    let mut seen = call.clone();
    if let Some(talk) = seen.phase.talk_mut() {
        talk.unseen_since = None;
    }
    seen
}

fn with_lost(call: &Call, lost: Lost) -> Call {
    let mut phase = call.phase.clone();
    if let Some(talk) = phase.talk_mut() {
        talk.lost = lost;
    }
    call.moved_to(phase)
}
