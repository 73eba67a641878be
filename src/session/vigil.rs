//! Whether a client is still there: pure, asked whenever the session's alarm rings.
//!
//! A client that is quiet is pinged; one that does not answer is gone (4201). A client that takes
//! nothing cannot get a ping, so it is not blamed for silence: it has `outbox.write_timeout` to read on
//! (4100).

use std::time::Duration;

use actix_rt::time::Instant;

/// The times that matter.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// Quiet time before a ping.
    pub(super) ping_interval: Duration,
    /// Time in which an answer is due.
    pub(super) pong_timeout: Duration,
    /// Time in which something must be taken.
    pub(super) write_timeout: Duration,
}

/// What is known of a client's life.
#[derive(Debug, Clone, Copy)]
pub(super) struct Vigil {
    heard: Instant,
    pinged: Option<Instant>,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Look again after this time.
    Alive(Duration),
    /// Ping, and look again after this time.
    Ping(Duration),
    /// It did not answer.
    Silent,
    /// It does not read.
    Stalled,
}

impl Vigil {
    pub(super) fn begin(now: Instant) -> Self {
        Self {
            heard: now,
            pinged: None,
        }
    }

    /// The client said something, be it a pong.
    pub(super) fn heard(&mut self, now: Instant) {
        self.heard = now;
        self.pinged = None;
    }

    /// Looks at the client. `stalled` says for how long it has taken nothing although something waits.
    pub(super) fn look(
        &mut self,
        now: Instant,
        stalled: Option<Duration>,
        patience: &Patience,
    ) -> Verdict {
        if let Some(stalled) = stalled {
            // The answer to a ping may be stuck behind what the client does not read.
            self.pinged = None;
            self.heard = now;
            return match patience.write_timeout.checked_sub(stalled) {
                None | Some(Duration::ZERO) => Verdict::Stalled,
                Some(left) => Verdict::Alive(left),
            };
        }
        // A write that stalls is noticed at the next look: looks are never further apart than that.
        let longest = patience.write_timeout;
        let due = match self.pinged {
            Some(pinged) => pinged + patience.pong_timeout,
            None => self.heard + patience.ping_interval,
        };
        match (self.pinged, due > now) {
            (_, true) => Verdict::Alive(longest.min(due - now)),
            (Some(_), false) => Verdict::Silent,
            (None, false) => {
                self.pinged = Some(now);
                Verdict::Ping(longest.min(patience.pong_timeout))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Patience = Patience {
        ping_interval: Duration::from_secs(25),
        pong_timeout: Duration::from_secs(10),
        write_timeout: Duration::from_secs(30),
    };

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[test]
    fn a_quiet_client_is_pinged_and_one_that_does_not_answer_is_gone() {
        let start = Instant::now();
        let mut vigil = Vigil::begin(start);
        let early = vigil.look(start + seconds(5), None, &PATIENCE);
        assert_eq!(early, Verdict::Alive(seconds(20)));
        assert_eq!(
            vigil.look(start + seconds(25), None, &PATIENCE),
            Verdict::Ping(seconds(10))
        );
        assert_eq!(
            vigil.look(start + seconds(30), None, &PATIENCE),
            Verdict::Alive(seconds(5))
        );
        assert_eq!(
            vigil.look(start + seconds(35), None, &PATIENCE),
            Verdict::Silent
        );
    }

    #[test]
    fn an_answer_starts_the_wait_anew() {
        let start = Instant::now();
        let mut vigil = Vigil::begin(start);
        let _ = vigil.look(start + seconds(25), None, &PATIENCE);
        vigil.heard(start + seconds(26));
        let later = vigil.look(start + seconds(36), None, &PATIENCE);
        assert_eq!(later, Verdict::Alive(seconds(15)));
    }

    #[test]
    fn a_client_that_does_not_read_is_not_blamed_for_silence() {
        let start = Instant::now();
        let mut vigil = Vigil::begin(start);
        let _ = vigil.look(start + seconds(25), None, &PATIENCE);
        let reading = vigil.look(start + seconds(40), Some(seconds(12)), &PATIENCE);
        assert_eq!(reading, Verdict::Alive(seconds(18)));
        let stuck = vigil.look(start + seconds(58), Some(seconds(30)), &PATIENCE);
        assert_eq!(stuck, Verdict::Stalled);
    }
}
