//! How much one connection may ask: commands a second, and messages that are not commands a minute.
//!
//! The generic cell rate algorithm, as `governor` has it, with nothing but its state in each connection: a limiter of that
//! crate keeps its quota and its clock beside it, 56 bytes for each of two limits and for ten thousand connections.

use std::time::Duration;

use actix_rt::time::Instant;

use crate::kernel::config::LimitsConfig;

/// What one connection has used up of its limits.
#[derive(Default)]
pub(super) struct RateLimits {
    commands: Used,
    faults: Used,
}

impl RateLimits {
    /// Counts one command, or a frame that is none and has to be looked at all the same. On refusal says when the next one is
    /// worth trying.
    pub(super) fn take_command(&mut self, limits: &LimitsConfig) -> Result<(), Duration> {
        let Some(rate) = limits.commands_per_second else {
            return Ok(());
        };
        let each = Duration::from_secs(1) / rate.get();
        self.commands.take(Instant::now(), each, limits.burst.get())
    }

    /// Counts one faulty message.
    pub(super) fn take_fault(&mut self, limits: &LimitsConfig) -> FaultBudget {
        let taken = limits.protocol_errors.is_none_or(|rate| {
            let each = Duration::from_mins(1) / rate.get();
            self.faults.take(Instant::now(), each, rate.get()).is_ok()
        });
        match taken {
            true => FaultBudget::Left,
            false => FaultBudget::Spent,
        }
    }
}

/// Whether a connection may go on after a faulty message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FaultBudget {
    Left,
    Spent,
}

/// When all that was taken will have been given back; `None` before anything was.
#[derive(Debug, Default)]
struct Used(Option<Instant>);

impl Used {
    /// Takes one of `burst`, of which one is given back after `each`. On refusal says when there is one again.
    fn take(&mut self, now: Instant, each: Duration, burst: u32) -> Result<(), Duration> {
        let until = self.0.map_or(now, |until| until.max(now)) + each;
        let over = (until - now).saturating_sub(each * burst);
        if !over.is_zero() {
            return Err(over);
        }
        self.0 = Some(until);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_taken_at_once_and_given_back_one_by_one() {
        let (start, each) = (Instant::now(), Duration::from_millis(100));
        let mut used = Used::default();
        assert!((0..3).all(|_| used.take(start, each, 3).is_ok()));
        assert_eq!(used.take(start, each, 3), Err(each));
        let soon = start + Duration::from_millis(60);
        assert_eq!(used.take(soon, each, 3), Err(Duration::from_millis(40)));
        assert_eq!(used.take(start + each, each, 3), Ok(()));
        assert_eq!(used.take(start + each, each, 3), Err(each));
        // A pause gives back all, and no more than that.
        let later = start + Duration::from_secs(60);
        assert!((0..3).all(|_| used.take(later, each, 3).is_ok()));
        assert!(used.take(later, each, 3).is_err());
    }
}
