//! The ways in: every place where a token is taken, each as somebody uses it who has one.

use otomo::kernel::identity::Role;
use reqwest::header::COOKIE;
use serde_json::json;

use crate::{
    packets::Poller,
    support::{End, Endpoint, Json, TestServer},
};

/// The cookie of the servers that take one.
pub const COOKIE_NAME: &str = "session";

/// A place where a token is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// `Authorization: Bearer` of a request.
    Rest,
    /// The app's cookie, sent by a page of ours.
    Cookie,
    /// A posted command.
    Command,
    /// An event stream.
    Stream,
    /// `?token=` of an event stream.
    StreamQuery,
    /// The header of a WebSocket.
    Socket,
    /// `?token=` of a WebSocket.
    SocketQuery,
    /// The subprotocol of a WebSocket.
    Subprotocol,
    /// `init_connection`.
    Init,
    /// The CONNECT of Socket.IO.
    SocketIo,
    /// `token_refresh`, on a connection of taro's.
    Refresh,
}

/// What became of who tried.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// They are in.
    In,
    /// They were refused, and told so in these words.
    Refused(String),
}

impl Way {
    pub const ALL: [Self; 11] = [
        Self::Rest,
        Self::Cookie,
        Self::Command,
        Self::Stream,
        Self::StreamQuery,
        Self::Socket,
        Self::SocketQuery,
        Self::Subprotocol,
        Self::Init,
        Self::SocketIo,
        Self::Refresh,
    ];

    /// Tries a token. `own` is one of taro's that is good.
    pub async fn try_token(self, server: &TestServer, token: &str, own: &str) -> Outcome {
        match self {
            Self::Rest | Self::Cookie | Self::Command | Self::Stream | Self::StreamQuery => {
                self.over_http(server, token).await
            }
            Self::Socket | Self::SocketQuery | Self::Subprotocol | Self::Init => {
                self.on_a_socket(server, token).await
            }
            Self::SocketIo => over_socket_io(server, token).await,
            Self::Refresh => refreshing(server, token, own).await,
        }
    }

    async fn over_http(self, server: &Endpoint, token: &str) -> Outcome {
        let at = |path: &str| format!("http://{}{path}", server.address());
        let http = reqwest::Client::new();
        let request = match self {
            Self::Command => {
                let post = http
                    .post(at("/api/commands?device=none"))
                    .bearer_auth(token);
                post.body(r#"{"type":"heartbeat"}"#)
            }
            Self::Stream => http.get(at("/sse")).bearer_auth(token),
            Self::StreamQuery => http.get(at(&format!("/sse?token={token}"))),
            Self::Cookie => {
                let page = http.get(at("/api/me")).header("origin", at(""));
                page.header(COOKIE, format!("{COOKIE_NAME}={token}"))
            }
            _ => http.get(at("/api/me")).bearer_auth(token),
        };
        let answer = request.send().await.expect("an answer");
        match answer.status().as_u16() {
            200 => Outcome::In,
            // Who they are is known: they have no such stream.
            404 if self == Self::Command => Outcome::In,
            status @ (400 | 401 | 403 | 431) => {
                let told = answer.text().await.expect("a body");
                Outcome::Refused(format!("{status} {told}"))
            }
            status => panic!("{self:?}: {status}"),
        }
    }

    async fn on_a_socket(self, server: &Endpoint, token: &str) -> Outcome {
        let stranger = server.stranger();
        let connecting = match self {
            Self::SocketQuery => stranger.asking(&format!("token={token}")),
            Self::Subprotocol => {
                stranger.with_header("sec-websocket-protocol", format!("bearer, {token}"))
            }
            Self::Socket => stranger.with_header("authorization", format!("Bearer {token}")),
            _ => stranger,
        };
        let mut client = match connecting.try_open().await {
            Ok((client, _)) => client,
            Err(refused) => {
                let told = refused.body().as_deref().unwrap_or_default();
                return Outcome::Refused(String::from_utf8_lossy(told).into_owned());
            }
        };
        if self == Self::Init {
            let init = json!({"type": "init_connection", "token": token});
            client.send(init).await;
        }
        let decided = |event: &Json| event["type"] == "ready" || event["type"] == "closing";
        let last = client.until("a decision", decided).await;
        if last["type"] == "ready" {
            return Outcome::In;
        }
        let end = client.ended().await;
        assert!(matches!(end, End::Closed(4001 | 4202)), "{self:?}: {end:?}");
        let everything = client.everything();
        assert!(
            everything.iter().all(|event| event["type"] != "connected"),
            "{everything:?}"
        );
        Outcome::Refused(format!("{last} {everything:?}"))
    }
}

async fn over_socket_io(server: &Endpoint, token: &str) -> Outcome {
    let mut poller = Poller::open(server).await;
    let connect = format!("40{}", json!({"token": token}));
    assert_eq!(poller.post(connect).await.text, "ok");
    let mut heard = String::new();
    while let Some(packet) = poller.next().await {
        if packet.contains(r#""ready""#) {
            return Outcome::In;
        }
        heard += &packet;
    }
    Outcome::Refused(heard)
}

/// Taro's connection stays his, whatever is brought.
async fn refreshing(server: &Endpoint, token: &str, own: &str) -> Outcome {
    let taro = server.connecting("taro", Role::User).with_token(own);
    let mut taro = taro.ready().await;
    let refresh = json!({"type": "token_refresh", "token": token});
    let answer = taro.ask(refresh).await;
    taro.settled().await;
    match answer["type"].as_str() {
        Some("token_refresh_ack") => Outcome::In,
        _ => Outcome::Refused(answer.to_string()),
    }
}
