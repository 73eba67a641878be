//! What the table of commands says of answers is what comes: programs wait for it.

use std::collections::BTreeMap;

use otomo::{kernel::identity::Role, protocol::command::Command};
use serde_json::json;
use uuid::Uuid;

use crate::{
    actions::{self, backend::Backend},
    support::{Client, Endpoint, Json},
};

/// The answers that have come, by the commands' types; nothing for a command that was not answered.
type Answers = BTreeMap<String, Option<String>>;

/// Sends a command that is to be answered.
async fn ask(client: &mut Client, command: Json, answers: &mut Answers) -> Json {
    let answer = client.ask(command.clone()).await;
    let text = |of: &Json| of["type"].as_str().expect("a type").to_owned();
    answers.insert(text(&command), Some(text(&answer)));
    answer
}

/// Sends a command that is done and not answered.
async fn tell(client: &mut Client, mut command: Json, answers: &mut Answers) {
    let id = Uuid::new_v4().to_string();
    command["requestId"] = id.clone().into();
    client.send(command.clone()).await;
    client.settled().await;
    let name = command["type"].as_str().expect("a type").to_owned();
    let heard = client.everything();
    let answer = heard.iter().find(|event| event["requestId"] == id.as_str());
    let answer = answer.map(|it| it["type"].as_str().expect("a type").to_owned());
    answers.insert(name, answer);
}

fn of_call(name: &str, call: Uuid) -> Json {
    json!({"type": name, "callId": call})
}

async fn connection(server: &Endpoint, taro: &mut Client, answers: &mut Answers) {
    let token = server.token_with_rooms("taro", &["game_7", "lounge"]);
    for command in [
        json!({"type": "heartbeat"}),
        json!({"type": "ping"}),
        json!({"type": "token_refresh", "token": token}),
        json!({"type": "room_join", "room": "lounge"}),
        json!({"type": "room_leave", "room": "lounge"}),
        json!({"type": "game_action", "game_session_id": "7", "action": "look"}),
        json!({"type": "join_game", "game_session_id": "7"}),
    ] {
        ask(taro, command, answers).await;
    }
    let said = json!({"type": "chat_message", "game_session_id": "7", "message": "やあ"});
    tell(taro, said, answers).await;
    let left = json!({"type": "leave_game", "game_session_id": "7"});
    ask(taro, left, answers).await;
}

async fn chat(taro: &mut Client, hana: &mut Client, answers: &mut Answers) {
    let message = json!({"type": "message_send", "toUserId": "hana", "clientMessageId": "m-1", "body": "やあ"});
    let sent = ask(taro, message, answers).await;
    let conversation = &sent["conversationId"];
    let read = json!({"type": "message-read", "conversationId": conversation, "messageSeq": 1});
    ask(hana, read, answers).await;
    for name in ["typing-start", "typing-stop"] {
        let typing = json!({"type": name, "conversationId": conversation});
        tell(taro, typing, answers).await;
    }
}

async fn rings(taro: &mut Client, hana: &mut Client, answers: &mut Answers) -> Uuid {
    let call = Uuid::new_v4();
    let request = json!({"type": "call_request", "toUserId": "hana", "callId": call});
    ask(taro, request, answers).await;
    hana.rings(call).await;
    call
}

async fn calls(taro: &mut Client, hana: &mut Client, answers: &mut Answers) {
    let chosen = json!({"type": "otomo_status_set", "status": "online"});
    ask(hana, chosen, answers).await;
    let call = rings(taro, hana, answers).await;
    ask(taro, of_call("call_cancel", call), answers).await;
    let call = rings(taro, hana, answers).await;
    ask(hana, of_call("call_reject", call), answers).await;
    let call = rings(taro, hana, answers).await;
    tell(hana, of_call("call_ringing", call), answers).await;
    ask(hana, of_call("call_accept", call), answers).await;
    let offer =
        json!({"type": "webrtc_offer", "callId": call, "offer": {"type": "offer", "sdp": "v=0"}});
    tell(taro, offer, answers).await;
    let answer = json!({"type": "webrtc_answer", "callId": call, "answer": {"type": "answer", "sdp": "v=0"}});
    tell(hana, answer, answers).await;
    let end = json!({"type": "ice_candidate", "callId": call, "candidate": null});
    tell(taro, end, answers).await;
    tell(taro, of_call("call_connected", call), answers).await;
    ask(taro, of_call("call_end_request", call), answers).await;
}

#[tokio::test]
async fn every_command_is_answered_with_the_event_that_the_table_of_commands_names() {
    let backend = Backend::start().await;
    let server = actions::server_of(&backend, &[]).await;
    let token = server.token_with_rooms("taro", &["game_7", "lounge"]);
    let taro = server.connecting("taro", Role::User).with_token(&token);
    let (mut taro, mut hana) = (taro.ready().await, server.otomo("hana").await);
    let mut answers = Answers::new();
    connection(&server, &mut taro, &mut answers).await;
    chat(&mut taro, &mut hana, &mut answers).await;
    calls(&mut taro, &mut hana, &mut answers).await;
    // It has been said by the handshake; where it is said later, `connected` follows like after any.
    let said = json!({"type": "init_connection", "token": token});
    taro.refused("CONFLICT", said).await;
    answers.insert("init_connection".to_owned(), None);
    let named = Command::NAMES.iter().map(|name| {
        let answer = Command::answer(name).map(str::to_owned);
        ((*name).to_owned(), answer)
    });
    assert_eq!(answers, named.collect::<Answers>());
}
