//! Sessions that come into rooms and go.
//!
//! Whoever comes waits for the store; whoever goes waits for nothing, and their events end at once. So a leave would overtake the
//! join before it, and somebody would be let in who has left. While such a join is under way, a leave goes behind it as well.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use actix::prelude::SendError;

use super::{
    Rooms,
    messages::{Join, Joiner, Leave, Leaver},
};
use crate::{
    delivery::{dispatch::Dispatch, lines::To, reply::Reply},
    kernel::ids::{RoomId, SessionId},
};

impl Rooms {
    /// Takes a session into a room. The answer, or the error, goes out through delivery.
    ///
    /// # Errors
    /// Gives the reply back if more is waiting than is let in.
    pub fn join(&self, joiner: Joiner) -> Result<(), Reply> {
        let under_way = self.0.joins.begin(joiner.at.session, &joiner.room);
        let asked = self.0.announcer.try_send(Join { joiner, under_way });
        asked.map_err(|(SendError::Full(join) | SendError::Closed(join))| join.joiner.reply)
    }

    /// Takes a session out of a room. The answer goes out through delivery.
    ///
    /// # Errors
    /// Gives the reply back if the session is yet to be let in, and more is waiting than is let in.
    pub fn leave(&self, leaver: Leaver) -> Result<(), Reply> {
        if !self.0.joins.has(leaver.at.session, &leaver.room) {
            leaver.leave(&self.0.dispatch);
            return Ok(());
        }
        // It may be there from before.
        leaver.go(&self.0.dispatch);
        let asked = self.0.announcer.try_send(Leave { leaver });
        asked.map_err(|(SendError::Full(leave) | SendError::Closed(leave))| leave.leaver.reply)
    }
}

impl Leaver {
    /// Goes, and is told so behind all that was said in the room.
    pub(super) fn leave(self, dispatch: &Dispatch) {
        self.go(dispatch);
        let tell = |frame| dispatch.tell(To::Session(self.at), frame);
        self.reply.send(&self.acknowledgement, tell);
    }

    fn go(&self, dispatch: &Dispatch) {
        drop(dispatch.leave(&To::Session(self.at), &self.room, None));
    }
}

/// The joins that are under way, by who wants to be where.
#[derive(Clone, Default)]
pub(super) struct Joins(Arc<Mutex<HashMap<(SessionId, RoomId), usize>>>);

/// A join that is under way until this is dropped.
pub(super) struct UnderWay {
    joins: Joins,
    of: (SessionId, RoomId),
}

impl Joins {
    fn begin(&self, session: SessionId, room: &RoomId) -> UnderWay {
        let of = (session, room.clone());
        *self.table().entry(of.clone()).or_default() += 1;
        let joins = self.clone();
        UnderWay { joins, of }
    }

    fn has(&self, session: SessionId, room: &RoomId) -> bool {
        self.table().contains_key(&(session, room.clone()))
    }

    fn table(&self) -> MutexGuard<'_, HashMap<(SessionId, RoomId), usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if let Entry::Occupied(mut joins) = self.joins.table().entry(self.of.clone()) {
            *joins.get_mut() -= 1;
            if *joins.get() == 0 {
                joins.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_join_is_under_way_until_the_last_of_its_kind_is_said() {
        let joins = Joins::default();
        let (session, room): (_, RoomId) = (SessionId::new(), "game_7".parse().unwrap());
        let (first, second) = (joins.begin(session, &room), joins.begin(session, &room));
        drop(first);
        assert!(joins.has(session, &room) && !joins.has(SessionId::new(), &room));
        drop(second);
        assert!(!joins.has(session, &room) && joins.table().is_empty());
    }
}
