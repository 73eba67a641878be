//! One timing wheel for the timers of all sessions of a worker: heartbeats, write timeouts, token expiry.
//!
//! A hashed wheel (Varghese and Lauck 1987, scheme 6): time is cut into ticks, tick `n` belongs to slot
//! `n mod SLOTS`, and a timer waits in the slot of its tick however many rotations away that is. Arming is one
//! push, a tick looks at one slot. Compared with a timer per actor this costs 16 bytes a timer and one
//! wake-up a tick for the whole worker.
//!
//! There is no disarming. A timer carries a generation, and its owner ignores what fires with one that is
//! no longer its own: a look-up at firing is cheaper than one at every change of mind.
//!
//! There is no clock either: whoever drives the wheel tells it the time, in milliseconds since it was made.
//! A timer never fires early, and at most one tick late if the wheel is advanced every tick.

#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::kernel::time::millis;

/// Slots of a wheel. At the default tick of 20 ms one rotation is 20.48 s, so a timer of the usual
/// length (pings go out every 25 s) is looked at once before it fires; empty slots cost 24 KiB a worker.
const SLOTS: usize = 1024;

/// A timer that has fired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Timer {
    /// Whose it is: a session's place in its worker.
    pub token: u32,
    /// Tells it from older timers of that place, which may have been another session's.
    pub generation: u32,
}

/// The timers of one worker.
#[derive(Debug)]
pub struct Wheel {
    /// Length of a tick, in milliseconds.
    tick_ms: u64,
    /// The last tick whose timers have fired.
    fired: u64,
    slots: Box<[Vec<Armed>]>,
}

/// A timer that waits for its tick.
#[derive(Debug, Clone, Copy)]
struct Armed {
    timer: Timer,
    tick: u64,
}

impl Wheel {
    /// A wheel that stands at 0 and moves in ticks of this length (whole milliseconds, at least one).
    pub fn new(tick: Duration) -> Self {
        Self {
            tick_ms: millis(tick).max(1),
            fired: 0,
            slots: vec![Vec::new(); SLOTS].into_boxed_slice(),
        }
    }

    /// Arms a timer for `at_ms`. One whose time has come already fires with the next tick.
    pub fn schedule(&mut self, token: u32, generation: u32, at_ms: u64) {
        let timer = Timer { token, generation };
        let tick = at_ms.div_ceil(self.tick_ms).max(self.fired + 1);
        if let Some(slot) = self.slot(tick) {
            slot.push(Armed { timer, tick });
        }
    }

    /// Moves the wheel to `now_ms` and returns what fires, earlier ticks first. A clock that went back
    /// moves nothing.
    pub fn advance(&mut self, now_ms: u64) -> Vec<Timer> {
        let now = now_ms / self.tick_ms;
        let mut due = Vec::new();
        // After a long pause (a suspended machine) one rotation has seen every slot.
        let turns = now.saturating_sub(self.fired).min(SLOTS as u64);
        for tick in self.fired + 1..=self.fired + turns {
            let Some(slot) = self.slot(tick) else {
                continue;
            };
            due.extend(slot.extract_if(.., |armed| armed.tick <= now));
            if slot.is_empty() {
                // A slot that was crowded once does not keep its memory forever.
                *slot = Vec::new();
            }
        }
        self.fired = self.fired.max(now);
        due.sort_by_key(|armed| armed.tick);
        due.into_iter().map(|armed| armed.timer).collect()
    }

    fn slot(&mut self, tick: u64) -> Option<&mut Vec<Armed>> {
        self.slots.get_mut(tick as usize % SLOTS)
    }
}
