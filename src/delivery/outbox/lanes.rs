//! The queues of an outbox that has something in it: who may wait, and who goes next.

use std::collections::VecDeque;

use super::{Fate, Item, Lane, Limits, Pushed, tier::Tier};
use crate::protocol::spec::Priority;

/// One queue per lane, and how many bytes they hold.
pub(super) struct Lanes<I: Item> {
    preamble: VecDeque<I>,
    control: VecDeque<I>,
    durable: VecDeque<I>,
    high: Tier<I>,
    normal: Tier<I>,
    low: Tier<I>,
    preamble_bytes: usize,
    /// Bytes in all lanes but the preamble: what the limits are about.
    live_bytes: usize,
    /// Whether what waits of low priority may leave: its window is over.
    low_released: bool,
}

impl<I: Item> Default for Lanes<I> {
    fn default() -> Self {
        Self {
            preamble: VecDeque::new(),
            control: VecDeque::new(),
            durable: VecDeque::new(),
            high: Tier::default(),
            normal: Tier::default(),
            low: Tier::default(),
            preamble_bytes: 0,
            live_bytes: 0,
            low_released: false,
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
        // What the frame makes needless makes room for it.
        let replaced = self.older(&item).map_or(0, |(_, older)| Item::size(older));
        if let Lane::Ephemeral(priority) = lane {
            let droppable = Priority::ALL.into_iter().filter(|other| *other >= priority);
            let droppable: usize = droppable.map(|it| self.tier(it).ephemeral_bytes()).sum();
            if self.live_bytes - droppable + size > limits.soft {
                item.meets(Fate::NoRoom);
                return (Pushed::Dropped, 1);
            }
        }
        let mut dropped = 0;
        while self.live_bytes - replaced + size > limits.soft && self.drop_least() {
            dropped += 1;
        }
        if self.live_bytes - replaced + size > limits.hard {
            item.meets(Fate::Closed);
            return (Pushed::Overflow, dropped);
        }
        (self.enqueue(item), dropped)
    }

    /// Hands out frames in the order of the lanes: at least one, then as many as fit into `max_bytes`.
    pub(super) fn pull(
        &mut self,
        gated: bool,
        max_bytes: usize,
        take: &mut impl FnMut(I),
    ) -> usize {
        let mut pulled = 0;
        let lanes = Lane::ALL.into_iter();
        for lane in lanes.filter(|lane| !gated || *lane == Lane::Preamble) {
            if lane.priority() == Some(Priority::Low) && !self.low_released {
                return pulled;
            }
            while let Some(front) = self.front(lane) {
                let (size, expired) = (front.size(), front.is_expired());
                // A smaller frame behind this one does not overtake it.
                if !expired && pulled > 0 && pulled + size > max_bytes {
                    return pulled;
                }
                let Some(item) = self.dequeue(lane) else {
                    break;
                };
                if expired {
                    item.meets(Fate::Expired);
                    continue;
                }
                pulled += size;
                item.meets(Fate::Left);
                take(item);
            }
        }
        pulled
    }

    /// Lets what waits of low priority leave.
    pub(super) fn release_low(&mut self) {
        self.low_released = true;
    }

    /// Whether something of low priority waits for its window's end.
    pub(super) fn holds_low(&self) -> bool {
        !self.low_released && self.low.bytes() > 0
    }

    /// Whether something may leave once the gate is open.
    pub(super) fn has_due(&self) -> bool {
        let held = if self.low_released {
            0
        } else {
            self.low.bytes()
        };
        self.bytes() > held
    }

    /// Throws away states and ephemeral frames of which that is true.
    pub(super) fn discard(&mut self, goes: impl Fn(&I) -> bool) {
        for priority in Priority::ALL {
            let tier = self.tier_mut(priority);
            let gone = tier.extract(&goes);
            self.live_bytes -= gone.iter().map(Item::size).sum::<usize>();
            gone.iter().for_each(|item| item.meets(Fate::Closed));
        }
    }

    /// Throws away control frames of which that is true.
    pub(super) fn withdraw(&mut self, goes: impl Fn(&I) -> bool) {
        let (gone, stays): (VecDeque<I>, _) = std::mem::take(&mut self.control)
            .into_iter()
            .partition(goes);
        self.control = stays;
        self.live_bytes -= gone.iter().map(Item::size).sum::<usize>();
        gone.iter().for_each(|item| item.meets(Fate::Closed));
    }

    /// Throws away every lane, but for `kept`.
    pub(super) fn clear_but(&mut self, kept: Option<Lane>) {
        for lane in Lane::ALL.into_iter().filter(|lane| Some(*lane) != kept) {
            while let Some(item) = self.dequeue(lane) {
                item.meets(Fate::Closed);
            }
        }
    }

    /// Bytes in all lanes.
    pub(super) fn bytes(&self) -> usize {
        self.preamble_bytes + self.live_bytes
    }

    /// Bytes in all lanes but the preamble.
    pub(super) fn live_bytes(&self) -> usize {
        self.live_bytes
    }

    /// Whether no frame is left.
    pub(super) fn is_empty(&self) -> bool {
        self.bytes() == 0
    }

    /// The state that a new one makes needless, and the tier in which it waits.
    fn older(&self, item: &I) -> Option<(Priority, &I)> {
        let (Lane::State(_), Some(key)) = (item.lane(), item.key()) else {
            return None;
        };
        let mut tiers = Priority::ALL.into_iter();
        tiers.find_map(|tier| Some((tier, self.tier(tier).state.waiting(key)?)))
    }

    /// Drops the ephemeral frame that is worth least: of the lowest priority the oldest, since what may be dropped at all is
    /// worth the more the fresher it is.
    fn drop_least(&mut self) -> bool {
        let mut lowest_first = Priority::ALL.into_iter().rev();
        let dropped = lowest_first.find_map(|priority| self.dequeue(Lane::Ephemeral(priority)));
        if let Some(item) = &dropped {
            item.meets(Fate::NoRoom);
        }
        dropped.is_some()
    }

    /// Puts a frame where it waits.
    fn enqueue(&mut self, item: I) -> Pushed {
        let size = item.size();
        if item.lane().priority() == Some(Priority::Low) && self.low.bytes() == 0 {
            self.low_released = false;
        }
        let older = match item.lane() {
            Lane::Preamble => {
                self.push_preamble(item);
                return Pushed::Queued;
            }
            Lane::Control => {
                self.control.push_back(item);
                None
            }
            Lane::Durable => {
                self.durable.push_back(item);
                None
            }
            Lane::Ephemeral(priority) => {
                self.tier_mut(priority).push_ephemeral(item);
                None
            }
            Lane::State(priority) => self.enqueue_state(priority, item),
        };
        self.live_bytes += size;
        let Some(older) = older else {
            return Pushed::Queued;
        };
        self.live_bytes -= older.size();
        older.meets(Fate::Replaced);
        Pushed::Replaced
    }

    /// Puts a state in the place of the older one with its key; if that is in a lane that is pulled later, the older one is
    /// taken out, or it would be sent after the newer one.
    fn enqueue_state(&mut self, priority: Priority, item: I) -> Option<I> {
        let Some((place, _)) = self.older(&item) else {
            return self.tier_mut(priority).push_state(item);
        };
        if place <= priority {
            return self.tier_mut(place).push_state(item);
        }
        let older = item
            .key()
            .and_then(|key| self.tier_mut(place).remove_state(key));
        // Nothing waits with its key any more.
        let none = self.tier_mut(priority).push_state(item);
        debug_assert!(none.is_none(), "two states waited with one key");
        older
    }

    /// How many places a lane of states has.
    #[cfg(test)]
    pub(super) fn places(&self, priority: Priority) -> usize {
        self.tier(priority).state.places_taken()
    }

    fn tier(&self, priority: Priority) -> &Tier<I> {
        match priority {
            Priority::High => &self.high,
            Priority::Normal => &self.normal,
            Priority::Low => &self.low,
        }
    }

    fn tier_mut(&mut self, priority: Priority) -> &mut Tier<I> {
        match priority {
            Priority::High => &mut self.high,
            Priority::Normal => &mut self.normal,
            Priority::Low => &mut self.low,
        }
    }

    fn front(&self, lane: Lane) -> Option<&I> {
        match lane {
            Lane::Preamble => self.preamble.front(),
            Lane::Control => self.control.front(),
            Lane::Durable => self.durable.front(),
            Lane::State(priority) => self.tier(priority).state.front(),
            Lane::Ephemeral(priority) => self.tier(priority).front_ephemeral(),
        }
    }

    fn dequeue(&mut self, lane: Lane) -> Option<I> {
        let item = match lane {
            Lane::Preamble => {
                let item = self.preamble.pop_front()?;
                self.preamble_bytes -= item.size();
                return Some(item);
            }
            Lane::Control => self.control.pop_front(),
            Lane::Durable => self.durable.pop_front(),
            Lane::State(priority) => self.tier_mut(priority).pop_state(),
            Lane::Ephemeral(priority) => self.tier_mut(priority).pop_ephemeral(),
        }?;
        self.live_bytes -= item.size();
        Some(item)
    }
}
