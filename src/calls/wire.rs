//! From this room's words to the wire's.

use super::rules::{
    call::{Call, Connection, Method, PhaseName, Side},
    command::Decline,
    effect::{Answer, Notice, RequestState, RingStop},
    ending::{Hangup, Outcome, Rejection},
    meter::{Standing, Tick},
    refusal::Refusal,
};
use crate::{
    kernel::time::{Timestamp, millis},
    people::Person,
    protocol::{
        command::StatedReject,
        error_code::ErrorCode,
        event::{
            CallAcceptAck, CallAccepted, CallCancelAck, CallCancelled, CallConnected, CallEnd,
            CallEndRequestAck, CallOutcome, CallParticipant, CallPeerBack, CallPeerReconnecting,
            CallPhase, CallRejectAck, CallRejected, CallRequestAck, CallRinging, CallTick,
            CallTickStatus, CancelReason, ConnectedMethod, EndReason, Event, IceServer,
            IncomingCall, OfCall, RecentCall, RejectReason, SignalingRole, SignalingStart,
        },
        fault::Fault,
    },
};

/// A notice as the people on one side of a call hear it `now`. `ice_servers` is asked where it is needed.
pub(super) fn notice(
    call: &Call,
    to: Side,
    notice: Notice,
    now: Timestamp,
    ice_servers: impl FnOnce() -> Vec<IceServer>,
) -> Event {
    let call_id = call.id;
    let timestamp = moment(call, now).unix_seconds();
    match notice {
        Notice::Ringing => CallRinging(OfCall { call_id }).into(),
        Notice::Accepted => CallAccepted { call_id, timestamp }.into(),
        Notice::Rejected(rejection) => CallRejected {
            call_id,
            reason: rejection.into(),
            timestamp,
        }
        .into(),
        Notice::Cancelled(stop) => CallCancelled {
            call_id,
            reason: stop.into(),
            timestamp,
        }
        .into(),
        Notice::SignalingStart => SignalingStart {
            call_id,
            role: to.into(),
            ice_servers: ice_servers(),
        }
        .into(),
        Notice::Connected(Connection { at, method, .. }) => CallConnected {
            call_id,
            user_id: call.caller.clone(),
            otomo_id: call.otomo.clone(),
            connected_at: at.unix_seconds(),
            method: method.into(),
        }
        .into(),
        Notice::PeerReconnecting { deadline } => CallPeerReconnecting {
            call_id,
            deadline: deadline.unix_seconds(),
        }
        .into(),
        Notice::PeerBack => CallPeerBack(OfCall { call_id }).into(),
        Notice::Tick(what) => tick(call, to, what).into(),
        Notice::Ended { reason, duration } => CallEnd {
            call_id,
            user_id: call.caller.clone(),
            otomo_id: call.otomo.clone(),
            ended_at: timestamp,
            reason: reason.into(),
            duration_seconds: duration.as_secs(),
            total_charged_points: call.charged_points(),
        }
        .into(),
    }
}

/// A charge has fallen due. What the caller has left is not the otomo's to know.
fn tick(call: &Call, to: Side, tick: Tick) -> CallTick {
    let duration = call.connection().map(|up| up.at.until(tick.at));
    CallTick {
        call_id: call.id,
        tick_number: tick.number,
        charged_points: tick.points,
        total_charged_points: call.charged_points(),
        duration_seconds: duration.unwrap_or_default().as_secs(),
        user_balance: match to {
            Side::Caller => Some(tick.balance),
            Side::Otomo => None,
        },
        status: tick.standing.into(),
        timestamp: tick.at.unix_seconds(),
    }
}

/// An acknowledgement.
pub(super) fn answer(call: &Call, answer: Answer) -> Event {
    let of_call = OfCall { call_id: call.id };
    match answer {
        Answer::Requested(standing) => CallRequestAck::from(standing).into(),
        Answer::Accepted => CallAcceptAck(of_call).into(),
        Answer::Rejected => CallRejectAck(of_call).into(),
        Answer::Cancelled => CallCancelAck(of_call).into(),
        Answer::Ended => CallEndRequestAck(of_call).into(),
    }
}

