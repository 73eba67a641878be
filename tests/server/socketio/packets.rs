//! Clients that send and show packets as they are.

use std::{collections::VecDeque, panic::Location};

use futures_util::{SinkExt as _, StreamExt as _};
use otomo::kernel::identity::Role;
use reqwest::{Client, RequestBuilder};
use serde_json::json;
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{self, Message},
};

use crate::support::{Endpoint, Json, PATIENCE, messages};

/// What is between packets of a payload.
pub const SEPARATOR: char = '\u{1e}';

/// What comes from a connection that has ended.
const GONE: &str = "nothing more";

/// What was answered over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub text: String,
}

impl Answer {
    /// The code of an error of Engine.IO.
    pub fn code(&self) -> Option<i64> {
        let body: Json = serde_json::from_str(&self.text).unwrap_or_default();
        body["code"].as_i64()
    }

    pub fn packets(&self) -> impl Iterator<Item = String> {
        self.text.split(SEPARATOR).map(str::to_owned)
    }
}

/// The packet that connects to the namespace.
pub fn connect(server: &Endpoint, user: &str, role: Role) -> String {
    format!("40{}", json!({"token": server.token(user, role)}))
}

/// The name and the payload of an event, which is as it is described.
pub fn event(packet: &str) -> Option<(String, Json)> {
    let event = serde_json::from_str(packet.strip_prefix("42")?).ok()?;
    let (_, payload) = &event;
    messages::check_event(payload).unwrap_or_else(|fault| panic!("{fault}"));
    Some(event)
}

/// A client that polls, with a connection of its own for each request: they come to any worker.
pub struct Poller {
    http: Client,
    url: String,
    heard: VecDeque<String>,
}

impl Poller {
    /// Begins a session.
    pub async fn open(server: &Endpoint) -> Self {
        let http = Client::builder().pool_max_idle_per_host(0).build();
        let mut poller = Self {
            http: http.expect("a client"),
            url: format!(
                "http://{}/socket.io/?EIO=4&transport=polling",
                server.address()
            ),
            heard: VecDeque::new(),
        };
        let opened = poller.get().await;
        let open: Json =
            serde_json::from_str(opened.text.strip_prefix('0').expect("open")).expect("JSON");
        poller.url += &format!("&sid={}", open["sid"].as_str().expect("a sid"));
        poller
    }

    /// Begins a session and connects.
    pub async fn ready(server: &Endpoint, user: &str, role: Role) -> Self {
        let mut poller = Self::open(server).await;
        let connected = poller.post(connect(server, user, role)).await;
        assert_eq!((connected.status, &*connected.text), (200, "ok"));
        poller.hears("ready").await;
        poller
    }

    /// Where the WebSocket is that takes over.
    pub fn socket_url(&self) -> String {
        let url = self.url.replace("http://", "ws://");
        url.replace("transport=polling", "transport=websocket")
    }

    pub fn getting(&self) -> RequestBuilder {
        self.http.get(&self.url)
    }

    pub fn posting(&self, payload: impl Into<reqwest::Body>) -> RequestBuilder {
        self.http.post(&self.url).body(payload)
    }

    pub async fn get(&self) -> Answer {
        sent(self.getting()).await
    }

    pub async fn post(&self, payload: impl Into<reqwest::Body>) -> Answer {
        sent(self.posting(payload)).await
    }

    /// The next packet, polled for if need be; `None` once the session is not known any more.
    pub async fn next(&mut self) -> Option<String> {
        if self.heard.is_empty() {
            let answer = self.get().await;
            if answer.status != 200 {
                assert_eq!((answer.status, answer.code()), (400, Some(1)), "{answer:?}");
                return None;
            }
            self.heard.extend(answer.packets());
        }
        self.heard.pop_front()
    }

    /// What earlier polls have brought and nobody has looked at.
    pub fn at_hand(&mut self) -> Vec<String> {
        self.heard.drain(..).collect()
    }

    /// Polls until an event has come.
    #[track_caller]
    pub fn hears(&mut self, name: &str) -> impl Future<Output = Json> {
        let at = Location::caller();
        let name = name.to_owned();
        async move {
            let hearing = async {
                while let Some(packet) = self.next().await {
                    match event(&packet) {
                        Some((heard, payload)) if heard == name => return Some(payload),
                        _ => {}
                    }
                }
                None
            };
            let heard = timeout(PATIENCE, hearing).await.ok().flatten();
            heard.unwrap_or_else(|| panic!("{at}: no {name}"))
        }
    }

