//! The cases of the golden table: every state of a call, every command, every request.

use std::num::NonZeroU32;

use super::world::{call_id, device, policy, seconds, signal, user};
use crate::{
    calls::rules::{
        call::Call,
        command::{Ask, Authority, Command, Decline, Happening, Remaining, Signal},
        effect::Step,
        meter::Moment,
        policy::{EARLY_CANDIDATES_MAX, Policy},
        refusal::Refusal,
        request::{Facts, Request, open},
        step::step,
    },
    kernel::{config::PartialMinute, time::Timestamp},
    presence::rules::{Callable, Reach},
};

pub(super) const NOW: Timestamp = Timestamp::from_millis(1_706_604_120_000);

const DEVICES: [&str; 5] = ["caller-1", "caller-2", "otomo-1", "otomo-2", "stranger-1"];

/// A command in words; `@` stands for the devices that give it.
#[derive(Clone)]
pub(super) struct Row {
    pub(super) text: String,
    pub(super) device: Option<&'static str>,
    /// What the device is called in the outcome.
    pub(super) pronoun: &'static str,
}

impl Row {
    fn asked(text: &str, by: &'static str) -> Self {
        Self {
            text: format!("{text} by @"),
            device: Some(by),
            pronoun: "asker",
        }
    }

    fn moved(text: &str, device: &'static str) -> Self {
        Self {
            text: format!("@ {text}"),
            device: Some(device),
            pronoun: "it",
        }
    }

    fn happened(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            device: None,
            pronoun: "",
        }
    }
}

// The states.

/// A call in each phase, with each loss that it knows.
pub(super) fn calls() -> Vec<Call> {
    let connected = facts(Some(reachable()));
    let requesting = open(&request(1, "caller-1", "otomo"), &connected, NOW, &policy());
    let requesting = requesting.unwrap().remove(0).next;
    let ringing = after(&requesting, Happening::Rang);
    let connecting = asked(&ringing, "otomo-1", Ask::Accept);
    let reported = asked(&connecting, "caller-1", Ask::Connected);
    let connected = after(&connecting, Happening::MediaAlive);

    let mut calls = Vec::new();
    for ring in [&requesting, &ringing] {
        calls.push(ring.clone());
        calls.push(without(ring, "caller-1"));
        calls.push(without(ring, "otomo-1"));
    }
    calls.push(reported);
    for talk in [&connecting, &connected] {
        calls.push(talk.clone());
        calls.push(without(talk, "caller-1"));
        calls.push(without(talk, "otomo-1"));
        calls.push(after(talk, Happening::MediaLost));
    }
    calls.push(asked(&ringing, "otomo-1", Ask::Reject(Decline::Away)));
    calls.push(asked(&ringing, "caller-1", Ask::Cancel));
    calls.push(step_at_deadline(&ringing));
    calls.push(step_at_deadline(&connecting));
    calls.push(asked(&connected, "caller-1", Ask::End));
    calls
}

fn after(call: &Call, happening: Happening) -> Call {
    let happened = Command::Happened(happening);
    step(call, &happened, now(), &policy()).unwrap().next
}

fn asked(call: &Call, by: &str, ask: Ask) -> Call {
    let asked = Command::Asked(device(by), ask);
    step(call, &asked, now(), &policy()).unwrap().next
}

fn without(call: &Call, gone: &str) -> Call {
    after(call, Happening::Left(device(gone), Remaining::Nobody))
}

fn step_at_deadline(call: &Call) -> Call {
    let passed = Command::Happened(Happening::DeadlinePassed);
    step(call, &passed, at(call, &passed, 0), &policy())
        .unwrap()
        .next
}

fn now() -> Moment {
    Moment {
        now: NOW,
        balance: 0,
    }
}

/// Only a deadline is not at once.
pub(super) fn at(call: &Call, command: &Command, balance: i64) -> Moment {
    let now = match command {
        Command::Happened(Happening::DeadlinePassed) => call.due_at().unwrap_or(NOW),
        _ => NOW,
    };
    Moment { now, balance }
}

