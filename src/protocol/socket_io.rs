//! Events and acknowledgements as packets of Socket.IO v4 in messages of Engine.IO v4.
//!
//! An event is `42["type",{..}]`: 4 is Engine.IO's message, 2 Socket.IO's event, and the name is the type, which the payload
//! repeats. An acknowledgement is `43<number>[..]`. Only the namespace `/` is served, so none is written.

use std::{borrow::Cow, collections::BTreeMap};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::spec::{Kind, Spec, Topic};

/// What is between two packets of a payload. It is in no packet: JSON escapes it.
pub const SEPARATOR: u8 = 0x1e;

/// An acknowledgement that says only that a command is done.
pub(super) const ACKNOWLEDGEMENT: Spec = Spec {
    name: "ack",
    kind: Kind::Control,
    topic: Topic::System,
};

/// The event of a room that clients of Socket.IO hear by its own name.
pub const ROOM_EVENT: &str = "room_event";

/// Names that the libraries of Socket.IO take for their own: they end the connection when such an event comes.
pub const RESERVED: [&str; 6] = [
    "connect",
    "connect_error",
    "disconnect",
    "disconnecting",
    "newListener",
    "removeListener",
];

/// Put before a name that is reserved.
const SERVER: &str = "server_";

/// An event of a room as it is told by its own name.
#[derive(Debug)]
pub(super) struct OwnEvent {
    pub(super) name: Box<str>,
    pub(super) json: Bytes,
}

/// What is in a `room_event`.
#[derive(Deserialize)]
struct Wrapped<'a> {
    #[serde(borrow)]
    room: &'a RawValue,
    #[serde(borrow)]
    event: Cow<'a, str>,
    #[serde(borrow)]
    data: &'a RawValue,
}

/// The packet of an event, or of the acknowledgement with a number.
pub(super) fn packet(acknowledges: Option<u64>, name: &str, json: &[u8]) -> Bytes {
    let mut packet = Vec::with_capacity(json.len() + name.len() + 8);
    match acknowledges {
        Some(number) => {
            packet.extend_from_slice(b"43");
            packet.extend_from_slice(number.to_string().as_bytes());
            packet.extend_from_slice(json);
        }
        None => {
            packet.extend_from_slice(b"42[");
            match RESERVED.contains(&name) {
                true => packet.extend(encode(&format!("{SERVER}{name}"))),
                false => packet.extend(encode(&name)),
            }
            packet.push(b',');
            packet.extend_from_slice(json);
            packet.push(b']');
        }
    }
    packet.into()
}

/// Takes an event of a room out of its wrapping: its own name, and its data with `type` and `room`. Data that is no object
/// becomes the field `data` of one.
pub(super) fn unwrap(name: &str, json: &[u8]) -> Option<OwnEvent> {
    if name != ROOM_EVENT {
        return None;
    }
    let wrapped = serde_json::from_slice::<Wrapped<'_>>(json).ok()?;
    let own_type = serde_json::value::to_raw_value(&wrapped.event).ok()?;
    let mut fields = serde_json::from_str::<BTreeMap<Cow<'_, str>, &RawValue>>(wrapped.data.get())
        .unwrap_or_else(|_no_object| [("data".into(), wrapped.data)].into());
    fields.insert("type".into(), &own_type);
    fields.insert("room".into(), wrapped.room);
    Some(OwnEvent {
        name: wrapped.event.into(),
        json: encode(&fields).into(),
    })
}

fn encode(value: &impl Serialize) -> Vec<u8> {
    let encoded = serde_json::to_vec(value);
    debug_assert!(encoded.is_ok(), "texts and raw values always encode");
    encoded.unwrap_or_default()
}
