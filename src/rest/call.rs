//! Calls as REST shows them: to their people and to admins alike.

use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    calls::{
        Entry,
        records::history,
        rules::{
            call::PhaseName,
            ending::{Cancellation, Hangup, Outcome, Rejection},
        },
    },
    kernel::{ids::CallId, iso::Iso, time::Timestamp},
    protocol::event::CallParticipant,
};

/// One call. What has not happened is `null`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Call")]
pub(super) struct CallView {
    call_id: CallId,
    phase: PhaseName,
    caller: CallParticipant,
    otomo: CallParticipant,
    requested_at: Iso,
    accepted_at: Option<Iso>,
    /// When media came up.
    connected_at: Option<Iso>,
    /// When this phase must be over.
    expires_at: Option<Iso>,
    ended_at: Option<Iso>,
    /// How far it came.
    outcome: Option<Outcome>,
    /// Why it went no further.
    #[schemars(with = "Option<CallEndReason>")]
    reason: Option<&'static str>,
    /// From media to the end.
    duration_seconds: u64,
    /// Points for each minute; `null` for a call that is free.
    price_per_minute: Option<NonZeroU32>,
    /// What it cost so far.
    total_charged_points: i64,
    /// The two called each other at once: the call that they were in instead.
    joined_call_id: Option<CallId>,
}

/// Why a call went no further: what it means depends on the outcome.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "described, never made: it is written by its name")]
enum CallEndReason {
    Rejected(Rejection),
    Cancelled(Cancellation),
    HungUp(Hangup),
}

impl From<Entry> for CallView {
    fn from(entry: Entry) -> Self {
        let call = &entry.call;
        let (ended, end) = (call.ended(), call.end());
        Self {
            call_id: call.id,
            phase: call.phase.name(),
            requested_at: call.requested_at.into(),
            accepted_at: call.accepted().map(|accepted| accepted.at.into()),
            connected_at: call.connection().map(|connection| connection.at.into()),
            expires_at: call.phase.deadline().map(Iso::from),
            ended_at: ended.map(|ended| ended.at.into()),
            outcome: end.map(|end| end.outcome()),
            reason: end.map(|end| end.reason()),
            duration_seconds: call.duration().as_secs(),
            price_per_minute: call.tariff.map(|tariff| tariff.price),
            total_charged_points: call.charged_points(),
            joined_call_id: end.and_then(|end| end.joined()),
            caller: CallParticipant::from(&entry.caller),
            otomo: CallParticipant::from(&entry.otomo),
        }
    }
}

/// A place in a list of calls, for cursors: when it was requested, in milliseconds, and which.
#[derive(Serialize, Deserialize)]
pub(super) struct CallPlace(i64, CallId);

impl CallPlace {
    pub(super) fn of(entry: &Entry) -> Self {
        Self(entry.call.requested_at.millis(), entry.call.id)
    }
}

impl From<CallPlace> for history::Place {
    fn from(CallPlace(requested_at, call): CallPlace) -> Self {
        Self {
            requested_at: Timestamp::from_millis(requested_at),
            call,
        }
    }
}