/// A minute of a metered call.
const PRICE: NonZeroU32 = NonZeroU32::new(100).unwrap();

/// A metered call that is connected, and has been charged twice.
pub(super) fn metered() -> Call {
    let facts = Facts {
        price: Some(PRICE),
        balances: [(user("caller"), 100)].into(),
        ..facts(Some(reachable()))
    };
    let requesting = open(&request(1, "caller-1", "otomo"), &facts, NOW, &policy());
    let ringing = after(&requesting.unwrap().remove(0).next, Happening::Rang);
    let mut call = asked(&ringing, "otomo-1", Ask::Accept);
    // Media came up two and a half minutes ago.
    let connected = Command::Happened(Happening::MediaAlive);
    let moment = |now| Moment {
        now,
        balance: 1_000,
    };
    let up = moment(NOW - seconds(150));
    call = step(&call, &connected, up, &policy()).unwrap().next;
    for _ in 0..2 {
        let passed = Command::Happened(Happening::DeadlinePassed);
        call = step(&call, &passed, moment(NOW), &policy()).unwrap().next;
    }
    call
}

/// The same after a start of the server, while nobody is back.
pub(super) fn metered_unseen() -> Call {
    after(&metered(), Happening::Restarted(Some(NOW)))
}

/// What may be said of the points of a metered call: with how many, and under which policy.
pub(super) fn purses() -> [(&'static str, i64, Policy); 4] {
    let full = Policy {
        partial_minute: PartialMinute::Full,
        ..policy()
    };
    [
        ("points for more than one minute", 200, policy()),
        ("points for one minute", 100, policy()),
        ("too few points", 99, policy()),
        ("points for one minute, a partial one costs", 100, full),
    ]
}

// The commands.

pub(super) fn commands(call: &Call) -> Vec<(Row, Command)> {
    let mut commands = Vec::new();
    for (text, ask) in asks() {
        for by in DEVICES {
            commands.push((Row::asked(text, by), Command::Asked(device(by), ask)));
        }
    }
    for (row, happening) in happenings(call) {
        commands.push((row, Command::Happened(happening)));
    }
    commands
}

fn asks() -> [(&'static str, Ask); 10] {
    let one_too_many = Ask::Signal {
        signal: Signal::Candidate,
        kept: EARLY_CANDIDATES_MAX,
    };
    [
        ("accept", Ask::Accept),
        (
            "reject{manual_decline}",
            Ask::Reject(Decline::ManualDecline),
        ),
        ("reject{timeout}", Ask::Reject(Decline::Timeout)),
        ("cancel", Ask::Cancel),
        ("end request", Ask::End),
        ("ringing", Ask::Ringing),
        ("media connected", Ask::Connected),
        ("offer or answer", signal(Signal::Offer)),
        ("candidate", signal(Signal::Candidate)),
        ("65th candidate", one_too_many),
    ]
}

fn happenings(call: &Call) -> Vec<(Row, Happening)> {
    let mut happenings = vec![
        (Row::happened("ring entered an outbox"), Happening::Rang),
        (
            Row::happened("ring entered no outbox"),
            Happening::Unreached,
        ),
    ];
    for (text, remaining) in [
        ("left", Remaining::Others),
        ("left as the last", Remaining::Nobody),
    ] {
        for name in DEVICES {
            let left = Happening::Left(device(name), remaining);
            happenings.push((Row::moved(text, name), left));
        }
    }
    for name in DEVICES {
        let arrived = Happening::Arrived(device(name));
        happenings.push((Row::moved("arrived", name), arrived));
    }
    let deadline = match call.due_at() {
        Some(_) => "deadline passed",
        None => "deadline, though none is set",
    };
    let ended_by = Happening::Stopped;
    happenings.extend([
        (Row::happened("media alive"), Happening::MediaAlive),
        (Row::happened("media lost"), Happening::MediaLost),
        (Row::happened(deadline), Happening::DeadlinePassed),
        (
            Row::happened("ended by an admin"),
            ended_by(Authority::Admin),
        ),
        (
            Row::happened("ended by the server"),
            ended_by(Authority::System),
        ),
        (Row::happened("restart"), Happening::Restarted(None)),
    ]);
    happenings
}

// The requests.

pub(super) fn situations() -> Vec<(&'static str, Facts, &'static str)> {
    let offline = Callable {
        reach: Reach::Offline,
        ..reachable()
    };
    let leaving = Callable {
        reach: Reach::Leaving,
        ..reachable()
    };
    let on_break = Callable {
        on_break: true,
        ..reachable()
    };
    let wrapping_up = Callable {
        free_at: NOW + seconds(1),
        ..reachable()
    };
    let draining = Facts {
        draining: true,
        ..facts(Some(reachable()))
    };
    let over_rate = Facts {
        over_rate: true,
        ..facts(Some(reachable()))
    };
    let costs = |balance| Facts {
        price: Some(PRICE),
        balances: [(user("caller"), balance)].into(),
        ..facts(Some(reachable()))
    };
    let costs_and_offline = Facts {
        called: Some(offline),
        ..costs(99)
    };
    vec![
        ("the otomo is there", facts(Some(reachable())), "otomo"),
        ("the otomo costs what the caller has", costs(100), "otomo"),
        ("the otomo costs more", costs(99), "otomo"),
        (
            "the otomo costs more and is offline",
            costs_and_offline,
            "otomo",
        ),
        (
            "the otomo is in the leave grace",
            facts(Some(leaving)),
            "otomo",
        ),
        ("the otomo is offline", facts(Some(offline)), "otomo"),
        ("the otomo is on break", facts(Some(on_break)), "otomo"),
        ("the otomo wraps up", facts(Some(wrapping_up)), "otomo"),
        ("the server drains", draining, "otomo"),
        ("no such otomo", facts(None), "otomo"),
        (
            "of the caller themselves",
            facts(Some(reachable())),
            "caller",
        ),
        ("over the rate", over_rate, "otomo"),
    ]
}

/// Requests that meet this call: of the same id, and of a new one by everybody.
pub(super) fn requests(call: &Call) -> Vec<(Row, Result<Vec<Step>, Refusal>)> {
    let known = Facts {
        known: Some(call.clone()),
        ..facts(Some(reachable()))
    };
    let met = Facts {
        live: call.is_live().then(|| call.clone()).into_iter().collect(),
        ..facts(Some(reachable()))
    };
    let mut requests = Vec::new();
    for by in DEVICES {
        let repeated = request(1, by, peer_of(by));
        let outcome = open(&repeated, &known, NOW, &policy());
        requests.push((Row::asked("request, same id,", by), outcome));
    }
    for by in DEVICES {
        let new = request(2, by, peer_of(by));
        let outcome = open(&new, &met, NOW, &policy());
        requests.push((Row::asked("new request of the other", by), outcome));
    }
    let new = request(2, "caller-1", "somebody");
    let outcome = open(&new, &met, NOW, &policy());
    requests.push((
        Row::asked("new request of somebody else", "caller-1"),
        outcome,
    ));
    requests
}

/// Whom this device would call: the other of the two, and a stranger the otomo.
fn peer_of(device: &str) -> &'static str {
    if device.starts_with("otomo") {
        "caller"
    } else {
        "otomo"
    }
}

pub(super) fn request(number: usize, by: &str, of: &str) -> Request {
    Request {
        id: call_id(number),
        caller: device(by),
        otomo: user(of),
    }
}

fn facts(called: Option<Callable>) -> Facts {
    Facts {
        called,
        ..Facts::default()
    }
}

const fn reachable() -> Callable {
    Callable {
        reach: Reach::Connected,
        on_break: false,
        free_at: Timestamp::from_millis(0),
    }
}
