//! Somebody's connection, of either kind, and the ways in which it breaks.

use std::{sync::Arc, time::Duration};

use otomo::kernel::identity::Role;
use serde_json::json;
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use crate::support::{Client, End, Endpoint, Json, Poster, Silent, Stream, Way};

/// The name of everybody's only device.
const DEVICE: &str = "phone";

/// How a connection breaks.
#[derive(Debug, Clone, Copy)]
pub enum Cut {
    /// Reset, whatever is on its way.
    Reset,
    /// Reset in the middle of a command.
    HalfWritten,
    /// Nobody reads any more, and the server is not told: a dead spot.
    Silent,
}

impl Cut {
    pub const ALL: [Self; 3] = [Self::Reset, Self::HalfWritten, Self::Silent];
}

/// How somebody connects.
pub struct Dial {
    pub server: Arc<Endpoint>,
    pub user: String,
    pub way: Way,
    poster: Poster,
}

/// A connection.
pub enum Line {
    Socket(Client),
    Stream(Stream, Poster),
}

impl Dial {
    pub fn new(server: Arc<Endpoint>, user: &str, way: Way) -> Self {
        let query = format!("device={DEVICE}");
        Self {
            poster: Poster::new(&server, user, Role::User, &query),
            user: user.to_owned(),
            server,
            way,
        }
    }

    /// Connects, to go on after `last`; `None` if the server is not there.
    pub async fn connect(&self, last: u64) -> Option<Line> {
        let new = self.server.connecting(&self.user, Role::User);
        let new = new.on_device(DEVICE).resuming_by(self.way, last);
        match self.way {
            Way::Socket => {
                let client = new.asking("topics=chat").open_if_up().await?;
                Some(Line::Socket(client))
            }
            Way::Stream => {
                let stream = new.stream_if_up("/api/chat/sse").await?;
                Some(Line::Stream(stream, self.poster.clone()))
            }
        }
    }
}

impl Line {
    /// The next event, or how the connection ended.
    pub async fn next(&mut self) -> Result<Json, End> {
        match self {
            Self::Socket(client) => client.next().await,
            Self::Stream(stream, _) => stream.next().await,
        }
    }

    /// Sends a command. Its answer is an event, on a stream too; `unanswered` where a post has come to nothing.
    pub async fn say(&mut self, command: Json) {
        match self {
            Self::Socket(client) => client.send(command).await,
            Self::Stream(stream, poster) => {
                let (poster, mouth) = (poster.clone(), stream.mouth());
                tokio::spawn(async move {
                    let unanswered =
                        json!({"type": "unanswered", "requestId": command["requestId"]});
                    let answer = poster.try_send(command.to_string()).await;
                    mouth.say(match answer {
                        Ok((200, answer)) => answer,
                        // No such stream any more, or the server has too much to do.
                        Ok((404 | 429 | 503, _)) | Err(_) => unanswered,
                        Ok(other) => panic!("{command} was answered with {other:?}"),
                    });
                });
            }
        }
    }

    /// Breaks. What is left of it stays on the server's side until the value is dropped.
    pub async fn cut(self, how: Cut, dial: &Dial, command: &Json) -> Option<Silent> {
        match (self, how) {
            (Self::Socket(client), Cut::Silent) => return Some(client.fall_silent()),
            (Self::Stream(stream, _), Cut::Silent) => return Some(stream.fall_silent()),
            (Self::Socket(client), Cut::HalfWritten) => {
                client.send_bytes(&half_frame(command));
                client.vanish().await;
            }
            (Self::Stream(stream, _), Cut::HalfWritten) => {
                half_post(dial, command).await;
                stream.vanish().await;
            }
            (Self::Socket(client), Cut::Reset) => client.vanish().await,
            (Self::Stream(stream, _), Cut::Reset) => stream.vanish().await,
        }
        None
    }
}

/// A masked text frame (RFC 6455, section 5.2), up to the middle of its text.
fn half_frame(command: &Json) -> Vec<u8> {
    let text = command.to_string();
    let length = u16::try_from(text.len()).expect("a short command");
    let mut frame = vec![0x81, 0x80 | 126];
    frame.extend(length.to_be_bytes());
    // Masked with zeros, a text stays as it is.
    frame.extend([0; 4]);
    frame.extend(&text.as_bytes()[..text.len() / 2]);
    frame
}

/// A post, up to the middle of its body; then its connection is reset.
async fn half_post(dial: &Dial, command: &Json) {
    let text = command.to_string();
    // The server may be down: then there is nobody to hear half of it.
    let Ok(mut tcp) = TcpStream::connect(dial.server.address()).await else {
        return;
    };
    let head = format!(
        "POST /api/commands?device={DEVICE} HTTP/1.1\r\nHost: otomo\r\nAuthorization: Bearer {}\r\n\
         Content-Length: {}\r\n\r\n",
        dial.server.token(&dial.user, Role::User),
        text.len()
    );
    let half = &text.as_bytes()[..text.len() / 2];
    let _ = tcp.write_all(&[head.as_bytes(), half].concat()).await;
    let reset = socket2::SockRef::from(&tcp).set_linger(Some(Duration::ZERO));
    reset.expect("a socket");
}
