//! A client over either transport: the same calls for a WebSocket and for an event stream with posted commands.

use std::{
    ops::{Deref, DerefMut},
    sync::Arc,
};

use otomo::kernel::identity::Role;
use serde_json::json;

use super::{Client, Connecting, Endpoint, EventLog, Json, Poster, Stream};

/// How a client is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// `GET /ws`
    WebSocket,
    /// `GET /sse`, and `POST /api/commands`.
    EventStream,
}

impl Transport {
    /// Both.
    pub const ALL: [Self; 2] = [Self::WebSocket, Self::EventStream];
}

/// Connects one user, again and again from the same device.
pub struct Dial {
    pub server: Arc<Endpoint>,
    pub user: String,
    pub role: Role,
    pub transport: Transport,
    /// The name of the device.
    pub device: &'static str,
    /// The path of its event streams.
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
    /// For one user of a server, on their phone.
    pub fn new(server: Arc<Endpoint>, user: &str, role: Role, transport: Transport) -> Self {
        Self::on_device(server, user, role, transport, "phone")
    }

    /// The same on a device of this name.
    pub fn on_device(
        server: Arc<Endpoint>,
        user: &str,
        role: Role,
        transport: Transport,
        device: &'static str,
    ) -> Self {
        let query = format!("device={device}");
        Self {
            poster: Poster::new(&server, user, role, &query),
            user: user.to_owned(),
            server,
            role,
            transport,
            device,
            path: "/sse",
        }
    }

    /// A connection to be made, for further options.
    pub fn connecting(&self) -> Connecting {
        let new = self.server.connecting(&self.user, self.role);
        new.on_device(self.device)
    }

    /// The same, resuming after `last` in the manner of the transport.
    pub fn resuming(&self, last: u64) -> Connecting {
        match self.transport {
            Transport::WebSocket => self.connecting().with_last_seq(last),
            Transport::EventStream => {
                let id = last.to_string();
                self.connecting().with_header("last-event-id", id)
            }
        }
    }

    /// Connects; `None` if the server is not there.
    pub async fn connect_if_up(&self, connecting: Connecting) -> Option<Line> {
        match self.transport {
            Transport::WebSocket => connecting.open_if_up().await.map(Line::Socket),
            Transport::EventStream => {
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
    /// Sends a command. On an event stream too its answer comes as an event: `error` with the `status` if the post was
    /// refused, `unanswered` if it failed, `done` if the command has no answer.
    pub async fn say(&mut self, command: Json) {
        match self {
            Self::Socket(client) => client.send(command).await,
            Self::Stream(stream, poster) => {
                stream.asked(&command.to_string());
                let (poster, writer) = (poster.clone(), stream.writer());
                tokio::spawn(async move {
                    let id = &command["requestId"];
                    let said = poster.try_send(command.to_string()).await;
                    // What is put into words here is no message of the server.
                    writer.add(match said {
                        Ok((200, answer)) => return writer.push(answer),
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
    type Target = EventLog;

    fn deref(&self) -> &EventLog {
        match self {
            Self::Socket(client) => client,
            Self::Stream(stream, _) => stream,
        }
    }
}

impl DerefMut for Line {
    fn deref_mut(&mut self) -> &mut EventLog {
        match self {
            Self::Socket(client) => client,
            Self::Stream(stream, _) => stream,
        }
    }
}
