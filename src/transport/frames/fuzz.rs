//! Whatever a client sends, and however the network cuts it.

use std::{
    collections::VecDeque,
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use actix_codec::{Decoder as _, Encoder as _};
use actix_http::ws::{Codec, Frame};
use actix_rt::net::{ActixStream, Ready};
use actix_web_actors::ws::Message;
use bytes::{Bytes, BytesMut};
use futures_core::Stream as _;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{AnyWire, Connection, Ended, MessageLimits, Socket, Wire};
use crate::{
    delivery::express::BareSocket, kernel::fuzz::Dice, protocol::frame, transport::ws::goodbye,
};

/// Small, so that short inputs reach them.
const LIMITS: MessageLimits = MessageLimits {
    bytes: 200,
    fragments: 4,
    binary: false,
};

/// The longest header of a frame from a client (RFC 6455, section 5.2).
const HEADER_MAX: usize = 14;

/// Bytes that come at once where nothing cuts them.
const READ_MAX: usize = 16 * 1024;

/// What a client's bytes come to.
#[derive(Debug, PartialEq)]
struct Heard {
    messages: Vec<Message>,
    end: End,
    /// What the connection answered by itself.
    said: Vec<u8>,
}

#[derive(Debug, PartialEq, Eq)]
enum End {
    /// Both said goodbye.
    Closed,
    /// The client went without one.
    Gone,
    /// What it sent is refused with this close code.
    Refused(u16),
}

/// The bytes of one client. Read whole, in chops and behind a handshake they are the same messages and the same end; no more is
/// held than limits allow; what was read and is written again reads the same; another connection is read as if it were alone.
pub(crate) fn frames(bytes: &[u8]) {
    for binary in [false, true] {
        let limits = MessageLimits { binary, ..LIMITS };
        let whole = read(pieces(bytes, READ_MAX), limits);
        assert_eq!(read(pieces(bytes, 1), limits), whole);
        assert_eq!(read(chops(bytes), limits), whole);
        let (ahead, behind) = bytes.split_at(Dice::of(bytes).roll(bytes.len() + 1));
        assert_eq!(read_behind(ahead, pieces(behind, READ_MAX), limits), whole);
        assert_answered(&whole);
        let again = read(pieces(&written(&whole.messages), READ_MAX), limits);
        assert_eq!(again.messages, whole.messages);
        let texts = whole.messages.iter().filter_map(|message| match message {
            Message::Text(text) => Some(text),
            _ => None,
        });
        texts.for_each(|text| assert_reads_at_client(text));
    }
}

fn pieces(bytes: &[u8], size: usize) -> VecDeque<Vec<u8>> {
    bytes.chunks(size).map(<[u8]>::to_vec).collect()
}

/// As a network may cut it, the same way each time.
fn chops(bytes: &[u8]) -> VecDeque<Vec<u8>> {
    let (mut dice, mut rest) = (Dice::of(bytes), bytes);
    let mut chops = VecDeque::new();
    while !rest.is_empty() {
        let (chop, behind) = rest.split_at(rest.len().min(1 + dice.roll(40)));
        chops.push_back(chop.to_vec());
        rest = behind;
    }
    chops
}

/// Reads to the end what comes in these pieces.
fn read(pieces: VecDeque<Vec<u8>>, limits: MessageLimits) -> Heard {
    read_behind(b"", pieces, limits)
}

/// The same behind what came together with the handshake.
fn read_behind(ahead: &[u8], pieces: VecDeque<Vec<u8>>, limits: MessageLimits) -> Heard {
    let (socket, mut connection) = connect(ahead, pieces, limits);
    let mut neighbour = Neighbour::new();
    let mut task = Context::from_waker(Waker::noop());
    let mut messages = Vec::new();
    let end = loop {
        match Pin::new(&mut connection).poll_next(&mut task) {
            Poll::Pending => {
                let held = connection.held();
                assert!(
                    held <= 2 * limits.bytes + HEADER_MAX,
                    "{held} bytes are held"
                );
                neighbour.goes_on(&mut task);
            }
            Poll::Ready(None) => break End::Closed,
            Poll::Ready(Some(Ok(Message::Nop))) => {}
            Poll::Ready(Some(Ok(message))) => messages.push(message),
            Poll::Ready(Some(Err(Ended::Eof))) => break End::Gone,
            Poll::Ready(Some(Err(Ended::Unreadable(why)))) => {
                break End::Refused(goodbye(&why).0.number());
            }
            Poll::Ready(Some(Err(Ended::Broken(error)))) => panic!("{error}"),
        }
    };
    let said = std::mem::take(&mut socket.wire().borrow_mut().written);
    for message in &messages {
        assert!(length(message) <= limits.bytes, "{message:?}");
        assert!(limits.binary || !matches!(message, Message::Binary(_)));
    }
    Heard {
        messages,
        end,
        said,
    }
}

fn connect(
    ahead: &[u8],
    pieces: VecDeque<Vec<u8>>,
    limits: MessageLimits,
) -> (Rc<Socket<MemoryWire>>, Connection<MemoryWire>) {
    let wire = MemoryWire {
        pieces,
        paused: false,
        written: Vec::new(),
    };
    let socket = Socket::new(wire, Bytes::new());
    let connection = Connection::new(Rc::clone(&socket), ahead.into(), limits, None);
    (socket, connection)
}

fn length(message: &Message) -> usize {
    match message {
        Message::Text(text) => text.len(),
        Message::Binary(bytes) | Message::Ping(bytes) | Message::Pong(bytes) => bytes.len(),
        Message::Close(_) | Message::Nop => 0,
        Message::Continuation(part) => panic!("a part is no message: {part:?}"),
    }
}

/// Each ping has its pong, and a goodbye its own, in frames that a client can read.
fn assert_answered(heard: &Heard) {
    let mut said = BytesMut::from(&*heard.said);
    let mut codec = Codec::new().client_mode();
    for message in &heard.messages {
        let expected = match message {
            Message::Ping(payload) => Frame::Pong(payload.clone()),
            Message::Close(reason) => Frame::Close(reason.clone()),
            _ => continue,
        };
        let answer = codec.decode(&mut said).expect("a frame of ours");
        assert_eq!(answer, Some(expected));
    }
    assert!(said.is_empty(), "nobody asked for {said:?}");
}

/// The same messages from another client, each in one frame.
fn written(messages: &[Message]) -> Vec<u8> {
    let (mut codec, mut out) = (Codec::new().client_mode(), BytesMut::new());
    for message in messages {
        let same = match message {
            Message::Text(text) => Message::Text(text.clone()),
            Message::Binary(bytes) => Message::Binary(bytes.clone()),
            Message::Ping(payload) => Message::Ping(payload.clone()),
            Message::Pong(payload) => Message::Pong(payload.clone()),
            Message::Close(reason) => Message::Close(reason.clone()),
            Message::Continuation(_) | Message::Nop => continue,
        };
        codec.encode(same, &mut out).expect("whole frames encode");
    }
    out.to_vec()
}

/// A text as we write it is a text to a client.
fn assert_reads_at_client(text: &str) {
    let mut out = BytesMut::new();
    frame::write_text(&[text.as_bytes()], &mut out);
    let read = Codec::new().client_mode().decode(&mut out).ok().flatten();
    assert_eq!(
        read,
        Some(Frame::Text(Bytes::copy_from_slice(text.as_bytes())))
    );
    assert!(out.is_empty());
}

/// Another connection of the same thread, whose client says the same again and again, byte by byte.
struct Neighbour {
    socket: Rc<Socket<MemoryWire>>,
    connection: Connection<MemoryWire>,
    sent: usize,
    heard: usize,
}

impl Neighbour {
    const SAYS: &'static str = "I am here";

    /// The same, masked with zeros.
    const FRAME: &'static [u8] = b"\x81\x89\0\0\0\0I am here";

    fn new() -> Self {
        let (socket, connection) = connect(b"", VecDeque::new(), LIMITS);
        Self {
            socket,
            connection,
            sent: 0,
            heard: 0,
        }
    }

    /// One more byte comes.
    fn goes_on(&mut self, task: &mut Context<'_>) {
        let byte = Self::FRAME[self.sent % Self::FRAME.len()];
        self.sent += 1;
        let wire = self.socket.wire();
        wire.borrow_mut().pieces.push_back(vec![byte]);
        while let Poll::Ready(heard) = Pin::new(&mut self.connection).poll_next(task) {
            match heard {
                Some(Ok(Message::Nop)) => {}
                Some(Ok(Message::Text(text))) if text == Self::SAYS => self.heard += 1,
                other => panic!("a neighbour hears {other:?}"),
            }
        }
        assert!(self.heard <= self.sent / Self::FRAME.len());
        assert!(self.heard + 1 >= self.sent / Self::FRAME.len());
    }
}

/// A connection in memory. Before each piece there is a pause, in which nothing is there to be read.
struct MemoryWire {
    pieces: VecDeque<Vec<u8>>,
    paused: bool,
    written: Vec<u8>,
}

impl AsyncRead for MemoryWire {
    fn poll_read(
        self: Pin<&mut Self>,
        _task: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.paused = !this.paused;
        if this.paused {
            return Poll::Pending;
        }
        into.put_slice(&this.pieces.pop_front().unwrap_or_default());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for MemoryWire {
    fn poll_write(
        self: Pin<&mut Self>,
        _task: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().written.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _task: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _task: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl ActixStream for MemoryWire {
    fn poll_read_ready(&self, _task: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        Poll::Ready(Ok(Ready::READABLE))
    }

    fn poll_write_ready(&self, _task: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        Poll::Ready(Ok(Ready::WRITABLE))
    }
}

impl Wire for MemoryWire {
    fn buffers(&self) -> bool {
        false
    }

    fn bare(&self) -> Option<BareSocket> {
        None
    }

    fn into_any(self) -> AnyWire {
        unreachable!("it goes nowhere else")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Found by fuzzing: read whole, such a frame was too large; read in chops, it broke the protocol.
    #[test]
    fn a_header_that_breaks_the_protocol_is_refused_as_that_however_long_a_payload_it_announces() {
        for (first, second) in [(0xc1, 0xfe), (0x8b, 0xfe), (0x81, 0x7e)] {
            let frame = [first, second, 0xff, 0xff, 0, 0, 0, 0];
            for size in [1, frame.len()] {
                let heard = read(pieces(&frame, size), LIMITS);
                assert_eq!(heard.end, End::Refused(1002), "{first:x} in {size}");
            }
        }
    }
}
