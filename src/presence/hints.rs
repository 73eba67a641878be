//! What nodes tell each other of statuses: entries of the board, each with its version.
//!
//! ```text
//!   hub: stored ──> board ──> own sessions
//!                    └──> Hints (newest of each otomo) ── one message ──> the other hubs: what is newer ──> board ──> own sessions
//! ```
//! A hint is told by the node that stored the change, and by no other. One that is lost costs the few seconds until the next
//! look at the database.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use actix_rt::time::sleep;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use super::{
    board::Entry,
    rules::{Published, Status},
};
use crate::{
    backplane::{Backplane, Channel, Echo, Link, Subject},
    kernel::{ids::UserId, time::Timestamp},
};

/// Changes that follow each other faster than this are told together. The first after a quiet moment is told at once.
const JOIN: Duration = Duration::from_millis(5);

/// What waits to be told. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Hints(Arc<Shared>);

#[derive(Default)]
struct Shared {
    waiting: Mutex<BTreeMap<UserId, Entry>>,
    more: Notify,
}

impl Hints {
    /// Leaves entries to be told, in place of older ones of the same otomo.
    pub(super) fn leave(&self, entries: &[Entry]) {
        let mut waiting = self
            .0
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        for entry in entries {
            let version = |it: &Entry| it.published.version;
            let known = waiting.get(&entry.otomo);
            if known.is_none_or(|known| version(known) <= version(entry)) {
                waiting.insert(entry.otomo.clone(), entry.clone());
            }
        }
        self.0.more.notify_one();
    }

    /// Tells what waits, for as long as it is polled.
    pub(super) async fn tell(self, backplane: Backplane) -> Infallible {
        loop {
            self.0.more.notified().await;
            if self.tell_now(&backplane) {
                sleep(JOIN).await;
            }
        }
    }

    /// Tells what waits: what is told to clients after this comes after it on every node, too. Returns whether anything did.
    pub(super) fn tell_now(&self, backplane: &Backplane) -> bool {
        let waiting = self.take();
        // A node that cannot be heard has nothing to say: the others look by themselves when they hear it again.
        let told = !waiting.is_empty() && backplane.link() == Link::Up;
        if told {
            let everyone = Channel::Everyone;
            backplane.tell(&everyone, Subject::Presence, encode(&waiting), Echo::Skip);
        }
        told
    }

    fn take(&self) -> Vec<Entry> {
        let mut waiting = self
            .0
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *waiting).into_values().collect()
    }
}

/// An entry on its way.
#[derive(Serialize, Deserialize)]
struct Hint {
    otomo: UserId,
    name: String,
    avatar: Option<String>,
    status: String,
    version: u64,
    changed_at: Timestamp,
}

impl From<&Entry> for Hint {
    fn from(entry: &Entry) -> Self {
        Self {
            otomo: entry.otomo.clone(),
            name: entry.name.clone(),
            avatar: entry.avatar.clone(),
            status: entry.published.status.to_string(),
            version: entry.published.version,
            changed_at: entry.published.changed_at,
        }
    }
}

impl Hint {
    /// `None` for a status that this binary does not know.
    fn entry(self) -> Option<Entry> {
        let status: Status = self.status.parse().ok()?;
        Some(Entry {
            otomo: self.otomo,
            name: self.name,
            avatar: self.avatar,
            published: Published {
                status,
                version: self.version,
                changed_at: self.changed_at,
            },
        })
    }
}

pub(super) fn encode(entries: &[Entry]) -> Bytes {
    let hints: Vec<Hint> = entries.iter().map(Hint::from).collect();
    // Nothing in it can fail to be written.
    serde_json::to_vec(&hints).unwrap_or_default().into()
}

/// The entries of a message that can be read: of a newer binary's perhaps not all.
pub(super) fn decode(body: &[u8]) -> Vec<Entry> {
    let hints: Vec<Hint> = serde_json::from_slice(body).unwrap_or_default();
    hints.into_iter().filter_map(Hint::entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, version: u64) -> Entry {
        Entry {
            otomo: name.parse().unwrap(),
            name: name.to_uppercase(),
            avatar: (version > 1).then(|| format!("/{name}.png")),
            published: Published {
                status: Status::ALL[version as usize % Status::ALL.len()],
                version,
                changed_at: Timestamp::from_millis(7),
            },
        }
    }

    #[test]
    fn what_is_told_is_what_is_heard() {
        let entries = [entry("aiko", 1), entry("ben", 2), entry("chie", 7)];
        assert_eq!(decode(&encode(&entries)), entries);
        assert!(decode(b"something else").is_empty());
    }

    #[test]
    fn of_what_waits_the_newest_of_each_is_told() {
        let hints = Hints::default();
        hints.leave(&[entry("aiko", 2), entry("ben", 4)]);
        hints.leave(&[entry("aiko", 3), entry("ben", 3)]);
        let mut told = hints.take();
        told.sort_unstable_by_key(|it| it.published.version);
        assert_eq!(told, [entry("aiko", 3), entry("ben", 4)]);
        assert!(hints.take().is_empty());
    }
}
