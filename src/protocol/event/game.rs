//! Events of a game (source document 003): the document's names, times in ISO 8601. Backends publish them; what they add to
//! these fields is passed on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::kernel::{ids::UserId, iso::Iso};

/// `game_started`: a game begins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GameStarted {
    /// The session of the game.
    pub game_session_id: String,
    /// The state that it begins with.
    pub initial_state: Value,
    /// When it began.
    pub timestamp: Iso,
}

/// `narrative_update`: the story goes on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NarrativeUpdate {
    /// What is told.
    pub narrative: String,
    /// What kind of telling it is, in the app's own words.
    pub narrative_type: String,
    /// When it was told.
    pub timestamp: Iso,
}

/// `action_result`: what came of a player's action.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ActionResult {
    /// The player.
    pub user_id: UserId,
    /// What they did.
    pub action: Value,
    /// What came of it.
    pub result: Value,
    /// When.
    pub timestamp: Iso,
}

/// `state_update`: a change of the game's state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StateUpdate {
    /// The change.
    pub update: Value,
    /// When it came about.
    pub timestamp: Iso,
}

/// `player_status_update`: how a player is. Of two about the same player only the newer one counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlayerStatusUpdate {
    /// The player.
    pub user_id: UserId,
    /// Their status, in the app's own words.
    pub status: String,
    /// When it changed.
    pub timestamp: Iso,
}

/// `game_ended`: a game is over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GameEnded {
    /// Why, in the app's own words.
    pub reason: String,
    /// The state that it ended with.
    pub final_state: Value,
    /// When it ended.
    pub timestamp: Iso,
}

/// `game_error`: something went wrong in the game.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GameError {
    /// What kind of fault it is, in the app's own words.
    pub error_type: String,
    /// The same for people.
    pub message: String,
    /// When it happened.
    pub timestamp: Iso,
}

/// `joined_game`: the answer to `join_game`. A `room_snapshot` follows, then the room's events.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct JoinedGame {
    /// The session of the game.
    pub game_session_id: String,
}

/// `left_game`: the answer to `leave_game`. The room's events have ended.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct LeftGame {
    /// The session of the game.
    pub game_session_id: String,
}

/// `chat_message`: a player says something to the others in the game. Not kept: for what must last there is the chat.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ChatMessage {
    /// The session of the game.
    pub game_session_id: String,
    /// The player.
    pub user_id: UserId,
    /// What they say.
    pub message: String,
    /// When.
    pub timestamp: Iso,
}

/// `action_ack`: the answer of the app's backend to `game_action` and the like.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ActionAck {
    /// The `type` of the command.
    pub action: String,
    /// What the backend answered.
    pub result: Value,
}

/// `pong`: the answer to `ping`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Pong {
    /// When it was answered.
    pub timestamp: Iso,
}
