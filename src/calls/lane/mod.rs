//! One lane per call: what comes to a call waits behind what is being stored of it, and for nothing else.
//!
//! ```text
//!          next              free
//!  Free ---------> Storing --------> Free        asks that find too much waiting are refused
//!   ^                 |
//!   |    resume       | hold: could not be stored and must not be lost
//!   +----- Held <-----+
//! ```
//! A lane also remembers the call as this node last stored or read it: signals are answered from that. It is a copy; the
//! database decides.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};

use super::rules::call::Call;
use crate::kernel::{ids::CallId, time::Timestamp};

/// The most that may wait in one lane before further asks are refused. Two browsers send 40 candidates while one accept is
/// being stored; more than three times that is nobody's call.
const WAITING_MAX: usize = 128;

/// Calls that are known to be over after their lanes are gone. Who has read one just before its end may say so a moment
/// later; ten thousand ends are some minutes of a busy node.
const OVER_MAX: usize = 10_000;

/// The lanes of all calls that are live or have something waiting.
pub(super) struct Lanes<T> {
    lanes: HashMap<CallId, Lane<T>>,
    /// When the calls that are known here end if nothing comes to them.
    due: BTreeSet<(Timestamp, CallId)>,
    over: Over,
}

/// The calls that were over last.
#[derive(Default)]
struct Over {
    calls: HashSet<CallId>,
    order: VecDeque<CallId>,
}

impl Over {
    fn note(&mut self, call: CallId) {
        if self.calls.insert(call) {
            self.order.push_back(call);
        }
        if self.order.len() > OVER_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.calls.remove(&oldest);
        }
    }
}

struct Lane<T> {
    turn: Turn,
    waiting: VecDeque<T>,
    call: Option<Call>,
}

/// What a lane does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// Takes the next.
    Free,
    /// Waits for the store.
    Storing,
    /// Waits before it tries again.
    Held,
}

impl<T> Default for Lanes<T> {
    fn default() -> Self {
        Self {
            lanes: HashMap::new(),
            due: BTreeSet::new(),
            over: Over::default(),
        }
    }
}

impl<T> Default for Lane<T> {
    fn default() -> Self {
        Self {
            turn: Turn::Free,
            waiting: VecDeque::new(),
            call: None,
        }
    }
}

impl<T> Lanes<T> {
    /// Queues what somebody asks.
    ///
    /// # Errors
    /// Gives it back if too much waits, or if the store fails this lane right now.
    pub(super) fn ask(&mut self, call: CallId, ask: T) -> Result<(), T> {
        let lane = self.lanes.entry(call).or_default();
        if lane.turn == Turn::Held || lane.waiting.len() >= WAITING_MAX {
            return Err(ask);
        }
        lane.waiting.push_back(ask);
        Ok(())
    }

    /// Queues what has happened: never refused. It comes once for each device, deadline or ring.
    pub(super) fn happened(&mut self, call: CallId, event: T) {
        self.lanes.entry(call).or_default().waiting.push_back(event);
    }

    /// Takes what waits longest, if the lane is free. From then on it is not, until [`Lanes::free`] or [`Lanes::hold`].
    pub(super) fn next(&mut self, call: CallId) -> Option<T> {
        let lane = self.lanes.get_mut(&call)?;
        if lane.turn != Turn::Free {
            return None;
        }
        let next = lane.waiting.pop_front()?;
        lane.turn = Turn::Storing;
        Some(next)
    }

    /// What was taken is done.
    pub(super) fn free(&mut self, call: CallId) {
        self.turn(call, Turn::Free);
    }

    /// What was taken comes first again, at once.
    pub(super) fn put_back(&mut self, call: CallId, task: T) {
        let lane = self.lanes.entry(call).or_default();
        lane.waiting.push_front(task);
        lane.turn = Turn::Free;
    }

    /// What was taken comes first again, but not before [`Lanes::resume`]. Of what waits behind it only what `lasts` goes on
    /// waiting; the rest is given back.
    pub(super) fn hold(
        &mut self,
        call: CallId,
        task: T,
        lasts: impl Fn(&T) -> bool,
    ) -> VecDeque<T> {
        self.put_back(call, task);
        self.turn(call, Turn::Held);
        let Some(lane) = self.lanes.get_mut(&call) else {
            return VecDeque::new();
        };
        let (waiting, given_back) = lane.waiting.drain(..).partition(lasts);
        lane.waiting = waiting;
        given_back
    }

    /// The pause is over.
    pub(super) fn resume(&mut self, call: CallId) {
        self.turn(call, Turn::Free);
    }

    /// Remembers a call as it was stored. An older copy than the one that is known changes nothing.
    pub(super) fn learn(&mut self, call: &Call) {
        let known = self.known(call.id);
        let is_past = call.is_live() && self.over.calls.contains(&call.id);
        if is_past || known.is_some_and(|known| known.version > call.version) {
            return;
        }
        if let Some(due_at) = known.and_then(Call::due_at) {
            self.due.remove(&(due_at, call.id));
        }
        if let Some(due_at) = call.due_at() {
            self.due.insert((due_at, call.id));
        }
        self.lanes.entry(call.id).or_default().call = Some(call.clone());
    }

    /// Whether a call has come further than it is known here.
    pub(super) fn is_news(&self, call: CallId, version: u64) -> bool {
        let known = self.known(call);
        !self.over.calls.contains(&call) && known.is_none_or(|known| known.version < version)
    }

    /// The call as it was last stored here.
    pub(super) fn known(&self, call: CallId) -> Option<&Call> {
        self.lanes.get(&call)?.call.as_ref()
    }

    /// Forgets the lane of a call that is not live, if nothing waits in it.
    pub(super) fn tidy(&mut self, call: CallId) {
        let live = self.known(call).is_some_and(Call::is_live);
        if !live && self.is_quiet(call) {
            let lane = self.lanes.remove(&call);
            if lane.is_some_and(|lane| lane.call.is_some()) {
                self.over.note(call);
            }
        }
    }

    /// Whether nothing of this call waits or is being stored.
    pub(super) fn is_quiet(&self, call: CallId) -> bool {
        let lane = self.lanes.get(&call);
        lane.is_none_or(|lane| lane.turn == Turn::Free && lane.waiting.is_empty())
    }

    /// When the first of the calls that are known here is due.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.due.first().map(|(due_at, _)| *due_at)
    }

    /// The calls that are due, each once.
    pub(super) fn take_due(&mut self, now: Timestamp) -> Vec<CallId> {
        let mut due = Vec::new();
        while let Some((due_at, call)) = self.due.first().copied().filter(|(at, _)| *at <= now) {
            self.due.remove(&(due_at, call));
            due.push(call);
        }
        due
    }

    fn turn(&mut self, call: CallId, turn: Turn) {
        if let Some(lane) = self.lanes.get_mut(&call) {
            lane.turn = turn;
        }
    }
}

#[cfg(test)]
mod tests;
