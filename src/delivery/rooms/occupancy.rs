//! Which workers a room's frames go to, and whose sessions are in it: one table for all workers of this node.
//!
//! It is split by room, so rooms do not wait for each other; no lock is held while anything is sent.

use std::{collections::HashMap, sync::Arc};

use dashmap::DashMap;
use smallvec::SmallVec;

use crate::{
    backplane::{Backplane, Channel},
    kernel::ids::{RoomId, UserId},
};

/// The rooms of this node. Clones share the table.
#[derive(Clone)]
pub(in crate::delivery) struct Occupancy {
    rooms: Arc<DashMap<RoomId, Occupants>>,
    /// Holds the channel of each room that somebody is in, or on the way into. Told under the lock of the room, so that one
    /// who goes does not release what one who comes has held.
    backplane: Backplane,
}

/// Who is in one room.
#[derive(Debug, Default)]
struct Occupants {
    /// The lines of each worker, those on their way in included.
    workers: SmallVec<[(u16, usize); 4]>,
    /// The sessions of each user.
    members: HashMap<UserId, usize>,
}

impl Occupancy {
    pub(in crate::delivery) fn new(backplane: Backplane) -> Self {
        Self {
            rooms: Arc::default(),
            backplane,
        }
    }

    /// A line of a worker is about to enter: what is said to the room from now on goes to that worker, behind the line's entry.
    pub(in crate::delivery) fn expect(&self, room: &RoomId, worker: u16) {
        let mut occupants = self.rooms.entry(room.clone()).or_default();
        let workers = &mut occupants.workers;
        if workers.is_empty() {
            drop(self.backplane.hold(&Channel::Room(room.clone())));
        }
        match workers.iter_mut().find(|(number, _)| *number == worker) {
            Some((_, lines)) => *lines += 1,
            None => workers.push((worker, 1)),
        }
    }

    /// A line that was expected has entered.
    pub(in crate::delivery) fn entered(&self, room: &RoomId, user: &UserId) {
        let mut occupants = self.rooms.entry(room.clone()).or_default();
        *occupants.members.entry(user.clone()).or_default() += 1;
    }

    /// A line that was expected has not entered.
    pub(in crate::delivery) fn stayed_out(&self, room: &RoomId, worker: u16) {
        self.rooms.remove_if_mut(room, |_, occupants| {
            occupants.strike_line(worker);
            self.is_empty(room, occupants)
        });
    }

    /// A line has left.
    pub(in crate::delivery) fn left(&self, room: &RoomId, worker: u16, user: &UserId) {
        self.rooms.remove_if_mut(room, |_, occupants| {
            occupants.strike_line(worker);
            if let Some(sessions) = occupants.members.get_mut(user) {
                *sessions -= 1;
                if *sessions == 0 {
                    occupants.members.remove(user);
                }
            }
            self.is_empty(room, occupants)
        });
    }

    /// Whether nobody is left in a room; then its channel is released.
    fn is_empty(&self, room: &RoomId, occupants: &Occupants) -> bool {
        let empty = occupants.workers.is_empty();
        if empty {
            self.backplane.release(&Channel::Room(room.clone()));
        }
        empty
    }

    /// The workers that a room's frames go to, each once.
    pub(in crate::delivery) fn workers(&self, room: &RoomId) -> SmallVec<[u16; 4]> {
        let occupants = self.rooms.get(room);
        let workers = occupants.iter().flat_map(|occupants| &occupants.workers);
        workers.map(|(number, _)| *number).collect()
    }

    /// The users in a room and the number of their sessions there.
    pub(in crate::delivery) fn members(&self, room: &RoomId) -> Vec<(UserId, usize)> {
        let occupants = self.rooms.get(room);
        let members = occupants.iter().flat_map(|occupants| &occupants.members);
        members
            .map(|(user, sessions)| (user.clone(), *sessions))
            .collect()
    }

    /// Some of the users in a room, `most` at most.
    pub(in crate::delivery) fn users(&self, room: &RoomId, most: usize) -> Vec<UserId> {
        let occupants = self.rooms.get(room);
        let members = occupants.iter().flat_map(|occupants| &occupants.members);
        members.map(|(user, _)| user.clone()).take(most).collect()
    }

    /// The rooms that somebody is in.
    pub(in crate::delivery) fn names(&self) -> Vec<RoomId> {
        self.rooms.iter().map(|it| it.key().clone()).collect()
    }

    /// How many rooms somebody is in.
    pub(in crate::delivery) fn rooms(&self) -> usize {
        self.rooms.len()
    }
}

impl Occupants {
    fn strike_line(&mut self, worker: u16) {
        for (number, lines) in &mut self.workers {
            if *number == worker {
                *lines = lines.saturating_sub(1);
            }
        }
        self.workers.retain(|(_, lines)| *lines > 0);
    }
}
