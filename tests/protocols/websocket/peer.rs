//! A client that reads frames as strictly as RFC 6455 asks of one (section 5.1 and 5.2), and says whatever it is told to.

use otomo::kernel::identity::Role;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use super::frames::{CLOSE, PING, PONG, TEXT};
use crate::support::{Endpoint, Json, PATIENCE};

/// What came from the server.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    /// A text, which is always JSON.
    Event(Json),
    Pong(Vec<u8>),
    /// A goodbye, with its code.
    Close(Option<u16>),
    /// The end of the stream.
    End,
}

/// A WebSocket without a library.
pub struct Peer {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Peer {
    /// Connects as somebody, and waits until the server is ready.
    pub async fn ready(server: &Endpoint, user: &str) -> Self {
        let mut peer = Self::open(server, user, b"").await;
        while peer.event().await["type"] != "ready" {}
        peer
    }

    /// Connects as somebody, and says something in the same write as the handshake.
    pub async fn open(server: &Endpoint, user: &str, behind: &[u8]) -> Self {
        let token = server.token(user, Role::User);
        let handshake = format!(
            "GET /ws HTTP/1.1\r\nHost: otomo\r\nAuthorization: Bearer {token}\r\nUpgrade: websocket\r\n\
             Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        );
        let stream = TcpStream::connect(server.address()).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let mut peer = Self::on(stream);
        peer.write(&[handshake.as_bytes(), behind].concat()).await;
        let head = peer.head().await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        peer
    }

    /// On a connection on which a handshake is to be made, or was.
    pub fn on(stream: TcpStream) -> Self {
        Self {
            stream,
            read: Vec::new(),
        }
    }

    /// Writes bytes. A server that has hung up meanwhile takes none.
    pub async fn write(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes).await;
    }

    /// The head of an answer.
    pub async fn head(&mut self) -> String {
        let end = loop {
            if let Some(end) = self.read.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            assert!(self.read_more().await, "no head in {:?}", self.read);
        };
        String::from_utf8(self.read.drain(..end).collect()).unwrap()
    }

    /// All that still comes, as text, until the server ends the connection.
    pub async fn rest(&mut self) -> String {
        while self.read_more().await {}
        String::from_utf8_lossy(&std::mem::take(&mut self.read)).into_owned()
    }

    /// What comes next that is not a ping of the server's own.
    pub async fn next(&mut self) -> Heard {
        loop {
            let Some((opcode, payload)) = self.frame().await else {
                return Heard::End;
            };
            return match opcode {
                PING => continue,
                TEXT => {
                    let text = String::from_utf8(payload).expect("text is UTF-8");
                    Heard::Event(serde_json::from_str(&text).expect("text is JSON"))
                }
                PONG => Heard::Pong(payload),
                CLOSE => Heard::Close(code(&payload)),
                other => panic!("a frame of opcode {other}"),
            };
        }
    }

    /// The next event.
    pub async fn event(&mut self) -> Json {
        match self.next().await {
            Heard::Event(event) => event,
            other => panic!("{other:?} instead of an event"),
        }
    }

    /// One frame; `None` at the end.
    async fn frame(&mut self) -> Option<(u8, Vec<u8>)> {
        loop {
            if let Some((header, length, opcode)) = header(&self.read)
                && self.read.len() >= header + length
            {
                let frame: Vec<u8> = self.read.drain(..header + length).collect();
                return Some((opcode, frame[header..].to_vec()));
            }
            if !self.read_more().await {
                assert!(self.read.is_empty(), "half a frame: {:?}", self.read);
                return None;
            }
        }
    }

    async fn read_more(&mut self) -> bool {
        let reading = timeout(PATIENCE, self.stream.read_buf(&mut self.read));
        // Reset: it was closed while something of ours was still on its way to it.
        let read = reading.await.expect("something comes, or the end");
        read.is_ok_and(|count| count > 0)
    }
}

/// How long a header is, how long it says that the payload is, and the opcode. A frame that no server may send fails.
fn header(bytes: &[u8]) -> Option<(usize, usize, u8)> {
    let [first, second] = *bytes.first_chunk()?;
    let opcode = first & 0xf;
    assert_eq!(first & 0x70, 0, "a reserved bit without an extension");
    assert_eq!(second & 0x80, 0, "a server masks nothing");
    let (header, length): (usize, u64) = match second {
        126 => (
            4,
            u64::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().unwrap())),
        ),
        127 => (
            10,
            u64::from_be_bytes(bytes.get(2..10)?.try_into().unwrap()),
        ),
        short => (2, u64::from(short)),
    };
    let least = [0, 126, 0x1_0000][(header - 2_usize).div_ceil(4)];
    assert!(length >= least, "a length in more bytes than it takes");
    if opcode >= CLOSE {
        assert!(
            first & 0x80 != 0 && length <= 125,
            "a long or cut control frame"
        );
    }
    Some((header, usize::try_from(length).unwrap(), opcode))
}

/// The code of a goodbye, which has a reason in UTF-8 behind it.
fn code(payload: &[u8]) -> Option<u16> {
    let (code, reason) = payload.split_first_chunk()?;
    std::str::from_utf8(reason).expect("a reason is UTF-8");
    Some(u16::from_be_bytes(*code))
}
