//! Whether a client is still there. Pure; asked whenever the session's alarm rings.
//!
//! A client that is quiet is pinged; one that does not answer is gone (4201). A client that takes
//! nothing cannot get a ping, so it is not blamed for silence: it has `outbox.write_timeout` to read on
//! (4100).
//!
//! Clients of Engine.IO expect a ping in each interval, however much they say, and end the connection without one. They are
//! pinged in a [`Rhythm::Steady`]: nothing puts the next ping off, and only its pong answers it.

use std::time::Duration;

use actix_rt::time::Instant;

use crate::kernel::config::Config;

/// When a client is pinged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rhythm {
    /// When it has been quiet for `presence.ping_interval`.
    WhenQuiet,
    /// Each `socketio.ping_interval`.
    Steady,
}

impl Rhythm {
    pub(super) fn timeouts(self, config: &Config) -> Timeouts {
        let write_timeout = config.outbox.write_timeout;
        match self {
            Self::WhenQuiet => Timeouts {
                ping_interval: config.presence.ping_interval,
                pong_timeout: config.presence.pong_timeout,
                write_timeout,
            },
            Self::Steady => Timeouts {
                ping_interval: config.socketio.ping_interval,
                pong_timeout: config.socketio.ping_timeout,
                // A client that takes nothing for so long could not have answered either.
                write_timeout: write_timeout.min(config.socketio.ping_timeout),
            },
        }
    }
}

/// How long each kind of silence may last.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timeouts {
    /// Quiet time before a ping.
    pub(super) ping_interval: Duration,
    /// Time in which an answer is due.
    pub(super) pong_timeout: Duration,
    /// Time in which something must be taken.
    pub(super) write_timeout: Duration,
}

/// When a client was last heard of, and whether a ping is on its way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Keepalive {
    rhythm: Rhythm,
    heard: Instant,
    pinged: Option<Instant>,
    owes_pong: bool,
}

/// What a check came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Check again after this time.
    Alive(Duration),
    /// Ping, and check again after this time.
    Ping(Duration),
    /// It did not answer.
    Silent,
    /// It does not read.
    Stalled,
}

impl Keepalive {
    pub(super) fn begin(rhythm: Rhythm, now: Instant) -> Self {
        Self {
            rhythm,
            heard: now,
            pinged: None,
            owes_pong: false,
        }
    }

    pub(super) fn rhythm(&self) -> Rhythm {
        self.rhythm
    }

    /// The client has sent something.
    pub(super) fn heard(&mut self, now: Instant) {
        if self.rhythm == Rhythm::WhenQuiet {
            self.answered(now);
        }
    }

    /// The client has sent a pong. Returns whether a ping asked for it. Whatever else a client says after that ping shows that it is
    /// there, and its pong comes all the same.
    pub(super) fn ponged(&mut self, now: Instant) -> bool {
        self.answered(now);
        std::mem::take(&mut self.owes_pong)
    }

    fn answered(&mut self, now: Instant) {
        self.heard = now;
        self.pinged = None;
    }

