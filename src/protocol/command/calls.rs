//! Commands of calls.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use crate::kernel::ids::{CallId, UserId};

/// `call_request` (source document 001, WS-C01).
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CallRequest {
    /// The otomo to call.
    pub to_user_id: UserId,
    /// Made by the client, so that a repeat after a lost answer is known as one. In whatever
    /// case it comes, it is answered in lower case.
    pub call_id: CallId,
}

/// The commands that say nothing but which call they are about.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OfCall {
    /// The call.
    pub call_id: CallId,
}

/// Why an otomo declines. The older names `manual_reject` and `no_response` are understood as `manual_decline` and `timeout`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StatedReject {
    /// In another conversation.
    Busy,
    /// Does not want to.
    #[serde(alias = "manual_reject")]
    ManualDecline,
    /// Not at the device.
    Away,
    /// The app gave up ringing.
    #[serde(alias = "no_response")]
    Timeout,
}

/// `call_reject` (source document 001, WS-C03).
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CallReject {
    /// The call.
    pub call_id: CallId,
    /// Why; `manual_decline` where nothing is said.
    pub reason: Option<StatedReject>,
}

/// A session description as `RTCPeerConnection` makes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "SessionDescription")]
pub struct Description {
    /// `offer` or `answer` (also `pranswer`, `rollback`).
    #[serde(rename = "type")]
    #[schemars(extend("enum" = ["offer", "answer", "pranswer", "rollback"]))]
    pub kind: String,
    /// SDP, passed on as it is.
    pub sdp: String,
}

/// `webrtc_offer`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebrtcOffer {
    /// The call.
    pub call_id: CallId,
    /// What is offered.
    pub offer: Description,
}

/// `webrtc_answer`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebrtcAnswer {
    /// The call.
    pub call_id: CallId,
    /// What is answered.
    pub answer: Description,
}

/// One ICE candidate as the browser made it, passed on as it is; `None` for the end of candidates.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(with = "Option<IceCandidateInit>", inline)]
pub struct Candidate(pub Option<Box<RawValue>>);

/// What browsers make of a candidate. Nothing here looks into it: it is described, never made.
enum IceCandidateInit {}

impl JsonSchema for IceCandidateInit {
    fn schema_name() -> Cow<'static, str> {
        "IceCandidateInit".into()
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "An ICE candidate as `RTCIceCandidate.toJSON()` makes it, passed on as it is.",
            "type": "object",
            "properties": {
                "candidate": { "type": "string" },
                "sdpMid": { "type": ["string", "null"] },
                "sdpMLineIndex": { "type": ["integer", "null"] },
                "usernameFragment": { "type": ["string", "null"] },
            },
        })
    }
}

impl<'de> Deserialize<'de> for Candidate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The field must be there, as an object or `null`: a missing one is a fault, not the end.
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        match raw.get() {
            "null" => Ok(Self(None)),
            text if text.starts_with('{') => Ok(Self(Some(raw))),
            _ => Err(serde::de::Error::custom("must be an object or null")),
        }
    }
}

/// `ice_candidate`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct IceCandidate {
    /// The call.
    pub call_id: CallId,
    /// One candidate, or the end of them.
    #[schemars(required)]
    pub candidate: Candidate,
}

/// `call_connected`, reported by a participant's own peer connection.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CallConnected {
    /// The call.
    pub call_id: CallId,
}
