//! What clients get of rooms, games and points (source document 003).

use otomo::{
    kernel::{ids::RoomId, iso::Iso, time::Timestamp},
    protocol::event::*,
};
use serde_json::{json, value::to_raw_value};

use super::events::{call, user};

fn time() -> Iso {
    Iso(Timestamp::from_millis(1_706_605_100_250))
}

fn room() -> RoomId {
    "game_7".parse().expect("a room")
}

pub(crate) fn points() -> Vec<Event> {
    let metadata = json!({"orderId": "o-1"});
    vec![
        SpUpdate {
            current_sp: 70,
            amount_changed: -30,
            transaction_type: "action".to_owned(),
            description: "剣を振る".to_owned(),
            balance_before: 100,
            balance_after: 70,
            metadata: metadata.as_object().expect("an object").clone(),
            timestamp: time(),
        }
        .into(),
        SpInsufficient {
            required_amount: 80,
            current_sp: 70,
            action: "special_move".to_owned(),
            message: "SPが足りません".to_owned(),
            timestamp: time(),
        }
        .into(),
        SpDailyRecovery {
            total_amount: 30,
            balance_after: 100,
            date: "2024-01-30".to_owned(),
            timestamp: time(),
        }
        .into(),
        CallTick {
            call_id: call(),
            tick_number: 2,
            charged_points: 30,
            total_charged_points: 60,
            duration_seconds: 120,
            user_balance: Some(20),
            status: CallTickStatus::LowBalance,
            timestamp: 1_706_605_220,
        }
        .into(),
    ]
}

pub(crate) fn games() -> Vec<Event> {
    let game_session_id = "7".to_owned();
    vec![
        JoinedGame {
            game_session_id: game_session_id.clone(),
        }
        .into(),
        GameStarted {
            game_session_id: game_session_id.clone(),
            initial_state: json!({"turn": 1}),
            timestamp: time(),
        }
        .into(),
        NarrativeUpdate {
            narrative: "夜が明ける。".to_owned(),
            narrative_type: "scene".to_owned(),
            timestamp: time(),
        }
        .into(),
        ActionResult {
            user_id: user("user-999"),
            action: json!("look"),
            result: json!({"found": "key"}),
            timestamp: time(),
        }
        .into(),
        StateUpdate {
            update: json!({"turn": 2}),
            timestamp: time(),
        }
        .into(),
        PlayerStatusUpdate {
            user_id: user("user-999"),
            status: "ready".to_owned(),
            timestamp: time(),
        }
        .into(),
        ChatMessage {
            game_session_id: game_session_id.clone(),
            user_id: user("user-999"),
            message: "よろしく".to_owned(),
            timestamp: time(),
        }
        .into(),
        ActionAck {
            action: "game_action".to_owned(),
            result: json!({"ok": true}),
        }
        .into(),
        GameError {
            error_type: "timeout".to_owned(),
            message: "too late".to_owned(),
            timestamp: time(),
        }
        .into(),
        GameEnded {
            reason: "completed".to_owned(),
            final_state: json!({"turn": 9}),
            timestamp: time(),
        }
        .into(),
        LeftGame { game_session_id }.into(),
        Pong { timestamp: time() }.into(),
    ]
}

pub(crate) fn rooms() -> Vec<Event> {
    let raw = |value| to_raw_value(&value).expect("JSON");
    let state = raw(
        json!({"type": "player_status_update", "user_id": "user-999", "status": "ready", "timestamp": "2024-01-30T08:58:20.250Z"}),
    );
    vec![
        RoomJoinAck { room: room() }.into(),
        RoomSnapshot {
            room: room(),
            events: vec![state],
        }
        .into(),
        RoomEvent {
            room: room(),
            event: "boss_spawned".to_owned(),
            data: raw(json!({"hp": 100})),
        }
        .into(),
        RoomLeaveAck { room: room() }.into(),
        RoomLeft {
            room: room(),
            reason: RoomLeftReason::Revoked,
        }
        .into(),
    ]
}
