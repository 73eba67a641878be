//! The state lane: a queue in which the newest state of a key takes the place of the one that waits.

use std::collections::{HashMap, VecDeque};

use super::{Item, Pushed};

/// From this length on keys are found by a map. Below it a walk over a few frames is faster than hashing, and
/// a client that keeps up never pays for a map.
const INDEXED_FROM: usize = 16;

/// A queue of states with at most one per key. A newer state keeps the older one's place, so a key that
/// changes often is not put off forever.
pub(super) struct Coalescing<I: Item> {
    queue: VecDeque<I>,
    /// The place of the front. Places are numbered as they are given out and never change while their
    /// frame waits, whatever leaves before it.
    front: usize,
    /// The place of each key, while the queue is backed up.
    index: Option<HashMap<I::Key, usize>>,
}

impl<I: Item> Default for Coalescing<I> {
    fn default() -> Self {
        Self {
            queue: VecDeque::new(),
            front: 0,
            index: None,
        }
    }
}

impl<I: Item> Coalescing<I> {
    /// The state with this key that waits.
    pub(super) fn waiting(&self, key: &I::Key) -> Option<&I> {
        self.position(key)
            .and_then(|position| self.queue.get(position))
    }

    /// Puts a state in the place of the one with its key, or at the end.
    pub(super) fn push(&mut self, item: I) -> Pushed {
        let position = item.key().and_then(|key| self.position(key));
        if let Some(older) = position.and_then(|position| self.queue.get_mut(position)) {
            *older = item;
            return Pushed::Replaced;
        }
        let place = self.front.wrapping_add(self.queue.len());
        if let (Some(index), Some(key)) = (&mut self.index, item.key()) {
            index.insert(key.clone(), place);
        }
        self.queue.push_back(item);
        if self.index.is_none() && self.queue.len() >= INDEXED_FROM {
            self.index = Some(self.places());
        }
        Pushed::Queued
    }

    /// The state that goes next.
    pub(super) fn front(&self) -> Option<&I> {
        self.queue.front()
    }

    /// Takes the state that goes next.
    pub(super) fn pop_front(&mut self) -> Option<I> {
        let item = self.queue.pop_front()?;
        self.front = self.front.wrapping_add(1);
        if let (Some(index), Some(key)) = (&mut self.index, item.key()) {
            index.remove(key);
            debug_assert!(index.len() <= self.queue.len(), "a key outlived its state");
        }
        if self.queue.is_empty() {
            self.index = None;
        }
        Some(item)
    }

    /// Where in the queue the state with this key waits.
    fn position(&self, key: &I::Key) -> Option<usize> {
        match &self.index {
            Some(index) => index.get(key).map(|place| place.wrapping_sub(self.front)),
            None => self.queue.iter().position(|item| item.key() == Some(key)),
        }
    }

    /// The place of every key that waits.
    fn places(&self) -> HashMap<I::Key, usize> {
        let keys = self.queue.iter().map(Item::key).enumerate();
        keys.filter_map(|(position, key)| Some((key?.clone(), self.front.wrapping_add(position))))
            .collect()
    }
}
