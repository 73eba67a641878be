//! What can be wrong with a client of Engine.IO: with a request, told in the protocol's own bodies, and with what it sends,
//! which ends its session.

use actix_http::{Response, StatusCode, header};
use bytes::Bytes;
use serde_json::json;
use socketioxide_core::parser::ParseError;

use crate::{
    protocol::close_code::CloseCode,
    transport::{frames::Unreadable, refusal::Denied, ws},
};

/// A request that is refused, by the protocol's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BadRequest {
    UnknownTransport = 0,
    UnknownSid = 1,
    HandshakeMethod = 2,
    Malformed = 3,
    Forbidden = 4,
    UnsupportedVersion = 5,
}

impl BadRequest {
    /// What the reference server says, in its words.
    const fn message(self) -> &'static str {
        match self {
            Self::UnknownTransport => "Transport unknown",
            Self::UnknownSid => "Session ID unknown",
            Self::HandshakeMethod => "Bad handshake method",
            Self::Malformed => "Bad request",
            Self::Forbidden => "Forbidden",
            Self::UnsupportedVersion => "Unsupported protocol version",
        }
    }

    /// The answer's head and its body. `context` says more, if there is more to say.
    pub(super) fn answer(self, context: Option<&str>) -> Denied {
        let status = match self {
            Self::Forbidden => StatusCode::FORBIDDEN,
            _ => StatusCode::BAD_REQUEST,
        };
        let mut response = Response::build(status);
        response.insert_header((header::CONTENT_TYPE, "application/json"));
        let mut body = json!({"code": self as u8, "message": self.message()});
        if let (Some(body), Some(context)) = (body.as_object_mut(), context) {
            body.insert("context".to_owned(), context.into());
        }
        (response.finish().drop_body(), Bytes::from(body.to_string()))
    }
}

/// Why a session cannot go on.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// Two polls, or two posts, at once.
    #[error("two requests of one kind at once")]
    Overlap,
    /// More bytes than a payload, a message or a command may have.
    #[error("a payload or a message is larger than allowed")]
    TooLarge,
    /// A payload that is not UTF-8.
    #[error("a payload is not UTF-8")]
    NotUtf8,
    /// Not a packet of Engine.IO that a client may send now.
    #[error("a packet of Engine.IO is not understood")]
    EnginePacket,
    /// Not a packet of Socket.IO.
    #[error("a packet of Socket.IO is not understood: {0}")]
    Packet(#[from] ParseError),
    /// Not the array of an event, or a placeholder without its attachment.
    #[error("the payload of a packet is not what it should be")]
    Payload,
    /// A packet of Socket.IO where none of its kind is due.
    #[error("a packet of Socket.IO for a namespace that is not connected, or is already")]
    OutOfPlace,
    /// A namespace with a name that is longer than any that could be meant.
    #[error("the name of a namespace is too long")]
    NamespaceTooLong,
    /// Not a frame of a WebSocket.
    #[error(transparent)]
    Frame(#[from] Unreadable),
}

impl Fault {
    /// How the session closes.
    pub(super) fn goodbye(&self) -> (CloseCode, &'static str) {
        let text = match self {
            Self::Frame(unreadable) => return ws::goodbye(unreadable),
            Self::TooLarge
            | Self::Packet(
                ParseError::AttachmentsTooHeavy { .. } | ParseError::TooManyAttachments { .. },
            ) => {
                let reason = "a payload, a message or its attachments are larger than allowed";
                return (CloseCode::TooLarge, reason);
            }
            Self::NotUtf8 => return (CloseCode::InvalidUtf8, "text must be UTF-8"),
            Self::Overlap => "two requests of one kind at once",
            Self::EnginePacket => "a packet breaks the Engine.IO protocol",
            Self::Packet(_) | Self::Payload => "a packet breaks the Socket.IO protocol",
            Self::NamespaceTooLong => "only the namespace / is served",
            Self::OutOfPlace => "connect to the namespace / first, and once",
        };
        (CloseCode::Protocol, text)
    }
}
