//! How far a call has come by what an event says of it.
//!
//! Nodes say what they have stored, each when it can, so a client may be told of an end before it is told of what came before
//! it. What one connection hears of a call only goes forward: what is late by then is not said there any more.

use serde::{Deserialize, Serialize};

use super::event::{
    CallCancelled, CallPhase, CallRequestAck, CallSnapshot, CancelReason, Event, LiveCall,
};
use crate::kernel::ids::CallId;

/// What an event says of the course of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Course {
    /// Which call.
    pub call: CallId,
    /// Where the event has its place in it.
    pub place: Place,
}

/// A place in the course of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// The call has come so far. Said after something later it is late.
    Reached(Stage),
    /// Something on the way, as often as it comes. Late once the call is over.
    OnTheWay,
    /// How far the call is follows from what is said in any case: an answer, which `call_accepted` and `call_rejected` are to the
    /// caller, who gets one final answer to each request; a snapshot.
    Beside(Stage),
}

/// How far a call is, for a client that hears of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// It rings.
    Ringing,
    /// It was answered, here or on another device.
    Accepted,
    /// The two devices may reach each other.
    Signaling,
    /// Media flows.
    Connected,
    /// Nothing more comes of it.
    Over,
}

impl Event {
    /// What it says of calls. Only a snapshot says something of more than one.
    pub fn courses(&self) -> Vec<Course> {
        use Place::{Beside, OnTheWay, Reached};
        use Stage::{Accepted, Connected, Over, Ringing, Signaling};
        let (call, place) = match self {
            Event::IncomingCall(ring) => (ring.call_id, Reached(Ringing)),
            Event::CallRinging(ringing) => (ringing.0.call_id, Reached(Ringing)),
            Event::CallAccepted(accepted) => (accepted.call_id, Beside(Accepted)),
            Event::SignalingStart(start) => (start.call_id, Reached(Signaling)),
            Event::CallConnected(connected) => (connected.call_id, Reached(Connected)),
            Event::CallCancelled(cancelled) => (cancelled.call_id, Reached(cancelled.stage())),
            Event::CallRejected(rejected) => (rejected.call_id, Beside(Over)),
            Event::CallEnd(end) => (end.call_id, Reached(Over)),
            Event::CallTick(tick) => (tick.call_id, OnTheWay),
            Event::CallPeerReconnecting(lost) => (lost.call_id, OnTheWay),
            Event::CallPeerBack(back) => (back.0.call_id, OnTheWay),
            Event::WebrtcOffer(offer) => (offer.call_id, OnTheWay),
            Event::WebrtcAnswer(answer) => (answer.call_id, OnTheWay),
            Event::IceCandidate(candidate) => (candidate.call_id, OnTheWay),
            Event::CallRequestAck(CallRequestAck {
                call_id,
                status: CallPhase::Ended,
                ..
            }) => (*call_id, Beside(Over)),
            Event::CallRejectAck(ack) => (ack.0.call_id, Beside(Over)),
            Event::CallCancelAck(ack) => (ack.0.call_id, Beside(Over)),
            Event::CallEndRequestAck(ack) => (ack.0.call_id, Beside(Over)),
            Event::CallSnapshot(snapshot) => return snapshot.courses(),
            _ => return Vec::new(),
        };
        vec![Course { call, place }]
    }
}

impl CallCancelled {
    /// A device that falls silent because another took the call still hears how that ends.
    fn stage(&self) -> Stage {
        match self.reason {
            CancelReason::AnsweredElsewhere => Stage::Accepted,
            CancelReason::CallerCancelled
            | CancelReason::CallerLost
            | CancelReason::RejectedElsewhere
            | CancelReason::Timeout
            | CancelReason::Superseded => Stage::Over,
        }
    }
}

impl CallSnapshot {
    fn courses(&self) -> Vec<Course> {
        let beside = |call, stage| Course {
            call,
            place: Place::Beside(stage),
        };
        // The oldest first, as if they had been told one after the other.
        let recent = self.recent.iter().rev();
        let over = recent.map(|recent| beside(recent.call_id, Stage::Over));
        let live = self.call.as_ref();
        let live = live.and_then(|live| Some(beside(live.call_id, live.stage()?)));
        over.chain(live).collect()
    }
}

impl LiveCall {
    /// What it is as good as told with it. A ring has a time that the snapshot has too, but only the ring itself says who
    /// calls in the words of the documents; a device in a talk that begins needs its servers.
    fn stage(&self) -> Option<Stage> {
        match self.phase {
            CallPhase::Requesting | CallPhase::Ringing => None,
            CallPhase::Connecting => Some(Stage::Accepted),
            CallPhase::Connected => Some(Stage::Connected),
            CallPhase::Ended => Some(Stage::Over),
        }
    }
}
