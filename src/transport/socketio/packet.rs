//! Packets from clients: Engine.IO's one character, then Socket.IO's, read by the parser of `socketioxide`. Pure.
//!
//! The parser stops at the payload: `2["` is a packet to it. What an event's payload must be is checked here.

use std::{
    borrow::Cow,
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde_json::{Value, value::RawValue};
use socketioxide_core::{
    Str,
    packet::PacketData,
    parser::{Parse as _, ParseConfig, ParseError, ParserState},
};
use socketioxide_parser_common::CommonParser;

use super::fault::Fault;
use crate::kernel::config::SocketIoConfig;

/// The namespace that is served.
pub(super) const MAIN: &str = "/";

/// How long a packet may wait for its attachments. They come right behind it.
const COMPLETION_TIMEOUT: Duration = Duration::from_secs(20);

/// What a client says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Packet {
    /// Nothing that concerns anybody: a noop, a part of a packet.
    Nothing,
    /// What nobody waits for: an acknowledgement, a goodbye to a namespace that is not served.
    Unasked,
    /// The answer to a ping.
    Pong,
    /// The end of the connection.
    Close,
    /// Wants to connect to a namespace, with what it says of itself in JSON, if anything.
    Connect(Str, Option<Str>),
    /// Leaves the main namespace.
    Disconnect,
    /// A command in JSON, and the number by which it is to be acknowledged.
    Command(Vec<u8>, Option<u64>),
}

/// Reads packets, one after another.
#[derive(Default)]
pub(super) struct Decoder {
    /// A packet that waits for its attachments.
    partial: Option<Box<ParserState>>,
}

impl Decoder {
    /// Reads a packet.
    pub(super) fn text(&mut self, packet: &str, config: &SocketIoConfig) -> Result<Packet, Fault> {
        let mut rest = packet.chars();
        match rest.next() {
            Some('1') => Ok(Packet::Close),
            Some('3') => Ok(Packet::Pong),
            Some('4') => {
                let message = Str::copy_from_slice(rest.as_str());
                self.decode(|state| CommonParser.decode_str(&limits(config), state, message))
            }
            Some('6') => Ok(Packet::Nothing),
            Some('b') => {
                let bytes = STANDARD.decode(rest.as_str());
                self.binary(bytes.map_err(|_broken| Fault::EnginePacket)?.into(), config)
            }
            _ => Err(Fault::EnginePacket),
        }
    }

    /// Reads an attachment.
    pub(super) fn binary(
        &mut self,
        bytes: Bytes,
        config: &SocketIoConfig,
    ) -> Result<Packet, Fault> {
        self.decode(|state| CommonParser.decode_bin(&limits(config), state, bytes))
    }

    fn decode(
        &mut self,
        decode: impl FnOnce(&ParserState) -> Result<socketioxide_core::packet::Packet, ParseError>,
    ) -> Result<Packet, Fault> {
        let state = self.partial.take().unwrap_or_default();
        let packet = match decode(&state) {
            Ok(packet) => packet,
            Err(ParseError::NeedsMoreBinaryData) => {
                self.partial = Some(state);
                return Ok(Packet::Nothing);
            }
            Err(error) => return Err(error.into()),
        };
        let main = packet.ns.as_str() == MAIN;
        match packet.inner {
            PacketData::Connect(auth) => {
                let auth = auth.as_ref().and_then(|auth| auth.as_str()).cloned();
                Ok(Packet::Connect(packet.ns, auth))
            }
            PacketData::Disconnect if main => Ok(Packet::Disconnect),
            PacketData::Disconnect | PacketData::EventAck(..) | PacketData::BinaryAck(..) => {
                Ok(Packet::Unasked)
            }
            PacketData::Event(..) | PacketData::BinaryEvent(..) if !main => Err(Fault::OutOfPlace),
            PacketData::Event(event, number) => {
                let event = event.as_str().ok_or(Fault::Payload)?;
                Ok(Packet::Command(command(event)?, unsigned(number)))
            }
            PacketData::BinaryEvent(event, number) => {
                let event = filled(event)?;
                Ok(Packet::Command(command(&event)?, unsigned(number)))
            }
            // A server's packet; the parser refuses it already.
            PacketData::ConnectError(_) => Err(Fault::OutOfPlace),
        }
    }
}

