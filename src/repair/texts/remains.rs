//! What remains where a text cannot be read. Pure.

/// Where somebody is named of whom what they did is to stay.
pub(super) const STRANGERS: [(&str, &str); 4] = [
    ("calls", "otomo_id"),
    ("calls", "caller_id"),
    ("messages", "sender_id"),
    ("conversations", "created_by"),
];

/// What remains of a text that cannot be read, and of its row: the greater of two takes the other with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Remains {
    /// The text itself, to the last byte: only how it is stored is wrong.
    Exact,
    /// What of it can be read, with U+FFFD for the rest. So with all that people wrote; and with words and names that rules of
    /// the rooms know, which take it for a word that is none.
    Text,
    /// A reference that may be missing is.
    NoText,
    /// A new name, for a record that is worth something without the old one.
    Name,
    /// A person who is not known by that id is made known as a stranger, so that what somebody wrote, or took part in, stays. Whom
    /// the same bytes name is one, and two ids of which the same can be read may have been two.
    Stranger,
    /// The id of a user: the one that is referred to and has no row, if it can only be this one. Else they are a stranger, and
    /// whoever of those it may have been is locked out as they may have been.
    Person,
    /// The id of the two whom a conversation names; or the one that is referred to and has no row, if it can only be this one. Else
    /// people decide.
    Missed,
    /// Nothing: what the row belongs to cannot be told, and nothing of what it says is of use without that. The rules of the
    /// rooms find what is missing then.
    Nothing,
    /// People decide.
    Undecided,
}

impl Remains {
    /// Of this column, where it cannot be read to the last byte.
    pub(super) fn of(table: &str, column: &str) -> Self {
        match (table, column) {
            // A ledger never changes, and points are somebody's; and no message goes.
            ("point_transactions", "user_id") | ("messages" | "members", "conversation_id") => {
                Self::Undecided
            }
            ("conversations", "id") => Self::Missed,
            ("calls" | "messages" | "audit" | "point_transactions", "id") => Self::Name,
            ("users", "id") => Self::Person,
            it if STRANGERS.contains(&it) => Self::Stranger,
            ("calls", "joined_call_id") => Self::NoText,
            // An account is made again from its ledger, a head from its stream; the second half of a friendship is found without
            // the first.
            ("events", "id")
            | ("members", "user_id")
            | ("inbox", "user_id" | "event_id")
            | ("friendships", "user_id" | "other_id")
            | ("live_participants", "user_id" | "call_id")
            | ("room_members" | "room_states", "room")
            | (
                "inbox_heads" | "point_accounts" | "otomo" | "last_seen" | "whereabouts"
                | "room_members",
                "user_id",
            )
            | ("leases", "otomo_id")
            | ("call_events", "call_id")
            | ("nodes", "name")
            | ("room_states", "key")
            | ("point_recoveries", "day") => Self::Nothing,
            _ => Self::Text,
        }
    }

    /// What is done, in words.
    pub(super) fn told(self) -> &'static str {
        match self {
            Self::Exact => "the same, stored as a text",
            Self::Text => "what of it can be read stays",
            Self::NoText => "it refers to nothing",
            Self::Name => "it gets another",
            Self::Stranger => {
                "it is of the user whose id has the same bytes, or of a stranger with a new id, who is locked out"
            }
            Self::Person => {
                "it gets the one that is referred to and has no row; if there are more, or none, a new one, and all of them are \
                 locked out"
            }
            Self::Missed => {
                "it gets that of its two people, or the one that is referred to and has no row"
            }
            Self::Nothing => "the row goes: nobody can tell what it belongs to",
            Self::Undecided => "people decide",
        }
    }
}
