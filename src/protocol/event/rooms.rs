//! Events of rooms.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::kernel::ids::RoomId;

/// `room_join_ack`: the answer to `room_join`. A `room_snapshot` follows, then the room's events.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RoomJoinAck {
    /// The room.
    pub room: RoomId,
}

/// `room_leave_ack`: the answer to `room_leave`. The room's events have ended.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RoomLeaveAck {
    /// The room.
    pub room: RoomId,
}

/// Why somebody is in a room no more without having left it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoomLeftReason {
    /// The backend took the grant back.
    Revoked,
    /// The grant's time is over.
    Expired,
}

/// `room_left`: the user may be in the room no more. Its events have ended.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RoomLeft {
    /// The room.
    pub room: RoomId,
    /// Why.
    pub reason: RoomLeftReason,
}

/// An event as it was said to a room, of a type of ours or of the app's own.
#[derive(JsonSchema)]
#[schemars(extend("additionalProperties" = true))]
#[expect(dead_code, reason = "described, never made")]
struct SaidEvent {
    /// What it is.
    r#type: String,
}

/// `room_snapshot`: the states that hold in a room, right after the answer to a join.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RoomSnapshot {
    /// The room.
    pub room: RoomId,
    /// The newest state of each key, the oldest first, each as it was said.
    #[schemars(with = "Vec<SaidEvent>")]
    pub events: Vec<Box<RawValue>>,
}

/// `room_event`: an event of the app's own type in a room. A Socket.IO client hears it by its own name instead, with `data`
/// as the payload.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RoomEvent {
    /// The room.
    pub room: RoomId,
    /// The event's type, in the app's own words.
    pub event: String,
    /// What the backend said.
    pub data: Box<RawValue>,
}
