//! A connection about to be made: who connects, from where, and what they say in the handshake.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;
use tokio_tungstenite::{
    client_async,
    tungstenite::{
        self,
        client::IntoClientRequest as _,
        http::{HeaderName, HeaderValue, Request, Response},
    },
};

use super::{
    Client, PATIENCE,
    certificate::{self, Certificate},
    tunnel::Tunnel,
};

/// A connection about to be made.
pub struct Connecting {
    address: SocketAddr,
    user: String,
    token: String,
    query: Vec<String>,
    headers: Vec<(&'static str, String)>,
    in_query: bool,
    tls: Option<TlsConnector>,
}

/// What a WebSocket runs on: TCP, or TLS on it.
pub type Wire = Box<dyn Duplex>;

/// Bytes in both directions.
pub trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Duplex for T {}

impl Connecting {
    pub(super) fn new(address: SocketAddr, user: &str, token: String) -> Self {
        let (query, headers) = (Vec::new(), Vec::new());
        Self {
            address,
            user: user.to_owned(),
            token,
            query,
            headers,
            in_query: false,
            tls: None,
        }
    }

    /// On a device that keeps its name over reconnects.
    pub fn on_device(self, device: &str) -> Self {
        self.asking(&format!("device={device}"))
    }

    /// With the last durable event it has.
    pub fn with_last_seq(self, seq: u64) -> Self {
        self.asking(&format!("lastSeq={seq}"))
    }

    /// With more in the query.
    pub fn asking(mut self, query: &str) -> Self {
        self.query.push(query.to_owned());
        self
    }

    /// With one more header.
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// With another token.
    pub fn with_token(mut self, token: &str) -> Self {
        token.clone_into(&mut self.token);
        self
    }

    /// With the token in the query instead of the header.
    pub fn token_in_query(mut self) -> Self {
        self.in_query = true;
        self
    }

    /// By another way: through a tunnel.
    pub fn through(mut self, tunnel: &Tunnel) -> Self {
        self.address = tunnel.address();
        self
    }

    /// Over TLS, trusting this certificate.
    pub fn over_tls(mut self, certificate: &Certificate) -> Self {
        self.tls = Some(certificate.connector());
        self
    }

    /// Connects and waits for `ready`.
    pub async fn ready(self) -> Client {
        let mut client = self.open().await;
        client.expect("ready").await;
        client
    }

    /// Connects and waits for `ready`; `None` if the server is not there, or sends it away.
    #[allow(dead_code, reason = "for the tests of several nodes")]
    pub async fn ready_if_served(self) -> Option<Client> {
        let mut client = self.open_if_up().await?;
        let served = async {
            while client.heard("ready").is_none() {
                client.news().await.ok()?;
            }
            Some(())
        };
        timeout(PATIENCE, served).await.expect("an answer")?;
        client.expect("ready").await;
        Some(client)
    }

    /// Connects.
    pub async fn open(self) -> Client {
        self.try_open().await.expect("the handshake succeeds").0
    }

    /// Connects, or tells with which status it was refused.
    pub async fn try_open(
        self,
    ) -> Result<(Client, Response<Option<Vec<u8>>>), Response<Option<Vec<u8>>>> {
        match self.shake_hands().await {
            Ok(connected) => Ok(connected),
            Err(tungstenite::Error::Http(response)) => Err(*response),
            Err(other) => panic!("the handshake broke: {other}"),
        }
    }

    /// Connects to a server that may be down, or go down meanwhile.
    pub async fn open_if_up(self) -> Option<Client> {
        self.shake_hands().await.ok().map(|(client, _)| client)
    }

    async fn shake_hands(self) -> tungstenite::Result<(Client, Response<Option<Vec<u8>>>)> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        let handle = socket2::SockRef::from(&stream).try_clone()?.into();
        let wire = self.wire(stream).await;
        let (socket, response) = client_async(self.request(), wire).await?;
        Ok((Client::new(self.user, socket, handle), response))
    }

    /// What is spoken on a TCP connection: TLS, if it was asked for.
    pub(super) async fn wire(&self, stream: TcpStream) -> Wire {
        match &self.tls {
            None => Box::new(stream),
            Some(tls) => Box::new(certificate::encrypt(tls, stream).await),
        }
    }

    pub(super) fn user(&self) -> &str {
        &self.user
    }

    /// The same as a plain request for a path.
    pub(super) fn get(&self, path: &str) -> String {
        let request = self.request();
        let query = request.uri().query().unwrap_or_default();
        let mut text = format!("GET {path}?{query} HTTP/1.1\r\n");
        for (name, value) in request.headers() {
            let name = name.as_str();
            let upgrade = ["connection", "upgrade"].contains(&name) || name.starts_with("sec-");
            if !upgrade {
                text += &format!("{name}: {}\r\n", value.to_str().expect("text"));
            }
        }
        text + "Accept: text/event-stream\r\n\r\n"
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The handshake.
    pub(super) fn request(&self) -> Request<()> {
        let mut query = self.query.clone();
        let in_header = !self.token.is_empty() && !self.in_query;
        if self.in_query {
            query.push(format!("token={}", self.token));
        }
        let scheme = if self.tls.is_some() { "wss" } else { "ws" };
        let url = format!("{scheme}://{}/ws?{}", self.address, query.join("&"));
        let mut request = url.into_client_request().expect("a url");
        if in_header {
            let bearer = format!("Bearer {}", self.token).parse().expect("a header");
            request.headers_mut().insert("Authorization", bearer);
        }
        for (name, value) in &self.headers {
            let value = HeaderValue::from_str(value).expect("a header");
            request
                .headers_mut()
                .insert(HeaderName::from_static(name), value);
        }
        request
    }
}
