//! Each packet in and out as a line of the debug log (source document 003: `engineio_logger`): which session, which way, what
//! kind, how long. What is in it never is.

use log::Level::Debug;

use super::registry::Sid;
use crate::protocol::socket_io::SEPARATOR;

/// What logs the packets of one session.
pub(super) struct PacketLog(Sid);

#[derive(Debug, Clone, Copy)]
enum Direction {
    In,
    Out,
}

impl Direction {
    const fn as_str(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
        }
    }
}

impl PacketLog {
    pub(super) fn new(sid: Sid) -> Self {
        Self(sid)
    }

    pub(super) fn sid(&self) -> &Sid {
        &self.0
    }

    /// A packet came.
    pub(super) fn heard(&self, packet: &str) {
        self.line(Direction::In, kind(packet.as_bytes()), packet.len());
    }

    /// An attachment came.
    pub(super) fn heard_binary(&self, bytes: usize) {
        self.line(Direction::In, "binary", bytes);
    }

    /// A packet goes out.
    pub(super) fn said(&self, packet: &[u8]) {
        self.line(Direction::Out, kind(packet), packet.len());
    }

    /// Packets go out, each followed by a separator.
    pub(super) fn said_payload(&self, payload: &[u8]) {
        if log::log_enabled!(Debug) {
            let packets = payload.split(|byte| *byte == SEPARATOR);
            packets
                .filter(|it| !it.is_empty())
                .for_each(|it| self.said(it));
        }
    }

    /// Packets go out, each in a frame of a WebSocket.
    pub(super) fn said_frames(&self, mut frames: &[u8]) {
        if !log::log_enabled!(Debug) {
            return;
        }
        while let Some((packet, rest)) = first_frame(frames) {
            self.said(packet);
            frames = rest;
        }
    }

    fn line(&self, direction: Direction, kind: &str, bytes: usize) {
        let way = direction.as_str();
        log::debug!("packet sid={} way={way} type={kind} bytes={bytes}", self.0);
    }
}

/// The payload of the first frame, unmasked as a server's are (RFC 6455, section 5.2), and what follows it.
fn first_frame(frames: &[u8]) -> Option<(&[u8], &[u8])> {
    let (begin, length) = match frames.get(1)? & 0x7f {
        126 => (
            4,
            u64::from(u16::from_be_bytes(frames.get(2..4)?.try_into().ok()?)),
        ),
        127 => (10, u64::from_be_bytes(frames.get(2..10)?.try_into().ok()?)),
        short => (2, u64::from(short)),
    };
    frames
        .get(begin..)?
        .split_at_checked(usize::try_from(length).ok()?)
}

/// What a packet is, by its first characters.
fn kind(packet: &[u8]) -> &'static str {
    match packet {
        [b'0', ..] => "open",
        [b'1', ..] => "close",
        [b'2', ..] => "ping",
        [b'3', ..] => "pong",
        [b'4', b'0', ..] => "message/connect",
        [b'4', b'1', ..] => "message/disconnect",
        [b'4', b'2', ..] => "message/event",
        [b'4', b'3', ..] => "message/ack",
        [b'4', b'4', ..] => "message/connect_error",
        [b'4', b'5', ..] => "message/binary_event",
        [b'4', b'6', ..] => "message/binary_ack",
        [b'5', ..] => "upgrade",
        [b'6', ..] => "noop",
        [b'b', ..] => "binary",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;

    use super::*;
    use crate::protocol::{
        event::{Event, HeartbeatAck},
        frame::{Frame, Stamp, WireFormat},
    };

    #[test]
    fn frames_are_told_apart_however_long_they_are() {
        let mut frames = BytesMut::new();
        let short = Frame::new(&Event::from(HeartbeatAck { timestamp: 1 }));
        let long = Frame::stored(
            "note",
            crate::protocol::spec::Topic::Rooms,
            format!("{{\"a\":\"{}\"}}", "x".repeat(300)),
        );
        for frame in [&short, &long, &short] {
            frame.write(Stamp::None, WireFormat::SocketIoFrame, &mut frames);
        }
        let mut found = Vec::new();
        let mut rest = &frames[..];
        while let Some((packet, behind)) = first_frame(rest) {
            found.push((kind(packet), packet.len()));
            rest = behind;
        }
        assert!(rest.is_empty());
        assert_eq!(found.len(), 3);
        assert!(found.iter().all(|(kind, _)| *kind == "message/event"));
        assert!(found[1].1 > 300 && found[0] == found[2]);
    }
}
