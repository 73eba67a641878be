//! What must hold whatever the rules look like: each invariant a plain function with its sentence. The
//! model test and the golden table check them, and `debug_assert` does on every step.

use std::{collections::BTreeSet, time::Duration};

use super::{
    call::{Call, Phase, PhaseName, Side},
    effect::{Audience, Devices, Durable, Notice, RingStop, Spoken, Step},
    ending::{End, Hangup},
    meter::{Charge, Standing},
};
use crate::kernel::{config::PartialMinute, time::Timestamp};

/// How late a sweeper may end a ring.
const RING_LATE_MAX: Duration = Duration::from_secs(1);

/// An invariant of one step: the sentence, and whether it holds between the call before and the step.
type OfStep = (&'static str, fn(&Call, &Step) -> bool);

const OF_STEP: &[OfStep] = &[
    ("a terminal record never changes", terminal_never_changes),
    (
        "what changes is stored, once, one version higher",
        changes_are_stored,
    ),
    (
        "a call keeps its id, its people, its device, its time and its price",
        identity_is_kept,
    ),
    ("phases only go forward", phases_go_forward),
    (
        "a call that ends lets go of its people, and no other does",
        an_end_releases,
    ),
    (
        "the caller hears of each end once, and the otomo too",
        an_end_is_told_once,
    ),
    (
        "call_end is for accepted calls only",
        call_end_is_for_accepted_calls,
    ),
    (
        "each participant hears the end before the status it causes",
        ends_before_statuses,
    ),
    (
        "a settled status is said, and no other is",
        statuses_are_said_as_settled,
    ),
    (
        "a missed call, and nothing else, is left in the inbox",
        only_missed_is_left,
    ),
    ("a call that waits knows until when", waiting_has_a_deadline),
    (
        "no call ends before its media came up",
        duration_is_not_negative,
    ),
    (
        "a charge is the next one, at the price",
        charges_are_counted,
    ),
    (
        "nothing is charged but what is connected, and metered",
        only_the_connected_are_charged,
    ),
    (
        "nothing is charged for a time of which nobody knows",
        the_unseen_is_not_charged,
    ),
    (
        "what is charged is told to both, the balance first",
        charges_are_told,
    ),
];

/// The sentence of the first invariant that this step breaks.
pub fn broken_by(before: &Call, step: &Step) -> Option<&'static str> {
    let broken = OF_STEP.iter().find(|(_, holds)| !holds(before, step));
    broken.map(|(sentence, _)| *sentence)
}

/// One person is in at most one live call, in whatever role.
pub fn one_live_call_per_person<'a>(calls: impl IntoIterator<Item = &'a Call>) -> bool {
    let mut taken = BTreeSet::new();
    let mut live = calls.into_iter().filter(|call| call.is_live());
    live.all(|call| taken.insert(&call.caller) && taken.insert(&call.otomo))
}

/// Nobody rings past the deadline and one second.
pub fn rings_in_time(call: &Call, now: Timestamp) -> bool {
    call.phase
        .ring()
        .is_none_or(|ring| now <= ring.deadline + RING_LATE_MAX)
}

/// The duration is the time from the media to the end, and there is none without both.
pub fn duration_is_media_time(call: &Call) -> bool {
    match (call.connection(), call.ended()) {
        (Some(connection), Some(ended)) => connection.at + call.duration() == ended.at,
        (Some(_) | None, _) => call.duration().is_zero(),
    }
}

/// A metered call was charged once for each minute that has passed by now, never more; one that is over for each of them,
/// but for the one for which the points did not reach, and for the one that had begun as `partial_minute` says. A free call
/// was not charged.
pub fn charged_by_the_minute(call: &Call, now: Timestamp, partial_minute: PartialMinute) -> bool {
    let (Some(tariff), Some(connection)) = (call.tariff, call.connection()) else {
        return call.charges() == 0;
    };
    let charged_until = call.paid_until().unwrap_or(connection.at);
    let next = tariff.due_at(connection, connection.charges + 1);
    match (call.ended(), call.end()) {
        (Some(ended), Some(end)) if end.hangup() == Some(Hangup::LowBalance) => next == ended.at,
        (Some(ended), _) if charged_until <= ended.at => ended.at < next,
        (Some(ended), _) => {
            let begun = tariff.due_at(connection, connection.charges.saturating_sub(1));
            partial_minute == PartialMinute::Full && begun < ended.at
        }
        (None, _) => charged_until <= now,
    }
}

fn terminal_never_changes(before: &Call, step: &Step) -> bool {
    before.is_live() || step.next == *before
}

fn changes_are_stored(before: &Call, step: &Step) -> bool {
    let persists = |durable: &Durable| matches!(durable, Durable::Persist(..));
    let stored = step.durable.iter().filter(|&durable| persists(durable));
    if step.next == *before {
        step.durable.is_empty()
    } else {
        step.next.version == before.version + 1
            && step.durable.first().is_some_and(persists)
            && stored.count() == 1
    }
}

fn identity_is_kept(before: &Call, step: &Step) -> bool {
    let identity = |call: &Call| {
        let people = (call.caller.clone(), call.otomo.clone());
        (
            call.id,
            people,
            call.caller_device.clone(),
            (call.requested_at, call.tariff),
        )
    };
    identity(before) == identity(&step.next)
}

