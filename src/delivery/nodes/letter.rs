//! What travels between the deliveries of nodes: a head in JSON, and behind it the JSON of a frame as it is, so that it is
//! encoded once for all nodes.

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use serde::{Deserialize, Serialize};

use super::questions::{NodeReport, RemoteSession, SessionReport};
use crate::{
    kernel::ids::{DeviceId, RoomId, SessionId, UserId},
    protocol::frame::Label,
};

/// Bytes that say how long the head is.
const LENGTH: usize = 4;

/// Something that is said, and the number by which an answer is known.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Letter {
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub(super) ask: Option<u64>,
    #[serde(rename = "s")]
    pub(super) saying: Saying,
}

/// What is said.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::delivery) enum Saying {
    /// A frame for some clients.
    Frame { to: Whom, label: Label },
    /// A durable event that was stored.
    Durable {
        user: UserId,
        seq: u64,
        label: Label,
    },
    /// The snapshots of the chat and of friends no longer hold that a user's clients have.
    ChatOutdated { user: UserId },
    /// Connections are to be closed; with `before` only those that began earlier.
    Close {
        to: Whom,
        code: u16,
        reason: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<SessionId>,
    },
    /// Those who are in a room may be there until another time, in milliseconds.
    Renew {
        to: Whom,
        room: RoomId,
        until: Option<i64>,
        everybody: bool,
    },
    /// Those who are in a room leave it, and are told a last frame; with `expired` only those whose time is over then.
    Leave {
        to: Whom,
        room: RoomId,
        label: Option<Label>,
        expired: Option<i64>,
    },
    /// Which connections a user has.
    Sessions { user: UserId },
    /// Who is in a room, so many at most.
    Members { room: RoomId, most: usize },
    /// How connections are, of all users or of one, in the order of their ids, so many at most.
    Reports {
        user: Option<UserId>,
        after: Option<SessionId>,
        most: usize,
    },
    /// How the node is.
    Node,
    /// How those connections are that the most waits for, so many at most.
    Slowest { most: usize },
    /// A user's durable events after a place are to be sent again.
    Resend { user: UserId, after: u64 },
    /// One connection is to be closed, whoever has it.
    CloseSession {
        session: SessionId,
        code: u16,
        reason: String,
    },
    /// What was asked for.
    Answer(Answer),
}

/// Whom something is for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::delivery) enum Whom {
    User(UserId),
    Device(UserId, DeviceId),
    OtherDevices(UserId, DeviceId),
    Room(RoomId),
    Everyone,
}

/// What a node answers.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::delivery) enum Answer {
    /// How many of its clients it reached.
    Count(usize),
    /// The connections that it has of a user.
    Sessions(Vec<RemoteSession>),
    /// The people that it has in a room, and how many connections of each.
    Members(Vec<(UserId, usize)>),
    /// How its connections are.
    Reports(Vec<SessionReport>),
    /// How it is.
    Node(NodeReport),
}

impl Answer {
    /// How many it counts.
    pub(super) fn count(&self) -> usize {
        match self {
            Answer::Count(count) => *count,
            Answer::Sessions(sessions) => sessions.len(),
            Answer::Members(members) => members.len(),
            Answer::Reports(reports) => reports.len(),
            Answer::Node(_) => 1,
        }
    }

    /// The connections of a user, if it tells of these.
    pub(super) fn sessions(self) -> Vec<RemoteSession> {
        match self {
            Answer::Sessions(sessions) => sessions,
            _ => Vec::new(),
        }
    }

    /// The people in a room, if it tells of these.
    pub(super) fn members(self) -> Vec<(UserId, usize)> {
        match self {
            Answer::Members(members) => members,
            _ => Vec::new(),
        }
    }

    /// How connections are, if it tells of that.
    pub(super) fn reports(self) -> Vec<SessionReport> {
        match self {
            Answer::Reports(reports) => reports,
            _ => Vec::new(),
        }
    }

    /// How the node is, if it tells of that: one, or none.
    pub(super) fn node(self) -> Vec<NodeReport> {
        match self {
            Answer::Node(report) => vec![report],
            _ => Vec::new(),
        }
    }
}

