//! The calls of a run: who is in one, what they say next, and how long everything took.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::{
    cycle::{Cycle, Heard, Say, Side},
    texts::Texts,
};
use crate::{
    cli::bench::{
        fault::BenchFault,
        measure::{Meter, Progress},
        peek::{field, kind},
    },
    kernel::ids::{CallId, UserId},
};

/// The calls of pairs, each a caller and an otomo. A pair has one call at a time.
pub(crate) struct Ledger {
    pairs: Vec<Pair>,
    /// Pairs without a call, the one that has waited longest first.
    free: VecDeque<usize>,
    /// How long they talk, and who talks until when.
    talk: Duration,
    talking: VecDeque<(Instant, usize)>,
    texts: Texts,
    pub(crate) figures: Figures,
}

/// What was measured, from when a call was due.
pub(crate) struct Figures {
    /// Until the otomo's `incoming_call`.
    pub(crate) set_up: Meter,
    /// Until the caller's `call_accepted`.
    pub(crate) accepted: Meter,
    /// Until the last of the two has heard `call_end`, with the talk; it counts the calls.
    pub(crate) whole: Meter,
}

struct Pair {
    otomo: UserId,
    live: Option<Live>,
}

struct Live {
    call: String,
    due: Instant,
    cycle: Cycle,
}

impl Ledger {
    /// Pairs with these otomo, all free. They talk for so long; `meter` counts their calls.
    pub(crate) fn new(otomo: Vec<UserId>, talk: Duration, meter: Meter) -> Self {
        let pair = |otomo| Pair { otomo, live: None };
        Self {
            free: (0..otomo.len()).collect(),
            pairs: otomo.into_iter().map(pair).collect(),
            talk,
            talking: VecDeque::new(),
            texts: Texts::default(),
            figures: Figures::new(meter),
        }
    }

    /// Begins a call that was due then: which pair's, and what its caller says. `None` while all are in calls.
    pub(crate) fn begin(&mut self, due: Instant) -> Option<(usize, String)> {
        let number = self.free.pop_front()?;
        let pair = self.pairs.get_mut(number)?;
        let call = CallId::new().to_string();
        let request = Texts::request(&call, &pair.otomo);
        let cycle = Cycle::default();
        pair.live = Some(Live { call, due, cycle });
        Some((number, request))
    }

    /// Those who have talked long enough: what they say.
    pub(crate) fn hang_up(&mut self, now: Instant) -> Option<(usize, String)> {
        let (_, number) = self.talking.pop_front_if(|(until, _)| *until <= now)?;
        let live = self.pairs.get(number)?.live.as_ref()?;
        Some((number, Texts::end(&live.call)))
    }

    /// When the next hangs up.
    pub(crate) fn next_end(&self) -> Option<Instant> {
        self.talking.front().map(|(until, _)| *until)
    }

    /// Calls under way.
    pub(crate) fn live(&self) -> usize {
        self.pairs.len() - self.free.len()
    }

    /// Notes how long everything has been waited for that has not come in the calls under way, and returns how many calls they
    /// are.
    pub(crate) fn give_up(&mut self, now: Instant) -> u64 {
        let mut calls = 0;
        for live in self.pairs.iter().filter_map(|pair| pair.live.as_ref()) {
            let waited = now.saturating_duration_since(live.due);
            self.figures.whole.sample(waited);
            if !live.cycle.has_rung() {
                self.figures.set_up.sample(waited);
            }
            if !live.cycle.is_accepted() {
                self.figures.accepted.sample(waited);
            }
            calls += 1;
        }
        calls
    }

