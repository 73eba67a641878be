//! What always holds of otomo presence, each written once: the model test, the golden table and
//! `debug_assert!` all ask the same functions.

use super::{
    decide::{Cause, Decision, Facts, LiveCall},
    policy::Policy,
    readiness::ChosenCause,
    settle::{Published, StatusChange},
    status::Status,
};

/// An otomo is busy if and only if a live call of theirs is connecting or connected (or rings, where that
/// is configured to show).
pub fn busy_means_in_call(facts: &Facts, decision: &Decision, policy: &Policy) -> bool {
    let in_call = match facts.call {
        Some(LiveCall::Connecting | LiveCall::Connected) => true,
        Some(LiveCall::Ringing) => policy.busy_while_ringing,
        Some(LiveCall::Requesting) | None => false,
    };
    (decision.status == Status::Busy) == in_call
}

/// Every status has a cause, and one that can have that effect.
pub fn the_cause_explains_the_status(decision: &Decision) -> bool {
    match decision.cause {
        Cause::InCall(_) => decision.status == Status::Busy,
        Cause::NotConnected => decision.status == Status::Offline,
        Cause::Chosen(ChosenCause::Login | ChosenCause::Elapsed) => {
            decision.status == Status::Online
        }
        Cause::Chosen(ChosenCause::MissedCalls) => decision.status == Status::Break,
        Cause::Chosen(ChosenCause::Own | ChosenCause::Admin) => {
            matches!(decision.status, Status::Online | Status::Break)
        }
    }
}

/// An update never repeats the status before it, and its version is the next one.
pub fn no_update_repeats(before: &Published, update: &StatusChange) -> bool {
    update.status != before.status && update.version == before.version + 1
}

/// A snapshot at version v plus the updates above v equals a fresh snapshot.
pub fn a_snapshot_and_its_updates_are_fresh(
    snapshot: &Published,
    updates: &[StatusChange],
    fresh: &Published,
) -> bool {
    let mut latest_first = updates.iter().rev();
    let newest = latest_first.find(|update| update.version > snapshot.version);
    newest.map_or(*snapshot, Published::from) == *fresh
}
