//! Packets of Socket.IO v4 in messages of Engine.IO v4, as far as a client has to tell them apart.

use serde_json::json;

use super::{Ticket, handshake::device};
use crate::cli::bench::options::Speaks;

/// What a packet says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Packet<'a> {
    /// The transport is open: now the client connects to the namespace.
    Open,
    /// The client is connected.
    Connected,
    /// To be answered with a pong.
    Ping,
    /// What came with an event: its first argument, without quotes if that is a string.
    Event(&'a [u8]),
    /// The server does not let the client in, for this reason.
    Refused(&'a [u8]),
    /// The server has ended it.
    Closed,
    /// Nothing that matters here.
    Other,
}

/// The answer to a ping.
pub(crate) const PONG: &[u8] = b"3";

/// Leaves the namespace.
pub(crate) const DISCONNECT: &[u8] = b"41";

/// Reads a packet.
pub(crate) fn read(packet: &[u8]) -> Packet<'_> {
    match packet {
        [b'4', b'2', b'[', event @ .., b']'] => {
            argument(event).map_or(Packet::Other, Packet::Event)
        }
        [b'2'] => Packet::Ping,
        [b'0', ..] => Packet::Open,
        [b'4', b'0', ..] => Packet::Connected,
        [b'4', b'4', reason @ ..] => Packet::Refused(reason),
        [b'4', b'1', ..] | [b'1'] => Packet::Closed,
        _ => Packet::Other,
    }
}

/// The first argument of `"name",argument`.
fn argument(event: &[u8]) -> Option<&[u8]> {
    // Names have no quotes in them, and the JSON of servers no spaces between tokens.
    let name = event.strip_prefix(b"\"")?;
    let end = name.iter().position(|byte| *byte == b'"')?;
    let argument = name.get(end + 1..)?.strip_prefix(b",")?;
    let string = argument
        .strip_prefix(b"\"")
        .and_then(|it| it.strip_suffix(b"\""));
    Some(string.unwrap_or(argument))
}

/// The packet that connects to the namespace.
pub(crate) fn connect(ticket: &Ticket, number: usize, speaks: Speaks) -> String {
    if speaks == Speaks::Plain {
        return "40".to_owned();
    }
    let auth = json!({
        "token": ticket.token,
        "topics": ticket.topics,
        "device": device(number),
        "lastSeq": ticket.last_seq,
    });
    format!("40{auth}")
}

/// Appends the packet of a message: a command goes by its own name, a plain text as the argument of `message`.
pub(crate) fn event(text: &str, speaks: Speaks, out: &mut Vec<u8>) {
    let name = match speaks {
        Speaks::Plain => "message",
        Speaks::Otomo => type_of(text),
    };
    out.extend_from_slice(b"42[\"");
    out.extend_from_slice(name.as_bytes());
    match speaks {
        Speaks::Plain => {
            out.extend_from_slice(b"\",\"");
            out.extend_from_slice(text.as_bytes());
            out.extend_from_slice(b"\"]");
        }
        Speaks::Otomo => {
            out.extend_from_slice(b"\",");
            out.extend_from_slice(text.as_bytes());
            out.extend_from_slice(b"]");
        }
    }
}

/// The `type` of a command of this tool's, which writes it first.
fn type_of(command: &str) -> &str {
    let name = command.strip_prefix(r#"{"type":""#);
    debug_assert!(name.is_some(), "commands begin with their type: {command}");
    name.and_then(|name| name.split('"').next()).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{
        event::{Event, Ready},
        frame::{Frame, WireFormat},
    };

    #[test]
    fn the_servers_own_events_are_understood() {
        let frame = Frame::new(&Event::from(Ready { seq: 3 }));
        let packet = frame.shared(WireFormat::SocketIoFrame);
        // As a message of a WebSocket, or alone.
        let start = packet.windows(2).position(|it| it == b"42").unwrap();
        assert_eq!(read(&packet[start..]), Packet::Event(frame.json()));
    }

    #[test]
    fn packets_are_told_apart() {
        assert_eq!(read(br#"42["message","b7 x"]"#), Packet::Event(b"b7 x"));
        assert_eq!(read(br#"0{"sid":"a"}"#), Packet::Open);
        assert_eq!(read(br#"40{"sid":"a"}"#), Packet::Connected);
        assert_eq!(read(b"2"), Packet::Ping);
        assert_eq!(
            read(br#"44{"message":"no"}"#),
            Packet::Refused(br#"{"message":"no"}"#)
        );
        assert_eq!(read(b"41"), Packet::Closed);
        for odd in [&b"42[]"[..], b"42", b"6", b"", b"42[\"name\"]", b"43[]"] {
            assert_eq!(read(odd), Packet::Other);
        }
    }

    #[test]
    fn commands_go_by_their_own_name_and_plain_texts_as_messages() {
        let packet = |text, speaks| {
            let mut out = Vec::new();
            event(text, speaks, &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(
            packet(r#"{"type":"heartbeat","requestId":"1"}"#, Speaks::Otomo),
            r#"42["heartbeat",{"type":"heartbeat","requestId":"1"}]"#
        );
        assert_eq!(packet("e1 x", Speaks::Plain), r#"42["message","e1 x"]"#);
        let ticket = Ticket::new("t".to_owned(), "chat");
        assert_eq!(connect(&ticket, 3, Speaks::Plain), "40");
        assert_eq!(
            connect(&ticket, 3, Speaks::Otomo),
            r#"40{"device":"bench-3","lastSeq":null,"token":"t","topics":"chat"}"#
        );
    }
}