    /// All packets up to the end.
    pub async fn rest(&mut self) -> Vec<String> {
        let mut rest = Vec::new();
        while let Some(packet) = self.next().await {
            rest.push(packet);
        }
        rest
    }

    /// Asserts that the session goes on.
    pub async fn works(&mut self) {
        assert_eq!(self.post(r#"42["heartbeat"]"#).await.status, 200);
        self.hears("heartbeat_ack").await;
    }
}

pub async fn sent(request: RequestBuilder) -> Answer {
    let answer = timeout(PATIENCE, request.send()).await.expect("an answer");
    let answer = answer.expect("an answer");
    Answer {
        status: answer.status().as_u16(),
        text: answer.text().await.expect("text"),
    }
}

/// A WebSocket.
pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Opens one; the answer if it is refused.
    pub async fn open(url: &str) -> Result<Self, Answer> {
        match connect_async(url).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(tungstenite::Error::Http(refused)) => Err(Answer {
                status: refused.status().as_u16(),
                text: String::from_utf8(refused.body().clone().unwrap_or_default()).expect("text"),
            }),
            Err(other) => panic!("the handshake broke: {other}"),
        }
    }

    /// Begins a session.
    pub async fn begin(server: &Endpoint) -> Self {
        let address = server.address();
        let url = format!("ws://{address}/socket.io/?EIO=4&transport=websocket");
        let mut socket = Self::open(&url).await.expect("a WebSocket");
        let open = socket.next().await;
        assert!(open.starts_with("0{"), "{open}");
        socket
    }

    /// Begins a session and connects.
    pub async fn ready(server: &Endpoint, user: &str, role: Role) -> Self {
        let mut socket = Self::begin(server).await;
        socket.say(connect(server, user, role)).await;
        socket.hears("ready").await;
        socket
    }

    /// Sends a packet. A connection that the server has closed meanwhile takes nothing.
    pub async fn say(&mut self, packet: impl Into<String>) {
        self.send(Message::text(packet.into())).await;
    }

    pub async fn send(&mut self, message: Message) {
        let _ = self.0.send(message).await;
    }

    /// The next packet, or `close <code>`, or [`GONE`].
    pub async fn next(&mut self) -> String {
        let message = timeout(PATIENCE, self.0.next()).await.expect("a message");
        match message {
            Some(Ok(Message::Text(packet))) => packet.to_string(),
            Some(Ok(Message::Close(Some(frame)))) => format!("close {}", u16::from(frame.code)),
            None => GONE.to_owned(),
            other => format!("{other:?}"),
        }
    }

    /// Reads until an event has come.
    #[track_caller]
    pub fn hears(&mut self, name: &str) -> impl Future<Output = Json> {
        let at = Location::caller();
        let name = name.to_owned();
        async move {
            let hearing = async {
                loop {
                    let packet = self.next().await;
                    match event(&packet) {
                        Some((heard, payload)) if heard == name => return payload,
                        Some(_) => {}
                        None if packet.starts_with('4') || packet == "2" => {}
                        None => panic!("{at}: {packet} without {name}"),
                    }
                }
            };
            let heard = timeout(PATIENCE, hearing).await;
            heard.unwrap_or_else(|_| panic!("{at}: no {name}"))
        }
    }

    /// Reads until the answer to a command that was numbered has come.
    pub async fn acknowledges(&mut self, number: u64) -> String {
        let answer = format!("43{number}[");
        let hearing = async {
            loop {
                let packet = self.next().await;
                assert_ne!(packet, GONE, "without {answer}");
                if packet.starts_with(&answer) {
                    return packet;
                }
            }
        };
        timeout(PATIENCE, hearing)
            .await
            .expect("an acknowledgement")
    }

    /// Packets that are no events up to the close, and its code.
    pub async fn rest(&mut self) -> Vec<String> {
        let mut rest = Vec::new();
        loop {
            let packet = self.next().await;
            let end = packet.starts_with("close") || packet == GONE;
            if event(&packet).is_none() {
                rest.push(packet);
            }
            if end {
                return rest;
            }
        }
    }
}