fn limits(config: &SocketIoConfig) -> ParseConfig {
    ParseConfig {
        max_incoming_binary_buf_size: config.max_attachment_bytes,
        max_incoming_binaries: config.max_attachments,
        packet_completion_timeout: COMPLETION_TIMEOUT,
    }
}

fn unsigned(number: Option<i64>) -> Option<u64> {
    number.and_then(|number| u64::try_from(number).ok())
}

/// The command that an event is: its payload, with the event's name as `type`. An event without a payload is one without
/// fields. What is no object is handed on as it is, for the session to refuse.
fn command(event: &str) -> Result<Vec<u8>, Fault> {
    let arguments: Vec<&RawValue> =
        serde_json::from_str(event).map_err(|_broken| Fault::Payload)?;
    let (name, rest) = arguments.split_first().ok_or(Fault::Payload)?;
    if !name.get().starts_with('"') {
        return Err(Fault::Payload);
    }
    let payload = rest.first().map_or("null", |payload| payload.get());
    let mut fields: BTreeMap<Cow<'_, str>, &RawValue> = match payload {
        "null" => BTreeMap::new(),
        object => match serde_json::from_str(object) {
            Ok(fields) => fields,
            Err(_no_object) => return Ok(object.as_bytes().to_vec()),
        },
    };
    fields.insert("type".into(), name);
    serde_json::to_vec(&fields).map_err(|_broken| Fault::Payload)
}

/// An event with its attachments in their places, each once, as base64.
fn filled(event: socketioxide_core::Value) -> Result<String, Fault> {
    let socketioxide_core::Value::Str(text, attachments) = event else {
        return Err(Fault::Payload);
    };
    let mut value: Value = serde_json::from_str(&text).map_err(|_broken| Fault::Payload)?;
    let attachments = attachments.unwrap_or_default();
    let mut attachments: VecDeque<Option<Bytes>> = attachments.into_iter().map(Some).collect();
    fill(&mut value, &mut attachments)?;
    Ok(value.to_string())
}

