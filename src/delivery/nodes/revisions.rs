//! Of two states of one key that cross on their way, the older is not told after the newer.
//!
//! Two nodes store a state one after the other, and say it in whatever order: what they say may come here the other way round,
//! or behind a snapshot that was read meanwhile. Each carries the revision that the store gave it, which rises. So a node
//! remembers the newest it has told of each key, for as long as anything may be on its way.
//!
//! Whoever reads a snapshot asks before and after it whether something newer was told of these states ([`Revisions::told_in`]):
//! then it is old by now, and does not even have the keys that are new.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    time::Duration,
};

use tokio::time::Instant;

use crate::{kernel::ids::UserId, protocol::spec::Key};

/// How long a revision is remembered at least. What is on its way for longer was lost.
const REMEMBERED: Duration = Duration::from_secs(30);

/// Of what it is the revision: a key means something else for each user that it is told to alone.
type Of = (Option<UserId>, Key);

/// Counters of what was told. Two rooms that share one cost their readers a reading now and then.
const COUNTERS: usize = 256;

/// The newest revisions that were told.
#[derive(Debug)]
pub(super) struct Revisions {
    young: HashMap<Of, i64>,
    /// Those that were not told again since the last turn.
    old: HashMap<Of, i64>,
    turned: Option<Instant>,
    /// How many newer ones were told, by whose and in which room.
    told: [u64; COUNTERS],
}

impl Default for Revisions {
    fn default() -> Self {
        Self {
            young: HashMap::new(),
            old: HashMap::new(),
            turned: None,
            told: [0; COUNTERS],
        }
    }
}

/// The counter of a room's states, or of a user's.
fn counter(user: Option<&UserId>, scope: &str) -> usize {
    let mut hasher = DefaultHasher::new();
    (user, scope).hash(&mut hasher);
    // Less than the number of counters.
    usize::try_from(hasher.finish() % COUNTERS as u64).unwrap_or_default()
}

impl Revisions {
    /// Notes a revision. Returns whether it may be told: no newer one was.
    pub(super) fn admit(&mut self, of: Of, revision: i64, now: Instant) -> bool {
        let early = |turned: Instant| now.duration_since(turned) < REMEMBERED;
        if !self.turned.is_some_and(early) {
            self.turned = Some(now);
            self.old = std::mem::take(&mut self.young);
        }
        let newest = self.young.get(&of).or_else(|| self.old.get(&of));
        if newest.is_some_and(|newest| *newest > revision) {
            return false;
        }
        if newest.is_none_or(|newest| *newest < revision) {
            let scope = of.1.id.split_once('\n').map_or("", |(scope, _)| scope);
            let counter = counter(of.0.as_ref(), scope);
            if let Some(told) = self.told.get_mut(counter) {
                *told += 1;
            }
        }
        self.young.insert(of, revision);
        true
    }

    /// How often something newer was told of the states of a room, or of a user where it is none. What it was before means nothing
    /// by itself.
    pub(super) fn told_in(&self, user: Option<&UserId>, scope: &str) -> u64 {
        self.told
            .get(counter(user, scope))
            .copied()
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(user: Option<&str>, key: &str) -> Of {
        let key = Key {
            state: "published",
            id: key.into(),
        };
        (user.map(|user| user.parse().unwrap()), key)
    }

    #[test]
    fn an_older_state_is_not_told_after_a_newer_one_of_its_key() {
        let (mut revisions, now) = (Revisions::default(), Instant::now());
        let mut admit = |user, key, revision| revisions.admit(of(user, key), revision, now);
        assert!(admit(None, "a", 2));
        assert!(!admit(None, "a", 1));
        assert!(admit(None, "a", 2) && admit(None, "a", 5));
        assert!(admit(None, "b", 1) && admit(Some("hana"), "a", 1));
    }

    #[test]
    fn whoever_reads_the_states_of_a_room_notices_what_is_newer_than_that() {
        let (mut revisions, now) = (Revisions::default(), Instant::now());
        let mut told = |key, revision| {
            let before = revisions.told_in(None, "room");
            revisions.admit(of(None, key), revision, now);
            revisions.told_in(None, "room") > before
        };
        assert!(told("room\na", 2) && told("room\na", 3));
        assert!(told("room\nb", 1), "a key that is new");
        assert!(!told("room\na", 3) && !told("room\na", 2));
        assert!(!told("other\na", 9));
    }

    #[test]
    fn what_is_long_ago_is_forgotten_and_no_sooner() {
        let (mut revisions, start) = (Revisions::default(), Instant::now());
        assert!(revisions.admit(of(None, "a"), 5, start));
        assert!(!revisions.admit(of(None, "a"), 4, start + REMEMBERED));
        assert!(revisions.admit(of(None, "b"), 1, start + REMEMBERED * 2));
        assert!(revisions.admit(of(None, "a"), 4, start + REMEMBERED * 3));
        assert!(revisions.young.len() + revisions.old.len() <= 2);
    }
}
