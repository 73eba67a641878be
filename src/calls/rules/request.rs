//! Opening a call: whether a request becomes a ring, a refusal, part of another call, or nothing new.
//!
//! ```text
//! known id ------------------> the same answer as before
//! over the rate -------------> RateLimited        \
//! both request each other ---> joined into the first call
//! in another call -----------> CallerBusy          > nothing is stored
//! no such otomo -------------> OtomoNotFound      /
//! a minute costs too much ---> InsufficientPoints /
//! the same pair again -------> the old call is superseded, and then:
//! draining, offline, on break, taken, wrapping up ---> stored as ended: acknowledged, then rejected
//! in the leave grace --------> requesting, rung when they come back
//! else ----------------------> requesting, rung at once
//! ```

use std::{collections::BTreeMap, num::NonZeroU32};

use super::{
    call::{Call, Device, Lost, Phase, PhaseName, Ring, Side},
    effect::{
        Answer, Audience, Devices, Durable, Notice, RequestState, Spoken, Step, TimelineEvent,
    },
    ending::{By, End, Ended, Rejection},
    meter::{Moment, Tariff},
    policy::Policy,
    refusal::Refusal,
    ring, speech, step, talk,
};
use crate::{
    kernel::{
        ids::{CallId, UserId},
        time::Timestamp,
    },
    presence::rules::{Callable, Reach},
};

/// What a client asks for (source document 001, WS-C01).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Made by the client: a repeat after a lost answer is known as one.
    pub id: CallId,
    /// Who calls, and on which device.
    pub caller: Device,
    /// Who is called.
    pub otomo: UserId,
}

/// What the database and the server know about a request, read in the transaction that will store it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// The call that has this id already.
    pub known: Option<Call>,
    /// The live calls of the two people, in whatever role: none, one or two.
    pub live: Vec<Call>,
    /// The called user, if they are an otomo. That they are in a call is in `live`.
    pub called: Option<Callable>,
    /// What a minute with them costs; `None` for nothing.
    pub price: Option<NonZeroU32>,
    /// The points of those who pay: of the caller, and of the callers of `live`. Whoever is not here has none.
    pub balances: BTreeMap<UserId, i64>,
    /// The caller has used up `limits.calls_per_minute`.
    pub over_rate: bool,
    /// This node takes no new calls.
    pub draining: bool,
}

/// Opens a call, or says what came instead. The steps may be of several calls (what was overdue, what is
/// superseded or joined, what was requested), in the order in which they are stored and spoken.
///
/// # Errors
/// The requests that are answered with an error alone. Nothing is stored then and the id may be tried again.
pub fn open(
    request: &Request,
    facts: &Facts,
    now: Timestamp,
    policy: &Policy,
) -> Result<Vec<Step>, Refusal> {
    if let Some(known) = &facts.known {
        return Ok(vec![repeat(request, known)?]);
    }
    if facts.over_rate {
        return Err(Refusal::RateLimited);
    }
    let caller = &request.caller.user;
    // Whose ring ran out a moment ago is free, even if no sweeper has come by yet.
    let (mut steps, mut live) = (Vec::new(), Vec::new());
    let mut balances = facts.balances.clone();
    for call in &facts.live {
        let moment = moment(call, &balances, now);
        let caught_up = step::catch_up(call.clone(), moment, policy);
        balances.insert(call.caller.clone(), caught_up.balance);
        steps.extend(caught_up.steps);
        live.extend(Some(caught_up.call).filter(Call::is_live));
    }
    let own = live.iter().find(|call| call.side(caller).is_some());
    let tariff = facts.price.map(|price| Tariff {
        price,
        minute: policy.minute,
    });
    if let Some((first, ring)) = own.and_then(|own| glare(request, own)) {
        steps.extend(join(request, tariff, (first, ring), now, policy));
        return Ok(steps);
    }
    if own.is_some_and(|own| !is_renewal(request, own)) {
        return Err(Refusal::CallerBusy);
    }
    let called = facts.called.filter(|_| *caller != request.otomo);
    let called = called.ok_or(Refusal::OtomoNotFound)?;
    let taken = own.is_none() && live.iter().any(|call| call.side(&request.otomo).is_some());

    if let Some(old) = own {
        let step = supersede(old, caller, moment(old, &balances, now), policy);
        let balance = balances.entry(old.caller.clone()).or_default();
        *balance -= step.points();
        steps.push(step);
    }
    affords_a_minute(tariff, balances.get(caller).copied().unwrap_or(0))?;
    steps.push(match hindrance(called, taken, facts.draining, now) {
        Some(rejection) => rejected(request, tariff, rejection, now),
        None => requesting(request, tariff, called.reach, now, policy),
    });
    Ok(steps)
}

fn moment(call: &Call, balances: &BTreeMap<UserId, i64>, now: Timestamp) -> Moment {
    let balance = balances.get(&call.caller).copied().unwrap_or(0);
    Moment { now, balance }
}

/// Whether the caller can pay for one minute of the call.
fn affords_a_minute(tariff: Option<Tariff>, balance: i64) -> Result<(), Refusal> {
    match tariff.map(Tariff::price) {
        Some(required) if balance < required => {
            Err(Refusal::InsufficientPoints { required, balance })
        }
        Some(_) | None => Ok(()),
    }
}

