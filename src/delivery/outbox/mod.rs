//! What waits for one client: frames in lanes, pulled by its socket when the socket can take more.
//!
//! ```text
//!   preamble          connected, snapshots, replay, ready: before anything live   never refused
//!   control           answers, errors, all of a call                              never dropped
//!   high state        the newest per key replaces the one that waits              never held back
//!   high ephemeral    dropped last, and counted                                   never held back
//!   durable           from the inbox's cursor, whatever the priority              never dropped
//!   state             the newest per key replaces the one that waits
//!   ephemeral         dropped before what is high
//!   low state         as state                                                    held for a window
//!   low ephemeral     dropped first                                               held for a window
//! ```
//! Order holds within a lane; between lanes only the order above does. Durable events have one lane, whatever their priority:
//! their order is that of their `seq`, and what overtook would only be told as a gap. A new outbox is *gated*: only its
//! preamble leaves, live frames wait (and coalesce) until [`Outbox::open`], so nothing overtakes a
//! snapshot or the replay.
//!
//! Of two states with one key only the newer leaves, also if their priorities differ: it takes the older one's place if that
//! is in a lane that is pulled earlier, and else its own.
//!
//! What is *low* is held until [`Outbox::release_low`]: whoever owns the outbox calls that when the first of it has waited for
//! the window, so that all of it leaves in one piece. What comes while the socket has not taken all of that leaves with it.
//!
//! Two limits, in bytes of live frames. Above the *soft* limit no ephemeral frame waits; one that comes takes the room of others of
//! its own priority and of lower ones, never of higher ones. At the *hard* limit
//! a push is refused with [`Pushed::Overflow`]: the client reads too slowly, and the caller closes it
//! (4100, it may come back). The preamble counts to neither: it is bounded by the server itself (each
//! snapshot once, and again only while there is room; the replay page by page), not by how fast a client reads.
//!
//! Each frame is told its [`Fate`] once: what is measured of events follows from that.
//!
//! Why the queues are in a box: at 10,000 connections nearly all outboxes are empty nearly always. An idle one
//! is a null pointer and two counters, with nothing on the heap; a drained one gives its memory back.

mod coalescing;
mod lanes;
#[cfg(test)]
mod tests;
mod tier;

use std::hash::Hash;

use lanes::Lanes;

use crate::protocol::spec::Priority;

/// Where a frame waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lane {
    /// What a client gets before anything live. Never refused.
    Preamble,
    /// Answers, errors and all of a call. Never dropped.
    Control,
    /// Events of the inbox. Never dropped here; a slow client is paged by its cursor instead.
    Durable,
    /// Only the newest per key waits.
    State(Priority),
    /// Dropped first.
    Ephemeral(Priority),
}

impl Lane {
    /// Every lane, in the order in which they are pulled.
    pub const ALL: [Lane; 9] = [
        Lane::Preamble,
        Lane::Control,
        Lane::State(Priority::High),
        Lane::Ephemeral(Priority::High),
        Lane::Durable,
        Lane::State(Priority::Normal),
        Lane::Ephemeral(Priority::Normal),
        Lane::State(Priority::Low),
        Lane::Ephemeral(Priority::Low),
    ];

    /// The priority of what waits there, where the lane has one.
    pub const fn priority(self) -> Option<Priority> {
        match self {
            Lane::State(priority) | Lane::Ephemeral(priority) => Some(priority),
            Lane::Preamble | Lane::Control | Lane::Durable => None,
        }
    }
}

/// What became of a frame. Each meets one fate, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fate {
    /// It was handed to the transport.
    Left,
    /// A newer state of its key took its place.
    Replaced,
    /// It was ephemeral and there was no room.
    NoRoom,
    /// It was not worth sending any more when its turn came.
    Expired,
    /// Its client was closed, for being too slow or for any other reason, or has left what it is about.
    Closed,
}

/// A frame, as far as an outbox has to know it. Lane, key and size stay the same for as long as it waits.
pub trait Item {
    /// What tells states apart: of two frames with equal keys only the newer one is worth sending.
    type Key: Clone + Eq + Hash;

    /// The lane in which the frame waits.
    fn lane(&self) -> Lane;

    /// The key of a state; a state without one never replaces another. Other lanes ignore it.
    fn key(&self) -> Option<&Self::Key>;

    /// Bytes on the wire; at least one.
    fn size(&self) -> usize;

    /// Whether it is not worth sending any more: asked when its turn has come.
    fn is_expired(&self) -> bool;

    /// What became of it.
    fn meets(&self, fate: Fate);
}

/// How many bytes of live frames may wait for one client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Above this no ephemeral frame waits (`outbox.soft_limit`).
    pub soft: usize,
    /// What would rise above this is refused (`outbox.hard_limit`).
    pub hard: usize,
}

impl Limits {
    /// Takes whatever is pushed.
    pub const NONE: Limits = Limits {
        soft: usize::MAX,
        hard: usize::MAX,
    };
}

