//! Sessions that come into rooms and go.
//!
//! Whoever comes waits for the store; whoever goes waits for nothing, and their events end at once. So a leave would overtake the
//! join before it, and somebody would be let in who has left. While such a join is under way, a leave goes behind it as well.
//!
//! Whoever waits so does not wait in the announcer's mailbox, which is emptied at once, and not in the store's queue before other
//! nodes are heard. So how many may be under way is bounded here.

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

/// Joins, and leaves behind them, that may be under way; further ones are refused. As many as come back at once after a restart,
/// and half of what waits for the store by default (`database.queue`).
const UNDER_WAY_MAX: usize = 2048;

impl Rooms {
    /// Takes a session into a room. The answer, or the error, goes out through delivery.
    ///
    /// # Errors
    /// Gives the reply back if more is waiting than is let in.
    pub fn join(&self, joiner: Joiner) -> Result<(), Reply> {
        let Some(under_way) = self.0.joins.begin(joiner.at.session, &joiner.room) else {
            return Err(joiner.reply);
        };
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
        let Some(under_way) = self.0.joins.begin(leaver.at.session, &leaver.room) else {
            return Err(leaver.reply);
        };
        // It may be there from before.
        leaver.go(&self.0.dispatch);
        let asked = self.0.announcer.try_send(Leave { leaver, under_way });
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

/// The joins that are under way and the leaves behind them, by who wants to be where.
#[derive(Clone, Default)]
pub(super) struct Joins(Arc<Mutex<Table>>);

#[derive(Default)]
struct Table {
    under_way: HashMap<(SessionId, RoomId), usize>,
    /// All of them together.
    all: usize,
}

/// A join or a leave that is under way until this is dropped.
pub(super) struct UnderWay {
    joins: Joins,
    of: (SessionId, RoomId),
}

impl Joins {
    /// `None` if as many are under way as may be.
    fn begin(&self, session: SessionId, room: &RoomId) -> Option<UnderWay> {
        let of = (session, room.clone());
        let mut table = self.table();
        if table.all == UNDER_WAY_MAX {
            return None;
        }
        table.all += 1;
        *table.under_way.entry(of.clone()).or_default() += 1;
        let joins = self.clone();
        Some(UnderWay { joins, of })
    }

    fn has(&self, session: SessionId, room: &RoomId) -> bool {
        let of = (session, room.clone());
        self.table().under_way.contains_key(&of)
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut table = self.joins.table();
        if let Entry::Occupied(mut joins) = table.under_way.entry(self.of.clone()) {
            *joins.get_mut() -= 1;
            if *joins.get() == 0 {
                joins.remove();
            }
            table.all -= 1;
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
        let begun = || joins.begin(session, &room).unwrap();
        let (first, second) = (begun(), begun());
        drop(first);
        assert!(joins.has(session, &room) && !joins.has(SessionId::new(), &room));
        drop(second);
        assert!(!joins.has(session, &room) && joins.table().under_way.is_empty());
    }

    #[test]
    fn no_more_are_under_way_than_may_be() {
        let joins = Joins::default();
        let room: RoomId = "game_7".parse().unwrap();
        let begin = || joins.begin(SessionId::new(), &room);
        let mut begun: Vec<UnderWay> = (0..UNDER_WAY_MAX).map(|_| begin().unwrap()).collect();
        assert!(begin().is_none());
        begun.pop();
        assert!(begin().is_some());
    }
}
