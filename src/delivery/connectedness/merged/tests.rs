//! Who is there against the history of what happened.

use std::{collections::HashMap, time::Duration};

use proptest::prelude::*;
use uuid::Uuid;

use super::*;

const USERS: [&str; 2] = ["aiko", "ben"];
const DEVICES: [&str; 3] = ["phone", "tablet", "desk"];

/// One thing that happens. Sessions are few, so that they meet again.
#[derive(Debug, Clone)]
enum Step {
    Arrive {
        session: usize,
    },
    Leave {
        session: usize,
        grace_ms: Option<u64>,
    },
    Pass {
        millis: u64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0_usize..12).prop_map(|session| Step::Arrive { session }),
        4 => (0_usize..12, prop::option::of(1_u64..20_000))
            .prop_map(|(session, grace_ms)| Step::Leave { session, grace_ms }),
        2 => (0_u64..10_000).prop_map(|millis| Step::Pass { millis }),
    ]
}

/// Session 0 to 11: of which user and device it is. Two of each.
fn owner(session: usize) -> (UserId, DeviceId) {
    let user = USERS[session % 2].parse().unwrap();
    let device = DEVICES[session / 2 % 3].parse().unwrap();
    (user, device)
}

fn id(session: usize) -> SessionId {
    Uuid::from_u128(session as u128).into()
}

/// One device by the words of the rule.
#[derive(Debug, Default)]
struct Device {
    connected: Vec<usize>,
    grace: Option<Instant>,
}

/// Everybody's devices.
type Naive = HashMap<(UserId, DeviceId), Device>;

fn online(naive: &Naive, user: &UserId) -> bool {
    let mut devices = naive.iter().filter(|((owner, _), _)| owner == user);
    devices.any(|(_, device)| !device.connected.is_empty() || device.grace.is_some())
}

fn apply(naive: &mut Naive, step: &Step, now: Instant) {
    match step {
        Step::Arrive { session } => {
            let device = naive.entry(owner(*session)).or_default();
            device.connected.retain(|other| other != session);
            device.connected.push(*session);
            device.grace = None;
        }
        Step::Leave { session, grace_ms } => {
            let device = naive.entry(owner(*session)).or_default();
            if !device.connected.contains(session) {
                return;
            }
            device.connected.retain(|other| other != session);
            if device.connected.is_empty() {
                device.grace = grace_ms.map(|millis| now + Duration::from_millis(millis));
            }
        }
        Step::Pass { .. } => {
            for device in naive.values_mut() {
                device.grace = device.grace.filter(|until| *until > now);
            }
        }
    }
}

proptest! {
    /// Goal: a person is there exactly while the rule says so, and every change is told, once.
    /// Method: random comings and goings of two sessions on each of three devices of two people, against
    /// the rule applied device by device.
    #[test]
    fn a_person_is_there_while_a_device_is(steps in prop::collection::vec(step(), 0..200)) {
        let mut now = Instant::now();
        let mut merged = Merged::default();
        let mut naive = Naive::default();
        for step in steps {
            let before = USERS.map(|user| online(&naive, &user.parse().unwrap()));
            let mut told: Vec<Change> = match &step {
                Step::Arrive { session } => {
                    let (user, device) = owner(*session);
                    merged.arrive(&user, &device, id(*session)).into_iter().collect()
                }
                Step::Leave { session, grace_ms } => {
                    let until = grace_ms.map(|millis| now + Duration::from_millis(millis));
                    let (user, _) = owner(*session);
                    merged.left(&user, id(*session), until).into_iter().collect()
                }
                Step::Pass { millis } => {
                    now += Duration::from_millis(*millis);
                    merged.due(now)
                }
            };
            apply(&mut naive, &step, now);
            told.sort_by(|one, other| one.user().cmp(other.user()));
            let mut expected = Vec::new();
            for (user, was) in USERS.iter().zip(before) {
                let user: UserId = user.parse().unwrap();
                let online = online(&naive, &user);
                prop_assert_eq!(merged.is_online(&user), online);
                if online != was {
                    expected.push(match online {
                        true => Change::Online(user),
                        false => Change::Offline(user),
                    });
                }
            }
            prop_assert_eq!(told, expected);
        }
    }
}

#[test]
fn a_reload_is_not_told_and_a_goodbye_after_it_is_at_once() {
    let mut merged = Merged::default();
    let (user, device) = owner(0);
    let start = Instant::now();
    let at = |millis| start + Duration::from_millis(millis);
    assert!(merged.arrive(&user, &device, id(0)).is_some());
    assert_eq!(merged.left(&user, id(0), Some(at(3_000))), None);
    assert_eq!(merged.arrive(&user, &device, id(1)), None);
    assert_eq!(merged.due(at(3_000)), []);
    let gone = merged.left(&user, id(1), None);
    assert_eq!(gone, Some(Change::Offline(user)));
}

/// Ten thousand people are a megabyte or two: the server's aim is 4 KB for a connection in all.
#[test]
fn a_person_costs_a_hundred_bytes() {
    let entry = size_of::<(UserId, SmallVec<[Present; 1]>)>();
    assert!(entry <= 88, "{entry} bytes");
}