/// Bytes that are no letter.
#[derive(Debug, thiserror::Error)]
pub(super) enum Illegible {
    #[error("it is too short")]
    Short,
    #[error("its head cannot be read")]
    Head(#[from] serde_json::Error),
    #[error("its frame is no text")]
    Text(#[from] std::str::Utf8Error),
}

impl Letter {
    pub(super) fn encode(&self, json: &Bytes) -> Bytes {
        let mut out = BytesMut::zeroed(LENGTH);
        // Our own types have string keys and no failing serializers.
        let written = serde_json::to_writer((&mut out).writer(), self);
        debug_assert!(written.is_ok(), "letters always encode");
        let head = u32::try_from(out.len() - LENGTH).unwrap_or(u32::MAX);
        if let Some(length) = out.get_mut(..LENGTH) {
            length.copy_from_slice(&head.to_be_bytes());
        }
        out.extend_from_slice(json);
        out.freeze()
    }

    /// A letter, and the JSON of the frame in it.
    pub(super) fn decode(mut body: Bytes) -> Result<(Self, Bytes), Illegible> {
        let length = body.try_get_u32().map_err(|_end| Illegible::Short)?;
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length > body.len() {
            return Err(Illegible::Short);
        }
        let head = body.split_to(length);
        std::str::from_utf8(&body)?;
        Ok((serde_json::from_slice(&head)?, body))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{
        event::{Event, HeartbeatAck},
        frame::Frame,
    };

    fn everybody(user: &UserId, device: &DeviceId, room: &RoomId) -> [Whom; 5] {
        [
            Whom::User(user.clone()),
            Whom::Device(user.clone(), device.clone()),
            Whom::OtherDevices(user.clone(), device.clone()),
            Whom::Room(room.clone()),
            Whom::Everyone,
        ]
    }

    fn letters() -> Vec<Letter> {
        let label = Frame::new(&Event::from(HeartbeatAck { timestamp: 1 })).label();
        let (user, room): (UserId, RoomId) = ("hana".parse().unwrap(), "game_1".parse().unwrap());
        let device: DeviceId = "phone".parse().unwrap();
        let frame = |to| Saying::Frame {
            to,
            label: label.clone(),
        };
        let whom = everybody(&user, &device, &room).into_iter();
        let mut sayings: Vec<Saying> = whom.map(frame).collect();
        let session = RemoteSession {
            node: "n2".parse().unwrap(),
            device,
            session: SessionId::new(),
        };
        sayings.extend([
            Saying::Durable {
                user: user.clone(),
                seq: 7,
                label: label.clone(),
            },
            Saying::ChatOutdated { user: user.clone() },
            Saying::Close {
                to: Whom::User(user.clone()),
                code: 4003,
                reason: "the user is disabled".to_owned(),
                before: Some(SessionId::new()),
            },
            Saying::Renew {
                to: Whom::User(user.clone()),
                room: room.clone(),
                until: Some(5),
                everybody: true,
            },
            Saying::Leave {
                to: Whom::User(user.clone()),
                room: room.clone(),
                label: Some(label),
                expired: None,
            },
            Saying::Sessions { user: user.clone() },
            Saying::Members { room, most: 3 },
            Saying::Reports {
                user: Some(user.clone()),
                after: None,
                most: 9,
            },
            Saying::Node,
            Saying::Slowest { most: 9 },
            Saying::Resend {
                user: user.clone(),
                after: 7,
            },
            Saying::CloseSession {
                session: SessionId::new(),
                code: 4003,
                reason: String::new(),
            },
            Saying::Answer(Answer::Count(3)),
            Saying::Answer(Answer::Sessions(vec![session])),
            Saying::Answer(Answer::Members(vec![(user, 2)])),
        ]);
        let letter = |(number, saying)| Letter {
            ask: (number % 2 == 0).then_some(number),
            saying,
        };
        (0..).zip(sayings).map(letter).collect()
    }

    #[test]
    fn a_letter_comes_as_it_went_with_the_frame_as_it_was() {
        for letter in letters() {
            let json = Bytes::from_static("{\"type\":\"é\"}".as_bytes());
            let (come, frame) = Letter::decode(letter.encode(&json)).unwrap();
            assert_eq!((come, frame), (letter, json));
        }
    }

    #[test]
    fn what_is_cut_is_refused() {
        for letter in letters() {
            let sent = letter.encode(&Bytes::new());
            for length in 0..sent.len() {
                assert!(Letter::decode(sent.slice(..length)).is_err());
            }
        }
        let broken = letters()[0].encode(&Bytes::from_static(b"\xff"));
        assert!(matches!(Letter::decode(broken), Err(Illegible::Text(_))));
    }
}
