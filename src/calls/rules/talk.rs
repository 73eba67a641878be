//! What a call may do once it is accepted: `connecting` and `connected`.
//!
//! The two differ in whether media is up. Loss and return, signals and the end are the same in both.

use super::{
    call::{Call, Device, Lost, Party, Phase, Side, Talk},
    command::Authority,
    effect::{Audience, Durable, Notice, Spoken, Step, TimelineEvent},
    ending::{By, End, Ended, Hangup},
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
    now: Timestamp,
    policy: &Policy,
) -> Step {
    let reason = match side {
        Side::Caller => Hangup::UserEnd,
        Side::Otomo => Hangup::OtomoEnd,
    };
    end(call, ended(call, talk, reason, side.into(), now), policy)
}

/// An admin or the server ends the talk.
pub(super) fn stop(
    call: &Call,
    talk: &Talk,
    authority: Authority,
    now: Timestamp,
    policy: &Policy,
) -> Step {
    let (by, reason) = match authority {
        Authority::Admin => (By::Admin, Hangup::AdminEnd),
        Authority::System => (By::System, Hangup::SystemError),
    };
    end(call, ended(call, talk, reason, by, now), policy)
}

/// The same two begin a new call.
pub(super) fn supersede(call: &Call, talk: &Talk, by: By, now: Timestamp, policy: &Policy) -> Step {
    end(call, ended(call, talk, Hangup::Superseded, by, now), policy)
}

/// How the talk ends now.
fn ended(call: &Call, talk: &Talk, reason: Hangup, by: By, now: Timestamp) -> Ended {
    let connection = call.connection();
    Ended {
        // A clock that was set back must not make an end before the beginning.
        at: connection.map_or(now, |connection| now.max(connection.at)),
        by,
        end: End::HungUp {
            accepted: talk.accepted.clone(),
            connection,
            reason,
        },
    }
}

/// The talk is over. Each participant hears `call_end` before the status that it causes.
pub(super) fn end(call: &Call, ended: Ended, policy: &Policy) -> Step {
    let Ended { at, by, end } = ended.clone();
    let next = call.moved_to(Phase::Ended(ended));
    let spoken = speech::ended(&next, &end, None);
    let wrap_up = (!policy.wrap_up.is_zero()).then_some(Durable::WrapUp {
        until: at + policy.wrap_up,
    });
    Step::stored(next, TimelineEvent::Ended, by)
        .write([Durable::Release])
        .write(wrap_up)
        .write([Durable::Settle])
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
    let next = with_lost(call, talk.lost.with(side, None));
    let back = speech::tell_bound(&next, side.other(), Notice::PeerBack);
    let reconnecting = speech::reconnecting(&next);
    Step::stored(next, TimelineEvent::Back, side.into())
        .say(back)
        .say(reconnecting)
}

/// Both have to come back; there is nobody to tell.
pub(super) fn restarted(call: &Call, now: Timestamp, policy: &Policy) -> Step {
    let until = Some(now + policy.loss_grace);
    let lost = Lost {
        caller: until,
        otomo: until,
    };
    Step::stored(with_lost(call, lost), TimelineEvent::Restarted, By::System)
}

/// The side on which this device talks, if it does.
fn bound_side(call: &Call, device: &Device) -> Option<Side> {
    let party = call.party(device).ok()?;
    call.is_bound(&party).then_some(party.side)
}

fn with_lost(call: &Call, lost: Lost) -> Call {
    let mut phase = call.phase.clone();
    if let Some(talk) = phase.talk_mut() {
        talk.lost = lost;
    }
    call.moved_to(phase)
}