/// The ring as it is `now`; `None` for a call that does not ring, or not any more.
pub(super) fn incoming(call: &Call, caller: &Person, now: Timestamp) -> Option<IncomingCall> {
    let rings = matches!(
        call.phase.name(),
        PhaseName::Requesting | PhaseName::Ringing
    );
    let deadline = call.phase.deadline().filter(|_| rings)?;
    (now < deadline).then(|| IncomingCall {
        call_id: call.id,
        from_user_id: caller.user.clone(),
        from_user_name: caller.name.clone(),
        from_user_avatar: caller.avatar.clone(),
        timestamp: call.requested_at.unix_seconds(),
        expires_at: deadline.unix_seconds(),
        remaining_ms: millis(now.until(deadline)),
    })
}

/// A call that is over, for `call_snapshot`; `None` for one that is not.
pub(super) fn recent(call: &Call) -> Option<RecentCall> {
    let ended = call.ended()?;
    Some(RecentCall {
        call_id: call.id,
        user_id: call.caller.clone(),
        otomo_id: call.otomo.clone(),
        outcome: ended.end.outcome().into(),
        reason: ended.end.reason(),
        ended_at: ended.at.unix_seconds(),
        duration_seconds: call.duration().as_secs(),
        total_charged_points: call.charged_points(),
    })
}

/// A refusal as its asker reads it.
pub(super) fn refusal(refusal: &Refusal) -> Fault {
    let code = match refusal {
        Refusal::NotParticipant => ErrorCode::CallNotParticipant,
        Refusal::WrongSide => ErrorCode::Forbidden,
        Refusal::AlreadyAccepted { .. } => ErrorCode::CallAlreadyAccepted,
        Refusal::AlreadyEnded { .. } => ErrorCode::CallAlreadyEnded,
        Refusal::InvalidPhase { .. } => ErrorCode::InvalidCallState,
        Refusal::OtherDevice | Refusal::SignalTooEarly | Refusal::TooManyCandidates => {
            ErrorCode::SignalRejected
        }
        Refusal::PeerUnavailable => ErrorCode::PeerUnavailable,
        Refusal::DuplicateCallId => ErrorCode::DuplicateCallId,
        Refusal::CallerBusy => ErrorCode::CallerBusy,
        Refusal::OtomoNotFound => ErrorCode::OtomoNotFound,
        Refusal::InsufficientPoints { .. } => ErrorCode::InsufficientPoints,
        Refusal::RateLimited => ErrorCode::RateLimited,
    };
    let fault = Fault::new(code, refusal.to_string());
    match refusal {
        Refusal::AlreadyAccepted { phase } | Refusal::InvalidPhase { phase } => {
            fault.about("phase", phase.as_str())
        }
        Refusal::AlreadyEnded { outcome, reason } => fault
            .about("phase", PhaseName::Ended.as_str())
            .about("outcome", outcome.as_str())
            .about("reason", *reason),
        Refusal::InsufficientPoints { required, balance } => fault
            .about("required", *required)
            .about("balance", *balance),
        Refusal::NotParticipant
        | Refusal::WrongSide
        | Refusal::OtherDevice
        | Refusal::SignalTooEarly
        | Refusal::TooManyCandidates
        | Refusal::PeerUnavailable
        | Refusal::DuplicateCallId
        | Refusal::CallerBusy
        | Refusal::OtomoNotFound
        | Refusal::RateLimited => fault,
    }
}

/// When that happened of which people are told.
fn moment(call: &Call, now: Timestamp) -> Timestamp {
    let ended = call.ended().map(|ended| ended.at);
    let accepted = call.accepted().map(|accepted| accepted.at);
    ended.or(accepted).unwrap_or(now)
}

