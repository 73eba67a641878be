//! Rooms and the events that backends publish (source document 003), over real connections.

mod joining;
mod load;
mod publishing;
mod states;

use serde_json::json;
use uuid::Uuid;

use crate::{
    api::{Api, Reply, WITH_KEY},
    support::{Client, Json, TestServer},
};

/// A server with a backend.
struct Game {
    server: TestServer,
    backend: Api,
}

impl Game {
    async fn start() -> Self {
        Self::start_with(&[]).await
    }

    async fn start_with(settings: &[(&str, &str)]) -> Self {
        let settings = [&[WITH_KEY], settings].concat();
        Self::on(TestServer::start_with(&settings).await)
    }

    fn on(server: TestServer) -> Self {
        let backend = Api::backend(&server);
        Self { server, backend }
    }

    /// Lets somebody into the game 7.
    async fn lets_in(&self, user: &str) {
        self.grants("game_7", user, json!({})).await;
    }

    async fn grants(&self, room: &str, user: &str, until: Json) {
        let path = format!("/api/server/rooms/{room}/members/{user}");
        self.backend.put(&path, until).await.ok();
    }

    async fn revokes(&self, room: &str, user: &str) {
        let path = format!("/api/server/rooms/{room}/members/{user}");
        assert_eq!(self.backend.delete(&path).await.status, 204);
    }

    /// A user who is connected and in the game 7.
    async fn player(&self, user: &str) -> Client {
        self.lets_in(user).await;
        let mut client = self.server.user(user).await;
        joins(&mut client).await;
        client
    }

    async fn says(&self, event: Json) -> Json {
        self.tries_to_say(event).await.ok()
    }

    async fn tries_to_say(&self, event: Json) -> Reply {
        self.backend.post("/api/server/events", event).await
    }
}

/// Enters the game 7, and returns its snapshot.
async fn joins(client: &mut Client) -> Json {
    let answer = client
        .ask(json!({"type": "join_game", "game_session_id": "7"}))
        .await;
    assert_eq!(answer["type"], "joined_game", "{answer}");
    client.expect("room_snapshot").await
}

/// An event for the game 7.
fn to_game(name: &str, data: Json) -> Json {
    json!({"target": {"room": "game_7"}, "type": name, "data": data})
}

/// An event for one user.
fn to_user(user: &str, name: &str, data: Json) -> Json {
    json!({"target": {"user": user}, "type": name, "data": data})
}

fn narrative(text: &str) -> Json {
    to_game(
        "narrative_update",
        json!({"narrative": text, "narrative_type": "scene"}),
    )
}

/// The same event with more said of it.
fn with(mut event: Json, more: Json) -> Json {
    let more = more.as_object().expect("fields").clone();
    event.as_object_mut().expect("an event").extend(more);
    event
}

fn new_key() -> String {
    Uuid::new_v4().to_string()
}
