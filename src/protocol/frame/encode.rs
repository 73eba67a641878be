//! Events as JSON, and JSON as text frames.

use bytes::{BufMut as _, BytesMut};
use serde::Serialize;

use crate::protocol::{command::RequestId, event::Event};

/// Room for what a format puts around the JSON: ten bytes on a WebSocket (RFC 6455, section 5.2), names of fields and of
/// the event in an event stream.
pub(super) const HEADER_USUAL: usize = 48;

/// Room for an event as most are.
const USUAL: usize = 128;

/// Appends one unmasked, unfragmented text frame (RFC 6455, section 5.2) of some pieces. By hand, because each answer comes
/// through here: the codec wants a text of its own, and reads it through to see that it is one.
pub fn write_text(pieces: &[&[u8]], out: &mut BytesMut) {
    let length: usize = pieces.iter().map(|piece| piece.len()).sum();
    out.reserve(length + HEADER_USUAL);
    out.put_u8(0x81);
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short @ 0..=125), _) => out.put_u8(short),
        (_, Ok(long)) => {
            out.put_u8(126);
            out.put_u16(long);
        }
        _ => {
            out.put_u8(127);
            out.put_u64(length as u64);
        }
    }
    for piece in pieces {
        out.extend_from_slice(piece);
    }
}

/// An answer with the name in it that its asker gave the command.
pub(super) fn encode_answer(event: &Event, request_id: Option<&RequestId>) -> Vec<u8> {
    let mut json = Vec::with_capacity(USUAL);
    write_answer(event, request_id, &mut json);
    json
}

/// Appends the JSON of an answer, or of an event that one client alone gets.
pub fn write_answer(event: &Event, request_id: Option<&RequestId>, json: &mut Vec<u8>) {
    append(event, json);
    if let Some(id) = request_id {
        json.pop();
        json.extend_from_slice(br#","requestId":"#);
        append(id, json);
        json.push(b'}');
    }
}

pub(super) fn encode(value: &impl Serialize) -> Vec<u8> {
    let mut json = Vec::with_capacity(USUAL);
    append(value, &mut json);
    json
}

fn append(value: &impl Serialize, json: &mut Vec<u8>) {
    let before = json.len();
    // Our own types have string keys and no failing serializers; an empty object is still valid JSON.
    if serde_json::to_writer(&mut *json, value).is_err() {
        debug_assert!(false, "events always encode");
        json.truncate(before);
        json.extend_from_slice(b"{}");
    }
}
