//! How much one connection may ask: commands a second, and messages that are not commands a minute.

use std::time::Duration;

use governor::{
    Quota, RateLimiter,
    clock::{Clock, MonotonicClock},
    middleware::NoOpMiddleware,
    state::{InMemoryState, NotKeyed},
};

use crate::kernel::config::LimitsConfig;

type Limiter =
    RateLimiter<NotKeyed, InMemoryState, MonotonicClock, NoOpMiddleware<std::time::Instant>>;

/// The rate limits of one connection.
pub(super) struct RateLimits {
    commands: Option<Limiter>,
    faults: Option<Limiter>,
}

impl RateLimits {
    pub(super) fn new(limits: &LimitsConfig) -> Self {
        let limiter = |quota| RateLimiter::direct_with_clock(quota, MonotonicClock);
        let commands = limits
            .commands_per_second
            .map(|rate| Quota::per_second(rate).allow_burst(limits.burst));
        let faults = limits.protocol_errors.map(Quota::per_minute);
        Self {
            commands: commands.map(limiter),
            faults: faults.map(limiter),
        }
    }

    /// Counts one command. On refusal says when the next one is worth trying.
    pub(super) fn take_command(&self) -> Result<(), Duration> {
        let Some(limiter) = &self.commands else {
            return Ok(());
        };
        limiter
            .check()
            .map_err(|early| early.wait_time_from(MonotonicClock.now()))
    }

    /// Counts one faulty message.
    pub(super) fn take_fault(&self) -> FaultBudget {
        match &self.faults {
            Some(limiter) if limiter.check().is_err() => FaultBudget::Spent,
            _ => FaultBudget::Left,
        }
    }
}

/// Whether a connection may go on after a faulty message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FaultBudget {
    Left,
    Spent,
}
