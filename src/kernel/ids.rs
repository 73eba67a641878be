//! Every kind of id, one type each, so that a user cannot be passed where a call is meant.
//!
//! Two shapes: names that apps choose ([`UserId`], [`DeviceId`], [`NodeId`], [`RoomId`], [`ClientMessageId`], [`IdempotencyKey`]:
//! text, checked once at the edge, cheap to clone) and ids that are made ([`CallId`], [`SessionId`], [`EventId`] and so on: UUIDs).

use std::{fmt, str::FromStr, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};
use uuid::Uuid;

/// The longest name of a user, device or node, in bytes.
pub const NAME_MAX_BYTES: usize = 128;

/// How a UUID looks.
const UUID_EXAMPLE: &str = "0198c0de-0000-7000-8000-000000000001";

/// What a name looks like to JSON Schema.
const NAME_PATTERN: &str = r"^[^\s\x00-\x1f\x7f-\x9f]+$";

/// A text that cannot be an id: empty, too long, or with characters that would break a log line or a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} must be 1 to {NAME_MAX_BYTES} bytes without spaces or control characters")]
pub struct IdFault {
    kind: &'static str,
}

/// A value that cannot be an id that is made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} must be a UUID, like {UUID_EXAMPLE}")]
struct NotAUuid {
    kind: &'static str,
}

/// Reads a UUID from its text. uuid's own says what it finds in the middle of a text, and not what the text is for.
struct UuidVisitor {
    kind: &'static str,
}

impl de::Visitor<'_> for UuidVisitor {
    type Value = Uuid;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a UUID, like {UUID_EXAMPLE}")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Uuid, E> {
        let uuid = text.parse();
        uuid.map_err(|_no_uuid| E::custom(NotAUuid { kind: self.kind }))
    }
}

/// An id that the app or the operator chose. `Arc<str>` inside: cloning copies a pointer.
macro_rules! name_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        #[serde(try_from = "String")]
        #[schemars(extend("minLength" = 1, "maxLength" = NAME_MAX_BYTES, "pattern" = NAME_PATTERN))]
        pub struct $name(Arc<str>);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdFault;

            fn from_str(text: &str) -> Result<Self, IdFault> {
                let unfit = |c: char| c.is_control() || c.is_whitespace();
                if text.is_empty() || text.len() > NAME_MAX_BYTES || text.contains(unfit) {
                    return Err(IdFault { kind: $kind });
                }
                Ok(Self(text.into()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdFault;

            fn try_from(text: String) -> Result<Self, IdFault> {
                text.parse()
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", self.0)
            }
        }
    };
}