    /// One of a pair has heard something. Returns what they say to it.
    ///
    /// # Errors
    /// If it must not have been heard.
    pub(crate) fn heard(
        &mut self,
        number: usize,
        side: Side,
        message: &[u8],
    ) -> Result<Vec<String>, BenchFault> {
        let kind = kind(message);
        if !concerns_calls(kind) {
            return Ok(Vec::new());
        }
        let wrong = || wrong(side, message);
        let heard = Heard::of(kind).ok_or_else(wrong)?;
        let pair = self.pairs.get_mut(number).ok_or_else(wrong)?;
        // A call that has ended is heard of no more.
        let live = pair.live.as_mut().ok_or_else(wrong)?;
        if field(message, "callId") != Some(&live.call) {
            return Err(wrong());
        }
        let say = live.cycle.heard(side, heard).map_err(|_too_much| wrong())?;
        let now = Instant::now();
        self.figures.note(side, heard, now - live.due);
        let says = match say {
            Some(Say::End) if !self.talk.is_zero() => {
                self.talking.push_back((now + self.talk, number));
                Vec::new()
            }
            Some(say) => self.texts.of(say, &live.call),
            None => Vec::new(),
        };
        if live.cycle.is_complete() {
            self.figures.whole.came(now - live.due);
            pair.live = None;
            self.free.push_back(number);
        }
        Ok(says)
    }
}

/// Whether a message is about a call that is, or should be, under way.
fn concerns_calls(kind: &[u8]) -> bool {
    let beginnings: [&[u8]; 6] = [
        b"call_",
        b"incoming_call",
        b"signaling_",
        b"webrtc_",
        b"ice_",
        b"error",
    ];
    kind != b"call_snapshot" && beginnings.iter().any(|it| kind.starts_with(it))
}

fn wrong(side: Side, message: &[u8]) -> BenchFault {
    if matches!(kind(message), b"error" | b"call_rejected") {
        return BenchFault::unwilling(message);
    }
    let call = field(message, "callId").unwrap_or("without an id");
    let who = match side {
        Side::Caller => "caller",
        Side::Otomo => "otomo",
    };
    let heard = String::from_utf8_lossy(message);
    BenchFault::Wrong(format!(
        "call {call}: its {who} heard, out of turn or once too often, {heard}"
    ))
}

impl Figures {
    fn new(whole: Meter) -> Self {
        let quiet = || Meter::new("calls", 0, Progress::Silent);
        Self {
            set_up: quiet(),
            accepted: quiet(),
            whole,
        }
    }

    pub(crate) fn reset(&mut self) {
        for meter in [&mut self.set_up, &mut self.accepted, &mut self.whole] {
            meter.reset();
        }
    }

    /// Notes how long calls have been waited for that were due then and have not begun, and returns how many they are.
    pub(super) fn unsent(&mut self, dues: impl Iterator<Item = Instant>, now: Instant) -> u64 {
        let mut calls = 0;
        for due in dues {
            let waited = now.saturating_duration_since(due);
            for meter in [&mut self.set_up, &mut self.accepted, &mut self.whole] {
                meter.sample(waited);
            }
            calls += 1;
        }
        calls
    }

