//! How many actions may be under way: in all, so that a slow backend does not tie up the server, and for each user, so that
//! nobody takes all of it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};

use crate::kernel::ids::UserId;

/// Places for actions under way, of all workers.
pub(super) struct Slots {
    all: Arc<Semaphore>,
    each: usize,
    users: Mutex<HashMap<UserId, usize>>,
}

/// A place; free again when it is dropped.
pub(super) struct Slot {
    slots: Arc<Slots>,
    user: UserId,
    _permit: OwnedSemaphorePermit,
}

/// There is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    /// For anybody.
    ForAll,
    /// For this user, who has several.
    ForUser,
    /// For anybody, ever again: the server stops.
    Closed,
}

impl Slots {
    pub(super) fn new(all: usize, each: usize) -> Arc<Self> {
        Arc::new(Self {
            all: Arc::new(Semaphore::new(all)),
            each,
            users: Mutex::default(),
        })
    }

    /// Gives out no more of them.
    pub(super) fn close(&self) {
        self.all.close();
    }

    /// Whether some are taken.
    pub(super) fn are_taken(&self) -> bool {
        let users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        !users.is_empty()
    }

    pub(super) fn take(self: &Arc<Self>, user: &UserId) -> Result<Slot, Full> {
        let permit = Arc::clone(&self.all).try_acquire_owned();
        let permit = permit.map_err(|refused| match refused {
            TryAcquireError::NoPermits => Full::ForAll,
            TryAcquireError::Closed => Full::Closed,
        })?;
        let mut users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = users.entry(user.clone()).or_default();
        if *taken >= self.each {
            return Err(Full::ForUser);
        }
        *taken += 1;
        Ok(Slot {
            slots: Arc::clone(self),
            user: user.clone(),
            _permit: permit,
        })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let users = self.slots.users.lock();
        let mut users = users.unwrap_or_else(PoisonError::into_inner);
        if let Some(taken) = users.get_mut(&self.user) {
            *taken = taken.saturating_sub(1);
            if *taken == 0 {
                users.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_bounded_for_each_and_for_all_and_come_back() {
        let slots = Slots::new(3, 2);
        let (taro, jiro) = ("taro".parse().unwrap(), "jiro".parse().unwrap());
        let held = [slots.take(&taro).unwrap(), slots.take(&taro).unwrap()];
        assert_eq!(slots.take(&taro).err(), Some(Full::ForUser));
        let third = slots.take(&jiro).unwrap();
        assert_eq!(slots.take(&jiro).err(), Some(Full::ForAll));
        drop(held);
        let again = slots.take(&taro).unwrap();
        drop((third, again));
        assert!(slots.users.lock().unwrap().is_empty(), "nobody is kept");
        assert_eq!(slots.all.available_permits(), 3);
    }
}
