//! Waits that end when they should: the poll itself counts in whole milliseconds, and rounds up.

use std::{
    os::fd::{AsFd as _, AsRawFd as _},
    time::Instant,
};

use mio::{Interest, Registry, Token, unix::SourceFd};
use nix::sys::{
    time::TimeSpec,
    timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags},
};

use crate::cli::bench::fault::BenchFault;

/// Ends a wait at a time, to some microseconds.
pub(super) struct Timer {
    descriptor: TimerFd,
    /// When it rings, or has rung.
    rings: Option<Instant>,
}

impl Timer {
    /// One that wakes whoever waits for this registry, with this token.
    pub(super) fn new(registry: &Registry, token: Token) -> Result<Self, BenchFault> {
        let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
        let descriptor = TimerFd::new(ClockId::CLOCK_MONOTONIC, flags)
            .map_err(|errno| BenchFault::Wait(errno.into()))?;
        let raw = descriptor.as_fd().as_raw_fd();
        let registered = registry.register(&mut SourceFd(&raw), token, Interest::READABLE);
        registered.map_err(BenchFault::Wait)?;
        Ok(Self {
            descriptor,
            rings: None,
        })
    }

    /// Has the wait end then, or sooner: a timer that rings too soon costs one wait in vain, setting it each time a system
    /// call for each.
    pub(super) fn ring_by(&mut self, then: Instant, now: Instant) -> Result<(), BenchFault> {
        if self.rings.is_some_and(|rings| rings > now && rings <= then) {
            return Ok(());
        }
        let left = TimeSpec::from_duration(then.saturating_duration_since(now));
        let set = self
            .descriptor
            .set(Expiration::OneShot(left), TimerSetTimeFlags::empty());
        set.map_err(|errno| BenchFault::Wait(errno.into()))?;
        self.rings = Some(then);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use mio::Poll;

    use super::*;
    use crate::cli::bench::{
        crowd::{Crowd, PAUSE},
        options::{Speaks, Transport, WayArgs},
        target::Endpoint,
    };

    /// How late a crowd's waits of this length end, the quickest of many: on a busy machine any one may be late.
    fn lateness(pause: Duration, span: Duration) -> Duration {
        let way = WayArgs {
            transport: Transport::Ws,
            source: Vec::new(),
            ca: None,
            insecure: false,
        };
        let nowhere = Endpoint::parse("ws://127.0.0.1:1", Speaks::Plain, &way).unwrap();
        let mut crowd = Crowd::at(nowhere, pause).unwrap();
        let wait = |_| {
            let until = Instant::now() + span;
            while Instant::now() < until {
                crowd.turn(until - Instant::now(), |_, _| {}).unwrap();
            }
            until.elapsed()
        };
        (0..50).map(wait).min().unwrap()
    }

    #[test]
    fn a_wait_ends_when_it_should_and_not_with_the_millisecond() {
        for pause in [Duration::ZERO, PAUSE] {
            for micros in [150, 2_300] {
                let late = lateness(pause, Duration::from_micros(micros));
                assert!(late < Duration::from_micros(500), "{micros} µs: {late:?}");
            }
        }
    }

    #[test]
    fn a_timer_that_rings_soon_enough_is_left_alone() {
        let poll = Poll::new().unwrap();
        let mut timer = Timer::new(poll.registry(), Token(7)).unwrap();
        let (now, second) = (Instant::now(), Duration::from_secs(1));
        for (then, at, rings) in [
            (now + second * 5, now, now + second * 5),
            (now + second * 6, now + second, now + second * 5),
            (now + second * 3, now + second, now + second * 3),
            (now + second * 7, now + second * 4, now + second * 7),
        ] {
            timer.ring_by(then, at).unwrap();
            assert_eq!(timer.rings, Some(rings));
        }
    }
}