fn phases_go_forward(before: &Call, step: &Step) -> bool {
    before.phase.name() <= step.next.phase.name()
}

fn an_end_releases(before: &Call, step: &Step) -> bool {
    step.durable.contains(&Durable::Release) == ends(before, step)
}

fn an_end_is_told_once(before: &Call, step: &Step) -> bool {
    let told = |side: Side| final_words(step, side).count();
    let expected = usize::from(ends(before, step));
    told(Side::Caller) == expected && told(Side::Otomo) == expected
}

fn call_end_is_for_accepted_calls(before: &Call, step: &Step) -> bool {
    let hung_up = ends(before, step) && step.next.accepted().is_some();
    let said = step
        .spoken
        .iter()
        .any(|spoken| matches!(spoken, Spoken::Tell(_, Notice::Ended { .. })));
    said == hung_up
}

fn ends_before_statuses(_: &Call, step: &Step) -> bool {
    let status = step
        .spoken
        .iter()
        .position(|spoken| *spoken == Spoken::Status);
    status.is_none_or(|status| {
        Side::ALL
            .iter()
            .flat_map(|side| final_words(step, *side))
            .all(|end| end < status)
    })
}

fn statuses_are_said_as_settled(_: &Call, step: &Step) -> bool {
    step.durable.contains(&Durable::Settle) == step.spoken.contains(&Spoken::Status)
}

fn only_missed_is_left(before: &Call, step: &Step) -> bool {
    let missed = ends(before, step) && step.next.end() == Some(&End::Missed);
    step.durable.contains(&Durable::LeaveMissed) == missed
        && step.spoken.contains(&Spoken::MissedCall) == missed
}

fn waiting_has_a_deadline(_: &Call, step: &Step) -> bool {
    let due = step.next.due_at().is_some();
    match step.next.phase.name() {
        PhaseName::Requesting | PhaseName::Ringing | PhaseName::Connecting => due,
        PhaseName::Connected => true,
        PhaseName::Ended => !due,
    }
}

fn duration_is_not_negative(_: &Call, step: &Step) -> bool {
    duration_is_media_time(&step.next)
}

fn charges_are_counted(before: &Call, step: &Step) -> bool {
    let charges: Vec<Charge> = step.charges().collect();
    match (charges.as_slice(), step.next.tariff) {
        ([], _) => step.next.charges() == before.charges(),
        ([charge], Some(tariff)) => {
            charge.number == before.charges() + 1
                && step.next.charges() == charge.number
                && charge.points == tariff.price()
        }
        _ => false,
    }
}

fn only_the_connected_are_charged(before: &Call, step: &Step) -> bool {
    let connected = before.phase.name() == PhaseName::Connected;
    step.charges().count() == 0 || connected && before.tariff.is_some()
}

fn the_unseen_is_not_charged(before: &Call, step: &Step) -> bool {
    let (Some(tariff), Phase::Connected { talk, connection }) = (before.tariff, &before.phase)
    else {
        return true;
    };
    let (Some(seen), Some(charge)) = (talk.unseen_since, step.charges().next()) else {
        return true;
    };
    // The last of a call pays for a minute that had begun.
    let number = charge.number - u32::from(!step.next.is_live());
    tariff.due_at(*connection, number) <= seen
}

fn charges_are_told(_: &Call, step: &Step) -> bool {
    let place = |said: fn(&Spoken) -> bool| step.spoken.iter().position(said);
    let balance = place(|spoken| *spoken == Spoken::Charged);
    let tick = place(|spoken| matches!(spoken, Spoken::Tell(_, Notice::Tick(_))));
    let ends = |spoken: &Spoken| {
        let Spoken::Tell(_, Notice::Tick(tick)) = spoken else {
            return true;
        };
        (tick.standing == Standing::Ended) != step.next.is_live()
    };
    let in_order = match step.charges().next() {
        Some(_) => balance.is_some() && balance < tick,
        None => balance.is_none(),
    };
    in_order && step.spoken.iter().all(ends)
}

fn ends(before: &Call, step: &Step) -> bool {
    before.is_live() && !step.next.is_live()
}

/// Where in the step this side hears that the call is over. What is said to one device alone is a repeat.
fn final_words(step: &Step, side: Side) -> impl Iterator<Item = usize> {
    step.spoken
        .iter()
        .enumerate()
        .filter(move |(_, spoken)| match spoken {
            Spoken::Tell(to, notice) => is_told(to, side) && is_final(*notice),
            Spoken::Ring(_)
            | Spoken::Relay(_)
            | Spoken::KeepCandidate
            | Spoken::RelayKept(_)
            | Spoken::MissedCall
            | Spoken::Charged
            | Spoken::Status
            | Spoken::Answer(_)
            | Spoken::Watch(_) => false,
        })
        .map(|(place, _)| place)
}

fn is_final(notice: Notice) -> bool {
    match notice {
        Notice::Rejected(_) | Notice::Ended { .. } => true,
        Notice::Cancelled(stop) => stop != RingStop::AnsweredElsewhere,
        Notice::Ringing
        | Notice::Accepted
        | Notice::SignalingStart
        | Notice::Connected(_)
        | Notice::PeerReconnecting { .. }
        | Notice::PeerBack
        | Notice::Tick(_) => false,
    }
}

fn is_told(audience: &Audience, side: Side) -> bool {
    audience.side == side && !matches!(audience.devices, Devices::Only(_))
}
