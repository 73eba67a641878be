//! What clients send. A message is a flat JSON object with a `type`; unknown fields are ignored, an
//! unknown type is `UNKNOWN_TYPE`, anything else that does not fit is `BAD_REQUEST` with the field.

mod calls;
mod chat;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod rooms;
mod system;

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

pub use calls::{
    CallConnected, CallReject, CallRequest, Candidate, Description, IceCandidate, OfCall,
    StatedReject, WebrtcAnswer, WebrtcOffer,
};
pub use chat::{MessageRead, MessageSend, Typing};
pub use rooms::{Action, AppAction, ChatMessage, OfGame, OfRoom, Ping};
pub use system::{ChosenStatus, Heartbeat, InitConnection, OtomoStatusSet, TokenRefresh};

use super::{described::Described, error_code::ErrorCode, event, fault::Fault};
use crate::kernel::unreadable;

/// The longest `requestId`, in bytes.
pub const REQUEST_ID_MAX_BYTES: usize = 64;

/// What a client calls its own command; the answer or the error carries it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(extend("maxLength" = REQUEST_ID_MAX_BYTES))]
pub struct RequestId(Box<str>);

impl<'de> Deserialize<'de> for RequestId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        if text.len() > REQUEST_ID_MAX_BYTES {
            let limit = format!("must be at most {REQUEST_ID_MAX_BYTES} bytes");
            return Err(serde::de::Error::custom(limit));
        }
        Ok(Self(text.into()))
    }
}

/// One command with the name its sender gave it.
#[derive(Debug)]
pub struct Inbound {
    /// Carried back by the answer.
    pub request_id: Option<RequestId>,
    /// What is asked.
    pub command: Command,
}

/// A command that could not be read, with its `requestId` where that much was readable.
#[derive(Debug)]
pub struct Undecodable {
    /// Carried back by the error.
    pub request_id: Option<RequestId>,
    /// What was wrong.
    pub fault: Fault,
}