    /// Judges the client. `stalled` says for how long it has taken nothing although something waits.
    pub(super) fn check(
        &mut self,
        now: Instant,
        stalled: Option<Duration>,
        timeouts: &Timeouts,
    ) -> Verdict {
        // A write that stalls is noticed at the next check: checks are never further apart than this.
        let mut longest = timeouts.write_timeout;
        if let Some(stalled) = stalled {
            match timeouts.write_timeout.checked_sub(stalled) {
                None | Some(Duration::ZERO) => return Verdict::Stalled,
                Some(left) => longest = left,
            }
            // The answer to a ping may be stuck behind what the client does not read.
            if self.rhythm == Rhythm::WhenQuiet {
                self.answered(now);
                return Verdict::Alive(longest);
            }
        }
        let due = match self.pinged {
            Some(pinged) => pinged + timeouts.pong_timeout,
            None => self.heard + timeouts.ping_interval,
        };
        match (self.pinged, due > now) {
            (_, true) => Verdict::Alive(longest.min(due - now)),
            (Some(_), false) if stalled.is_some() => Verdict::Alive(longest),
            (Some(_), false) => Verdict::Silent,
            (None, false) => {
                self.pinged = Some(now);
                self.owes_pong = true;
                Verdict::Ping(longest.min(timeouts.pong_timeout))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUTS: Timeouts = Timeouts {
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
        let mut keepalive = Keepalive::begin(Rhythm::WhenQuiet, start);
        let early = keepalive.check(start + seconds(5), None, &TIMEOUTS);
        assert_eq!(early, Verdict::Alive(seconds(20)));
        assert_eq!(
            keepalive.check(start + seconds(25), None, &TIMEOUTS),
            Verdict::Ping(seconds(10))
        );
        assert_eq!(
            keepalive.check(start + seconds(30), None, &TIMEOUTS),
            Verdict::Alive(seconds(5))
        );
        assert_eq!(
            keepalive.check(start + seconds(35), None, &TIMEOUTS),
            Verdict::Silent
        );
    }

    #[test]
    fn an_answer_starts_the_wait_anew() {
        let start = Instant::now();
        let mut keepalive = Keepalive::begin(Rhythm::WhenQuiet, start);
        let _ = keepalive.check(start + seconds(25), None, &TIMEOUTS);
        keepalive.heard(start + seconds(26));
        let later = keepalive.check(start + seconds(36), None, &TIMEOUTS);
        assert_eq!(later, Verdict::Alive(seconds(15)));
    }

    #[test]
    fn each_ping_asks_for_one_pong_whatever_comes_before_that() {
        for rhythm in [Rhythm::WhenQuiet, Rhythm::Steady] {
            let start = Instant::now();
            let mut keepalive = Keepalive::begin(rhythm, start);
            assert!(!keepalive.ponged(start), "{rhythm:?}");
            let due = keepalive.check(start + seconds(25), None, &TIMEOUTS);
            assert_eq!(due, Verdict::Ping(seconds(10)));
            keepalive.heard(start + seconds(26));
            assert!(keepalive.ponged(start + seconds(27)), "{rhythm:?}");
            assert!(!keepalive.ponged(start + seconds(27)), "{rhythm:?}");
        }
    }

    #[test]
    fn a_client_that_does_not_read_is_not_blamed_for_silence() {
        let start = Instant::now();
        let mut keepalive = Keepalive::begin(Rhythm::WhenQuiet, start);
        let _ = keepalive.check(start + seconds(25), None, &TIMEOUTS);
        let reading = keepalive.check(start + seconds(40), Some(seconds(12)), &TIMEOUTS);
        assert_eq!(reading, Verdict::Alive(seconds(18)));
        let stuck = keepalive.check(start + seconds(58), Some(seconds(30)), &TIMEOUTS);
        assert_eq!(stuck, Verdict::Stalled);
    }

    #[test]
    fn in_a_steady_rhythm_nothing_puts_a_ping_off_and_only_a_pong_answers_it() {
        let start = Instant::now();
        let mut keepalive = Keepalive::begin(Rhythm::Steady, start);
        keepalive.heard(start + seconds(20));
        let busy = Some(Duration::from_millis(5));
        let due = keepalive.check(start + seconds(25), busy, &TIMEOUTS);
        assert_eq!(due, Verdict::Ping(seconds(10)));
        keepalive.heard(start + seconds(30));
        let silent = keepalive.check(start + seconds(35), None, &TIMEOUTS);
        assert_eq!(silent, Verdict::Silent);
        keepalive.answered(start + seconds(35));
        let again = keepalive.check(start + seconds(59), None, &TIMEOUTS);
        assert_eq!(again, Verdict::Alive(seconds(1)));
    }

    #[test]
    fn in_a_steady_rhythm_too_who_cannot_get_a_ping_is_not_blamed_for_silence() {
        let start = Instant::now();
        let mut keepalive = Keepalive::begin(Rhythm::Steady, start);
        let _ = keepalive.check(start + seconds(25), None, &TIMEOUTS);
        let reading = keepalive.check(start + seconds(40), Some(seconds(12)), &TIMEOUTS);
        assert_eq!(reading, Verdict::Alive(seconds(18)));
        let stuck = keepalive.check(start + seconds(58), Some(seconds(30)), &TIMEOUTS);
        assert_eq!(stuck, Verdict::Stalled);
    }
}
