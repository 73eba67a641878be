//! The app's backend: an HTTP server that answers actions as it is told, rightly and wrongly.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};

use crate::support::{Json, PATIENCE};

/// The secret that backend and server share.
pub const SECRET: &str = "the secret of the app's own webhook";

/// How it treats a request.
#[derive(Clone, Debug)]
pub enum Behaviour {
    /// A whole answer.
    Answer(u16, String),
    /// Nothing until it is to behave in another way.
    Hold,
    /// The same for requests with this text in their body; to others the answer with which it starts.
    HoldThoseWith(&'static str),
    /// These bytes, and then nothing.
    Stop(String),
    /// These bytes, and then the end of the connection.
    Cut(String),
    /// 10 MiB with their length announced, or in chunks.
    Flood { announced: bool },
}

impl Behaviour {
    fn holds(&self, request: &Received) -> bool {
        match self {
            Self::Hold => true,
            Self::HoldThoseWith(text) => request.body.contains(text),
            Self::Answer(..) | Self::Stop(_) | Self::Cut(_) | Self::Flood { .. } => false,
        }
    }

    fn usual() -> Self {
        Self::Answer(200, r#"{"ok":true}"#.to_owned())
    }
}

/// A request that it has got.
#[derive(Clone, Debug)]
pub struct Received {
    pub line: String,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Received {
    pub fn json(&self) -> Json {
        serde_json::from_str(&self.body).expect("JSON")
    }
}

/// A running backend. Dropped, it is gone.
pub struct Backend {
    address: SocketAddr,
    desk: Arc<Desk>,
    _serving: JoinSet<()>,
}

struct Desk {
    received: watch::Sender<Vec<Received>>,
    behaviour: watch::Sender<Behaviour>,
    connections: AtomicUsize,
    flooded: Mutex<usize>,
}

impl Backend {
    /// One that answers everything with `{"ok":true}`.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let desk = Arc::new(Desk {
            received: watch::Sender::new(Vec::new()),
            behaviour: watch::Sender::new(Behaviour::usual()),
            connections: AtomicUsize::new(0),
            flooded: Mutex::default(),
        });
        let mut serving = JoinSet::new();
        let own = Arc::clone(&desk);
        serving.spawn(async move {
            let mut lines = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                own.connections.fetch_add(1, Ordering::SeqCst);
                let desk = Arc::clone(&own);
                lines.spawn(async move {
                    // Ends with the connection, however that ends.
                    let _ = desk.serve(stream).await;
                });
            }
        });
        Self {
            address,
            desk,
            _serving: serving,
        }
    }

    /// Where it takes actions.
    pub fn url(&self) -> String {
        format!("http://{}/actions?game=7", self.address)
    }

    /// Treats requests in this way from now on, also those that it holds.
    pub fn behave(&self, behaviour: Behaviour) {
        self.desk.behaviour.send_replace(behaviour);
    }

    pub fn answer(&self, status: u16, body: &str) {
        self.behave(Behaviour::Answer(status, body.to_owned()));
    }

    /// Waits until it has got so many requests, and gives them all.
    pub async fn received(&self, count: usize) -> Vec<Received> {
        let mut received = self.desk.received.subscribe();
        let enough = received.wait_for(|received| received.len() >= count);
        let got = tokio::time::timeout(PATIENCE, enough).await;
        got.expect("so many requests come")
            .expect("it runs")
            .clone()
    }

    /// How many requests it has got by now.
    pub fn count(&self) -> usize {
        self.desk.received.borrow().len()
    }

    /// How many connections it has had.
    pub fn connections(&self) -> usize {
        self.desk.connections.load(Ordering::SeqCst)
    }

    /// How many bytes of a flood were taken off its hands before the other side had enough.
    pub fn flooded(&self) -> usize {
        *self.desk.flooded.lock().expect("no panic")
    }
}

impl Desk {
    async fn serve(&self, stream: TcpStream) -> std::io::Result<()> {
        let mut stream = BufReader::new(stream);
        while let Some(request) = read(&mut stream).await? {
            let own = request.clone();
            self.received.send_modify(|received| received.push(own));
            let mut behaviour = self.behaviour.subscribe();
            let free = behaviour.wait_for(|now| !now.holds(&request));
            let now = match free.await.map(|now| now.clone()) {
                Ok(Behaviour::HoldThoseWith(_)) => Behaviour::usual(),
                Ok(now) => now,
                Err(_) => return Ok(()),
            };
            match now {
                Behaviour::Hold | Behaviour::HoldThoseWith(_) => unreachable!("it was waited for"),
                Behaviour::Answer(status, body) => {
                    let length = body.len();
                    let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n\r\n");
                    stream.write_all((head + &body).as_bytes()).await?;
                }
                Behaviour::Stop(text) => {
                    stream.write_all(text.as_bytes()).await?;
                    // Until the other side has had enough.
                    stream.read_to_end(&mut Vec::new()).await?;
                }
                Behaviour::Cut(text) => {
                    stream.write_all(text.as_bytes()).await?;
                    return Ok(());
                }
                Behaviour::Flood { announced } => self.flood(&mut stream, announced).await?,
            }
        }
        Ok(())
    }

    async fn flood(
        &self,
        stream: &mut BufReader<TcpStream>,
        announced: bool,
    ) -> std::io::Result<()> {
        const PART: usize = 64 * 1024;
        const PARTS: usize = 160;
        let length = if announced {
            format!("content-length: {}", PART * PARTS)
        } else {
            "transfer-encoding: chunked".to_owned()
        };
        let head = format!("HTTP/1.1 200 OK\r\n{length}\r\n\r\n");
        stream.write_all(head.as_bytes()).await?;
        let part = " ".repeat(PART);
        for _ in 0..PARTS {
            if announced {
                stream.write_all(part.as_bytes()).await?;
            } else {
                let chunk = format!("{PART:x}\r\n{part}\r\n");
                stream.write_all(chunk.as_bytes()).await?;
            }
            *self.flooded.lock().expect("no panic") += PART;
        }
        Ok(())
    }
}

/// The next request; none at the end.
async fn read(stream: &mut BufReader<TcpStream>) -> std::io::Result<Option<Received>> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(None);
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let headers: BTreeMap<String, String> = lines
        .iter()
        .skip(1)
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length = headers["content-length"].parse().expect("a length");
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok(Some(Received {
        line: lines.swap_remove(0),
        headers,
        body: String::from_utf8(body).expect("UTF-8"),
    }))
}
