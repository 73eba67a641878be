//! Long random stories of several people and their calls, told to the rules and held against the
//! invariants of the domain after every sentence. At the end of each story everybody leaves, and every call
//! must have come to exactly one end.

use std::time::Duration;

use proptest::{prelude::*, sample::select};
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};

use super::world::{World, call_id, policy, seconds, signal, user};
use crate::{
    calls::rules::{
        call::Side,
        command::{Ask, Authority, Decline, Happening, Signal},
        effect::{Answer, Devices, Notice, Spoken},
        ending::End,
        invariants,
        meter::Tariff,
        policy::{EARLY_CANDIDATES_MAX, Policy},
        refusal::Refusal,
    },
    kernel::{
        config::{ConnectedBy, PartialMinute},
        ids::CallId,
        time::Timestamp,
    },
};

/// Zoe is in no call, ever, and tries everything.
const DEVICES: [&str; 8] = [
    "taro-1", "taro-2", "jiro-1", "hana-1", "hana-2", "yuki-1", "yuki-2", "zoe-1",
];

/// What a minute with Hana costs.
const PRICE: u32 = 100;

/// How often the sweeper comes by; no deadline is noticed later than this.
const SWEEP_INTERVAL: Duration = Duration::from_secs(1);

prop_state_machine! {
    // What goes wrong between calls needs a past: long stories. `PROPTEST_CASES` tells more of them.
    #[test]
    fn every_story_keeps_the_invariants(sequential 50..200 => Story);
}

/// What the telling of a story must remember: enough to say mostly sensible things.
#[derive(Debug, Clone)]
struct Plot {
    policy: Policy,
    missed_limit: u32,
    /// Caller's device and otomo of each request so far, by its number.
    requests: Vec<(&'static str, &'static str)>,
}