/// Declares every command once: its variant, the struct that its fields are read into, its `type`, and the event that
/// answers it. A command without one is answered only if it is refused, and then, like every other, with `error`.
macro_rules! commands {
    ($($(#[doc = $doc:literal])* $variant:ident($fields:ty) $name:literal $(=> $answer:ident)?,)*) => {
        /// Everything a client may ask.
        #[derive(Debug)]
        pub enum Command {
            $($(#[doc = $doc])* $variant($fields),)*
            /// An action that the app has named itself (`actions.types`).
            AppAction(AppAction),
        }

        impl Command {
            /// The `type` of every command of the protocol.
            pub const NAMES: &'static [&'static str] = &[$($name,)*];

            /// How every command looks, in the order of [`Command::NAMES`].
            pub const DESCRIBED: &'static [Described] =
                &[$(Described::new::<$fields>($name, &[$($doc),*]),)*];

            /// The `type` of the event that answers a command; `None` for one that is answered only if it is refused, and
            /// for what is no command of the protocol.
            pub fn answer(name: &str) -> Option<&'static str> {
                match name {
                    $($($name => Some(<event::$answer as event::Body>::TYPE),)?)*
                    _ => None,
                }
            }

            /// The `type` of this one; `custom` for those that the app has named.
            pub const fn name(&self) -> &'static str {
                match self {
                    $(Command::$variant(_) => $name,)*
                    Command::AppAction(_) => "custom",
                }
            }

            fn read(
                name: &str,
                json: &[u8],
                is_action: impl Fn(&str) -> bool,
            ) -> Result<Command, Fault> {
                match name {
                    $($name => fields(name, json).map(Command::$variant),)*
                    own if is_action(own) => {
                        let Action { body } = fields(own, json)?;
                        Ok(Command::AppAction(AppAction { name: own.into(), body }))
                    }
                    _ => Err(unknown(name)),
                }
            }
        }
    };
}

commands! {
    /// The token, for clients that cannot put it into the request: the first message of a WebSocket. `connected` follows.
    InitConnection(InitConnection) "init_connection",
    /// A sign of life.
    Heartbeat(Heartbeat) "heartbeat" => HeartbeatAck,
    /// A new token before the old one runs out.
    TokenRefresh(TokenRefresh) "token_refresh" => TokenRefreshAck,
    /// An otomo goes on break or comes back (source document 000, O-01).
    OtomoStatusSet(OtomoStatusSet) "otomo_status_set" => OtomoStatusSetAck,
    /// A user calls an otomo (source document 001, WS-C01).
    CallRequest(CallRequest) "call_request" => CallRequestAck,
    /// A device of the otomo shows the ring.
    CallRinging(OfCall) "call_ringing",
    /// The otomo answers (source document 001, WS-C02).
    CallAccept(OfCall) "call_accept" => CallAcceptAck,
    /// The otomo declines (source document 001, WS-C03).
    CallReject(CallReject) "call_reject" => CallRejectAck,
    /// The caller gives up before an answer.
    CallCancel(OfCall) "call_cancel" => CallCancelAck,
    /// The offerer's session description.
    WebrtcOffer(WebrtcOffer) "webrtc_offer",
    /// The answerer's session description.
    WebrtcAnswer(WebrtcAnswer) "webrtc_answer",
    /// One way to reach a peer, or `null` when there are no more.
    IceCandidate(IceCandidate) "ice_candidate",
    /// A participant's peer connection says that media flows.
    CallConnected(CallConnected) "call_connected",
    /// A participant hangs up.
    CallEndRequest(OfCall) "call_end_request" => CallEndRequestAck,
    /// A member writes (source document 002).
    MessageSend(MessageSend) "message_send" => MessageSendAck,
    /// A member has seen everything up to a message.
    MessageRead(MessageRead) "message-read" => MessageReadAck,
    /// A member is writing.
    TypingStart(Typing) "typing-start",
    /// A member has stopped writing.
    TypingStop(Typing) "typing-stop",
    /// A player enters a game (source document 003).
    JoinGame(OfGame) "join_game" => JoinedGame,
    /// A player leaves a game (source document 003).
    LeaveGame(OfGame) "leave_game" => LeftGame,
    /// A player does something; the app's backend answers (source document 003).
    GameAction(Action) "game_action" => ActionAck,
    /// A player says something to the others in the game (source document 003).
    ChatMessage(ChatMessage) "chat_message",
    /// A sign of life of the document's clients (source document 003).
    Ping(Ping) "ping" => Pong,
    /// The same as `join_game`, for any room.
    RoomJoin(OfRoom) "room_join" => RoomJoinAck,
    /// The same as `leave_game`, for any room.
    RoomLeave(OfRoom) "room_leave" => RoomLeaveAck,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    #[serde(rename = "type", borrow)]
    name: Cow<'a, str>,
    request_id: Option<RequestId>,
}

/// Reads one message of the protocol's own types.
///
/// # Errors
/// The fault to answer with: `BAD_REQUEST` or `UNKNOWN_TYPE`.
pub fn decode(json: &[u8]) -> Result<Inbound, Box<Undecodable>> {
    decode_with(json, |_name| false)
}

/// Reads one message. `is_action` says which further types are actions of the app.
///
/// # Errors
/// The fault to answer with: `BAD_REQUEST` or `UNKNOWN_TYPE`.
pub fn decode_with(
    json: &[u8],
    is_action: impl Fn(&str) -> bool,
) -> Result<Inbound, Box<Undecodable>> {
    // Fields can be read from an array, too, by their order: that is not the protocol's.
    if !json.trim_ascii_start().starts_with(b"{") {
        let fault = Fault::new(
            ErrorCode::BadRequest,
            r#"the message is not a JSON object; send one like {"type": "heartbeat"}"#,
        );
        return Err(Box::new(Undecodable {
            request_id: None,
            fault,
        }));
    }
    let envelope: Envelope<'_> = unreadable::read(json).map_err(|fault| {
        let message = fault.within("the message");
        Box::new(Undecodable {
            request_id: request_id(json),
            fault: Fault::new(ErrorCode::BadRequest, message),
        })
    })?;
    match Command::read(&envelope.name, json, is_action) {
        Ok(command) => Ok(Inbound {
            request_id: envelope.request_id,
            command,
        }),
        Err(fault) => Err(Box::new(Undecodable {
            request_id: envelope.request_id,
            fault,
        })),
    }
}

/// The name that its sender gave a message that is refused unread; `None` where it has none, or is no object.
pub fn request_id(json: &[u8]) -> Option<RequestId> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Named {
        request_id: Option<RequestId>,
    }
    let named: Named = serde_json::from_slice(json).ok()?;
    named.request_id
}

fn fields<T: DeserializeOwned>(name: &str, json: &[u8]) -> Result<T, Fault> {
    // A command without fields: that it is an object is known by now.
    let json = if size_of::<T>() == 0 { b"{}" } else { json };
    unreadable::read(json).map_err(|fault| {
        let message = format!("{name}: {}", fault.within("the message"));
        Fault::new(ErrorCode::BadRequest, message)
    })
}

fn unknown(name: &str) -> Fault {
    let shown: String = name.chars().take(64).collect();
    Fault::new(
        ErrorCode::UnknownType,
        format!("there is no command `{shown}`; GET /schemas/messages.json lists all"),
    )
    .about("type", shown)
}

#[cfg(test)]
mod tests;
