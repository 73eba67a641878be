//! The published table: what people have been told of every otomo, in list order.
//!
//! The hub alone writes to it, once a change is stored and before it is broadcast; everybody reads. So a snapshot is never
//! behind what was broadcast, and says up to which broadcast it goes. A later version replaces an earlier one and never the
//! other way round, in whatever order results come in.
//!
//! - `list`: everybody in order, in the parts in which snapshots are told.

mod list;

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use self::list::List;

use super::rules::{Published, Rank, Status, StatusChange, list_order};
use crate::{
    delivery::{messages::SnapshotSource, rounds::Round},
    kernel::{ids::UserId, metrics::Metrics},
    protocol::frame::Frame,
};

/// One otomo as people see them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Who it is.
    pub otomo: UserId,
    /// The name to show.
    pub name: String,
    /// The address of a picture.
    pub avatar: Option<String>,
    /// What people have been told.
    pub published: Published,
}

/// A place in the list: by rank, and those of one rank by id. Pages go on after one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Status and time of the last change.
    pub rank: Rank,
    /// Who is there.
    pub otomo: UserId,
}

impl Entry {
    /// Where the otomo is in the list.
    pub fn place(&self) -> Place {
        Place {
            rank: self.rank(),
            otomo: self.otomo.clone(),
        }
    }

    fn rank(&self) -> Rank {
        let Published {
            status, changed_at, ..
        } = self.published;
        list_order(status, changed_at)
    }

    /// The same otomo after a change.
    #[must_use]
    pub fn after(self, change: &StatusChange) -> Self {
        Self {
            published: change.into(),
            ..self
        }
    }
}

/// What an entry is to those who know the board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// Another status: to be told.
    Status,
    /// Another name or picture. The wire has no update for these: they show in the next snapshot.
    Profile,
    /// Nothing, or what was replaced already.
    None,
}

/// What became of an entry that was put on the board.
enum Put {
    /// It is there, in place of one with this status.
    Shown(Option<Status>),
    /// It was not news.
    PassedOver,
}

/// What people have been told. Shared by the hub, which writes, and all who read.
#[derive(Debug)]
pub struct Board {
    table: RwLock<Table>,
    metrics: Arc<Metrics>,
}

#[derive(Debug, Default)]
struct Table {
    ranks: HashMap<UserId, Rank>,
    list: List,
    /// The last broadcast that is in the list.
    round: Round,
    /// Put together for the first who asks after a change.
    snapshot: OnceLock<Arc<[Frame]>>,
}

impl Board {
    /// A board with nobody on it.
    pub(super) fn new(metrics: Arc<Metrics>) -> Self {
        Self {
            table: RwLock::default(),
            metrics,
        }
    }

    /// One otomo.
    pub fn get(&self, otomo: &UserId) -> Option<Entry> {
        self.read().get(otomo).cloned()
    }

    /// At most `limit` otomo in list order, those who come after a place, of one status or of all.
    pub fn page(&self, status: Option<Status>, after: Option<&Place>, limit: usize) -> Vec<Entry> {
        let table = self.read();
        let before = |entry: &Entry| {
            after.is_some_and(|place| place.is_past(entry))
                || status.is_some_and(|status| entry.published.status < status)
        };
        let entries = table.list.from(before);
        entries
            .take_while(|entry| status.is_none_or(|status| entry.published.status == status))
            .take(limit)
            .cloned()
            .collect()
    }

    /// What `entry` would change.
    pub(super) fn news(&self, entry: &Entry) -> News {
        self.read().news(entry)
    }

    /// Puts entries on the board, all in one step with the number of the broadcast that will tell of them. Entries that
    /// are no news are passed over.
    pub(super) fn put(&self, entries: Vec<Entry>, round: Round) {
        let mut table = self.write();
        for entry in entries {
            let status = entry.published.status;
            let Put::Shown(before) = table.put(entry) else {
                continue;
            };
            self.metrics.otomo.of(status.as_str()).inc();
            before.map(|before| self.metrics.otomo.of(before.as_str()).dec());
        }
        table.round = round;
        table.snapshot = OnceLock::new();
    }

    fn read(&self) -> RwLockReadGuard<'_, Table> {
        // A panic of the writer leaves at worst one otomo's old entry behind, which the next look at the store mends.
        self.table.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Table> {
        self.table.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn get(&self, otomo: &UserId) -> Option<&Entry> {
        self.list.get(*self.ranks.get(otomo)?, otomo)
    }

    fn news(&self, entry: &Entry) -> News {
        let Some(known) = self.get(&entry.otomo) else {
            return News::Status;
        };
        if entry.published.version > known.published.version {
            News::Status
        } else if entry.published.version == known.published.version && entry != known {
            News::Profile
        } else {
            News::None
        }
    }

    fn put(&mut self, entry: Entry) -> Put {
        if self.news(&entry) == News::None {
            return Put::PassedOver;
        }
        let rank = self.ranks.insert(entry.otomo.clone(), entry.rank());
        let old = rank.and_then(|rank| self.list.remove(rank, &entry.otomo));
        self.list.insert(entry);
        Put::Shown(old.map(|old| old.published.status))
    }
}

impl SnapshotSource for Board {
    /// Put together once until something changes, by the first of those who ask; the others wait for that.
    fn snapshot(&self) -> (Arc<[Frame]>, Round) {
        let table = self.read();
        let snapshot = table.snapshot.get_or_init(|| table.list.snapshot().into());
        (Arc::clone(snapshot), table.round)
    }
}

#[cfg(test)]
mod tests;