#[derive(Debug, Clone)]
enum Sentence {
    /// A request of this number: the next one is new, an earlier one a repeat or a clash.
    Request(usize, &'static str, &'static str),
    /// The same, and all that it takes for the two to talk. Left to chance that would be rare.
    Talk(usize, &'static str, &'static str),
    Ask(&'static str, usize, Ask),
    Leave(&'static str),
    Arrive(&'static str),
    Media(usize, bool),
    Stop(usize, Authority),
    /// What came of what was said is known.
    Deliver,
    Wait(Duration),
    Break(&'static str, bool),
    Drain(bool),
    /// Somebody gets points, or spends them on something else.
    Points(&'static str, i64),
    /// The server dies, and is back after a while.
    Restart(Duration),
}

impl ReferenceStateMachine for Plot {
    type State = Self;
    type Transition = Sentence;

    fn init_state() -> BoxedStrategy<Self> {
        let missed_limit = 1..4_u32;
        let wrap_up = select(vec![Duration::ZERO, seconds(20)]);
        let connected_by = select(vec![
            ConnectedBy::Both,
            ConnectedBy::Either,
            ConnectedBy::Server,
        ]);
        let minute = select(vec![seconds(60), Duration::from_millis(2_500)]);
        let partial_minute = select(vec![PartialMinute::None, PartialMinute::Full]);
        let metering = (minute, partial_minute);
        (missed_limit, wrap_up, connected_by, any::<bool>(), metering)
            .prop_map(
                |(missed_limit, wrap_up, connected_by, busy_while_ringing, metering)| Self {
                    policy: Policy {
                        wrap_up,
                        connected_by,
                        busy_while_ringing,
                        minute: metering.0,
                        partial_minute: metering.1,
                        ..policy()
                    },
                    missed_limit,
                    requests: Vec::new(),
                },
            )
            .boxed()
    }

    fn transitions(plot: &Self) -> BoxedStrategy<Sentence> {
        let next = plot.requests.len();
        let any_number = 0..=next;
        let recent = next.saturating_sub(4)..next.max(1);
        let someone = select(&DEVICES[..]);
        let caller = select(&DEVICES[..7]);
        let callee = select(vec!["hana", "hana", "yuki", "taro"]);
        let otomo = select(vec!["hana", "yuki"]);
        let authority = select(vec![Authority::Admin, Authority::System]);

        let request = (caller.clone(), callee.clone());
        let request = request.prop_map(move |(by, of)| Sentence::Request(next, by, of));
        let talk = (select(vec!["taro-1", "taro-1", "jiro-1"]), otomo.clone());
        let talk = talk.prop_map(move |(by, of)| Sentence::Talk(next, by, of));
        let clash = (any_number, caller, callee);
        let clash = clash.prop_map(|(number, by, of)| Sentence::Request(number, by, of));
        let sensible = involved(plot);
        let sensible = sensible.prop_map(|(by, number, ask)| Sentence::Ask(by, number, ask));
        let wild = (someone.clone(), recent.clone(), ask());
        let wild = wild.prop_map(|(by, number, ask)| Sentence::Ask(by, number, ask));
        let media = (recent.clone(), any::<bool>());
        let media = media.prop_map(|(number, alive)| Sentence::Media(number, alive));
        let stop = (recent, authority).prop_map(|(number, by)| Sentence::Stop(number, by));
        let points = (select(vec!["taro", "taro", "jiro"]), -150..200_i64);
        let points = points.prop_map(|(who, points)| Sentence::Points(who, points));
        let downtime = select(vec![0, 700, 9_000, 200_000]).prop_map(Duration::from_millis);
        let breaks = (otomo, prop::bool::weighted(0.3));
        let breaks = breaks.prop_map(|(who, chosen)| Sentence::Break(who, chosen));
        prop_oneof![
            5 => request,
            4 => talk,
            1 => clash,
            30 => sensible,
            3 => wild,
            3 => someone.clone().prop_map(Sentence::Leave),
            12 => someone.prop_map(Sentence::Arrive),
            2 => media,
            1 => stop,
            8 => Just(Sentence::Deliver),
            6 => (0..3_000_u64).prop_map(|span| Sentence::Wait(Duration::from_millis(span))),
            2 => (3..40_u64).prop_map(|span| Sentence::Wait(seconds(span))),
            2 => breaks,
            1 => prop::bool::weighted(0.1).prop_map(Sentence::Drain),
            4 => points,
            1 => downtime.prop_map(Sentence::Restart),
        ]
        .boxed()
    }

    fn apply(mut plot: Self, sentence: &Sentence) -> Self {
        if let Sentence::Request(number, by, of) | Sentence::Talk(number, by, of) = sentence
            && *number == plot.requests.len()
        {
            plot.requests.push((by, of));
        }
        plot
    }
}

/// Something that a participant of one of the latest requests might really ask.
fn involved(plot: &Plot) -> BoxedStrategy<(&'static str, usize, Ask)> {
    let latest = plot.requests.iter().enumerate().rev().take(3);
    let latest: Vec<_> = latest
        .map(|(number, (by, of))| (number, *by, *of))
        .collect();
    if latest.is_empty() {
        return Just(("zoe-1", 0, Ask::Accept)).boxed();
    }
    (select(latest), select(&DEVICES[..]), any::<bool>(), ask())
        .prop_map(|((number, by, of), other, as_caller, ask)| {
            let theirs = DEVICES.into_iter().find(|name| name.starts_with(of));
            let by = if as_caller {
                by
            } else {
                theirs.unwrap_or(other)
            };
            (by, number, ask)
        })
        .boxed()
}

fn ask() -> impl Strategy<Value = Ask> + Clone {
    prop_oneof![
        6 => Just(Ask::Accept),
        1 => select(Decline::ALL).prop_map(Ask::Reject),
        1 => Just(Ask::Cancel),
        1 => Just(Ask::End),
        1 => Just(Ask::Ringing),
        8 => Just(Ask::Connected),
        4 => select(Signal::ALL).prop_map(signal),
    ]
}

/// A story as it is lived.
struct Story {
    world: World,
    swept_at: Timestamp,
}

impl StateMachineTest for Story {
    type SystemUnderTest = Self;
    type Reference = Plot;

    fn init_test(plot: &Plot) -> Self {
        let mut world = World::new();
        world.slow = true;
        world.policy = plot.policy;
        world.missed_limit = plot.missed_limit;
        // Yuki is free, Hana is not.
        world.prices.insert(user("hana"), PRICE);
        world.grants("taro", 250);
        world.arrives("jiro-1");
        world.arrives("zoe-1");
        let swept_at = world.now;
        Self { world, swept_at }
    }

    fn apply(mut story: Self, _: &Plot, sentence: Sentence) -> Self {
        story.lives(sentence);
        story
    }

    fn check_invariants(story: &Self, _: &Plot) {
        story.check();
    }

    fn teardown(mut story: Self, _: Plot) {
        for name in DEVICES {
            story.world.leaves(name);
        }
        story.world.deliver();
        story.waits(seconds(60));
        story.check();
        for call in story.world.calls() {
            assert!(!call.is_live(), "goes on without its people: {call:?}");
            assert_eq!(story.world.ends(call.id), 1);
            assert_eq!(story.final_answers(call.id), 1, "{call:?}");
        }
        assert!(story.world.participants.is_empty());
    }
}

impl Story {
    fn lives(&mut self, sentence: Sentence) {
        match sentence {
            Sentence::Request(number, by, of) => self.requests(call_id(number), by, of),
            Sentence::Talk(number, by, of) => self.talk(call_id(number), by, of),
            Sentence::Ask(by, number, ask) => {
                let outcome = self.world.asks(by, call_id(number), ask);
                if by == "zoe-1" {
                    assert_eq!(outcome, Err(Refusal::NotParticipant));
                }
            }
            Sentence::Leave(who) => self.world.leaves(who),
            Sentence::Arrive(who) => self.world.arrives(who),
            Sentence::Media(number, alive) => {
                let seen = if alive {
                    Happening::MediaAlive
                } else {
                    Happening::MediaLost
                };
                // Refused where there is no media to see.
                let _ = self.world.media(call_id(number), seen);
            }
            Sentence::Stop(number, authority) => {
                if self.world.calls.contains_key(&call_id(number)) {
                    self.world.stops(call_id(number), authority);
                }
            }
            Sentence::Deliver => self.world.deliver(),
            Sentence::Wait(span) => self.waits(span),
            Sentence::Break(who, true) => {
                self.world.on_break.insert(user(who));
            }
            Sentence::Break(who, false) => {
                self.world.on_break.remove(&user(who));
            }
            Sentence::Drain(draining) => self.world.draining = draining,
            Sentence::Points(who, points) => {
                let spare = self.world.balance(&user(who));
                self.world.grants(who, points.max(-spare));
            }
            Sentence::Restart(downtime) => {
                self.world.is_down_for(downtime);
                self.swept_at = self.world.now;
            }
        }
    }

    /// Every request that is taken is acknowledged, once.
    fn requests(&mut self, id: CallId, by: &str, of: &str) {
        let before = self.acknowledgements(id);
        match self.world.requests_as(id, by, of) {
            Ok(()) => assert_eq!(self.acknowledgements(id), before + 1),
            Err(_) => assert_eq!(self.acknowledgements(id), before),
        }
    }

    /// Whatever of it is refused, or comes to nothing, is an end of the story like any other.
    fn talk(&mut self, id: CallId, by: &str, of: &str) {
        let first = format!("{of}-1");
        self.world.arrives(by);
        self.world.arrives(&first);
        self.requests(id, by, of);
        self.world.deliver();
        let _ = self.world.asks(&first, id, Ask::Accept);
        let _ = self.world.asks(by, id, Ask::Connected);
        let _ = self.world.asks(&first, id, Ask::Connected);
        let _ = self.world.media(id, Happening::MediaAlive);
    }

    fn acknowledgements(&self, id: CallId) -> usize {
        let answers = self.world.transcript.iter();
        answers
            .filter(|(_, spoken)| {
                matches!(spoken, Spoken::Answer(Answer::Requested(standing)) if standing.call == id)
            })
            .count()
    }

    /// Time passes, and the sweeper comes by as often as it should.
    fn waits(&mut self, span: Duration) {
        let until = self.world.now + span;
        while self.swept_at + SWEEP_INTERVAL <= until {
            self.swept_at = self.swept_at + SWEEP_INTERVAL;
            self.world.now = self.swept_at;
            self.world.sweep();
        }
        self.world.now = until;
    }

    fn check(&self) {
        let world = &self.world;
        assert!(invariants::one_live_call_per_person(world.calls()));
        for call in world.calls() {
            assert!(invariants::rings_in_time(call, world.now), "{call:?}");
            assert!(invariants::duration_is_media_time(call), "{call:?}");
            let partial = world.policy.partial_minute;
            assert!(
                invariants::charged_by_the_minute(call, world.now, partial),
                "{call:?}"
            );
            let price = call.tariff.map_or(0, Tariff::price);
            let expected: Vec<_> = (1..=call.charges()).map(|number| (number, price)).collect();
            assert_eq!(world.taken(call.id), expected, "{call:?}");
            assert!(world.ends(call.id) <= 1);
            assert!(self.final_answers(call.id) <= 1, "{call:?}");
            let missed = world
                .left_missed
                .iter()
                .filter(|id| **id == call.id)
                .count();
            assert_eq!(missed, usize::from(call.end() == Some(&End::Missed)));
            let taken = |side: Side| world.participants.get(call.person(side)) == Some(&call.id);
            for side in Side::ALL {
                assert_eq!(taken(*side), call.is_live(), "{call:?}");
            }
        }
        assert!(
            world
                .kept
                .values()
                .all(|kept| *kept <= EARLY_CANDIDATES_MAX)
        );
    }

    /// How often the caller of this request was told what came of it: accepted, rejected, cancelled or
    /// joined. What one device is told alone is a repeat.
    fn final_answers(&self, id: CallId) -> usize {
        let said = self.world.transcript.iter();
        said.filter(|(call, spoken)| match spoken {
            Spoken::Tell(to, Notice::Accepted | Notice::Rejected(_) | Notice::Cancelled(_)) => {
                *call == id && to.side == Side::Caller && !matches!(to.devices, Devices::Only(_))
            }
            Spoken::Answer(Answer::Requested(standing)) => {
                standing.call == id && standing.joined.is_some() && standing.end.is_none()
            }
            _ => false,
        })
        .count()
    }
}
