//! Rooms as delivery knows them: which lines are in which room. Who may be in a room is decided above.
//!
//! - A worker's own table (`Rooms`) finds the lines of a room, and the rooms of a line that goes.
//! - The table that all workers share ([`occupancy`]) finds the workers of a room, and its members.
//!
//! A line enters a room in its worker's own mailbox, so a frame for the room that was sent after the join reaches the line, and
//! one that was sent before does not. For that the worker counts as one of the room's from the moment at which the join is sent.

pub mod occupancy;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap, hash_map::Entry};

use smallvec::SmallVec;

use crate::kernel::{ids::RoomId, time::Timestamp};

/// What became of a line that was to enter a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinOutcome {
    /// It is in the room, and what it was to be told first is queued.
    Joined,
    /// It was in the room before. What it was to be told first is queued, and it stays for as long as was said now.
    Already,
    /// It is in as many rooms as it may be. Nothing is queued.
    TooMany,
    /// There is no such session (any more). Nothing is queued.
    Gone,
}

/// How long a line may be in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stay {
    /// As long as its session lasts, whatever becomes of grants: its token says so.
    Session,
    /// Until the end of its grant; `None`: that has none.
    Granted(Option<Timestamp>),
}

impl From<Option<Timestamp>> for Stay {
    fn from(until: Option<Timestamp>) -> Self {
        Self::Granted(until)
    }
}

impl Stay {
    /// Whether it is over `now`.
    fn is_over(self, now: Timestamp) -> bool {
        matches!(self, Self::Granted(Some(until)) if until <= now)
    }
}

/// What a new end of a grant applies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewed {
    /// To those that are in the room by the grant.
    Grants,
    /// To all: a claim that let somebody in is lost, and the grant takes its place.
    Everybody,
}

/// The rooms of one worker's lines, by their slots. A line that is in none costs nothing.
#[derive(Debug, Default)]
pub(super) struct Rooms {
    /// In the order of the slots: lines that came together lie together.
    lines: HashMap<RoomId, BTreeMap<u32, Stay>>,
    of_line: HashMap<u32, SmallVec<[RoomId; 2]>>,
}

impl Rooms {
    /// Takes a line in, if that makes no more than `at_most` rooms.
    pub(super) fn join(
        &mut self,
        slot: u32,
        room: &RoomId,
        stay: Stay,
        at_most: usize,
    ) -> JoinOutcome {
        if let Some(known) = self.stay(room, slot) {
            *known = stay;
            return JoinOutcome::Already;
        }
        let rooms = self.of_line.get(&slot).map_or(0, SmallVec::len);
        if rooms >= at_most {
            return JoinOutcome::TooMany;
        }
        self.of_line.entry(slot).or_default().push(room.clone());
        let lines = self.lines.entry(room.clone()).or_default();
        lines.insert(slot, stay);
        JoinOutcome::Joined
    }

    /// Changes until when a line may be in a room. Returns whether that applied to it.
    pub(super) fn renew(
        &mut self,
        slot: u32,
        room: &RoomId,
        until: Option<Timestamp>,
        whose: Renewed,
    ) -> bool {
        match (self.stay(room, slot), whose) {
            (Some(stay @ Stay::Granted(_)), Renewed::Grants) | (Some(stay), Renewed::Everybody) => {
                *stay = until.into();
                true
            }
            (Some(Stay::Session), Renewed::Grants) | (None, _) => false,
        }
    }

    /// Whether a line is in a room and its time there is over.
    pub(super) fn is_over(&mut self, slot: u32, room: &RoomId, now: Timestamp) -> bool {
        self.stay(room, slot).is_some_and(|stay| stay.is_over(now))
    }

    /// Takes a line out of a room. Returns whether it was in it.
    pub(super) fn leave(&mut self, slot: u32, room: &RoomId) -> bool {
        if let Entry::Occupied(mut rooms) = self.of_line.entry(slot) {
            rooms.get_mut().retain(|it| it != room);
            if rooms.get().is_empty() {
                rooms.remove();
            }
        }
        self.strike(slot, room)
    }

    /// Takes a line out of all its rooms, and says which those were.
    pub(super) fn leave_all(&mut self, slot: u32) -> SmallVec<[RoomId; 2]> {
        let rooms = self.of_line.remove(&slot).unwrap_or_default();
        for room in &rooms {
            self.strike(slot, room);
        }
        rooms
    }

    /// The rooms that a line is in.
    pub(super) fn of(&self, slot: u32) -> &[RoomId] {
        self.of_line
            .get(&slot)
            .map(SmallVec::as_slice)
            .unwrap_or_default()
    }

    /// The slots of the lines that may hear what is said in a room now.
    pub(super) fn listeners(&self, room: &RoomId, now: Timestamp) -> impl Iterator<Item = u32> {
        let lines = self.lines.get(room).into_iter().flatten();
        lines
            .filter(move |(_, stay)| !stay.is_over(now))
            .map(|(slot, _)| *slot)
    }

    fn stay(&mut self, room: &RoomId, slot: u32) -> Option<&mut Stay> {
        self.lines.get_mut(room)?.get_mut(&slot)
    }

    fn strike(&mut self, slot: u32, room: &RoomId) -> bool {
        let Entry::Occupied(mut lines) = self.lines.entry(room.clone()) else {
            return false;
        };
        let was_in = lines.get_mut().remove(&slot).is_some();
        if lines.get().is_empty() {
            lines.remove();
        }
        was_in
    }
}