fn fill(value: &mut Value, attachments: &mut VecDeque<Option<Bytes>>) -> Result<(), Fault> {
    match value {
        Value::Object(fields) if fields.get("_placeholder") == Some(&Value::Bool(true)) => {
            let number = fields.get("num").and_then(Value::as_u64);
            let number = number.and_then(|number| usize::try_from(number).ok());
            // Taken out: one that stood in many places would be copied as often.
            let attachment = number
                .and_then(|number| attachments.get_mut(number))
                .and_then(Option::take);
            *value = STANDARD.encode(attachment.ok_or(Fault::Payload)?).into();
            Ok(())
        }
        Value::Object(fields) => fields
            .values_mut()
            .try_for_each(|field| fill(field, attachments)),
        Value::Array(items) => items
            .iter_mut()
            .try_for_each(|item| fill(item, attachments)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::config::{Sources, load};

    fn config() -> SocketIoConfig {
        let sources = Sources::default()
            .with("socketio.max_attachments", "2")
            .with("socketio.max_attachment_bytes", "1KiB");
        load(&sources).unwrap().socketio
    }

    fn read(packet: &str) -> Result<Packet, Fault> {
        Decoder::default().text(packet, &config())
    }

    fn said(packet: Packet) -> (String, Option<u64>) {
        match packet {
            Packet::Command(json, number) => (String::from_utf8(json).unwrap(), number),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_event_is_a_command_with_its_name_as_type() {
        for (packet, json, number) in [
            (r#"42["ping"]"#, r#"{"type":"ping"}"#, None),
            (r#"427["ping",null]"#, r#"{"type":"ping"}"#, Some(7)),
            (
                r#"4212["a\"b",{"z":1.10,"type":"other"},3]"#,
                r#"{"type":"a\"b","z":1.10}"#,
                Some(12),
            ),
            // Refused by the session, as on every transport.
            (r#"42["ping",5]"#, "5", None),
            (r#"42["ping",[1]]"#, "[1]", None),
        ] {
            assert_eq!(
                said(read(packet).unwrap()),
                (json.to_owned(), number),
                "{packet}"
            );
        }
    }

    #[test]
    fn what_is_no_packet_is_a_fault() {
        for packet in [
            "",
            "0",
            "2",
            "5",
            "7",
            "é",
            "4",
            "47",
            "42",
            "42[",
            "42[\"",
            "42[]",
            "42[1]",
            "42{}",
            "43[]",
            "44{}",
            "45",
            "b!",
            "42/other,[\"ping\"]",
        ] {
            assert!(read(packet).is_err(), "{packet:?}");
        }
    }

    #[test]
    fn who_connects_says_to_what_and_what_it_says_of_itself() {
        let main = Packet::Connect("/".into(), None);
        assert_eq!(read("40").unwrap(), main);
        let with_auth = Packet::Connect("/".into(), Some(r#"{"token":"x"}"#.into()));
        assert_eq!(read(r#"40{"token":"x"}"#).unwrap(), with_auth);
        assert_eq!(read("40/a,").unwrap(), Packet::Connect("/a".into(), None));
        assert_eq!(read("41").unwrap(), Packet::Disconnect);
        for unasked in ["41/a,", "431[]"] {
            assert_eq!(read(unasked).unwrap(), Packet::Unasked);
        }
        assert_eq!(read("6").unwrap(), Packet::Nothing);
        assert_eq!(read("3").unwrap(), Packet::Pong);
        assert_eq!(read("1").unwrap(), Packet::Close);
    }

    const TWO: &str =
        r#"452-3["x",{"a":{"_placeholder":true,"num":1},"b":[{"_placeholder":true,"num":0}]}]"#;

    #[test]
    fn attachments_become_base64_in_their_places() {
        let mut decoder = Decoder::default();
        let config = config();
        assert_eq!(decoder.text(TWO, &config).unwrap(), Packet::Nothing);
        let first = decoder.binary(Bytes::from_static(b"one"), &config);
        assert_eq!(first.unwrap(), Packet::Nothing);
        let whole = decoder.text("bdHdv", &config).unwrap();
        let expected = r#"{"a":"dHdv","b":["b25l"],"type":"x"}"#;
        assert_eq!(said(whole), (expected.to_owned(), Some(3)));
        assert!(decoder.text(r#"42["ping"]"#, &config).is_ok());
    }

    #[test]
    fn placeholders_and_attachments_belong_together() {
        let config = config();
        let mut decoder = Decoder::default();
        assert!(decoder.binary(Bytes::from_static(b"x"), &config).is_err());
        decoder.text(TWO, &config).unwrap();
        assert!(decoder.text(r#"42["ping"]"#, &config).is_err());
        for packet in [
            r#"450-["x",{"_placeholder":true,"num":0}]"#,
            r#"453-["x"]"#,
            r#"45999999999999999999999-["x"]"#,
        ] {
            assert!(read(packet).is_err(), "{packet}");
        }
        for event in [
            r#"451-["x",{"_placeholder":true,"num":1}]"#,
            r#"451-["x",{"_placeholder":true}]"#,
            r#"451-["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":0}]"#,
        ] {
            let mut decoder = Decoder::default();
            decoder.text(event, &config).unwrap();
            let filled = decoder.binary(Bytes::from_static(b"x"), &config);
            assert!(filled.is_err(), "{event}");
        }
        decoder = Decoder::default();
        decoder.text(TWO, &config).unwrap();
        let heavy = decoder.binary(Bytes::from(vec![0; 1025]), &config);
        assert!(matches!(
            heavy,
            Err(Fault::Packet(ParseError::AttachmentsTooHeavy { .. }))
        ));
    }
}
