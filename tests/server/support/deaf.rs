//! A client that reads only when it is told to: a page in a frozen tab.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::{
    net::{TcpSocket, TcpStream},
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Bytes, Error, Message},
};

use super::{Connecting, Json, PATIENCE, messages};

/// Receive buffer of such a client: small, so that what the kernel holds for it is little.
const BUFFER: u32 = 4096;

/// How long nothing must come for the stream to count as quiet.
const QUIET: Duration = Duration::from_millis(700);

/// A client that reads on request.
pub struct Deaf {
    socket: WebSocketStream<TcpStream>,
}

impl Connecting {
    /// Connects, reads up to `ready`, and then reads only when told to.
    pub async fn reading_on_request(self) -> Deaf {
        let request = self.request();
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(BUFFER).expect("a small buffer");
        let stream = socket
            .connect(self.address())
            .await
            .expect("the server listens");
        let (socket, _) = tokio_tungstenite::client_async(request, stream)
            .await
            .expect("a handshake");
        let mut deaf = Deaf { socket };
        while deaf.next().await.expect("an open connection")["type"] != "ready" {}
        deaf
    }
}

impl Deaf {
    async fn next(&mut self) -> Option<Json> {
        let coming = timeout(PATIENCE, async {
            loop {
                match self.socket.next().await {
                    Some(Ok(Message::Text(text))) => return Some(text),
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return None,
                }
            }
        });
        let text = coming.await.expect("something comes")?;
        let event = serde_json::from_str(&text).ok()?;
        messages::check_event(&event).unwrap_or_else(|fault| panic!("{fault}"));
        Some(event)
    }

    /// Asks for a pong, which it does not read. Waits while the server takes nothing.
    pub async fn ping(&mut self) {
        let ping = Message::Ping(Bytes::from_static(b"are you there?"));
        // A connection that has ended takes nothing.
        let _ = self.socket.send(ping).await;
    }

    /// Sends a command.
    pub async fn send(&mut self, command: Json) {
        let command = Message::text(command.to_string());
        self.socket.send(command).await.expect("an open connection");
    }

    /// Reads so many messages, or fewer if no more are there.
    pub async fn read_some(&mut self, most: usize) -> Vec<Json> {
        let mut heard = Vec::new();
        while heard.len() < most
            && let Ok(Some(event)) = timeout(QUIET, self.next()).await
        {
            heard.push(event);
        }
        heard
    }

    /// Reads until nothing comes any more.
    pub async fn read_until_quiet(&mut self) -> Vec<Json> {
        let mut heard = Vec::new();
        while let Ok(Some(event)) = timeout(QUIET, self.next()).await {
            heard.push(event);
        }
        heard
    }

    /// Reads until the connection ends; whether it does.
    pub async fn read_to_the_end(&mut self) -> bool {
        let ending = timeout(PATIENCE, async {
            loop {
                match self.socket.next().await {
                    Some(Ok(_)) => {}
                    Some(Err(Error::ConnectionClosed | Error::AlreadyClosed)) | None => {
                        return true;
                    }
                    Some(Err(_)) => return true,
                }
            }
        });
        ending.await.unwrap_or(false)
    }
}
