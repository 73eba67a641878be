//! When to leave the app's backend alone: a circuit breaker. Pure: it is told the time, as counted from the server's start.
//!
//! ```text
//!             failures in a row             the pause is over: one asker is let through
//!   closed ----------------------> open ------------------------------------------------> half-open
//!      ^                            ^                                                      |    |
//!      |                            +---- it failed, or was given up (then: no pause) -----+    |
//!      +------------------------------------ it worked -----------------------------------------+
//! ```
//! An asker gets a [`Pass`] and gives it back with what came of it. Passes of an earlier state no longer count: those who were
//! under way when the backend broke down, and fail when it is back, do not take it down again.
#![deny(clippy::wildcard_enum_match_arm)]

use std::{num::NonZeroU32, time::Duration};

#[cfg(test)]
mod tests;

/// How long askers are told to wait while the one that was let through is under way.
pub const PROBE_WAIT: Duration = Duration::from_secs(1);

/// When it opens, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// Failures in a row after which it opens. None: it never does.
    pub failures: Option<NonZeroU32>,
    /// How long it stays open.
    pub pause: Duration,
}

/// Whether askers may pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// All may.
    Closed {
        /// Failures since the last success.
        failures: u32,
    },
    /// Nobody may, until then.
    Open {
        /// Time since the server's start.
        until: Duration,
    },
    /// One may, and is under way.
    HalfOpen,
}

/// A right to ask once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pass {
    epoch: u64,
}

/// Whether an asker may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// They may; the pass is to be given back.
    Pass(Pass),
    /// Not before this time is over.
    Wait(Duration),
}

/// What came of asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The backend answered, whatever it said.
    Worked,
    /// It did not, or said that it is broken.
    Failed,
    /// The asker gave up by itself: nothing is known.
    Abandoned,
}

/// A circuit breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breaker {
    state: State,
    /// Counts the states, so that each pass belongs to one.
    epoch: u64,
}

impl Default for Breaker {
    fn default() -> Self {
        Self {
            state: State::Closed { failures: 0 },
            epoch: 0,
        }
    }
}

impl Breaker {
    /// Whether askers may pass.
    pub const fn state(&self) -> State {
        self.state
    }

    /// Somebody wants to ask.
    #[must_use]
    pub fn admit(self, now: Duration) -> (Self, Admission) {
        match self.state {
            State::Closed { .. } => (self, Admission::Pass(self.pass())),
            State::Open { until } if now < until => (self, Admission::Wait(until - now)),
            State::Open { .. } => {
                let probing = self.become_state(State::HalfOpen);
                (probing, Admission::Pass(probing.pass()))
            }
            State::HalfOpen => (self, Admission::Wait(PROBE_WAIT)),
        }
    }

    /// A pass comes back.
    #[must_use]
    pub fn settle(self, pass: Pass, outcome: Outcome, now: Duration, policy: &Policy) -> Self {
        if pass.epoch != self.epoch {
            return self;
        }
        let open = |pause| self.become_state(State::Open { until: now + pause });
        match (self.state, outcome) {
            (State::Closed { .. }, Outcome::Worked) => Self {
                state: State::Closed { failures: 0 },
                ..self
            },
            (State::Closed { failures }, Outcome::Failed) => {
                let failures = failures.saturating_add(1);
                match policy.failures {
                    Some(most) if failures >= most.get() => open(policy.pause),
                    Some(_) | None => Self {
                        state: State::Closed { failures },
                        ..self
                    },
                }
            }
            // Nobody passes while it is open, so no pass is of that state.
            (State::Closed { .. }, Outcome::Abandoned) | (State::Open { .. }, _) => self,
            (State::HalfOpen, Outcome::Worked) => self.become_state(State::Closed { failures: 0 }),
            (State::HalfOpen, Outcome::Failed) => open(policy.pause),
            (State::HalfOpen, Outcome::Abandoned) => open(Duration::ZERO),
        }
    }

    const fn pass(&self) -> Pass {
        Pass { epoch: self.epoch }
    }

    const fn become_state(self, state: State) -> Self {
        Self {
            state,
            epoch: self.epoch.wrapping_add(1),
        }
    }
}
