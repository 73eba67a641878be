//! Who is connected to this node: every session of every user. Whether a person is there follows from that, and
//! outlasts a short break of the line: see [`super::connectedness`], which is told from here.
//!
//! The table is shared by all workers and split by user so that connects do not queue up. It is touched
//! when somebody comes or goes and when a frame looks for its workers; no lock is held while anything is
//! sent.

use std::sync::Arc;

use dashmap::DashMap;
use smallvec::SmallVec;

use super::{
    connectedness::Connectedness,
    leave::{Graces, Leave},
    line::{Client, SessionRef},
    rooms::occupancy::Occupancy,
};
use crate::{
    backplane::{Backplane, Channel},
    kernel::{
        identity::Role,
        ids::{DeviceId, RoomId, SessionId, UserId},
    },
};

/// One session in the roster.
#[derive(Debug, Clone)]
pub struct ConnectedSession {
    /// The device it belongs to.
    pub device: DeviceId,
    /// What its user may do.
    pub role: Role,
    /// Where it is.
    pub at: SessionRef,
}

/// What is left of a user when one session has gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remaining {
    /// Other connections of the same device.
    pub of_device: usize,
    /// Other connections of the user.
    pub of_user: usize,
}

/// Who is connected. Clones share the table.
#[derive(Clone)]
pub struct Roster {
    sessions: Arc<DashMap<UserId, SmallVec<[ConnectedSession; 1]>>>,
    connectedness: Connectedness,
    rooms: Occupancy,
    /// Holds the channel of each user who has a session here.
    backplane: Backplane,
}

impl Roster {
    /// Nobody is connected yet.
    pub(super) fn new(graces: Graces, backplane: Backplane) -> Self {
        Self {
            sessions: Arc::default(),
            connectedness: Connectedness::new(graces),
            rooms: Occupancy::new(backplane.clone()),
            backplane,
        }
    }

    /// Who is there, over devices and short breaks.
    pub fn connectedness(&self) -> &Connectedness {
        &self.connectedness
    }

    /// Notes a session.
    pub(super) fn arrive(&self, client: &Client, at: SessionRef) {
        let session = ConnectedSession {
            device: client.device.clone(),
            role: client.role,
            at,
        };
        let user = client.user.clone();
        let mut sessions = self.sessions.entry(user).or_default();
        if sessions.is_empty() {
            // Under the map's lock, so that a last session that goes does not release what this one holds. Whoever needs to know
            // when it is heard waits for that by itself.
            let channel = Channel::User(client.user.clone());
            drop(self.backplane.hold(&channel));
        }
        sessions.push(session);
        drop(sessions);
        self.connectedness.arrived(client);
    }

    /// Strikes a session out and tells what is left of its user. Nobody hears of it until [`Roster::left`].
    pub fn leave(&self, client: &Client) -> Remaining {
        let mut remaining = Remaining {
            of_device: 0,
            of_user: 0,
        };
        // One step under the map's lock: nobody arrives between the look and the removal.
        self.sessions.remove_if_mut(&client.user, |_, sessions| {
            sessions.retain(|session| session.at.session != client.session);
            if sessions.is_empty() {
                self.backplane.release(&Channel::User(client.user.clone()));
            }
            remaining.of_user = sessions.len();
            remaining.of_device = sessions
                .iter()
                .filter(|it| it.device == client.device)
                .count();
            sessions.is_empty()
        });
        remaining
    }

    /// A session that was struck out has left, and what others are to find when they hear of it is queued: whether its user
    /// is still there follows from how it left.
    pub fn left(&self, client: &Client, leave: Leave) {
        self.connectedness.left(client, leave);
    }

    /// The sessions of a user.
    pub fn sessions(&self, user: &UserId) -> Vec<ConnectedSession> {
        self.sessions
            .get(user)
            .map(|sessions| sessions.to_vec())
            .unwrap_or_default()
    }

