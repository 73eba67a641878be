#![allow(clippy::unwrap_used)]
use std::time::Duration;

use super::*;
use crate::{
    calls::rules::{
        call::{Accepted, Lost, Phase, Ring, Setup, Talk},
        ending::{By, End as CallEnd, Ended},
    },
    kernel::{identity::Role, ids::SessionId},
};

const NOW: Timestamp = Timestamp::from_millis(1_000_000);

fn accepted(lost: Lost) -> Call {
    let talk = Talk {
        accepted: Accepted {
            device: "hana-1".parse().unwrap(),
            at: NOW,
        },
        lost,
        media_lost_until: None,
        unseen_since: None,
    };
    Call {
        id: CallId::new(),
        caller: "taro".parse().unwrap(),
        caller_device: "taro-1".parse().unwrap(),
        otomo: "hana".parse().unwrap(),
        tariff: None,
        requested_at: NOW,
        version: 3,
        phase: Phase::Connecting {
            talk,
            setup: Setup {
                deadline: NOW + Duration::from_secs(20),
                caller_reported: false,
                otomo_reported: false,
            },
        },
    }
}

fn client(user: &str, device: &str) -> Client {
    Client {
        user: user.parse().unwrap(),
        role: Role::User,
        device: device.parse().unwrap(),
        session: SessionId::new(),
    }
}

fn peer(routes: &Routes, from: &Client, call: &Call, now: Timestamp) -> Option<String> {
    let open = routes.from(from, call.id, now)?;
    let (user, device) = open.peer().unwrap();
    Some(format!("{}/{}", user.as_str(), device.as_str()))
}

#[test]
fn the_two_devices_that_talk_reach_each_other_and_nobody_else_does() {
    let (routes, call) = (Routes::default(), accepted(Lost::default()));
    routes.open(&call);
    let from = |user, device| peer(&routes, &client(user, device), &call, NOW);
    assert_eq!(from("taro", "taro-1").as_deref(), Some("hana/hana-1"));
    assert_eq!(from("hana", "hana-1").as_deref(), Some("taro/taro-1"));
    assert_eq!(from("taro", "taro-2"), None, "another device of the caller");
    assert_eq!(from("hana", "hana-2"), None, "another device of the otomo");
    assert_eq!(from("jiro", "hana-1"), None, "a stranger");
    assert_eq!(
        peer(
            &routes,
            &client("taro", "taro-1"),
            &accepted(Lost::default()),
            NOW
        ),
        None
    );
}

#[test]
fn no_route_leads_to_or_from_one_who_is_lost_or_through_a_call_that_is_not_accepted_or_over() {
    let until = Some(NOW + Duration::from_secs(10));
    let caller = Lost {
        caller: until,
        otomo: None,
    };
    let otomo = Lost {
        caller: None,
        otomo: until,
    };
    let ringing = Phase::Ringing(Ring {
        deadline: NOW + Duration::from_secs(30),
        lost: Lost::default(),
    });
    let over = Phase::Ended(Ended {
        at: NOW,
        by: By::System,
        end: CallEnd::Missed,
    });
    let in_phase = |phase| Call {
        phase,
        ..accepted(Lost::default())
    };
    let calls = [
        accepted(caller),
        accepted(otomo),
        in_phase(ringing),
        in_phase(over),
    ];
    for call in calls {
        let routes = Routes::default();
        routes.open(&call);
        assert_eq!(peer(&routes, &client("taro", "taro-1"), &call, NOW), None);
        assert_eq!(peer(&routes, &client("hana", "hana-1"), &call, NOW), None);
    }
}

#[test]
fn a_call_whose_time_is_up_is_left_to_its_lane() {
    let (routes, call) = (Routes::default(), accepted(Lost::default()));
    routes.open(&call);
    let due = NOW + Duration::from_secs(20);
    let just_before = Timestamp::from_millis(due.millis() - 1);
    assert!(peer(&routes, &client("taro", "taro-1"), &call, just_before).is_some());
    assert_eq!(peer(&routes, &client("taro", "taro-1"), &call, due), None);
}

#[test]
fn closing_waits_for_what_is_being_passed_on_and_nothing_is_after_it() {
    let (routes, call) = (Routes::default(), accepted(Lost::default()));
    routes.open(&call);
    let taro = client("taro", "taro-1");
    let (said, hears) = std::sync::mpsc::channel();
    let open = routes.from(&taro, call.id, NOW).unwrap();
    let closer = std::thread::spawn({
        let (routes, said) = (routes.clone(), said.clone());
        move || {
            routes.close(call.id);
            said.send("call_end").unwrap();
        }
    });
    // However long the passing on takes, the closer does not say a word before it is done.
    assert!(hears.recv_timeout(Duration::from_millis(20)).is_err());
    said.send("ice_candidate").unwrap();
    drop(open);
    closer.join().unwrap();
    assert_eq!(
        hears.try_iter().collect::<Vec<_>>(),
        ["ice_candidate", "call_end"]
    );
    assert_eq!(peer(&routes, &taro, &call, NOW), None);
}

#[test]
fn asks_are_done_when_nothing_of_them_is_held_any_more() {
    let mut asks = Asks::default();
    assert!(asks.are_done(), "nothing was asked");
    let first = asks.begin();
    let second = asks.begin();
    assert!(!asks.are_done());
    std::thread::spawn(move || drop(first)).join().unwrap();
    assert!(!asks.are_done(), "the second is under way");
    drop(second);
    assert!(asks.are_done());
}
