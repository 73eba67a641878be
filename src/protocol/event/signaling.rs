//! Events with which the two sides of an accepted call find each other: WebRTC offers, answers and ICE candidates are
//! passed on as they came.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    kernel::ids::{CallId, UserId},
    protocol::command::{Candidate, Description},
};

/// Who makes the offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignalingRole {
    /// The caller.
    Offerer,
    /// The otomo.
    Answerer,
}

/// One entry of `RTCConfiguration.iceServers`.
#[derive(Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct IceServer {
    /// `stun:` and `turn:` addresses.
    pub urls: Vec<String>,
    /// For `turn:`; short-lived.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// For `turn:`; short-lived.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
}

impl std::fmt::Debug for IceServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IceServer")
            .field("urls", &self.urls)
            .finish_non_exhaustive()
    }
}

/// `signaling_start`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignalingStart {
    /// The call.
    pub call_id: CallId,
    /// Who makes the offer.
    pub role: SignalingRole,
    /// For `new RTCPeerConnection({iceServers})`.
    pub ice_servers: Vec<IceServer>,
}

/// `webrtc_offer`, passed on.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebrtcOffer {
    /// The call.
    pub call_id: CallId,
    /// Who sent it.
    pub from_user_id: UserId,
    /// What they offer.
    pub offer: Description,
}

/// `webrtc_answer`, passed on.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebrtcAnswer {
    /// The call.
    pub call_id: CallId,
    /// Who sent it.
    pub from_user_id: UserId,
    /// What they answer.
    pub answer: Description,
}

/// `ice_candidate`, passed on.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct IceCandidate {
    /// The call.
    pub call_id: CallId,
    /// Who sent it.
    pub from_user_id: UserId,
    /// A way to reach them, or `null`.
    pub candidate: Candidate,
}
