//! Every command for everybody. They are posted to the sender's own session, so that each has an answer: 200 or 204, or the
//! status of its error.

use std::{collections::BTreeSet, sync::Arc};

use otomo::{kernel::identity::Role, protocol::command::Command};
use serde_json::json;
use uuid::Uuid;

use super::{Row, WHO, assert_as_written, assert_whole};
use crate::{
    api::{API_KEY, Api, WITH_KEY},
    support::{Client, Endpoint, Json, Poster, TestServer, field},
};

/// The command, and on which scene. Where 200 or 204 is expected of several, each has a scene of their own.
const COMMANDS: &str = "
init_connection    alone     401 409 409 409 409 401 409
heartbeat          alone     401 200 200 200 200 401 200
ping               alone     401 200 200 200 200 401 200
token_refresh      alone     401 200 403 403 403 401 403
otomo_status_set   alone     401 403 403 200 403 401 403
call_request       alone     401 200 200 404 403 401 200
call_ringing       rings     401 403 403 204 403 401 403
call_accept        rings     401 403 403 200 403 401 403
call_reject        rings     401 403 403 200 403 401 403
call_cancel        rings     401 200 403 403 403 401 403
call_end_request   rings     401 200 403 200 403 401 403
webrtc_offer       talks     401 204 403 204 403 401 403
webrtc_answer      talks     401 204 403 204 403 401 403
ice_candidate      talks     401 204 403 204 403 401 403
call_connected     talks     401 204 403 204 403 401 403
call_end_request   talks     401 200 403 200 403 401 403
message_send       writes    401 200 404 200 403 401 404
message-read       writes    401 200 404 200 403 401 404
typing-start       writes    401 204 404 204 403 401 404
typing-stop        writes    401 204 204 204 403 401 204
join_game          plays     401 200 403 403 403 401 403
room_join          plays     401 200 403 403 403 401 403
chat_message       plays     401 204 403 403 403 401 403
leave_game         plays     401 200 200 200 200 401 200
room_leave         plays     401 200 200 200 200 401 200
game_action        plays     401 502 502 502 403 401 502
";

/// The device of all of them.
const DEVICE: &str = "phone";

/// Taro and hana in the middle of something, of which others want to have a part.
struct Scene {
    server: Arc<Endpoint>,
    /// Tells the people of one scene from those of others.
    number: usize,
    taro: Client,
    hana: Client,
    /// The call, the conversation or the game.
    thing: String,
}

impl Scene {
    async fn set(server: &TestServer, number: usize, name: &str) -> Self {
        let game = Uuid::new_v4().to_string();
        let room = format!("game_{game}");
        let [taro, hana] = ["taro", "hana"].map(|it| format!("{it}-{number}"));
        let token = server.token_with_rooms(&taro, &[&room]);
        let token = if name == "plays" {
            token
        } else {
            server.token(&taro, Role::User)
        };
        let of_taro = server.connecting(&taro, Role::User).with_token(&token);
        let of_hana = server.connecting(&hana, Role::Otomo);
        let mut scene = Self {
            server: server.way_in(),
            number,
            taro: of_taro.on_device(DEVICE).ready().await,
            hana: of_hana.on_device(DEVICE).ready().await,
            thing: game,
        };
        match name {
            "alone" => {}
            "rings" => drop(scene.rings().await),
            "talks" => scene.talks().await,
            "writes" => scene.writes().await,
            "plays" => {
                let join = json!({"type": "room_join", "room": room});
                assert_eq!(scene.taro.ask(join).await["type"], "room_join_ack");
            }
            unknown => panic!("no scene is called {unknown}"),
        }
        scene
    }

    async fn rings(&mut self) -> Uuid {
        let call = self.taro.request(&self.hana.user.clone()).await;
        self.hana.rings(call).await;
        self.thing = call.to_string();
        call
    }

    async fn talks(&mut self) {
        let call = self.rings().await;
        self.hana.accept(call).await;
        for client in [&mut self.taro, &mut self.hana] {
            client.expect("signaling_start").await;
        }
        // Without one there is nothing to answer.
        let offer = json!({"type": "offer", "sdp": "v=0"});
        let offer = json!({"type": "webrtc_offer", "callId": call, "offer": offer});
        self.taro.send(offer).await;
        self.hana.expect("webrtc_offer").await;
    }

    async fn writes(&mut self) {
        let message = json!({
            "type": "message_send", "toUserId": self.hana.user, "clientMessageId": "m-1", "body": "やあ",
        });
        self.hears().await;
        let sent = self.taro.ask(message).await;
        for client in [&mut self.taro, &mut self.hana] {
            client.expect("new-message").await;
            // Because they talk to somebody new.
            client.expect("unread_snapshot").await;
        }
        self.thing = field(&sent, "conversationId").to_owned();
    }

