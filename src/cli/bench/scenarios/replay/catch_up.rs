//! What one client hears that comes back: all that it missed, each once and in order, and then that this was all.

use crate::cli::bench::{
    fault::BenchFault,
    peek::{kind, number},
    refusal,
    scenarios::streams::{place, torn},
};

/// A client that catches up.
#[derive(Debug, Clone, Copy)]
pub(super) struct CatchUp {
    /// The last event that it has heard, and the last that there is.
    heard: u64,
    last: u64,
    is_ready: bool,
}

/// What matters of what it hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    /// The last event that it missed.
    Last,
    /// That it has all it needs.
    Ready,
    /// Anything else.
    More,
}

impl CatchUp {
    /// Of a client that has heard everything up to here, and missed so many.
    pub(super) fn new(heard: u64, missed: u64) -> Self {
        Self {
            heard,
            last: heard + missed,
            is_ready: false,
        }
    }

    /// The client, who has this number, hears a message.
    ///
    /// # Errors
    /// If there is a gap, if something comes twice, or if `ready` comes before all that was missed.
    pub(super) fn heard(&mut self, who: usize, message: &[u8]) -> Result<Heard, BenchFault> {
        let torn = || Err(torn(who, message));
        if let Some((seq, prev)) = place(message) {
            if prev != self.heard || seq != self.heard + 1 || seq > self.last || self.is_ready {
                return torn();
            }
            self.heard = seq;
            return Ok(match seq == self.last {
                true => Heard::Last,
                false => Heard::More,
            });
        }
        match kind(message) {
            b"ready" if self.heard == self.last && number_is(message, self.last) => {
                self.is_ready = true;
                Ok(Heard::Ready)
            }
            b"ready" | b"resync" => torn(),
            _ => refusal(message).map_or(Ok(Heard::More), Err),
        }
    }
}

fn number_is(ready: &[u8], seq: u64) -> bool {
    number(ready, "seq") == Some(seq)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(seq: u64, prev: u64) -> String {
        format!(r#"{{"type":"bench_note","data":{{"seq":3}},"seq":{seq},"prev":{prev}}}"#)
    }

    fn ready(seq: u64) -> String {
        format!(r#"{{"type":"ready","seq":{seq}}}"#)
    }

    /// What becomes of somebody who knew 5 and missed three.
    fn told(messages: &[String]) -> Result<Vec<Heard>, BenchFault> {
        let mut catch_up = CatchUp::new(5, 3);
        let heard = messages.iter();
        heard.map(|it| catch_up.heard(0, it.as_bytes())).collect()
    }

    #[test]
    fn all_that_was_missed_comes_once_and_then_ready() {
        let connected = r#"{"type":"connected","seq":8,"resumed":true}"#.to_owned();
        let all = [connected, event(6, 5), event(7, 6), event(8, 7), ready(8)];
        let heard = told(&all).unwrap();
        let expected = [
            Heard::More,
            Heard::More,
            Heard::More,
            Heard::Last,
            Heard::Ready,
        ];
        assert_eq!(heard, expected);
    }

    #[test]
    fn whatever_is_torn_is_wrong() {
        let resync = r#"{"type":"resync","reason":"retention","firstSeq":9,"seq":9}"#.to_owned();
        for wrong in [
            vec![event(7, 5)],
            vec![event(7, 6)],
            vec![event(6, 5), event(6, 5)],
            vec![event(6, 5), event(7, 5)],
            vec![event(6, 5), ready(8)],
            vec![event(6, 5), event(7, 6), event(8, 7), ready(7)],
            vec![event(6, 5), event(7, 6), event(8, 7), event(9, 8)],
            vec![event(6, 5), event(7, 6), event(8, 7), ready(8), event(9, 8)],
            vec![resync],
        ] {
            assert!(told(&wrong).is_err(), "{wrong:?}");
        }
    }
}
