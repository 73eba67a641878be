//! Commands of rooms and games (source document 003).

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use crate::kernel::ids::RoomId;

/// `join_game` and `leave_game`: the room of a game.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct OfGame {
    /// The session of the game.
    pub game_session_id: String,
}

/// `room_join` and `room_leave`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct OfRoom {
    /// The room.
    pub room: RoomId,
}

/// `chat_message`: said to the others in a game.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct ChatMessage {
    /// The session of the game.
    pub game_session_id: String,
    /// What is said.
    pub message: String,
}

/// What source document 003 has in a `game_action`. The server asks for none of it: that is the backend's to judge.
#[derive(JsonSchema)]
#[schemars(inline, extend("additionalProperties" = true))]
#[expect(dead_code, reason = "described, never made")]
struct GameAction {
    /// The session of the game.
    game_session_id: Option<String>,
    /// What the player does, in the app's own words.
    action: Option<Value>,
}

/// `game_action`: for the app's backend, which gets all of it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(with = "GameAction")]
pub struct Action {
    /// The whole command as it came.
    pub body: Box<RawValue>,
}

/// The same under a name of the app's own.
#[derive(Debug, Clone)]
pub struct AppAction {
    /// The `type` of the command.
    pub name: Box<str>,
    /// The whole command as it came.
    pub body: Box<RawValue>,
}

/// `ping`.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
pub struct Ping {}
