//! From sessions that come and go to people who do.
//!
//! A device is there while one of its sessions is connected, and after the last of them has left for as
//! long as its grace runs; a person is there while one of their devices is. A device that comes back ends
//! its own grace, so a goodbye that it says later takes effect at once, while another device that is still
//! in a tunnel keeps the person there.
//!
//! Pure: the caller tells what happened and what time it is, and passes on the changes that come back.

#[cfg(test)]
mod tests;

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
};

use actix_rt::time::Instant;
use smallvec::SmallVec;

use crate::kernel::ids::{DeviceId, SessionId, UserId};

/// A person came or went. Of one person these alternate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Their first connection has come.
    Online(UserId),
    /// The last one has gone, and its grace is over.
    Offline(UserId),
}

impl Change {
    /// Who it is.
    pub fn user(&self) -> &UserId {
        match self {
            Change::Online(user) | Change::Offline(user) => user,
        }
    }
}

/// Who is there.
#[derive(Debug, Default)]
pub(super) struct Merged {
    /// Everybody who is there, with what keeps them there. Nobody has an empty list.
    users: HashMap<UserId, SmallVec<[Present; 1]>>,
    /// When to look again at whom. An entry may be stale: the person came back meanwhile.
    graces: BinaryHeap<Reverse<(Instant, UserId)>>,
}

/// A session that is connected, or has left and has a grace.
#[derive(Debug)]
struct Present {
    device: DeviceId,
    session: SessionId,
    /// The end of its grace, once it has left.
    until: Option<Instant>,
}

impl Merged {
    /// A session is connected.
    pub(super) fn arrive(
        &mut self,
        user: &UserId,
        device: &DeviceId,
        session: SessionId,
    ) -> Option<Change> {
        let came = !self.is_online(user);
        let present = self.users.entry(user.clone()).or_default();
        present.retain(|it| it.session != session && !(it.device == *device && it.until.is_some()));
        present.push(Present {
            device: device.clone(),
            session,
            until: None,
        });
        came.then(|| Change::Online(user.clone()))
    }

    /// A session has left. With `until` its device counts as there until then, unless another session
    /// keeps the device there anyway. A session that is not known changes nothing.
    pub(super) fn left(
        &mut self,
        user: &UserId,
        session: SessionId,
        until: Option<Instant>,
    ) -> Option<Change> {
        let present = self.users.get_mut(user)?;
        let place = present
            .iter()
            .position(|it| it.session == session && it.until.is_none())?;
        let gone = present.remove(place);
        let device_stays = present
            .iter()
            .any(|it| it.device == gone.device && it.until.is_none());
        if let Some(until) = until.filter(|_| !device_stays) {
            present.push(Present {
                until: Some(until),
                ..gone
            });
            self.graces.push(Reverse((until, user.clone())));
        }
        self.forget_if_gone(user)
    }

    /// Ends the graces that have run out by `now`, and tells who is gone with them.
    pub(super) fn due(&mut self, now: Instant) -> Vec<Change> {
        let mut changes = Vec::new();
        while let Some(Reverse((until, _))) = self.graces.peek()
            && *until <= now
            && let Some(Reverse((_, user))) = self.graces.pop()
        {
            if let Some(present) = self.users.get_mut(&user) {
                present.retain(|it| it.until.is_none_or(|until| until > now));
            }
            changes.extend(self.forget_if_gone(&user));
        }
        changes
    }

    /// When the first grace runs out, at the earliest.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.graces.peek().map(|Reverse((until, _))| *until)
    }

    /// Whether a person is there.
    pub(super) fn is_online(&self, user: &UserId) -> bool {
        self.users.contains_key(user)
    }

    /// Everybody who is there.
    pub(super) fn everybody(&self) -> impl ExactSizeIterator<Item = &UserId> {
        self.users.keys()
    }

    fn forget_if_gone(&mut self, user: &UserId) -> Option<Change> {
        if !self.users.get(user)?.is_empty() {
            return None;
        }
        self.users.remove(user);
        Some(Change::Offline(user.clone()))
    }
}
