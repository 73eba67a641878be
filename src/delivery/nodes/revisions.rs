//! Of two states of one key that cross on their way, the older is not told after the newer.
//!
//! Two nodes store a state one after the other, and say it in whatever order: what they say may come here the other way round,
//! or behind a snapshot that was read meanwhile. Each carries the revision that the store gave it, which rises. So a node
//! remembers the newest it has told of each key, for as long as anything may be on its way.
//!
//! Whoever reads what holds has it noted what is told of it meanwhile ([`Revisions::begin`]): what they have read is old by then, and
//! does not even have the keys that are new.

use std::{collections::HashMap, time::Duration};

use tokio::time::Instant;

use crate::{
    delivery::{dispatch::Dispatch, lines::To},
    kernel::ids::UserId,
    protocol::{frame::Frame, spec::Key},
};

/// How long a revision is remembered at least. What is on its way for longer was lost.
const REMEMBERED: Duration = Duration::from_secs(30);

/// Of what it is the revision: a key means something else for each user that it is told to alone.
type Of = (Option<UserId>, Key);

/// The newest revisions that were told.
#[derive(Debug, Default)]
pub(super) struct Revisions {
    young: HashMap<Of, i64>,
    /// Those that were not told again since the last turn.
    old: HashMap<Of, i64>,
    turned: Option<Instant>,
    readers: HashMap<Number, Reader>,
    begun: u64,
}

/// Which reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Number(u64);

/// Somebody who reads what holds in a room, or for a user.
#[derive(Debug)]
struct Reader {
    user: Option<UserId>,
    scope: String,
    /// The newest of each key that was told meanwhile.
    told: HashMap<Key, Frame>,
}

impl Reader {
    fn reads(&self, user: Option<&UserId>, key: &Key) -> bool {
        let scope = key.id.split_once('\n').map_or("", |(scope, _)| scope);
        self.user.as_ref() == user && self.scope == scope
    }
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
        self.young.insert(of, revision);
        true
    }

    /// From now on the states are noted that are told of a room (`scope`), or of a user where that is empty.
    pub(super) fn begin(&mut self, user: Option<UserId>, scope: String) -> Number {
        self.begun += 1;
        let number = Number(self.begun);
        let told = HashMap::new();
        self.readers.insert(number, Reader { user, scope, told });
        number
    }

    /// Notes a state that is told, for those who read such. Two threads that tell one may come here the other way round.
    pub(super) fn note(&mut self, user: Option<&UserId>, key: &Key, frame: &Frame) {
        for reader in self.readers.values_mut().filter(|it| it.reads(user, key)) {
            let noted = reader.told.get(key).and_then(Frame::revision);
            if noted <= frame.revision() {
                reader.told.insert(key.clone(), frame.clone());
            }
        }
    }

    /// What was told since a reader began: the newest of each key, the oldest first.
    pub(super) fn end(&mut self, number: Number) -> Vec<Frame> {
        let Some(reader) = self.readers.remove(&number) else {
            return Vec::new();
        };
        let mut told: Vec<(Key, Frame)> = reader.told.into_iter().collect();
        told.sort_by(|(one, told), (other, later)| {
            (told.revision(), &one.id).cmp(&(later.revision(), &other.id))
        });
        told.into_iter().map(|(_, frame)| frame).collect()
    }
}

impl Dispatch {
    /// Notes a frame that is told to these clients. Returns whether it may be: of a state, no newer one of its key was.
    pub(in crate::delivery) fn admit_frame(&self, to: &To, frame: &Frame) -> bool {
        let (Some(revision), Some(key)) = (frame.revision(), frame.key()) else {
            return true;
        };
        let user = match to {
            To::User(user) => Some(user),
            _ => None,
        };
        let admitted = self.admit_state(user, key.clone(), revision);
        if admitted && !self.nodes().is_alone() {
            self.nodes().revisions().note(user, key, frame);
        }
        admitted
    }

    /// Notes a state that is told: from now on no older one of its key is. Returns whether it may be, for no newer one was. `user`
    /// is whose it is, if it is one user's.
    pub fn admit_state(&self, user: Option<&UserId>, key: Key, revision: i64) -> bool {
        if self.nodes().is_alone() {
            return true;
        }
        let of = (user.cloned(), key);
        self.nodes().revisions().admit(of, revision, Instant::now())
    }

    /// From now on notes what is told on this node of the states of a room (`scope`), or of a user where that is empty: for whoever
    /// reads what holds there, which is old by the time it is read.
    pub fn note_states(&self, user: Option<UserId>, scope: &str) -> Notes {
        let number = self.nodes().revisions().begin(user, scope.to_owned());
        Notes {
            dispatch: self.clone(),
            number,
        }
    }
}

/// The states that are told while somebody reads what holds. Dropped, nothing is noted any more.
pub struct Notes {
    dispatch: Dispatch,
    number: Number,
}

impl Notes {
    /// The newest of each key that was told until now.
    pub fn told(self) -> Vec<Frame> {
        self.dispatch.nodes().revisions().end(self.number)
    }
}

impl Drop for Notes {
    fn drop(&mut self) {
        drop(self.dispatch.nodes().revisions().end(self.number));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::event::HeartbeatAck;

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
    fn whoever_reads_the_states_of_a_room_gets_the_newest_of_each_key_that_are_told_meanwhile() {
        let mut revisions = Revisions::default();
        let frame = |timestamp| {
            let frame = Frame::new(&HeartbeatAck { timestamp }.into());
            frame.revised(timestamp)
        };
        let say = |revisions: &mut Revisions, user, key, timestamp| {
            let (user, key) = of(user, key);
            revisions.note(user.as_ref(), &key, &frame(timestamp));
        };
        say(&mut revisions, None, "room\na", 1);
        let room = revisions.begin(None, "room".to_owned());
        let hana = revisions.begin(Some("hana".parse().unwrap()), String::new());
        say(&mut revisions, None, "room\na", 2);
        say(&mut revisions, None, "room\na", 3);
        say(&mut revisions, None, "room\nb", 4);
        say(&mut revisions, None, "room\na", 2);
        say(&mut revisions, None, "other\na", 5);
        say(&mut revisions, Some("hana"), "\na", 6);
        say(&mut revisions, Some("taro"), "\na", 7);
        let mut told = |number| {
            let told = revisions.end(number).into_iter();
            told.map(|it| it.json().clone()).collect::<Vec<_>>()
        };
        let said =
            |all: &[i64]| -> Vec<_> { all.iter().map(|it| frame(*it).json().clone()).collect() };
        assert_eq!(told(room), said(&[3, 4]));
        assert_eq!(told(hana), said(&[6]));
        assert!(told(hana).is_empty() && revisions.readers.is_empty());
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
