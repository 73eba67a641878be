//! An event encoded once, shared by all who get it.
//!
//! Most frames are the same for everybody and are kept ready for the wire. What differs per receiver
//! (`seq` and `prev` of a durable event, `requestId` of an answer, `v` for those who ask) is a short
//! tail spliced in before the closing brace, so that the body is never encoded twice.

use std::{
    fmt::Write as _,
    sync::{Arc, OnceLock},
};

use bytes::{Bytes, BytesMut};
use serde::Deserialize;

mod encode;
mod label;

use self::encode::{HEADER_USUAL, encode, encode_answer};
pub use self::{
    encode::{write_answer, write_text},
    label::Label,
};
use super::{
    command::RequestId,
    course::{Course, Place},
    event::Event,
    event_stream, socket_io,
    spec::{Key, Kind, Priority, Spec, Topic},
    tracking::{Origin, Tracking},
};
use crate::kernel::ids::ConversationId;

/// How a transport frames a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WireFormat {
    /// An unmasked, unfragmented text frame (RFC 6455, section 5.6).
    WebSocket,
    /// An event of an event stream (HTML Living Standard, section 9.2), named after its type.
    NamedEvent,
    /// The same without a name: what `EventSource.onmessage` hears.
    UnnamedEvent,
    /// A Socket.IO packet in a text frame of a WebSocket.
    SocketIoFrame,
    /// A Socket.IO packet in the payload of a poll.
    SocketIoPacket,
}

impl WireFormat {
    /// How many there are.
    const COUNT: usize = 5;
}

/// What differs per receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stamp {
    /// Nothing.
    #[default]
    None,
    /// Nothing either; it is said in its turn among the durable events of this connection.
    InTurn,
    /// `v`: the version of the state, for clients that asked for it.
    Version,
    /// `seq` and `prev` of a durable event on this connection.
    Durable {
        /// Its place in the user's stream.
        seq: u64,
        /// The one before it that this connection was sent.
        prev: u64,
    },
}

impl Stamp {
    /// What a state is stamped with for a client that asked for versions, or did not.
    pub const fn versioned(versioned: bool) -> Self {
        if versioned { Self::Version } else { Self::None }
    }
}

/// What events of the app's own types are counted as.
const CUSTOM: &str = "custom";

/// An event on its way to clients. Cloning copies a pointer.
#[derive(Clone)]
pub struct Frame(pub(super) Arc<Encoded>);

/// What an event is about.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct About {
    conversation_id: Option<ConversationId>,
}

/// An event that a backend publishes, with what it says of it. Its type need not be one of ours.
#[derive(Debug, Clone)]
pub struct Published<'a> {
    /// Its `type`.
    pub name: &'a str,
    /// Who listens.
    pub topic: Topic,
    /// How it behaves.
    pub kind: Kind,
    /// How soon it goes out.
    pub priority: Priority,
    /// What a newer one replaces.
    pub key: Option<Key>,
}

pub(super) struct Encoded {
    spec: Spec,
    /// The `type`, where it is not one of ours.
    own_name: Option<Box<str>>,
    priority: Priority,
    /// Where a published event comes from; nothing for those of ours.
    pub(super) origin: Option<Box<Origin>>,
    key: Option<Key>,
    version: Option<u64>,
    /// Where a client resumes that has got this one: `ready` and `resync` say it. Durable events have it from their stamp.
    place: Option<u64>,
    /// In how many milliseconds a client of an event stream comes back: `closing` says it.
    retry: Option<u64>,
    /// What it says of calls.
    courses: Vec<Course>,
    /// The number of the Socket.IO event that it acknowledges; `json` is then the array of the acknowledgement's arguments.
    acknowledges: Option<u64>,
    json: Bytes,
    /// As Socket.IO has it, where that differs: an event of a room by its own name.
    own_event: OnceLock<Option<Box<socket_io::OwnEvent>>>,
    /// The encoded frame without a tail, by format. What one client alone gets is written for it, and never shared.
    shared: OnceLock<Box<[OnceLock<Bytes>; WireFormat::COUNT]>>,
}

