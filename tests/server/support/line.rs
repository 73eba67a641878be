//! Somebody who listens and speaks, whichever way they came.

use std::{
    ops::{Deref, DerefMut},
    sync::Arc,
};

use otomo::kernel::identity::Role;
use serde_json::json;

use super::{Client, Connecting, Ear, Endpoint, Json, Poster, Stream};

/// Which way somebody connects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// `GET /ws`
    Socket,
    /// An event stream, and `POST /api/commands`.
    Stream,
}

impl Way {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Socket, Self::Stream];
}

/// How somebody connects, again and again on the same device.
pub struct Dial {
    pub server: Arc<Endpoint>,
    pub user: String,
    pub role: Role,
    pub way: Way,
    /// Where streams are.
    pub path: &'static str,
    poster: Poster,
}

/// A connection.
pub enum Line {
    /// A WebSocket.
    Socket(Client),
    /// An event stream, and what its client posts.
    Stream(Stream, Poster),
}

impl Dial {
    /// The name of the device.
    pub const DEVICE: &str = "phone";

    /// Somebody's way in.
    pub fn new(server: Arc<Endpoint>, user: &str, role: Role, way: Way) -> Self {
        let query = format!("device={}", Self::DEVICE);
        Self {
            poster: Poster::new(&server, user, role, &query),
            user: user.to_owned(),
            server,
            role,
            way,
            path: "/sse",
        }
    }

    /// A connection about to be made, to say more about it.
    pub fn connecting(&self) -> Connecting {
        let new = self.server.connecting(&self.user, self.role);
        new.on_device(Self::DEVICE)
    }

    /// The same, to go on after `last`, said as one does that way.
    pub fn resuming(&self, last: u64) -> Connecting {
        match self.way {
            Way::Socket => self.connecting().with_last_seq(last),
            Way::Stream => {
                let id = last.to_string();
                self.connecting().with_header("last-event-id", id)
            }
        }
    }

    /// Connects; `None` if the server is not there.
    pub async fn connect_if_up(&self, connecting: Connecting) -> Option<Line> {
        match self.way {
            Way::Socket => connecting.open_if_up().await.map(Line::Socket),
            Way::Stream => {
                let stream = connecting.stream_if_up(self.path).await?;
                Some(Line::Stream(stream, self.poster.clone()))
            }
        }
    }

    /// Connects.
    pub async fn connect(&self, connecting: Connecting) -> Line {
        let line = self.connect_if_up(connecting).await;
        line.expect("the server is there")
    }
}

impl Line {
    /// Sends a command. Its answer is an event, on a stream too: `error` with the `status` where the post was refused,
    /// `unanswered` where it came to nothing, `done` where there is nothing to answer.
    pub async fn say(&mut self, command: Json) {
        match self {
            Self::Socket(client) => client.send(command).await,
            Self::Stream(stream, poster) => {
                let (poster, mouth) = (poster.clone(), stream.mouth());
                tokio::spawn(async move {
                    let id = &command["requestId"];
                    let said = poster.try_send(command.to_string()).await;
                    mouth.say(match said {
                        Ok((200, answer)) => answer,
                        Ok((204, _)) => json!({"type": "done", "requestId": id}),
                        Ok((status, body)) => json!({
                            "type": "error", "requestId": id,
                            "status": status, "code": body["error"]["code"],
                        }),
                        Err(_) => json!({"type": "unanswered", "requestId": id}),
                    });
                });
            }
        }
    }
}

impl Deref for Line {
    type Target = Ear;

    fn deref(&self) -> &Ear {
        match self {
            Self::Socket(client) => client,
            Self::Stream(stream, _) => stream,
        }
    }
}

impl DerefMut for Line {
    fn deref_mut(&mut self) -> &mut Ear {
        match self {
            Self::Socket(client) => client,
            Self::Stream(stream, _) => stream,
        }
    }
}
