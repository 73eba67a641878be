//! Who has come or gone and is not stored yet, and when a write is due for them. Pure: it is told the time.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use actix_rt::time::Instant;

use crate::kernel::{ids::UserId, time::Timestamp};

/// How long movements gather after some were stored, when many come at a time: a commit each costs more CPU than all else
/// that a server does for a connection.
const GATHER: Duration = Duration::from_millis(20);

/// Users, each with when they last came or went.
pub(super) type Moved = BTreeMap<UserId, Timestamp>;

/// Who has come or gone since a write took them. The first of them has a write queued, and when its turn comes it takes all.
#[derive(Debug, Default)]
pub(super) struct Unstored(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    users: Moved,
    /// When a write took some last.
    taken_at: Option<Instant>,
    /// Whether a task tries again, after a write that failed.
    retrying: bool,
}

impl Unstored {
    /// Somebody has come or gone. Returns after which pause a write is to be queued that takes it; `None` if there will be
    /// one.
    pub(super) fn add(&self, user: &UserId, at: Timestamp, now: Instant) -> Option<Duration> {
        let mut waiting = self.waiting();
        let first = waiting.users.is_empty();
        waiting.add(user, at);
        let next = waiting.taken_at.map(|taken_at| taken_at + GATHER);
        first.then(|| next.map_or(Duration::ZERO, |next| next.saturating_duration_since(now)))
    }

    /// Takes all, to store them.
    fn take(&self, now: Instant) -> Moved {
        let mut waiting = self.waiting();
        waiting.taken_at = Some(now);
        std::mem::take(&mut waiting.users)
    }

    /// The same, at the time of the call.
    pub(super) fn take_now(&self) -> Moved {
        self.take(Instant::now())
    }

    /// Takes one, to store it; nobody if a write has taken it meanwhile.
    pub(super) fn take_one(&self, user: &UserId) -> Moved {
        self.waiting()
            .users
            .remove_entry(user)
            .into_iter()
            .collect()
    }

    /// The write that took these has failed. Who has moved again meanwhile has done so later.
    pub(super) fn put_back(&self, taken: &Moved) {
        let mut waiting = self.waiting();
        for (user, at) in taken {
            waiting.add(user, *at);
        }
    }

    /// All of them.
    pub(super) fn users(&self) -> Vec<UserId> {
        self.waiting().users.keys().cloned().collect()
    }

    /// A write has failed. Returns whether the caller is to try again: nobody else does.
    pub(super) fn claim_retry(&self) -> bool {
        !std::mem::replace(&mut self.waiting().retrying, true)
    }

    /// Returns whether nothing is left to try again for. Said in one step, so that who fails from now on begins anew.
    pub(super) fn release_retry(&self) -> bool {
        let mut waiting = self.waiting();
        waiting.retrying = !waiting.users.is_empty();
        !waiting.retrying
    }

    #[cfg(test)]
    pub(super) fn is_retried(&self) -> bool {
        self.waiting().retrying
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // It is complete between any two statements.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn add(&mut self, user: &UserId, at: Timestamp) {
        let latest = self.users.entry(user.clone()).or_insert(at);
        *latest = at.max(*latest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str) -> UserId {
        name.parse().unwrap()
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn one_write_takes_all_who_have_moved() {
        let unstored = Unstored::default();
        let now = Instant::now();
        let add = |name, now| unstored.add(&user(name), at(1), now);
        assert_eq!(add("hana", now), Some(Duration::ZERO));
        assert_eq!(add("taro", now), None);
        assert_eq!(add("hana", now), None);
        let both = Moved::from([(user("hana"), at(1)), (user("taro"), at(1))]);
        assert_eq!(unstored.take(now), both);
        assert_eq!(add("hana", now), Some(GATHER));
        assert_eq!(add("taro", now), None);
        assert_eq!(unstored.take(now).len(), 2);
        let later = now + 2 * GATHER;
        assert_eq!(add("hana", later), Some(Duration::ZERO));
    }

    #[test]
    fn who_could_not_be_stored_is_tried_again_for_by_one_task_until_nobody_is_left() {
        let unstored = Unstored::default();
        let now = Instant::now();
        let _ = unstored.add(&user("hana"), at(1), now);
        let taken = unstored.take(now);
        unstored.put_back(&taken);
        assert!(unstored.claim_retry());
        assert!(!unstored.claim_retry(), "one task is enough");
        let _ = unstored.add(&user("taro"), at(2), now);
        assert!(!unstored.release_retry(), "two are left");
        assert_eq!(unstored.take(now).len(), 2);
        assert!(unstored.release_retry());
        assert!(
            unstored.claim_retry(),
            "the next fault has a task of its own"
        );
    }

    #[test]
    fn what_is_put_back_replaces_nothing_that_was_later() {
        let unstored = Unstored::default();
        let now = Instant::now();
        let _ = unstored.add(&user("hana"), at(1), now);
        let taken = unstored.take(now);
        let _ = unstored.add(&user("hana"), at(2), now);
        unstored.put_back(&taken);
        assert_eq!(unstored.take(now), [(user("hana"), at(2))].into());
    }

    #[test]
    fn one_is_taken_and_the_others_wait() {
        let unstored = Unstored::default();
        let now = Instant::now();
        for name in ["hana", "taro"] {
            let _ = unstored.add(&user(name), at(1), now);
        }
        assert_eq!(
            unstored.take_one(&user("hana")),
            [(user("hana"), at(1))].into()
        );
        assert!(unstored.take_one(&user("hana")).is_empty());
        assert_eq!(unstored.users(), [user("taro")]);
    }
}