impl From<RequestState> for CallRequestAck {
    fn from(standing: RequestState) -> Self {
        let (outcome, reason) = standing.end.unzip();
        Self {
            call_id: standing.call,
            status: standing.phase.into(),
            outcome: outcome.map(CallOutcome::from),
            reason,
            joined_call_id: standing.joined,
        }
    }
}

impl From<&Person> for CallParticipant {
    fn from(person: &Person) -> Self {
        Self {
            user_id: person.user.clone(),
            name: person.name.clone(),
            avatar: person.avatar.clone(),
        }
    }
}

impl From<Side> for SignalingRole {
    fn from(side: Side) -> Self {
        match side {
            Side::Caller => Self::Offerer,
            Side::Otomo => Self::Answerer,
        }
    }
}

impl From<Standing> for CallTickStatus {
    fn from(standing: Standing) -> Self {
        match standing {
            Standing::Ok => Self::Ok,
            Standing::LowBalance => Self::LowBalance,
            Standing::Ended => Self::Ended,
        }
    }
}

impl From<StatedReject> for Decline {
    fn from(stated: StatedReject) -> Self {
        match stated {
            StatedReject::Busy => Self::Busy,
            StatedReject::ManualDecline => Self::ManualDecline,
            StatedReject::Away => Self::Away,
            StatedReject::Timeout => Self::Timeout,
        }
    }
}

impl From<PhaseName> for CallPhase {
    fn from(phase: PhaseName) -> Self {
        match phase {
            PhaseName::Requesting => Self::Requesting,
            PhaseName::Ringing => Self::Ringing,
            PhaseName::Connecting => Self::Connecting,
            PhaseName::Connected => Self::Connected,
            PhaseName::Ended => Self::Ended,
        }
    }
}

impl From<Outcome> for CallOutcome {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Completed => Self::Completed,
            Outcome::Rejected => Self::Rejected,
            Outcome::Cancelled => Self::Cancelled,
            Outcome::Missed => Self::Missed,
            Outcome::Failed => Self::Failed,
        }
    }
}

impl From<Method> for ConnectedMethod {
    fn from(method: Method) -> Self {
        match method {
            Method::PeerReport => Self::PeerReport,
            Method::SfuRtpDetected => Self::SfuRtpDetected,
        }
    }
}

impl From<Rejection> for RejectReason {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::Busy => Self::Busy,
            Rejection::ManualDecline => Self::ManualDecline,
            Rejection::Away => Self::Away,
            Rejection::Timeout => Self::Timeout,
            Rejection::Offline => Self::Offline,
            // That it was an admin is not the caller's to know.
            Rejection::AdminEnd | Rejection::SystemError => Self::SystemError,
        }
    }
}

impl From<RingStop> for CancelReason {
    fn from(stop: RingStop) -> Self {
        match stop {
            RingStop::CallerCancelled => Self::CallerCancelled,
            RingStop::CallerLost => Self::CallerLost,
            RingStop::AnsweredElsewhere => Self::AnsweredElsewhere,
            RingStop::RejectedElsewhere => Self::RejectedElsewhere,
            RingStop::Timeout => Self::Timeout,
            RingStop::Superseded => Self::Superseded,
        }
    }
}

impl From<Hangup> for EndReason {
    fn from(hangup: Hangup) -> Self {
        match hangup {
            Hangup::UserEnd => Self::UserEnd,
            Hangup::OtomoEnd => Self::OtomoEnd,
            Hangup::LowBalance => Self::LowBalance,
            Hangup::Disconnect => Self::Disconnect,
            Hangup::RtpStopped => Self::RtpStopped,
            Hangup::Timeout => Self::Timeout,
            Hangup::AdminEnd => Self::AdminEnd,
            Hangup::Superseded => Self::Superseded,
            Hangup::SystemError => Self::SystemError,
        }
    }
}