impl Frame {
    /// Encodes an event.
    pub fn new(event: &Event) -> Self {
        let version = match event {
            Event::OtomoStatusUpdate(update) => Some(update.version),
            _ => None,
        };
        let place = match event {
            Event::Ready(ready) => Some(ready.seq),
            // Else whoever is cut off behind it is told the same again, and reads everything afresh twice.
            Event::Resync(resync) => Some(resync.seq),
            _ => None,
        };
        let retry = match event {
            Event::Closing(closing) if closing.reconnect => Some(closing.retry_after_ms),
            _ => None,
        };
        let key = event.key();
        Self(Arc::new(Encoded {
            key,
            version,
            place,
            retry,
            courses: event.courses(),
            ..Encoded::new(event.spec(), encode(event))
        }))
    }

    /// Encodes an event that behaves otherwise than its type does: a snapshot among those of the start.
    pub fn of_kind(event: &Event, kind: Kind) -> Self {
        let spec = Spec {
            kind,
            ..event.spec()
        };
        Self(Arc::new(Encoded::new(spec, encode(event))))
    }

    /// Encodes the answer to a command: the event with the command's own name in it.
    pub fn answer(event: &Event, request_id: Option<&RequestId>) -> Self {
        Self(Arc::new(Encoded {
            courses: event.courses(),
            ..Encoded::new(event.spec(), encode_answer(event, request_id))
        }))
    }

    /// The acknowledgement of a Socket.IO event: with the answer to the command in it, or, for a command that has none, with
    /// nothing. For clients of Socket.IO alone.
    pub fn acknowledgement(
        number: u64,
        answer: Option<&Event>,
        request_id: Option<&RequestId>,
    ) -> Self {
        let mut json = vec![b'['];
        json.extend(answer.map_or_else(Vec::new, |event| encode_answer(event, request_id)));
        json.push(b']');
        let spec = answer.map_or(socket_io::ACKNOWLEDGEMENT, Event::spec);
        Self(Arc::new(Encoded {
            courses: answer.map_or_else(Vec::new, Event::courses),
            acknowledges: Some(number),
            ..Encoded::new(spec, json)
        }))
    }

    /// A stored event as it comes from the inbox: `json` is the whole object, without `seq`.
    pub fn stored(name: &str, topic: Topic, json: String) -> Self {
        Self::published(
            &Published {
                name,
                topic,
                kind: Kind::Durable,
                priority: Priority::Normal,
                key: None,
            },
            json,
        )
    }

    /// An event of a backend: `json` is the whole object.
    pub fn published(event: &Published<'_>, json: String) -> Self {
        let known = Event::known_spec(event.name);
        let spec = Spec {
            name: known.map_or(CUSTOM, |known| known.name),
            kind: event.kind,
            topic: event.topic,
        };
        Self(Arc::new(Encoded {
            own_name: known.is_none().then(|| event.name.into()),
            priority: event.priority,
            key: event.key.clone(),
            ..Encoded::new(spec, json.into_bytes())
        }))
    }

    /// Its `type`.
    pub fn name(&self) -> &str {
        self.0.own_name.as_deref().unwrap_or(self.0.spec.name)
    }

    /// How soon it goes out.
    pub fn priority(&self) -> Priority {
        self.0.priority
    }

    /// What delivery must know of the event's type.
    pub fn spec(&self) -> Spec {
        self.0.spec
    }

    /// Who listens.
    pub fn topic(&self) -> Topic {
        self.0.spec.topic
    }

    /// How it behaves.
    pub fn kind(&self) -> Kind {
        self.0.spec.kind
    }

    /// What a newer frame with the same key replaces.
    pub fn key(&self) -> Option<&Key> {
        self.0.key.as_ref()
    }

    /// What it says of calls.
    pub fn courses(&self) -> &[Course] {
        &self.0.courses
    }

    /// Whether it says how far a call is.
    pub fn says_how_far(&self) -> bool {
        let mut courses = self.0.courses.iter();
        courses.any(|course| course.place != Place::OnTheWay)
    }

    /// The conversation that it is about, if there is one. Read from the JSON, so that what comes from the inbox is like what is
    /// said live; few ask.
    pub fn conversation(&self) -> Option<ConversationId> {
        let about = serde_json::from_slice::<About>(&self.0.json).ok()?;
        about.conversation_id
    }

    /// The event as JSON, without a tail.
    pub fn json(&self) -> &Bytes {
        &self.0.json
    }

    /// Bytes that this frame counts for in a queue: its JSON, which is nearly all of it.
    pub fn size(&self) -> usize {
        self.0.json.len()
    }

