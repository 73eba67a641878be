//! The catalogue of errors, for sockets and REST alike, and the one table of their HTTP statuses.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! catalogue {
    ($($(#[doc = $doc:literal])* $variant:ident $text:literal $status:literal,)*) => {
        /// What is wrong, in a word that programs can act on. The `message` beside it says what to do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
        #[non_exhaustive]
        pub enum ErrorCode {
            $($(#[doc = $doc])* #[serde(rename = $text)] $variant,)*
        }

        impl ErrorCode {
            /// Every code there is.
            pub const ALL: &'static [ErrorCode] = &[$(ErrorCode::$variant,)*];

            /// The code as it stands on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(ErrorCode::$variant => $text,)* }
            }

            /// What it means, in a sentence.
            pub const fn meaning(self) -> &'static str {
                match self { $(ErrorCode::$variant => concat!($($doc),*).trim_ascii(),)* }
            }

            /// The status of a REST answer that carries this code.
            pub const fn http_status(self) -> u16 {
                match self { $(ErrorCode::$variant => $status,)* }
            }
        }
    };
}

catalogue! {
    /// Broken JSON, a wrong or missing field, nesting too deep.
    BadRequest "BAD_REQUEST" 400,
    /// A `type` that no command has.
    UnknownType "UNKNOWN_TYPE" 400,
    /// More bytes than `limits.message_size`, or a text of more than `chat.max_body`.
    MessageTooLarge "MESSAGE_TOO_LARGE" 413,
    /// No token, or one that is not ours.
    Unauthorized "UNAUTHORIZED" 401,
    /// A token of ours whose time is over.
    TokenExpired "TOKEN_EXPIRED" 401,
    /// The role may not do this.
    Forbidden "FORBIDDEN" 403,
    /// Too many in too short a time; `context.retryAfterMs` says when to try again.
    RateLimited "RATE_LIMITED" 429,
    /// No such thing, or none that the asker may see.
    NotFound "NOT_FOUND" 404,
    /// The path does nothing by this method; the header `Allow` lists those that do.
    MethodNotAllowed "METHOD_NOT_ALLOWED" 405,
    /// A WebSocket of a version that is not spoken here; the header `Sec-WebSocket-Version` says which is.
    UpgradeRequired "UPGRADE_REQUIRED" 426,
    /// No session of the asker has this id, or is on this device: open a new stream.
    SessionNotFound "SESSION_NOT_FOUND" 404,
    /// The thing is not in a state that allows this.
    Conflict "CONFLICT" 409,
    /// Our fault.
    InternalError "INTERNAL_ERROR" 500,
    /// Not now: the database is away or the queue is full. If it went away at the commit it may have been done: ask again by the
    /// same id.
    Unavailable "UNAVAILABLE" 503,
    /// The called user is not an otomo.
    OtomoNotFound "OTOMO_NOT_FOUND" 404,
    /// The call id is taken by a call between other people.
    DuplicateCallId "DUPLICATE_CALL_ID" 409,
    /// The call's phase does not allow this; `context.phase` says which it is.
    InvalidCallState "INVALID_CALL_STATE" 409,
    /// Another device of the otomo was first.
    CallAlreadyAccepted "CALL_ALREADY_ACCEPTED" 409,
    /// The call is over; `context` says how.
    CallAlreadyEnded "CALL_ALREADY_ENDED" 409,
    /// Not a participant, or no such call: the two cannot be told apart.
    CallNotParticipant "CALL_NOT_PARTICIPANT" 403,
    /// The caller is in another call.
    CallerBusy "CALLER_BUSY" 409,
    /// A signal of the wrong kind, or from the wrong device.
    SignalRejected "SIGNAL_REJECTED" 400,
    /// The other side's device is away right now.
    PeerUnavailable "PEER_UNAVAILABLE" 409,
    /// Not a member, or no such conversation: the two cannot be told apart.
    ConversationNotFound "CONVERSATION_NOT_FOUND" 404,
    /// A message without a text.
    MessageEmpty "MESSAGE_EMPTY" 400,
    /// The room is not the asker's to be in; whether it exists cannot be told.
    RoomForbidden "ROOM_FORBIDDEN" 403,
    /// A published event that is not what its type or kind asks for; `context.path` says where.
    EventInvalid "EVENT_INVALID" 400,
    /// The app's backend does not take the action, or does not answer.
    ActionUnavailable "ACTION_UNAVAILABLE" 502,
    /// Fewer points than it costs; `context` says how many there are.
    InsufficientPoints "INSUFFICIENT_POINTS" 409,
    /// The points of a call could not be charged.
    BillingFailed "BILLING_FAILED" 500,
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_code_reads_on_the_wire_as_it_is_named_and_has_an_error_status() {
        for code in ErrorCode::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
            assert!((400..600).contains(&code.http_status()), "{code}");
        }
    }
}
