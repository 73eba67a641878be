//! What must hold whatever the rules look like: each invariant a plain function with its sentence. The
//! model test and the golden table check them, and `debug_assert` does on every step.

use std::{collections::BTreeSet, time::Duration};

use super::{
    call::{Call, PhaseName, Side},
    effect::{Audience, Devices, Durable, Notice, RingStop, Spoken, Step},
    ending::End,
};
use crate::kernel::time::Timestamp;

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
        "a call keeps its id, its people, its device and its time",
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
            call.requested_at,
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
        | Notice::PeerBack => false,
    }
}

fn is_told(audience: &Audience, side: Side) -> bool {
    audience.side == side && !matches!(audience.devices, Devices::Only(_))
}