/// What became of a pushed frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Pushed {
    /// It waits behind what its lane held.
    Queued,
    /// It waits instead of an older state with its key.
    Replaced,
    /// It was ephemeral and there was no room for it; [`Outbox::dropped`] has counted it.
    Dropped,
    /// It was not taken and the hard limit is reached: close the session.
    Overflow,
}

/// The frames that wait for one client.
pub struct Outbox<I: Item> {
    /// What waits; `None` while nothing does, so that an idle outbox holds no heap.
    lanes: Option<Box<Lanes<I>>>,
    /// Ephemeral frames that were dropped so far.
    dropped: u32,
    /// Whether only the preamble may leave.
    gated: bool,
}

impl<I: Item> Outbox<I> {
    /// An empty outbox, gated: what must come first has yet to be pushed.
    pub const fn gated() -> Self {
        Self {
            lanes: None,
            dropped: 0,
            gated: true,
        }
    }

    /// Takes a frame into its lane, as far as the limits allow. To make room, ephemeral frames that wait
    /// are dropped, those of the lowest priority and of these the oldest first. Nothing else that waits is ever lost.
    pub fn push(&mut self, item: I, limits: &Limits) -> Pushed {
        if item.lane() == Lane::Preamble {
            self.push_preamble(item);
            return Pushed::Queued;
        }
        let lanes = self.lanes.get_or_insert_default();
        let (pushed, dropped) = lanes.push(item, limits);
        self.dropped = self.dropped.saturating_add(dropped);
        self.free_if_empty();
        pushed
    }

    /// Takes a frame into the preamble, whatever its own lane is: a replayed event is durable, and still
    /// comes before `ready`.
    pub fn push_preamble(&mut self, item: I) {
        self.lanes.get_or_insert_default().push_preamble(item);
    }

    /// Lifts the gate: everything may leave now, what is left of the preamble first.
    pub fn open(&mut self) {
        self.gated = false;
    }

    /// Hands out what waits, in the order of the lanes, and says how many bytes that were. It stops before
    /// the frame that would exceed `max_bytes`, but the first one always goes, or a large frame would never
    /// leave. 0 bytes mean that nothing may leave now.
    pub fn pull(&mut self, max_bytes: usize, take: &mut impl FnMut(I)) -> usize {
        let Some(lanes) = &mut self.lanes else {
            return 0;
        };
        let pulled = lanes.pull(self.gated, max_bytes, take);
        self.free_if_empty();
        pulled
    }

    /// Lets what waits of low priority leave, and what comes before that has left.
    pub fn release_low(&mut self) {
        if let Some(lanes) = &mut self.lanes {
            lanes.release_low();
        }
    }

    /// Whether something of low priority waits for [`Outbox::release_low`].
    pub fn holds_low(&self) -> bool {
        self.lanes.as_ref().is_some_and(|lanes| lanes.holds_low())
    }

    /// Throws away the states and the ephemeral frames of which that is true.
    pub fn discard(&mut self, goes: impl Fn(&I) -> bool) {
        if let Some(lanes) = &mut self.lanes {
            lanes.discard(goes);
        }
        self.free_if_empty();
    }

    /// Throws away the control frames of which that is true.
    pub fn withdraw(&mut self, goes: impl Fn(&I) -> bool) {
        if let Some(lanes) = &mut self.lanes {
            lanes.withdraw(goes);
        }
        self.free_if_empty();
    }

    /// Throws away what waits. The gate and the count of dropped frames stay as they are.
    pub fn clear(&mut self) {
        self.clear_but(None);
    }

    /// Throws away what waits, but for the control lane.
    pub fn keep_control(&mut self) {
        self.clear_but(Some(Lane::Control));
    }

    fn clear_but(&mut self, kept: Option<Lane>) {
        if let Some(lanes) = &mut self.lanes {
            lanes.clear_but(kept);
        }
        self.free_if_empty();
    }

    /// Bytes of all frames that wait, the preamble included.
    pub fn bytes(&self) -> usize {
        self.lanes.as_ref().map_or(0, |lanes| lanes.bytes())
    }

    /// Bytes of the live frames that wait: what the limits are about.
    pub fn live_bytes(&self) -> usize {
        self.lanes.as_ref().map_or(0, |lanes| lanes.live_bytes())
    }

    /// Whether nothing waits, on either side of the gate.
    pub fn is_idle(&self) -> bool {
        self.lanes.is_none()
    }

    /// Whether something waits that may leave once the gate is open.
    pub fn has_due(&self) -> bool {
        self.lanes.as_ref().is_some_and(|lanes| lanes.has_due())
    }

    /// Ephemeral frames that were dropped since the outbox was made.
    pub fn dropped(&self) -> u32 {
        self.dropped
    }

    fn free_if_empty(&mut self) {
        self.lanes.take_if(|lanes| lanes.is_empty());
    }
}
