//! What is told of many people whose server stops, whatever there is beside it: they gather, talk until the limit, come back.

use std::{
    ops::Range,
    time::{Duration, Instant},
};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use otomo::kernel::identity::Role;
use serde_json::json;
use uuid::Uuid;

use super::{Crowd, Endpoint, Happening, Note, PATIENCE};

/// How many people, calls, and how long.
pub struct Size {
    pub people: usize,
    pub calls: usize,
    pub limit: Duration,
    pub spread: Duration,
    pub grace: Duration,
}

impl Size {
    pub fn asked() -> Self {
        let asked = |name: &str, otherwise: usize| {
            let value = std::env::var(name).ok();
            value.map_or(otherwise, |value| value.parse().expect("a number"))
        };
        let scale = u32::try_from(asked("OTOMO_DRAIN_SCALE", 1)).expect("a small number");
        Self {
            people: asked("OTOMO_DRAIN_PEOPLE", 300),
            calls: asked("OTOMO_DRAIN_CALLS", 10),
            limit: Duration::from_secs(5) * scale,
            spread: Duration::from_secs(2) * scale,
            grace: Duration::from_secs(1) + Duration::from_secs(3) * scale,
        }
    }

    /// How long anything may take that so many do.
    pub fn patience(&self) -> Duration {
        PATIENCE * 3 + self.limit + self.spread
    }

    /// Otomo come first: a tenth of them, and at least the called.
    pub fn otomo(&self) -> usize {
        (self.people / 10).max(self.calls)
    }
}

/// People are there and `calls` of them talk; of each call the caller's number and the call's id.
pub async fn gather(size: &Size, ways: &[&Endpoint]) -> (Crowd, Vec<(usize, Uuid)>) {
    // Each of them is a descriptor.
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).expect("a limit");
    setrlimit(Resource::RLIMIT_NOFILE, most, most).expect("as many as there may be");
    let mut crowd = Crowd::new();
    for number in 0..size.people {
        let (name, role) = match number < size.otomo() {
            true => (format!("otomo-{number}"), Role::Otomo),
            false => (format!("user-{number}"), Role::User),
        };
        crowd.join(&name, role, ways);
        // Not all at once: what is measured is how they leave.
        if number % 50 == 49 {
            let all = |crowd: &Crowd| crowd.here() == number + 1;
            crowd.until("they are there", size.patience(), all).await;
        }
    }
    let all = |crowd: &Crowd| crowd.here() == size.people;
    crowd.until("all are there", size.patience(), all).await;
    let calls = (0..size.calls).map(|number| {
        let (caller, call) = (size.otomo() + number, Uuid::new_v4());
        let called = format!("otomo-{number}");
        crowd.say(
            caller,
            json!({"type": "call_request", "toUserId": called, "callId": call}),
        );
        (caller, call)
    });
    let calls: Vec<(usize, Uuid)> = calls.collect();
    let talk = |crowd: &Crowd| crowd.count(|it| matches!(it, Happening::Talks)) == 2 * size.calls;
    crowd.until("they talk", size.patience(), talk).await;
    (crowd, calls)
}

/// Half of the calls end because people hang up. Returns how many people go on talking.
pub fn hang_up_half(crowd: &Crowd, calls: &[(usize, Uuid)]) -> usize {
    let (some, others) = calls.split_at(calls.len() / 2);
    for (caller, call) in some {
        crowd.say(*caller, json!({"type": "call_end_request", "callId": call}));
    }
    2 * others.len()
}

/// Those who do not hang up, so many, go on until the limit and not a moment less.
pub async fn talk_until_the_limit(
    size: &Size,
    crowd: &Crowd,
    calls: &[(usize, Uuid)],
    (talking, begun): (usize, Instant),
) {
    let over =
        |crowd: &Crowd| crowd.count(|it| matches!(it, Happening::Ended(_))) == 2 * calls.len();
    crowd.until("all calls end", size.patience(), over).await;
    let mut cut = 0;
    for note in crowd.notes() {
        if let Happening::Ended(reason) = &note.what {
            let after = note.at.duration_since(begun);
            if reason != "user_end" {
                assert!(after >= size.limit, "cut after {after:?}: {note:?}");
                cut += 1;
            }
        }
    }
    assert_eq!(cut, talking, "those who talk are cut at the limit");
}

/// Those who were sent away in this time came back over the announced time: nobody earlier than told, and each tenth of it brought its
/// share. Prints how they came.
pub fn came_back_over(size: &Size, crowd: &Crowd, (those, when): (usize, Range<Instant>)) {
    let notes = crowd.notes();
    let sent: Vec<_> = notes
        .iter()
        .filter_map(|note| match note.what {
            Happening::SentAway(wait) if when.contains(&note.at) => Some((note, wait)),
            _ => None,
        })
        .collect();
    assert_eq!(sent.len(), those, "each was told, once");
    let first = sent.iter().map(|(note, _)| note.at).min().expect("some");
    let (mut told, mut came, mut late) = ([0; 10], [0; 10], Duration::ZERO);
    for (note, wait) in &sent {
        assert!(*wait <= size.spread, "{note:?}");
        let after = |it: &&Note| {
            it.user == note.user && it.at >= note.at && matches!(it.what, Happening::Came)
        };
        let came_at = notes.iter().find(after).expect("they came").at;
        assert!(came_at >= note.at + *wait, "earlier than told");
        late = late.max(came_at - note.at - *wait);
        told[tenth(*wait, size.spread)] += 1;
        came[tenth(came_at - first, size.spread)] += 1;
    }
    println!("told to come in each tenth of {:?}: {told:?}", size.spread);
    println!(
        "came in each tenth of {:?}: {came:?}; at most {late:?} late",
        size.spread
    );
    for (what, tenths) in [("told", told), ("came", came)] {
        let most = *tenths.iter().max().expect("ten");
        assert!(most <= those / 10 * 2, "{what}: {tenths:?}");
    }
}

fn tenth(part: Duration, whole: Duration) -> usize {
    let tenth = part.as_nanos() * 10 / whole.as_nanos();
    usize::try_from(tenth).expect("a few").min(9)
}

/// Nobody heard, or read, of anybody who is offline.
pub fn nobody_was_offline(crowd: &Crowd) {
    let seen = crowd
        .notes()
        .into_iter()
        .filter_map(|note| match note.what {
            Happening::Offline(text) => Some((note.user, text)),
            _ => None,
        });
    let seen: Vec<(String, String)> = seen.collect();
    assert!(
        seen.is_empty(),
        "{} times, first {:?}",
        seen.len(),
        seen.first()
    );
}