    /// The command as whoever wants a part sends it.
    fn command(&self, name: &str) -> Json {
        let thing = &self.thing;
        let (id, game) = (Uuid::new_v4(), json!(thing));
        match name {
            "heartbeat" | "ping" => json!({"type": name}),
            "init_connection" | "token_refresh" => {
                let token = self.server.token(&self.taro.user, Role::User);
                json!({"type": name, "token": token})
            }
            "otomo_status_set" => json!({"type": name, "status": "break"}),
            "call_request" => json!({"type": name, "toUserId": self.hana.user, "callId": id}),
            "webrtc_offer" => {
                json!({"type": name, "callId": thing, "offer": {"type": "offer", "sdp": "v=0"}})
            }
            "webrtc_answer" => {
                json!({"type": name, "callId": thing, "answer": {"type": "answer", "sdp": "v=0"}})
            }
            "ice_candidate" => json!({"type": name, "callId": thing, "candidate": null}),
            "message_send" => {
                json!({"type": name, "conversationId": thing, "clientMessageId": id, "body": "x"})
            }
            "message-read" => json!({"type": name, "conversationId": thing, "messageSeq": 1}),
            "typing-start" | "typing-stop" => json!({"type": name, "conversationId": thing}),
            "join_game" | "leave_game" => json!({"type": name, "game_session_id": game}),
            "room_join" | "room_leave" => json!({"type": name, "room": format!("game_{thing}")}),
            "chat_message" => json!({"type": name, "game_session_id": game, "message": "x"}),
            "game_action" => json!({"type": name, "game_session_id": game, "action": "x"}),
            of_call => json!({"type": of_call, "callId": thing}),
        }
    }

    /// Has one of the columns send a command; the status.
    async fn tries(&self, who: &str, name: &str) -> (u16, Json) {
        let command = self.command(name);
        let (user, role) = match who {
            "nobody" => {
                return self
                    .without_a_token(Api::stranger(&self.server), command)
                    .await;
            }
            "key" => {
                let key = Api::with_key(&self.server, API_KEY);
                return self.without_a_token(key, command).await;
            }
            "user" => ("taro", Role::User),
            "other" => ("jiro", Role::User),
            "otomo" => ("hana", Role::Otomo),
            "service" => ("backend", Role::Service),
            "admin" => ("root", Role::Admin),
            unknown => panic!("nobody is called {unknown}"),
        };
        let user = format!("{user}-{}", self.number);
        let _own = match who {
            "user" | "otomo" => None,
            _ => Some(
                self.server
                    .connecting(&user, role)
                    .on_device(DEVICE)
                    .ready()
                    .await,
            ),
        };
        let query = format!("device={DEVICE}");
        Poster::new(&self.server, &user, role, &query)
            .asks(command)
            .await
    }

    async fn without_a_token(&self, api: Api, command: Json) -> (u16, Json) {
        let path = format!("/api/commands?device={DEVICE}");
        let reply = api.post(&path, command).await;
        (reply.status, reply.json)
    }

    /// What taro and hana hear of the thing from now on.
    async fn hears(&mut self) -> Vec<Json> {
        let mut heard = Vec::new();
        for client in [&mut self.taro, &mut self.hana] {
            client.settled().await;
            heard.extend(client.everything());
        }
        heard.retain(|event| event.to_string().contains(&self.thing));
        heard
    }
}

#[test]
fn every_command_has_a_row() {
    let rows = Row::all(COMMANDS, 2);
    let rows: BTreeSet<String> = rows.iter().map(|row| row.words[0].to_owned()).collect();
    let there = Command::NAMES.iter().map(|name| (*name).to_owned());
    assert_whole(&rows, &there.collect());
}

#[tokio::test]
async fn everybody_does_what_they_may_and_nothing_else() {
    let server = TestServer::start_with(&[WITH_KEY]).await;
    let mut faults = Vec::new();
    let mut number = 0;
    for row in Row::all(COMMANDS, 2) {
        let [command, name] = row.words[..] else {
            panic!("two words")
        };
        for (who, expected) in WHO.into_iter().zip(row.expected) {
            number += 1;
            let mut scene = Scene::set(&server, number, name).await;
            scene.hears().await;
            let (status, said) = scene.tries(who, command).await;
            if status != expected {
                faults.push(format!(
                    "{command} {name} by {who}: {status}, not {expected}: {said}"
                ));
            }
            // Whoever is refused has not been noticed either.
            if (400..500).contains(&expected) && name != "alone" {
                let heard = scene.hears().await;
                if !heard.is_empty() {
                    faults.push(format!("{command} {name} by {who}: they heard {heard:?}"));
                }
            }
        }
    }
    assert_as_written(faults);
}

/// The same over a WebSocket on which nobody has said who they are. A backend's key says it there to nobody.
#[tokio::test]
async fn who_has_not_said_who_they_are_does_nothing() {
    let server = TestServer::start_with(&[WITH_KEY]).await;
    let scene = Scene::set(&server, 0, "writes").await;
    for name in Command::NAMES.iter().filter(|it| **it != "init_connection") {
        let key = server.stranger().with_header("x-api-key", API_KEY);
        for connecting in [server.stranger(), key] {
            let mut stranger = connecting.open().await;
            stranger.refused("UNAUTHORIZED", scene.command(name)).await;
        }
    }
}
