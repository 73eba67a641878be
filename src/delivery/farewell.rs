//! How the server parts from a client.

use std::time::Duration;

use crate::protocol::close_code::CloseCode;

/// Over how long those come back who are closed for a reason of the server's own: a moment, so that those who are closed
/// together do not return together.
const MOMENT: Duration = Duration::from_secs(1);

/// The least pause of those who asked for too much, and over how long they come back after it.
const PAUSE: Duration = Duration::from_secs(2);
const PAUSE_SPREAD: Duration = Duration::from_secs(3);

/// How the server parts from a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Farewell {
    /// The close code.
    pub code: CloseCode,
    /// Why, for the client's programmer.
    pub reason: &'static str,
    /// Over how long those come back who are closed together. `None`: as the code has it.
    spread: Option<Duration>,
}

impl Farewell {
    /// One whose client comes back as the code says.
    pub const fn new(code: CloseCode, reason: &'static str) -> Self {
        Self {
            code,
            reason,
            spread: None,
        }
    }

    /// One of many: their clients come back at different times, spread evenly over `spread`.
    #[must_use]
    pub const fn spread_over(self, spread: Duration) -> Self {
        Self {
            spread: Some(spread),
            ..self
        }
    }

    /// How long the client is asked to stay away; zero for one who is not to come back. `share` says which of those it is
    /// who are closed together: even over 0 to 1.
    pub fn wait(&self, share: f64) -> Duration {
        match (self.code.reconnect(), self.spread) {
            (false, _) => Duration::ZERO,
            (true, Some(spread)) => spread.mul_f64(share),
            (true, None) if self.code.pause() => PAUSE + PAUSE_SPREAD.mul_f64(share),
            (true, None) => MOMENT.mul_f64(share),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_waits_its_share_of_the_spread_and_one_that_is_not_to_return_is_told_nothing() {
        let drain = Farewell::new(CloseCode::Drain, "").spread_over(Duration::from_secs(8));
        let shares = [0.0, 0.25, 1.0].map(|share| drain.wait(share).as_millis());
        assert_eq!(shares, [0, 2_000, 8_000]);
        let disabled = Farewell::new(CloseCode::Disabled, "").spread_over(Duration::from_secs(8));
        assert_eq!(disabled.wait(0.5), Duration::ZERO);
    }

    #[test]
    fn who_asked_for_too_much_pauses_and_others_come_back_within_a_moment() {
        let wait = |code, share| Farewell::new(code, "").wait(share).as_millis();
        assert_eq!(
            [0.0, 1.0].map(|it| wait(CloseCode::SlowConsumer, it)),
            [2_000, 5_000]
        );
        assert_eq!([0.0, 1.0].map(|it| wait(CloseCode::Drain, it)), [0, 1_000]);
    }
}