/// The request of a known id: where that call stands now, to the very device that asks.
fn repeat(request: &Request, known: &Call) -> Result<Step, Refusal> {
    let Device { user, id: device } = &request.caller;
    if known.caller != *user || known.otomo != request.otomo {
        return Err(Refusal::DuplicateCallId);
    }
    let end = known.end();
    let standing = RequestState {
        call: known.id,
        phase: known.phase.name(),
        end: end.map(|end| (end.outcome(), end.reason())),
        joined: end.and_then(End::joined),
    };
    let told_again = end.and_then(speech::rejection).map(|rejection| {
        let asker = Audience::only(Side::Caller, device.clone());
        Spoken::Tell(asker, rejection)
    });
    Ok(Step::unchanged(known)
        .answer(Answer::Requested(standing))
        .say(told_again))
}

/// The ring with which the called otomo is calling the caller at this very moment.
fn glare<'a>(request: &Request, own: &'a Call) -> Option<(&'a Call, &'a Ring)> {
    let crossing = own.caller == request.otomo && own.otomo == request.caller.user;
    let ring = own.phase.ring().filter(|_| crossing)?;
    Some((own, ring))
}

/// Whether the caller's app has begun again: the same pair, from the device that is in the call, or while
/// that device is gone. From any other device it is a person who is in a call already.
fn is_renewal(request: &Request, own: &Call) -> bool {
    let Device { user, id: device } = &request.caller;
    own.side(user).is_some_and(|side| {
        let same_pair = *own.person(side.other()) == request.otomo;
        let bound = own.bound_device(side) == Some(device);
        let gone = own.lost().until(side).is_some();
        same_pair && (bound || gone)
    })
}

/// The later of two crossing requests counts as an accept of the first. Its own call is stored as over, so
/// that a repeat of it is answered too; the roles stay those of the first.
fn join(
    request: &Request,
    tariff: Option<Tariff>,
    (first, ring): (&Call, &Ring),
    now: Timestamp,
    policy: &Policy,
) -> [Step; 2] {
    let end = End::Joined { into: first.id };
    let later = ended_at_once(request, tariff, end, By::Caller, now);
    let joined = Answer::Requested(RequestState {
        call: request.id,
        phase: PhaseName::Connecting,
        end: None,
        joined: Some(first.id),
    });
    let accept = ring::take(first, ring, request.caller.id.clone(), joined, now, policy);
    [later, accept]
}

/// Ends the call that the same two were in.
fn supersede(old: &Call, caller: &UserId, moment: Moment, policy: &Policy) -> Step {
    let by = old.side(caller).map_or(By::System, By::from);
    match &old.phase {
        Phase::Requesting(_) | Phase::Ringing(_) => ring::supersede(old, by, moment.now),
        Phase::Connecting { talk, .. } | Phase::Connected { talk, .. } => {
            talk::supersede(old, talk, by, moment, policy)
        }
        Phase::Ended(_) => Step::unchanged(old),
    }
}

/// Why the otomo cannot be rung, if they cannot.
fn hindrance(called: Callable, taken: bool, draining: bool, now: Timestamp) -> Option<Rejection> {
    let wrapping_up = now < called.free_at;
    if draining {
        Some(Rejection::SystemError)
    } else if taken {
        Some(Rejection::Busy)
    } else if called.reach == Reach::Offline {
        Some(Rejection::Offline)
    } else if called.on_break {
        Some(Rejection::Away)
    } else if wrapping_up {
        Some(Rejection::Busy)
    } else {
        None
    }
}

/// Refused before it rings: acknowledged as every request, then rejected. The otomo hears nothing.
fn rejected(
    request: &Request,
    tariff: Option<Tariff>,
    rejection: Rejection,
    now: Timestamp,
) -> Step {
    let end = End::Rejected(rejection);
    let notice = Notice::Rejected(rejection);
    ended_at_once(request, tariff, end, By::System, now)
        .answer(acknowledged(request))
        .say([Spoken::Tell(Audience::all(Side::Caller), notice)])
}

/// Taken. An otomo in their leave grace is rung when they come back; whoever is there, now.
fn requesting(
    request: &Request,
    tariff: Option<Tariff>,
    reach: Reach,
    now: Timestamp,
    policy: &Policy,
) -> Step {
    let away = reach != Reach::Connected;
    let lost = Lost {
        caller: None,
        otomo: away.then(|| now + policy.ring_loss_grace),
    };
    let phase = Phase::Requesting(Ring {
        deadline: now + policy.ring_timeout,
        lost,
    });
    let ring = (!away).then_some(Spoken::Ring(Devices::All));
    Step::stored(
        new_call(request, tariff, phase, now),
        TimelineEvent::Requested,
        By::Caller,
    )
    .write([Durable::Reserve])
    .answer(acknowledged(request))
    .say(ring)
    .say([Spoken::Watch(Side::Caller)])
}

/// A call that is over the moment it is stored.
fn ended_at_once(
    request: &Request,
    tariff: Option<Tariff>,
    end: End,
    by: By,
    now: Timestamp,
) -> Step {
    let phase = Phase::Ended(Ended { at: now, by, end });
    let ended = new_call(request, tariff, phase, now);
    Step::stored(ended, TimelineEvent::Ended, by)
}

fn new_call(request: &Request, tariff: Option<Tariff>, phase: Phase, now: Timestamp) -> Call {
    Call {
        id: request.id,
        caller: request.caller.user.clone(),
        caller_device: request.caller.id.clone(),
        otomo: request.otomo.clone(),
        requested_at: now,
        tariff,
        version: 1,
        phase,
    }
}

/// What every new request is answered, whatever follows.
fn acknowledged(request: &Request) -> Answer {
    Answer::Requested(RequestState {
        call: request.id,
        phase: PhaseName::Requesting,
        end: None,
        joined: None,
    })
}