    /// The encoded frame without a tail, the same for everybody. Encoded at the first call.
    pub fn shared(&self, format: WireFormat) -> Bytes {
        let [websocket, named, unnamed, sio_frame, sio_packet] =
            &**self.0.shared.get_or_init(Box::default);
        let known = match format {
            WireFormat::WebSocket => websocket,
            WireFormat::NamedEvent => named,
            WireFormat::UnnamedEvent => unnamed,
            WireFormat::SocketIoFrame => sio_frame,
            WireFormat::SocketIoPacket => sio_packet,
        };
        let encode = || {
            let json = self.body(format).1;
            let mut bytes = BytesMut::with_capacity(json.len() + HEADER_USUAL);
            self.encode(json, self.0.place, format, &mut bytes);
            bytes.freeze()
        };
        known.get_or_init(encode).clone()
    }

    /// Appends the frame as one receiver gets it.
    pub fn write(&self, stamp: Stamp, format: WireFormat, out: &mut BytesMut) {
        let Some(tail) = self.tail(stamp) else {
            return match format {
                // A header before the JSON is all there is to it: not worth keeping.
                WireFormat::WebSocket => write_text(&[&self.0.json], out),
                _ => out.extend_from_slice(&self.shared(format)),
            };
        };
        let json = self.body(format).1;
        let body = json.strip_suffix(b"}").unwrap_or(json);
        if format == WireFormat::WebSocket {
            return write_text(&[body, tail.as_bytes()], out);
        }
        let mut json = BytesMut::with_capacity(body.len() + tail.len());
        json.extend_from_slice(body);
        json.extend_from_slice(tail.as_bytes());
        let place = match stamp {
            Stamp::Durable { seq, .. } => Some(seq),
            Stamp::None | Stamp::InTurn | Stamp::Version => self.0.place,
        };
        self.encode(&json, place, format, out);
    }

    fn encode(&self, json: &[u8], place: Option<u64>, format: WireFormat, out: &mut BytesMut) {
        let (name, _) = self.body(format);
        let retry = self.0.retry;
        match format {
            WireFormat::WebSocket => write_text(&[json], out),
            WireFormat::NamedEvent => event_stream::write(Some(name), place, retry, json, out),
            WireFormat::UnnamedEvent => event_stream::write(None, place, retry, json, out),
            WireFormat::SocketIoFrame => {
                let packet = socket_io::packet(self.0.acknowledges, name, json);
                write_text(&[&packet], out);
            }
            WireFormat::SocketIoPacket => {
                out.extend_from_slice(&socket_io::packet(self.0.acknowledges, name, json));
                out.extend_from_slice(&[socket_io::SEPARATOR]);
            }
        }
    }

    /// The name and the JSON that a format has.
    fn body(&self, format: WireFormat) -> (&str, &Bytes) {
        let unwrap = || socket_io::unwrap(self.0.spec.name, &self.0.json).map(Box::new);
        let own = match format {
            WireFormat::SocketIoFrame | WireFormat::SocketIoPacket => {
                self.0.own_event.get_or_init(unwrap).as_deref()
            }
            WireFormat::WebSocket | WireFormat::NamedEvent | WireFormat::UnnamedEvent => None,
        };
        own.map_or((self.name(), &self.0.json), |own| (&own.name, &own.json))
    }

    fn tail(&self, stamp: Stamp) -> Option<String> {
        let mut tail = String::new();
        let written = match (stamp, self.0.version) {
            (Stamp::None | Stamp::InTurn, _) | (Stamp::Version, None) => return None,
            (Stamp::Version, Some(version)) => write!(tail, ",\"v\":{version}}}"),
            (Stamp::Durable { seq, prev }, _) => {
                write!(tail, ",\"seq\":{seq},\"prev\":{prev}}}")
            }
        };
        written.ok().map(|()| tail)
    }
}

impl Encoded {
    fn new(spec: Spec, json: Vec<u8>) -> Self {
        Self {
            spec,
            own_name: None,
            priority: Priority::Normal,
            origin: None,
            key: None,
            version: None,
            place: None,
            retry: None,
            courses: Vec::new(),
            acknowledges: None,
            json: json.into(),
            own_event: OnceLock::new(),
            shared: OnceLock::new(),
        }
    }
}

impl std::fmt::Debug for Frame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Frame({}, {} bytes)", self.name(), self.size())
    }
}

#[cfg(test)]
mod tests;
