//! A person's app that listens with Server-Sent Events: a real connection, its events, and commands by POST.

use std::{
    ops::{Deref, DerefMut},
    time::Duration,
};

use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpSocket,
    sync::watch,
    task::JoinHandle,
    time::timeout,
};

use super::{
    Connecting, End, EventLog, Json, PATIENCE, Silent, connecting::Wire, event_log::EventWriter,
};

/// Receive buffer: small, so that what the kernel holds for a client that does not read is little.
const BUFFER: u32 = 8 * 1024;

type Headers = Vec<(String, String)>;

/// An answer that is no stream.
#[derive(Debug)]
pub struct Refused {
    /// Its status.
    pub status: u16,
    headers: Headers,
    /// Its body.
    pub body: Json,
}

impl Refused {
    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }
}

/// A client that listens to a stream. Each event has what is around its data in `sse`: `id` and `event`.
pub struct Stream {
    log: EventLog,
    headers: Headers,
    reading: JoinHandle<()>,
    paused: watch::Sender<bool>,
    socket: std::net::TcpStream,
}

impl Connecting {
    /// Listens to `/sse`, and waits for `ready`.
    pub async fn listening(self) -> Stream {
        let mut stream = self.stream("/sse").await;
        stream.expect("ready").await;
        stream
    }

    /// Listens to a path.
    pub async fn stream(self, path: &str) -> Stream {
        self.try_stream(path).await.expect("a stream")
    }

    /// Listens to a path, or tells how that was refused.
    pub async fn try_stream(self, path: &str) -> Result<Stream, Refused> {
        let listening = timeout(PATIENCE, self.listen(path)).await;
        listening.expect("an answer").expect("a server")
    }

    /// Listens to a path of a server that may be down, or go down meanwhile.
    pub async fn stream_if_up(self, path: &str) -> Option<Stream> {
        self.listen(path).await.ok()?.ok()
    }

    async fn listen(self, path: &str) -> std::io::Result<Result<Stream, Refused>> {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(BUFFER)?;
        let tcp = socket.connect(self.address()).await?;
        let handle = socket2::SockRef::from(&tcp).try_clone()?;
        let mut wire = self.wire(tcp).await;
        wire.write_all(self.get(path).as_bytes()).await?;
        wire.flush().await?;
        let mut wire = BufReader::with_capacity(1024, wire);
        let (status, headers) = head(&mut wire).await?;
        if status != 200 {
            return Ok(Err(refused(status, headers, &mut wire).await?));
        }
        let log = EventLog::new(self.user().to_owned());
        let (paused, pause) = watch::channel(false);
        let reading = tokio::spawn(read(wire, log.writer(), pause));
        Ok(Ok(Stream {
            log,
            headers,
            reading,
            paused,
            socket: handle.into(),
        }))
    }
}

async fn refused(
    status: u16,
    headers: Headers,
    wire: &mut BufReader<Wire>,
) -> std::io::Result<Refused> {
    let length = find(&headers, "content-length").expect("a body");
    let mut body = vec![0; length.parse().expect("a length")];
    wire.read_exact(&mut body).await?;
    let body = serde_json::from_slice(&body).expect("JSON");
    Ok(Refused {
        status,
        headers,
        body,
    })
}

impl Stream {
    /// A header of the response.
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    /// Reads no more, or again.
    pub fn pause(&self, paused: bool) {
        self.paused.send(paused).expect("a reader");
    }

    /// Closes the connection.
    pub fn leave(self) {
        self.reading.abort();
        self.socket
            .shutdown(std::net::Shutdown::Both)
            .expect("a live socket");
    }

    /// Reads no more, and the server is not told: the socket stays open as long as the value lives.
    pub fn fall_silent(self) -> Silent {
        self.reading.abort();
        Silent::keep(&self.socket)
    }

    /// The network is gone: the connection is reset.
    pub async fn vanish(self) {
        let sock = socket2::SockRef::from(&self.socket);
        sock.set_linger(Some(Duration::ZERO)).expect("a socket");
        self.reading.abort();
        while !self.reading.is_finished() {
            tokio::task::yield_now().await;
        }
    }
}

impl Deref for Stream {
    type Target = EventLog;

    fn deref(&self) -> &EventLog {
        &self.log
    }
}

impl DerefMut for Stream {
    fn deref_mut(&mut self) -> &mut EventLog {
        &mut self.log
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

fn find<'a>(headers: &'a Headers, name: &str) -> Option<&'a str> {
    let mut headers = headers.iter();
    headers
        .find(|(it, _)| it == name)
        .map(|(_, value)| value.as_str())
}

/// The status and the headers.
async fn head(wire: &mut BufReader<Wire>) -> std::io::Result<(u16, Headers)> {
    let mut line = String::new();
    wire.read_line(&mut line).await?;
    let status = line.split(' ').nth(1).and_then(|it| it.parse().ok());
    let mut headers = Headers::new();
    loop {
        line.clear();
        wire.read_line(&mut line).await?;
        match line.trim_end().split_once(": ") {
            Some((name, value)) => headers.push((name.to_lowercase(), value.to_owned())),
            None => break,
        }
    }
    let status = status.ok_or_else(|| std::io::Error::other("no status"))?;
    Ok((status, headers))
}

/// Reads chunks (RFC 9112, section 7.1) and the events in them.
async fn read(mut wire: BufReader<Wire>, writer: EventWriter, mut pause: watch::Receiver<bool>) {
    let mut text = String::new();
    let end = loop {
        let _ = pause.wait_for(|paused| !paused).await;
        match chunk(&mut wire).await {
            Ok(Some(chunk)) => text += &chunk,
            Ok(None) => break End::Whole,
            Err(_) => break End::Cut,
        }
        while let Some((event, rest)) = text.split_once("\n\n") {
            writer.add(parse(event, &writer));
            text = rest.to_owned();
        }
    };
    writer.close(end);
}

async fn chunk(wire: &mut BufReader<Wire>) -> std::io::Result<Option<String>> {
    let mut size = String::new();
    wire.read_line(&mut size).await?;
    let size = usize::from_str_radix(size.trim_end(), 16).map_err(std::io::Error::other)?;
    let mut bytes = vec![0; size + 2];
    wire.read_exact(&mut bytes).await?;
    bytes.truncate(size);
    let text = String::from_utf8(bytes).map_err(std::io::Error::other)?;
    Ok(Some(text).filter(|text| !text.is_empty()))
}

/// Its data, with what is around it; the data alone is what was sent.
fn parse(event: &str, writer: &EventWriter) -> Json {
    let field = |name: &str| {
        let mut lines = event.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    };
    let Some(data) = field("data") else {
        return json!({"type": "no event", "text": event});
    };
    let mut parsed: Json = serde_json::from_str(data).expect("the server sends JSON");
    writer.check(&parsed);
    parsed["sse"] = json!({"id": field("id"), "event": field("event"), "retry": field("retry")});
    parsed
}
