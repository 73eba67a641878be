//! A lane of states: a queue in which the newest state of a key takes the place of the one that waits.

use std::collections::{HashMap, VecDeque};

use super::Item;

/// From this length on keys are found by a map. Below it a walk over a few frames is faster than hashing, and
/// a client that keeps up never pays for a map.
const INDEXED_FROM: usize = 16;

/// A queue of states with at most one per key. A newer state keeps the older one's place, so a key that
/// changes often is not put off forever.
pub(super) struct Coalescing<I: Item> {
    /// `None` where a state was taken out of the middle; never at the front.
    queue: VecDeque<Option<I>>,
    /// How many of those there are.
    gaps: usize,
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
            gaps: 0,
            front: 0,
            index: None,
        }
    }
}

impl<I: Item> Coalescing<I> {
    /// The state with this key that waits.
    pub(super) fn waiting(&self, key: &I::Key) -> Option<&I> {
        self.queue.get(self.position(key)?)?.as_ref()
    }

    /// Puts a state in the place of the one with its key, which is handed back, or at the end.
    pub(super) fn push(&mut self, item: I) -> Option<I> {
        let position = item.key().and_then(|key| self.position(key));
        if let Some(place) = position.and_then(|position| self.queue.get_mut(position)) {
            return place.replace(item);
        }
        let place = self.front.wrapping_add(self.queue.len());
        if let (Some(index), Some(key)) = (&mut self.index, item.key()) {
            index.insert(key.clone(), place);
        }
        self.queue.push_back(Some(item));
        if self.index.is_none() && self.queue.len() >= INDEXED_FROM {
            self.index = Some(self.places());
        }
        None
    }

    /// The state that goes next.
    pub(super) fn front(&self) -> Option<&I> {
        self.queue.front()?.as_ref()
    }

    /// Takes the state that goes next.
    pub(super) fn pop_front(&mut self) -> Option<I> {
        let item = self.queue.pop_front()??;
        self.front = self.front.wrapping_add(1);
        if let (Some(index), Some(key)) = (&mut self.index, item.key()) {
            index.remove(key);
            debug_assert!(index.len() <= self.queue.len(), "a key outlived its state");
        }
        self.close_gaps();
        Some(item)
    }

    /// Takes the state with this key out, wherever it waits.
    pub(super) fn remove(&mut self, key: &I::Key) -> Option<I> {
        let position = self.position(key)?;
        let item = self.queue.get_mut(position)?.take()?;
        self.gaps += 1;
        if let Some(index) = &mut self.index {
            index.remove(key);
        }
        self.close_gaps();
        Some(item)
    }

    /// Takes out every state of which that is true.
    pub(super) fn extract(&mut self, leaves: impl Fn(&I) -> bool) -> Vec<I> {
        let waiting = self.queue.iter_mut();
        let extracted: Vec<I> = waiting
            .filter_map(|place| place.take_if(|item| leaves(item)))
            .collect();
        if !extracted.is_empty() {
            self.compact();
        }
        extracted
    }

    /// How many places there are, with those that are empty.
    #[cfg(test)]
    pub(super) fn places_taken(&self) -> usize {
        self.queue.len()
    }

    /// Gives up the gaps at the front, and all of them once they are most of the queue: what that costs is paid by those who
    /// made them.
    fn close_gaps(&mut self) {
        while self.queue.pop_front_if(|place| place.is_none()).is_some() {
            self.front = self.front.wrapping_add(1);
            self.gaps -= 1;
        }
        if self.queue.is_empty() {
            self.index = None;
        } else if self.gaps > INDEXED_FROM.max(self.queue.len() / 2) {
            self.compact();
        }
    }

    fn compact(&mut self) {
        self.queue.retain(Option::is_some);
        self.gaps = 0;
        let indexed = self.queue.len() >= INDEXED_FROM;
        self.index = indexed.then(|| self.places());
    }

    /// Where in the queue the state with this key waits.
    fn position(&self, key: &I::Key) -> Option<usize> {
        let key_of = |place: &Option<I>| place.as_ref().and_then(Item::key) == Some(key);
        match &self.index {
            Some(index) => index.get(key).map(|place| place.wrapping_sub(self.front)),
            None => self.queue.iter().position(key_of),
        }
    }

    /// The place of every key that waits.
    fn places(&self) -> HashMap<I::Key, usize> {
        let waiting = self.queue.iter().enumerate();
        let places = waiting.filter_map(|(position, place)| {
            let key = place.as_ref()?.key()?.clone();
            Some((key, self.front.wrapping_add(position)))
        });
        places.collect()
    }
}
