//! Who hears what, in the order in which it must be heard.
//!
//! Accepted, rejected, ringing and end go to all devices of the caller; what concerns the two peer
//! connections goes to the two bound devices alone.

use super::{
    call::{Accepted, Call, Connection, Lost, Party, Phase, Side},
    effect::{Audience, Devices, Notice, RingStop, Spoken},
    ending::{Cancellation, End, Ended, Rejection},
    meter::{self, Tick},
};

/// Everything that the call's last change may have had to say. For a call whose `spoken_version` trails:
/// the node that stored the change may have died before it spoke. Clients ignore what they know already.
///
/// Statuses are not said again: the presence hub reads changed rows by itself. Nor is what is in an inbox, where sessions
/// find it. Of a charge the caller hears with `balance` what they have by now.
pub fn restate(call: &Call, balance: i64) -> Vec<Spoken> {
    match &call.phase {
        // Whoever is lost is rung when they arrive.
        Phase::Requesting(ring) | Phase::Ringing(ring) => match ring.lost.otomo {
            None => vec![Spoken::Ring(Devices::All)],
            Some(_) => Vec::new(),
        },
        Phase::Connecting { talk, .. } => [
            accepted(&talk.accepted),
            signaling(call),
            reconnecting(call),
        ]
        .concat(),
        Phase::Connected { connection, .. } => {
            let charged = meter::tick_again(call, balance);
            let charged = charged.map(|charged| tick(call, charged));
            [
                connected(call, *connection),
                charged.unwrap_or_default(),
                reconnecting(call),
            ]
            .concat()
        }
        Phase::Ended(Ended { end, .. }) if call.ended_at_once() => {
            let caller = Audience::all(Side::Caller);
            let refused = rejection(end).map(|notice| Spoken::Tell(caller, notice));
            refused.into_iter().collect()
        }
        Phase::Ended(Ended { end, .. }) => ended(call, end, None),
    }
}

/// Who is back in a call of which people last heard that these were gone.
pub fn back_since(call: &Call, lost: Lost) -> Vec<Spoken> {
    let is_back = |side: &Side| lost.until(*side).is_some() && call.lost().until(*side).is_none();
    let back = Side::ALL
        .iter()
        .filter(|side| call.accepted().is_some() && call.is_live() && is_back(side));
    back.filter_map(|side| tell_bound(call, side.other(), Notice::PeerBack))
        .collect()
}

/// The otomo took it: the caller's devices go on to the talk, the otomo's other devices fall silent.
pub(super) fn accepted(accepted: &Accepted) -> Vec<Spoken> {
    let others = Audience::except(Side::Otomo, accepted.device.clone());
    vec![
        Spoken::Tell(Audience::all(Side::Caller), Notice::Accepted),
        Spoken::Tell(others, Notice::Cancelled(RingStop::AnsweredElsewhere)),
    ]
}

/// The two devices may begin with their peer connections.
pub(super) fn signaling(call: &Call) -> Vec<Spoken> {
    both_bound(call, Notice::SignalingStart)
}

/// Media is up.
pub(super) fn connected(call: &Call, connection: Connection) -> Vec<Spoken> {
    both_bound(call, Notice::Connected(connection))
}

/// A charge has fallen due.
pub(super) fn tick(call: &Call, tick: Tick) -> Vec<Spoken> {
    both_bound(call, Notice::Tick(tick))
}

/// To each side whose other side is lost: how long it may take.
pub(super) fn reconnecting(call: &Call) -> Vec<Spoken> {
    let wait = |waiting: Side| {
        let deadline = call.lost().until(waiting.other())?;
        tell_bound(call, waiting, Notice::PeerReconnecting { deadline })
    };
    Side::ALL.iter().copied().filter_map(wait).collect()
}

/// One notice to the device that talks on this side, if it is known yet.
pub(super) fn tell_bound(call: &Call, side: Side, notice: Notice) -> Option<Spoken> {
    let device = call.bound_device(side)?.clone();
    Some(Spoken::Tell(Audience::only(side, device), notice))
}

/// The rejection that the caller hears, for the ends that are one to them.
pub(super) const fn rejection(end: &End) -> Option<Notice> {
    match end {
        End::Rejected(reason) => Some(Notice::Rejected(*reason)),
        End::Missed => Some(Notice::Rejected(Rejection::Timeout)),
        End::Cancelled(_) | End::Joined { .. } | End::HungUp { .. } => None,
    }
}

/// The end of a call that was live, the caller first. A device that asked for the end of a ring has its
/// acknowledgement instead; `call_end` goes to all devices of both (source document 000, section 10).
pub(super) fn ended(call: &Call, end: &End, asker: Option<&Party>) -> Vec<Spoken> {
    let caller = Audience::all(Side::Caller);
    let otomo = Audience::all(Side::Otomo);
    let rest = |side: Side| match asker {
        Some(party) if party.side == side => Audience::except(side, party.device.clone()),
        Some(_) | None => Audience::all(side),
    };
    match end {
        End::Rejected(reason) => vec![
            Spoken::Tell(caller, Notice::Rejected(*reason)),
            Spoken::Tell(
                rest(Side::Otomo),
                Notice::Cancelled(RingStop::from(*reason)),
            ),
        ],
        End::Cancelled(reason) => {
            let notice = Notice::Cancelled(RingStop::from(*reason));
            vec![
                Spoken::Tell(rest(Side::Caller), notice),
                Spoken::Tell(otomo, notice),
            ]
        }
        End::Joined { .. } => Vec::new(),
        End::Missed => vec![
            Spoken::Tell(caller, Notice::Rejected(Rejection::Timeout)),
            Spoken::Tell(otomo, Notice::Cancelled(RingStop::Timeout)),
            Spoken::MissedCall,
        ],
        End::HungUp { reason, .. } => {
            let notice = Notice::Ended {
                reason: *reason,
                duration: call.duration(),
            };
            vec![Spoken::Tell(caller, notice), Spoken::Tell(otomo, notice)]
        }
    }
}

impl From<Rejection> for RingStop {
    fn from(reason: Rejection) -> Self {
        match reason {
            Rejection::Busy | Rejection::ManualDecline | Rejection::Away | Rejection::Timeout => {
                Self::RejectedElsewhere
            }
            // The protocol has no word for an admin or the server. Of its words this one alone lays it on nobody: neither
            // the caller gave up, nor was there a device that declined, nor did it ring to the end and count as missed.
            Rejection::Offline | Rejection::AdminEnd | Rejection::SystemError => Self::Superseded,
        }
    }
}

impl From<Cancellation> for RingStop {
    fn from(reason: Cancellation) -> Self {
        match reason {
            Cancellation::CallerCancelled => Self::CallerCancelled,
            Cancellation::CallerLost => Self::CallerLost,
            Cancellation::Superseded => Self::Superseded,
        }
    }
}

fn both_bound(call: &Call, notice: Notice) -> Vec<Spoken> {
    let sides = Side::ALL.iter().copied();
    sides
        .filter_map(|side| tell_bound(call, side, notice))
        .collect()
}
