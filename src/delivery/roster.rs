//! Who is connected to this node: every session of every user, and the merged answer to "is this person
//! there", which outlasts a short break of the line.
//!
//! The table is shared by all workers and split by user so that connects do not queue up. It is touched
//! when somebody comes or goes and when a frame looks for its workers; no lock is held while anything is
//! sent.

use std::{
    collections::{HashMap, hash_map::RandomState},
    hash::BuildHasher,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use smallvec::SmallVec;

use super::line::{Client, SessionRef};
use crate::kernel::{
    identity::Role,
    ids::{DeviceId, UserId},
};

/// More parts than any machine has cores: two workers rarely want the same one.
const PARTS: usize = 64;

/// One session in the roster.
#[derive(Debug, Clone)]
pub struct Present {
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

type Part = Mutex<HashMap<UserId, SmallVec<[Present; 1]>>>;

/// Who is connected. Clones share the table.
#[derive(Debug, Clone)]
pub struct Roster {
    parts: Arc<[Part]>,
    hasher: RandomState,
}

impl Default for Roster {
    fn default() -> Self {
        Self {
            parts: (0..PARTS).map(|_| Part::default()).collect(),
            hasher: RandomState::new(),
        }
    }
}

impl Roster {
    /// Notes a session.
    pub(super) fn arrive(&self, client: &Client, at: SessionRef) {
        let present = Present {
            device: client.device.clone(),
            role: client.role,
            at,
        };
        self.part(&client.user)
            .entry(client.user.clone())
            .or_default()
            .push(present);
    }

    /// Strikes a session out and tells what is left of its user.
    pub fn leave(&self, client: &Client) -> Remaining {
        let mut part = self.part(&client.user);
        let Some(sessions) = part.get_mut(&client.user) else {
            return Remaining {
                of_device: 0,
                of_user: 0,
            };
        };
        sessions.retain(|present| present.at.session != client.session);
        let of_user = sessions.len();
        let of_device = sessions
            .iter()
            .filter(|it| it.device == client.device)
            .count();
        if sessions.is_empty() {
            part.remove(&client.user);
        }
        Remaining { of_device, of_user }
    }

    /// The sessions of a user.
    pub fn sessions(&self, user: &UserId) -> Vec<Present> {
        self.part(user)
            .get(user)
            .map(|sessions| sessions.to_vec())
            .unwrap_or_default()
    }

    /// Whether a device of a user is connected.
    pub fn has_device(&self, user: &UserId, device: &DeviceId) -> bool {
        let part = self.part(user);
        part.get(user)
            .is_some_and(|sessions| sessions.iter().any(|it| it.device == *device))
    }

    /// The workers that hold sessions of a user, each once.
    pub(super) fn workers(&self, user: &UserId) -> SmallVec<[u16; 4]> {
        let part = self.part(user);
        let mut workers: SmallVec<[u16; 4]> = part
            .get(user)
            .into_iter()
            .flatten()
            .map(|present| present.at.worker)
            .collect();
        workers.sort_unstable();
        workers.dedup();
        workers
    }

    /// How many different users are connected.
    pub fn users(&self) -> usize {
        self.parts.iter().map(|part| lock(part).len()).sum()
    }

    /// Everybody, part by part: nobody waits for the whole walk.
    pub fn everybody(&self) -> Vec<(UserId, Present)> {
        let flat = |part: &Part| {
            let part = lock(part);
            let pairs = part.iter().flat_map(|(user, sessions)| {
                sessions
                    .iter()
                    .map(move |present| (user.clone(), present.clone()))
            });
            pairs.collect::<Vec<_>>()
        };
        self.parts.iter().flat_map(flat).collect()
    }

    fn part(&self, user: &UserId) -> MutexGuard<'_, HashMap<UserId, SmallVec<[Present; 1]>>> {
        let place = self.hasher.hash_one(user.as_str()) as usize % PARTS;
        // PARTS is the length, so the place is always there; the first part stands in for the compiler.
        lock(self.parts.get(place).unwrap_or(&self.parts[0]))
    }
}

fn lock(part: &Part) -> MutexGuard<'_, HashMap<UserId, SmallVec<[Present; 1]>>> {
    // Every change under the lock is a single step, so a panic leaves nothing half done.
    part.lock().unwrap_or_else(PoisonError::into_inner)
}
