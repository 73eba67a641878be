//! Events of calls (source documents 001 and 000).

use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::Serialize;

use super::{IceServer, SignalingRole};
use crate::kernel::ids::{CallId, UserId};

/// The fields of an event that says nothing but which call it is about.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub struct OfCall {
    /// The call.
    pub call_id: CallId,
}

/// Where a call is, as clients see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallPhase {
    /// Stored, not yet delivered.
    Requesting,
    /// At least one device of the otomo was told.
    Ringing,
    /// Accepted, media not up.
    Connecting,
    /// Media flows.
    Connected,
    /// Over.
    Ended,
}

/// How a call went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallOutcome {
    /// It took place: media was up, however the call ended after that.
    Completed,
    /// The otomo (or the server for them) declined.
    Rejected,
    /// The caller gave up.
    Cancelled,
    /// Nobody answered.
    Missed,
    /// It was answered, but ended before media was up.
    Failed,
}

/// Why a call went no further, whatever end it came to.
#[derive(JsonSchema)]
#[schemars(untagged, inline)]
#[expect(dead_code, reason = "described, never made: it is written by its name")]
enum WhyEnded {
    Rejected(RejectReason),
    Cancelled(CancelReason),
    Ended(EndReason),
}

/// `call_request_ack`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CallRequestAck {
    /// The call that was asked for.
    pub call_id: CallId,
    /// Where it is: `requesting` for every new request; a repeat may find it further on.
    pub status: CallPhase,
    /// How it ended, if it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<CallOutcome>,
    /// Why it ended, if it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<WhyEnded>")]
    pub reason: Option<&'static str>,
    /// The two called each other at once: the call that both are in now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub joined_call_id: Option<CallId>,
}

/// `incoming_call` (source document 001, section 2; the last two fields are ours).
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct IncomingCall {
    /// The call.
    pub call_id: CallId,
    /// Who calls.
    pub from_user_id: UserId,
    /// Their name.
    pub from_user_name: String,
    /// Their picture, or `null`.
    pub from_user_avatar: Option<String>,
    /// When the ring was made, in UNIX seconds.
    pub timestamp: i64,
    /// When it stops, in UNIX seconds.
    pub expires_at: i64,
    /// The same as a span, for clients whose clock is off.
    pub remaining_ms: u64,
}

/// `call_accepted`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CallAccepted {
    /// The call.
    pub call_id: CallId,
    /// UNIX seconds.
    pub timestamp: i64,
}

/// Why a call will not happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RejectReason {
    /// In another call.
    Busy,
    /// Declined by hand.
    ManualDecline,
    /// On break, or not at the device.
    Away,
    /// Nobody answered.
    Timeout,
    /// Not there.
    Offline,
    /// The server could not go on.
    SystemError,
}

/// `call_rejected` (source document 001, WS-S03).
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CallRejected {
    /// The call.
    pub call_id: CallId,
    /// Why.
    pub reason: RejectReason,
    /// UNIX seconds.
    pub timestamp: i64,
}

/// Why a device stops ringing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CancelReason {
    /// The caller gave up.
    CallerCancelled,
    /// The caller's connection was lost.
    CallerLost,
    /// Another device of the otomo answered.
    AnsweredElsewhere,
    /// Another device of the otomo declined.
    RejectedElsewhere,
    /// Nobody answered in time.
    Timeout,
    /// Nobody's doing: another call took its place, or an admin or the server ended it.
    Superseded,
}

/// `call_cancelled`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CallCancelled {
    /// The call.
    pub call_id: CallId,
    /// Why.
    pub reason: CancelReason,
    /// UNIX seconds.
    pub timestamp: i64,
}

/// Who saw the media.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConnectedMethod {
    /// The participants' own peer connections.
    PeerReport,
    /// The media server.
    SfuRtpDetected,
}

/// `call_connected`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CallConnected {
    /// The call.
    pub call_id: CallId,
    /// The caller.
    pub user_id: UserId,
    /// The otomo.
    pub otomo_id: UserId,
    /// UNIX seconds.
    pub connected_at: i64,
    /// Who saw the media.
    pub method: ConnectedMethod,
}

/// `call_peer_reconnecting`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CallPeerReconnecting {
    /// The call.
    pub call_id: CallId,
    /// UNIX seconds at which the call ends if the peer has not returned.
    pub deadline: i64,
}