    fn note(&mut self, side: Side, heard: Heard, took: Duration) {
        match (side, heard) {
            (Side::Otomo, Heard::Incoming) => self.set_up.came(took),
            (Side::Caller, Heard::Accepted) => self.accepted.came(took),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::bench::user;

    /// A message of the server's about the call that the pair is in.
    fn of(ledger: &Ledger, kind: &str) -> Vec<u8> {
        let call = &ledger.pairs[0].live.as_ref().unwrap().call;
        format!(r#"{{"type":"{kind}","callId":"{call}","timestamp":1}}"#).into_bytes()
    }

    fn one_pair(talk: Duration) -> Ledger {
        let meter = Meter::new("calls", 2, Progress::Silent);
        Ledger::new(vec![user("otomo", 0).unwrap()], talk, meter)
    }

    /// Plays a call up to `call_connected`.
    fn connect(ledger: &mut Ledger) -> Vec<String> {
        let otomo = ["incoming_call", "call_accept_ack", "signaling_start"];
        let caller = ["call_request_ack", "call_accepted", "signaling_start"];
        let descriptions = [
            (Side::Otomo, "webrtc_offer"),
            (Side::Caller, "webrtc_answer"),
        ];
        let ice = [Side::Otomo, Side::Caller].repeat(3);
        let connected = [Side::Otomo, Side::Caller].map(|side| (side, "call_connected"));
        let all = otomo.map(|kind| (Side::Otomo, kind)).into_iter();
        let all = all.chain(caller.map(|kind| (Side::Caller, kind)));
        let all = all.chain(descriptions);
        let all = all.chain(ice.into_iter().map(|side| (side, "ice_candidate")));
        let all = all.chain(connected);
        all.flat_map(|(side, kind)| {
            let message = of(ledger, kind);
            ledger.heard(0, side, &message).unwrap()
        })
        .collect()
    }

    #[test]
    fn a_pair_is_free_again_when_both_have_heard_the_end_and_no_sooner() {
        let mut ledger = one_pair(Duration::ZERO);
        assert!(ledger.begin(Instant::now()).is_some());
        let says = connect(&mut ledger);
        assert!(
            says.last().unwrap().contains("call_end_request"),
            "{says:?}"
        );
        for (side, kind) in [
            (Side::Caller, "call_end_request_ack"),
            (Side::Otomo, "call_end"),
            (Side::Caller, "call_end"),
        ] {
            assert!(ledger.begin(Instant::now()).is_none(), "before {kind}");
            let message = of(&ledger, kind);
            ledger.heard(0, side, &message).unwrap();
        }
        assert_eq!(ledger.figures.whole.count(), 1);
        assert!(ledger.begin(Instant::now()).is_some());
    }

    #[test]
    fn what_is_missing_of_a_call_counts_with_its_age() {
        let mut ledger = one_pair(Duration::ZERO);
        let due = Instant::now();
        assert!(ledger.begin(due).is_some());
        let ring = of(&ledger, "incoming_call");
        ledger.heard(0, Side::Otomo, &ring).unwrap();
        let later = due + Duration::from_secs(5);
        assert_eq!(ledger.give_up(later), 1);
        assert_eq!(ledger.figures.unsent([due].into_iter(), later), 1);
        let figures = &ledger.figures;
        let old = [&figures.set_up, &figures.accepted, &figures.whole]
            .map(|meter| meter.latencies().count_between(4_900_000, 5_100_000));
        // It has rung in time; the call that was not begun has not.
        assert_eq!(old, [1, 2, 2]);
        assert_eq!(figures.whole.count(), 0);
    }

    #[test]
    fn who_talks_hangs_up_when_it_is_time() {
        let mut ledger = one_pair(Duration::from_secs(60));
        let now = Instant::now();
        assert!(ledger.begin(now).is_some());
        let says = connect(&mut ledger);
        assert!(!says.iter().any(|text| text.contains("call_end_request")));
        assert_eq!(ledger.hang_up(now), None);
        let (caller, text) = ledger.hang_up(ledger.next_end().unwrap()).unwrap();
        assert_eq!(caller, 0);
        assert!(text.contains("call_end_request"));
    }

    #[test]
    fn what_goes_wrong_is_said_with_the_calls_name() {
        let mut ledger = one_pair(Duration::ZERO);
        let (_, request) = ledger.begin(Instant::now()).unwrap();
        let call = field(request.as_bytes(), "callId").unwrap().to_owned();
        let ring = of(&ledger, "incoming_call");
        assert!(ledger.heard(0, Side::Otomo, &ring).is_ok());
        let twice = ledger.heard(0, Side::Otomo, &ring).unwrap_err().to_string();
        assert!(twice.contains(&call) && twice.contains("otomo"), "{twice}");
        let rejected = of(&ledger, "call_rejected");
        assert!(ledger.heard(0, Side::Caller, &rejected).is_err());
        let other = br#"{"type":"call_end","callId":"another"}"#;
        assert!(ledger.heard(0, Side::Caller, other).is_err());
    }
}