    /// Where a session is. Looks through all of them: nobody asks for one by its id alone but an admin.
    pub fn session(&self, id: SessionId) -> Option<SessionRef> {
        self.sessions.iter().find_map(|of_user| {
            let found = of_user.iter().find(|it| it.at.session == id);
            found.map(|it| it.at)
        })
    }

    /// Whether a user is connected.
    pub fn has(&self, user: &UserId) -> bool {
        self.sessions.contains_key(user)
    }

    /// Whether a session is the oldest of its user's. Exactly one is, also when two come at the same moment.
    pub fn is_first(&self, client: &Client) -> bool {
        let sessions = self.sessions.get(&client.user);
        let first = sessions.as_ref().and_then(|sessions| sessions.first());
        first.is_some_and(|first| first.at.session == client.session)
    }

    /// Whether a device of a user is connected.
    pub fn has_device(&self, user: &UserId, device: &DeviceId) -> bool {
        let sessions = self.sessions.get(user);
        sessions.is_some_and(|sessions| sessions.iter().any(|it| it.device == *device))
    }

    /// The workers that hold sessions of a user, each once.
    pub(super) fn workers(&self, user: &UserId) -> SmallVec<[u16; 4]> {
        let Some(sessions) = self.sessions.get(user) else {
            return SmallVec::new();
        };
        let mut workers: SmallVec<[u16; 4]> = sessions.iter().map(|it| it.at.worker).collect();
        workers.sort_unstable();
        workers.dedup();
        workers
    }

    /// Which workers have lines in which rooms, and whose.
    pub(super) fn rooms(&self) -> &Occupancy {
        &self.rooms
    }

    /// The users who are in a room on this node, and the number of their sessions there, in no order.
    pub fn room_members(&self, room: &RoomId) -> Vec<(UserId, usize)> {
        self.rooms.members(room)
    }

    /// Some of the users who are in a room on this node, `most` at most.
    pub fn room_users(&self, room: &RoomId, most: usize) -> Vec<UserId> {
        self.rooms.users(room, most)
    }

    /// The rooms that somebody is in on this node.
    pub fn occupied_rooms(&self) -> Vec<RoomId> {
        self.rooms.names()
    }

    /// How many rooms somebody is in on this node.
    pub fn room_count(&self) -> usize {
        self.rooms.rooms()
    }

    /// How many different users are connected.
    pub fn users(&self) -> usize {
        self.sessions.len()
    }

    /// Every user who is connected.
    pub fn user_ids(&self) -> Vec<UserId> {
        let users = self.sessions.iter();
        users.map(|entry| entry.key().clone()).collect()
    }

    /// Everybody. The table is walked part by part, so nobody waits for the whole walk.
    pub fn everybody(&self) -> Vec<(UserId, ConnectedSession)> {
        let of_user = |entry: dashmap::mapref::multiple::RefMulti<
            '_,
            UserId,
            SmallVec<[ConnectedSession; 1]>,
        >| {
            let user = entry.key().clone();
            let pairs = entry
                .value()
                .iter()
                .map(move |it| (user.clone(), it.clone()));
            pairs.collect::<Vec<_>>()
        };
        self.sessions.iter().flat_map(of_user).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::ids::SessionId;

    /// Two sessions of a user come on two threads, and each is noted before either asks.
    #[test]
    fn of_two_that_come_at_the_same_moment_one_is_the_first() {
        let roster = Roster::new(Graces::default(), Backplane::alone("n1".parse().unwrap()));
        let arrive = |worker| {
            let session = SessionId::new();
            let client = Client {
                user: "hana".parse().unwrap(),
                role: Role::User,
                device: session.into(),
                session,
            };
            let slot = 0;
            roster.arrive(
                &client,
                SessionRef {
                    worker,
                    slot,
                    session,
                },
            );
            client
        };
        let (one, other) = (arrive(0), arrive(1));
        assert!(roster.is_first(&one) && !roster.is_first(&other));
        assert_eq!(roster.leave(&one).of_user, 1);
        assert!(roster.has(&other.user));
        assert_eq!(roster.leave(&other).of_user, 0);
        assert!(!roster.has(&other.user));
    }
}