/// An id that is made, by us or (for calls) by the client.
macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
        #[schemars(with = "String", extend("format" = "uuid"))]
        pub struct $name(Uuid);

        impl $name {
            /// A new id. Version 7: sorts by the time at which it was made.
            #[expect(clippy::new_without_default, reason = "a new id is not a default value")]
            pub fn new() -> Self {
                Self(super::draw::in_order())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(UuidVisitor { kind: $kind }).map(Self)
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                text.parse().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

name_id!(
    /// A person (or a backend) as the app knows them: the `sub` of their token.
    UserId, "a user id"
);
name_id!(
    /// One device of a user: `?device=`, or the session's own id where none was named.
    DeviceId, "a device id"
);
name_id!(
    /// One running server.
    NodeId, "a node id"
);
name_id!(
    /// A room (source document 003): `game_{session}`, `user_{id}`, or any name that the app chooses.
    RoomId, "a room name"
);
name_id!(
    /// The id that a client gives its message, unique per sender.
    ClientMessageId, "a client message id"
);
name_id!(
    /// The key that a client gives a request, so that a repeat has no second effect (`Idempotency-Key`).
    IdempotencyKey, "an Idempotency-Key"
);
uuid_id!(
    /// One call, from the request to its end. Made by the calling client. Compared as a UUID and answered in lower case,
    /// however the client spelled it (RFC 9562, section 4).
    CallId, "a call id"
);
uuid_id!(
    /// One connected client, for as long as it is connected.
    SessionId, "a session id"
);
uuid_id!(
    /// One conversation, of two people or of a group.
    ConversationId, "a conversation id"
);
uuid_id!(
    /// One message of a conversation.
    MessageId, "a message id"
);
uuid_id!(
    /// One durable event, stored once however many inboxes refer to it.
    EventId, "an event id"
);
uuid_id!(
    /// One thing that an admin did.
    AuditId, "an id of the audit log"
);
uuid_id!(
    /// One transaction of the points of a user.
    TransactionId, "a transaction id"
);

/// The namespace of the ids of direct conversations (RFC 9562, section 5.5).
const DIRECT_NAMESPACE: Uuid = Uuid::from_u128(0x0197_0e6c_5d0a_7c3e_9b1f_6f74_6f6d_6f32);

/// The namespace of the ids of groups that are begun with a key.
const KEYED_NAMESPACE: Uuid = Uuid::from_u128(0x0197_0e6c_5d0a_7c3e_9b1f_6f74_6f6d_6f33);

/// The namespace of the ids of point transactions.
const TRANSACTION_NAMESPACE: Uuid = Uuid::from_u128(0x0197_0e6c_5d0a_7c3e_9b1f_6f74_6f6d_6f34);

/// The namespace of the ids of events that tell of points that were not there.
const REFUSAL_NAMESPACE: Uuid = Uuid::from_u128(0x0197_0e6c_5d0a_7c3e_9b1f_6f74_6f6d_6f35);

impl UserId {
    /// The key of a pair of users, the same in either order. No id contains a line feed, so no two pairs have the same key.
    pub fn pair(&self, other: &Self) -> String {
        let (low, high) = if self < other {
            (self, other)
        } else {
            (other, self)
        };
        format!("{low}\n{high}")
    }
}

impl ConversationId {
    /// The conversation of two people, the same in either order. It is known before the conversation begins, so that a
    /// client can narrow its stream to it.
    pub fn between(one: &UserId, other: &UserId) -> Self {
        Self(Uuid::new_v5(&DIRECT_NAMESPACE, one.pair(other).as_bytes()))
    }

    /// Whether it is a name's hash, as that of any two people is, and of a group with a key: no other group has such an id.
    pub fn is_named(self) -> bool {
        self.0.get_version_num() == 5
    }

    /// The group that a user begins with a key: the same one each time, and no other user can get it.
    pub fn keyed(creator: &UserId, key: &IdempotencyKey) -> Self {
        Self(Uuid::new_v5(
            &KEYED_NAMESPACE,
            keyed(creator, key.as_str()).as_bytes(),
        ))
    }
}

impl TransactionId {
    /// The transaction of a user with this key: a job that is run again gives it the same id.
    pub fn keyed(user: &UserId, key: &str) -> Self {
        Self(Uuid::new_v5(
            &TRANSACTION_NAMESPACE,
            keyed(user, key).as_bytes(),
        ))
    }

    /// The event that tells of it.
    pub fn event(self) -> EventId {
        EventId(self.0)
    }
}

impl EventId {
    /// The event that tells a user that there were not enough points for what has this key: one, however often it is tried.
    pub fn of_refusal(user: &UserId, key: &str) -> Self {
        Self(Uuid::new_v5(
            &REFUSAL_NAMESPACE,
            keyed(user, key).as_bytes(),
        ))
    }
}

/// A name that is a user's own. No id contains a line feed.
fn keyed(user: &UserId, key: &str) -> String {
    format!("{user}\n{key}")
}

impl RoomId {
    /// What the room of a user's own connections begins with; the rest is the user.
    pub const USER_PREFIX: &str = "user_";

    /// What the room of a game begins with; the rest is the session of the game.
    pub const GAME_PREFIX: &str = "game_";

    /// The room of a game.
    ///
    /// # Errors
    /// For a session that can be no part of a name.
    pub fn of_game(session: &str) -> Result<Self, IdFault> {
        format!("{}{session}", Self::GAME_PREFIX).parse()
    }

    /// The session of the game, if it is the room of one.
    pub fn game(&self) -> Option<&str> {
        self.0.strip_prefix(Self::GAME_PREFIX)
    }
}

impl SessionId {
    /// The last 32 bits, which are random: enough to tell a few sessions apart.
    pub fn short(self) -> u32 {
        let (_, low) = self.0.as_u64_pair();
        low as u32
    }
}

impl From<SessionId> for DeviceId {
    /// A client that names no device is a device of its own for as long as it is connected.
    fn from(session: SessionId) -> Self {
        Self(session.to_string().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_checked_once_at_the_edge() {
        assert_eq!("otomo-123".parse::<UserId>().unwrap().as_str(), "otomo-123");
        assert_eq!(
            "おともはん".parse::<UserId>().unwrap().as_str(),
            "おともはん"
        );
        for unfit in ["", "a b", "a\nb", "a\0b", &"x".repeat(NAME_MAX_BYTES + 1)] {
            assert!(unfit.parse::<UserId>().is_err(), "{unfit:?} passed");
        }
    }

    #[test]
    fn a_call_is_the_same_however_its_id_is_spelled_and_is_answered_in_lower_case() {
        let call = CallId::new();
        let spelled = call.to_string().to_uppercase();
        assert_eq!(spelled.parse(), Ok(call));
        assert_eq!(call.to_string(), spelled.to_lowercase());
    }

    #[test]
    fn two_people_have_one_conversation_whoever_asks() {
        let user = |name: &str| -> UserId { name.parse().unwrap() };
        assert_eq!(user("taro").pair(&user("hana")), "hana\ntaro");
        let between = |one, other| ConversationId::between(&user(one), &user(other));
        assert_eq!(between("taro", "hana"), between("hana", "taro"));
        assert_ne!(between("taro", "hana"), between("taro", "jiro"));
        // On every node and in every version the same.
        assert!(between("taro", "hana").is_named() && !ConversationId::new().is_named());
        let known = "71ed36be-05c7-58cc-a351-fe491e12666d";
        assert_eq!(between("taro", "hana").to_string(), known);
    }

    #[test]
    fn made_ids_sort_by_the_time_they_were_made() {
        let ids: Vec<CallId> = (0..100).map(|_| CallId::new()).collect();
        assert!(ids.is_sorted());
    }
}