/// Why an accepted call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// The caller hung up.
    UserEnd,
    /// The otomo hung up.
    OtomoEnd,
    /// The caller's points ran out.
    LowBalance,
    /// A participant did not return.
    Disconnect,
    /// The media server saw no media.
    RtpStopped,
    /// The peers found no way to each other.
    NetworkFailed,
    /// Media did not come up in time.
    Timeout,
    /// An admin ended it.
    AdminEnd,
    /// A new call of the same pair took its place.
    Superseded,
    /// The server could not go on.
    SystemError,
}

/// `call_end` (source document 000, WS-S07).
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CallEnd {
    /// The call.
    pub call_id: CallId,
    /// The caller.
    pub user_id: UserId,
    /// The otomo.
    pub otomo_id: UserId,
    /// UNIX seconds.
    pub ended_at: i64,
    /// Why.
    pub reason: EndReason,
    /// From media to the end; 0 if media never came up.
    pub duration_seconds: u64,
    /// What the call cost.
    pub total_charged_points: i64,
}

/// How a metered call stands after a charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallTickStatus {
    /// The balance reaches for the next minute, too.
    Ok,
    /// It does not: the call ends with the next minute, unless there are more points by then.
    LowBalance,
    /// The call ends with this: the last minute was charged, or the balance did not reach (`chargedPoints` is 0).
    Ended,
}

/// `call_tick`: a charge of a metered call has fallen due.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CallTick {
    /// The call.
    pub call_id: CallId,
    /// Which charge: 1 for that of the first minute.
    pub tick_number: u32,
    /// What this one took.
    pub charged_points: i64,
    /// What the call took so far.
    pub total_charged_points: i64,
    /// From media to when it fell due.
    pub duration_seconds: u64,
    /// What the caller has left: told to the caller alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_balance: Option<i64>,
    /// How the call stands.
    pub status: CallTickStatus,
    /// When it fell due, in UNIX seconds.
    pub timestamp: i64,
}

/// `call_missed`: waits in the otomo's inbox.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CallMissed {
    /// The call.
    pub call_id: CallId,
    /// Who called.
    pub from_user_id: UserId,
    /// Their name.
    pub from_user_name: String,
    /// When they called, in UNIX seconds.
    pub timestamp: i64,
}

/// One of the two people of a call.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CallParticipant {
    /// Who.
    pub user_id: UserId,
    /// Their name.
    pub name: String,
    /// Their picture, or `null`.
    pub avatar: Option<String>,
}

/// The call that the user is in.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LiveCall {
    /// The call.
    pub call_id: CallId,
    /// Where it is.
    pub phase: CallPhase,
    /// What this user makes in it.
    pub role: SignalingRole,
    /// Whether this very device is the one that signals.
    pub bound: bool,
    /// The caller.
    pub caller: CallParticipant,
    /// The otomo.
    pub otomo: CallParticipant,
    /// When it was asked for, in UNIX seconds.
    pub timestamp: i64,
    /// The deadline of this phase, in UNIX seconds, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<i64>,
    /// The same as a span.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remaining_ms: Option<u64>,
    /// When media came up, in UNIX seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connected_at: Option<i64>,
    /// Points for each minute; absent for a call that is free.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_per_minute: Option<NonZeroU32>,
    /// What the call cost so far.
    pub total_charged_points: i64,
    /// For a device that comes back and restarts ICE.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ice_servers: Vec<IceServer>,
}

/// A call of the last minutes.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecentCall {
    /// The call.
    pub call_id: CallId,
    /// The caller.
    pub user_id: UserId,
    /// The otomo.
    pub otomo_id: UserId,
    /// How it went.
    pub outcome: CallOutcome,
    /// Why it ended.
    #[schemars(with = "WhyEnded")]
    pub reason: &'static str,
    /// UNIX seconds.
    pub ended_at: i64,
    /// From media to the end.
    pub duration_seconds: u64,
    /// What the call cost.
    pub total_charged_points: i64,
}

/// `call_snapshot`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct CallSnapshot {
    /// The live call, or `null`.
    pub call: Option<Box<LiveCall>>,
    /// What ended in the last 10 minutes, newest first.
    pub recent: Vec<RecentCall>,
}
