//! A client of whom there are hundreds: it looks at each message as text and keeps none.

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::{net::TcpStream, task::JoinHandle, time::timeout};
use tokio_tungstenite::{client_async, tungstenite::Message};

use super::{Connecting, Json, PATIENCE};

/// A client that looks on. Dropped, it goes.
pub struct Onlooker(JoinHandle<()>);

impl Connecting {
    /// Connects, sends a command once it is `ready`, waits for its answer, and then only looks at what comes.
    pub async fn looking_on(
        self,
        command: Json,
        answer: &str,
        mut look: impl FnMut(&str) + Send + 'static,
    ) -> Onlooker {
        let request = self.request();
        let stream = TcpStream::connect(self.address()).await.expect("a server");
        stream.set_nodelay(true).expect("a live socket");
        let (mut socket, _) = client_async(request, stream).await.expect("a handshake");
        let answer = format!(r#""type":"{answer}""#);
        loop {
            let next = timeout(PATIENCE, socket.next()).await.expect("an answer");
            let message = next.expect("an open connection");
            let Message::Text(text) = message.expect("a message") else {
                continue;
            };
            if text.contains(r#""type":"ready""#) {
                let command = Message::text(command.to_string());
                socket.send(command).await.expect("an open connection");
            } else if text.contains(&answer) {
                break;
            }
        }
        Onlooker(tokio::spawn(async move {
            while let Some(Ok(message)) = socket.next().await {
                if let Message::Text(text) = message {
                    look(&text);
                }
            }
        }))
    }
}

impl Drop for Onlooker {
    fn drop(&mut self) {
        self.0.abort();
    }
}
