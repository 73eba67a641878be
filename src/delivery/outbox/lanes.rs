//! The queues of an outbox that has something in it: who may wait, and who goes next.

use std::collections::VecDeque;

use super::{Item, Lane, Limits, Pushed, coalescing::Coalescing};

/// One queue per lane, and how many bytes they hold.
pub(super) struct Lanes<I: Item> {
    preamble: VecDeque<I>,
    control: VecDeque<I>,
    durable: VecDeque<I>,
    state: Coalescing<I>,
    ephemeral: VecDeque<I>,
    preamble_bytes: usize,
    /// Bytes in all lanes but the preamble: what the limits are about.
    live_bytes: usize,
    /// The part of `live_bytes` that may be dropped.
    ephemeral_bytes: usize,
}

impl<I: Item> Default for Lanes<I> {
    fn default() -> Self {
        Self {
            preamble: VecDeque::new(),
            control: VecDeque::new(),
            durable: VecDeque::new(),
            state: Coalescing::default(),
            ephemeral: VecDeque::new(),
            preamble_bytes: 0,
            live_bytes: 0,
            ephemeral_bytes: 0,
        }
    }
}

impl<I: Item> Lanes<I> {
    /// Takes a frame into the preamble, beyond all limits.
    pub(super) fn push_preamble(&mut self, item: I) {
        self.preamble_bytes += item.size();
        self.preamble.push_back(item);
    }

    /// Takes a live frame into its lane if the limits allow it, and says how many frames were dropped.
    pub(super) fn push(&mut self, item: I, limits: &Limits) -> (Pushed, u32) {
        let lane = item.lane();
        let size = item.size();
        // What the frame would take the place of makes room for it.
        let replaced = match (lane, item.key()) {
            (Lane::State, Some(key)) => self.state.waiting(key).map_or(0, Item::size),
            _ => 0,
        };
        let lasting = self.live_bytes - self.ephemeral_bytes - replaced;
        if lane == Lane::Ephemeral && lasting + size > limits.soft {
            return (Pushed::Dropped, 1);
        }
        let mut dropped = 0;
        // The oldest goes first: what may be dropped at all is worth the more the fresher it is.
        while self.live_bytes - replaced + size > limits.soft
            && self.dequeue(Lane::Ephemeral).is_some()
        {
            dropped += 1;
        }
        let live_bytes = self.live_bytes - replaced + size;
        if live_bytes > limits.hard {
            return (Pushed::Overflow, dropped);
        }
        self.live_bytes = live_bytes;
        (self.enqueue(lane, item), dropped)
    }

    /// Hands out frames in the order of the lanes: at least one, then as many as fit into `max_bytes`.
    pub(super) fn pull(
        &mut self,
        gated: bool,
        max_bytes: usize,
        take: &mut impl FnMut(I),
    ) -> usize {
        let mut pulled = 0;
        let open_lanes = if gated { 1 } else { Lane::ALL.len() };
        for lane in Lane::ALL.into_iter().take(open_lanes) {
            while let Some(size) = self.front(lane).map(Item::size) {
                // A smaller frame behind this one does not overtake it.
                if pulled > 0 && pulled + size > max_bytes {
                    return pulled;
                }
                let Some(item) = self.dequeue(lane) else {
                    break;
                };
                pulled += size;
                take(item);
            }
        }
        pulled
    }

    /// Throws away every lane but control.
    pub(super) fn keep_control(&mut self) {
        let control = std::mem::take(&mut self.control);
        let live_bytes = control.iter().map(Item::size).sum();
        *self = Self {
            control,
            live_bytes,
            ..Self::default()
        };
    }

    /// Bytes in all lanes.
    pub(super) fn bytes(&self) -> usize {
        self.preamble_bytes + self.live_bytes
    }

    /// Whether no frame is left.
    pub(super) fn is_empty(&self) -> bool {
        self.bytes() == 0
    }

    /// Puts a frame, whose bytes are counted already, where it waits.
    fn enqueue(&mut self, lane: Lane, item: I) -> Pushed {
        match lane {
            Lane::Preamble => self.preamble.push_back(item),
            Lane::Control => self.control.push_back(item),
            Lane::Durable => self.durable.push_back(item),
            Lane::State => return self.state.push(item),
            Lane::Ephemeral => {
                self.ephemeral_bytes += item.size();
                self.ephemeral.push_back(item);
            }
        }
        Pushed::Queued
    }

    fn front(&self, lane: Lane) -> Option<&I> {
        match lane {
            Lane::Preamble => self.preamble.front(),
            Lane::Control => self.control.front(),
            Lane::Durable => self.durable.front(),
            Lane::State => self.state.front(),
            Lane::Ephemeral => self.ephemeral.front(),
        }
    }

    fn dequeue(&mut self, lane: Lane) -> Option<I> {
        let item = match lane {
            Lane::Preamble => self.preamble.pop_front(),
            Lane::Control => self.control.pop_front(),
            Lane::Durable => self.durable.pop_front(),
            Lane::State => self.state.pop_front(),
            Lane::Ephemeral => self.ephemeral.pop_front(),
        }?;
        let size = item.size();
        match lane {
            Lane::Preamble => self.preamble_bytes -= size,
            Lane::Control | Lane::Durable | Lane::State => self.live_bytes -= size,
            Lane::Ephemeral => {
                self.live_bytes -= size;
                self.ephemeral_bytes -= size;
            }
        }
        Some(item)
    }
}
