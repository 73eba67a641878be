//! A connection on which bytes are written as they are, and answers read as RFC 9112 has them.

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::support::{Endpoint, Json, PATIENCE};

/// The head of an answer.
#[derive(Debug, Clone)]
pub struct Head {
    /// `HTTP/1.1`
    pub version: String,
    pub status: u16,
    headers: Vec<(String, String)>,
}

impl Head {
    fn read(text: &str) -> Self {
        let (start, lines) = text.split_once("\r\n").expect("a line");
        let mut start = start.splitn(3, ' ');
        let version = start.next().expect("a version").to_owned();
        let status = start.next().and_then(|status| status.parse().ok());
        let header = |line: &str| {
            let (name, value) = line.split_once(':').expect("a name and a value");
            (name.to_lowercase(), value.trim().to_owned())
        };
        Self {
            version,
            status: status.expect("a status"),
            headers: lines
                .split("\r\n")
                .filter(|line| !line.is_empty())
                .map(header)
                .collect(),
        }
    }

    /// A header, which may come once.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(it, _)| it == name);
        let first = found.next();
        assert!(found.next().is_none(), "{name} twice: {self:?}");
        first.map(|(_, value)| value.as_str())
    }

    fn length(&self) -> Option<usize> {
        self.get("content-length")
            .map(|length| length.parse().expect("a length"))
    }

    fn is_chunked(&self) -> bool {
        self.get("transfer-encoding") == Some("chunked")
    }
}

/// An answer as a whole.
#[derive(Debug, Clone)]
pub struct Answer {
    pub head: Head,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Json {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// A connection.
pub struct Wire {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Wire {
    pub async fn to(server: &Endpoint) -> Self {
        let stream = TcpStream::connect(server.address()).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            read: Vec::new(),
        }
    }

    /// Writes bytes. A server that has hung up meanwhile takes none; returns whether it took them.
    pub async fn write(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).await.is_ok()
    }

    /// The same connection, for another reader, and what was read of it ahead.
    pub fn into_parts(self) -> (TcpStream, Vec<u8>) {
        (self.stream, self.read)
    }

    /// The head of the next answer; `None` at the end.
    pub async fn head(&mut self) -> Option<Head> {
        let bytes = self.through(b"\r\n\r\n").await?;
        Some(Head::read(
            std::str::from_utf8(&bytes).expect("a head is text"),
        ))
    }

    /// The next answer; `None` at the end.
    pub async fn answer(&mut self) -> Option<Answer> {
        self.answer_to("GET").await
    }

    /// The next answer, to a request with this method: one to HEAD has no body.
    pub async fn answer_to(&mut self, method: &str) -> Option<Answer> {
        let head = self.head().await?;
        let mut body = Vec::new();
        let bodiless = method == "HEAD" || matches!(head.status, 100..=199 | 204 | 304);
        match head.length() {
            _ if bodiless => {}
            Some(length) => body = self.exactly(length).await.expect("a whole body"),
            None => {
                while let Some(part) = self.part(&head).await {
                    body.extend(part);
                }
            }
        }
        Some(Answer { head, body })
    }

    /// The next part of a body without a length; `None` at its end, which is that of the connection if it is not chunked.
    pub async fn part(&mut self, head: &Head) -> Option<Vec<u8>> {
        if !head.is_chunked() {
            while self.read.is_empty() {
                if !self.read_more().await {
                    return None;
                }
            }
            return Some(std::mem::take(&mut self.read));
        }
        let line = self.through(b"\r\n").await?;
        let size = std::str::from_utf8(&line).expect("text");
        let size = usize::from_str_radix(size.trim_end(), 16).expect("the length of a chunk");
        let mut chunk = self.exactly(size + 2).await?;
        assert!(chunk.ends_with(b"\r\n"));
        chunk.truncate(size);
        Some(chunk).filter(|chunk| !chunk.is_empty())
    }

    /// The statuses of all answers until the end.
    pub async fn statuses(&mut self) -> Vec<u16> {
        let mut statuses = Vec::new();
        while let Some(answer) = self.answer().await {
            statuses.push(answer.head.status);
        }
        statuses
    }

    async fn through(&mut self, end: &[u8]) -> Option<Vec<u8>> {
        loop {
            let place = self.read.windows(end.len()).position(|bytes| bytes == end);
            if let Some(place) = place {
                return Some(self.read.drain(..place + end.len()).collect());
            }
            if !self.read_more().await {
                assert!(
                    self.read.is_empty(),
                    "an end within {:?}",
                    String::from_utf8_lossy(&self.read)
                );
                return None;
            }
        }
    }

    async fn exactly(&mut self, length: usize) -> Option<Vec<u8>> {
        while self.read.len() < length {
            if !self.read_more().await {
                return None;
            }
        }
        Some(self.read.drain(..length).collect())
    }

    async fn read_more(&mut self) -> bool {
        let reading = timeout(PATIENCE, self.stream.read_buf(&mut self.read));
        // Reset: it was closed while something of ours was still on its way to it.
        let read = reading.await.expect("something comes, or the end");
        read.is_ok_and(|count| count > 0)
    }
}
