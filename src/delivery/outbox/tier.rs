//! What waits of one priority: states, and behind them what is ephemeral.

use std::collections::VecDeque;

use super::{Item, coalescing::Coalescing};

/// The states and the ephemeral frames of one priority, and how many bytes they hold.
pub(super) struct Tier<I: Item> {
    pub(super) state: Coalescing<I>,
    ephemeral: VecDeque<I>,
    state_bytes: usize,
    ephemeral_bytes: usize,
}

impl<I: Item> Default for Tier<I> {
    fn default() -> Self {
        Self {
            state: Coalescing::default(),
            ephemeral: VecDeque::new(),
            state_bytes: 0,
            ephemeral_bytes: 0,
        }
    }
}

impl<I: Item> Tier<I> {
    /// Puts a state where it waits; the one whose place it takes is handed back.
    pub(super) fn push_state(&mut self, item: I) -> Option<I> {
        self.state_bytes += item.size();
        let older = self.state.push(item);
        self.state_bytes -= older.as_ref().map_or(0, Item::size);
        older
    }

    pub(super) fn push_ephemeral(&mut self, item: I) {
        self.ephemeral_bytes += item.size();
        self.ephemeral.push_back(item);
    }

    pub(super) fn front_ephemeral(&self) -> Option<&I> {
        self.ephemeral.front()
    }

    pub(super) fn pop_state(&mut self) -> Option<I> {
        let item = self.state.pop_front()?;
        self.state_bytes -= item.size();
        Some(item)
    }

    pub(super) fn pop_ephemeral(&mut self) -> Option<I> {
        let item = self.ephemeral.pop_front()?;
        self.ephemeral_bytes -= item.size();
        Some(item)
    }

    /// Takes the state with this key out, wherever it waits.
    pub(super) fn remove_state(&mut self, key: &I::Key) -> Option<I> {
        let item = self.state.remove(key)?;
        self.state_bytes -= item.size();
        Some(item)
    }

    /// Takes out everything of which that is true.
    pub(super) fn extract(&mut self, leaves: impl Fn(&I) -> bool) -> Vec<I> {
        let mut extracted = self.state.extract(&leaves);
        self.state_bytes -= extracted.iter().map(Item::size).sum::<usize>();
        let (gone, stays) = std::mem::take(&mut self.ephemeral)
            .into_iter()
            .partition(leaves);
        self.ephemeral = stays;
        let gone: VecDeque<I> = gone;
        self.ephemeral_bytes -= gone.iter().map(Item::size).sum::<usize>();
        extracted.extend(gone);
        extracted
    }

    /// Bytes of the frames that may be dropped.
    pub(super) fn ephemeral_bytes(&self) -> usize {
        self.ephemeral_bytes
    }

    /// Bytes of all frames.
    pub(super) fn bytes(&self) -> usize {
        self.state_bytes + self.ephemeral_bytes
    }
}
