//! Requests: refusals before the ring, repeats, the leave grace, crossing requests, beginning again.

use super::world::{World, call_id, device, seconds, signal, user};
use crate::calls::rules::{
    call::{PhaseName, Side},
    command::{Ask, Signal},
    refusal::Refusal,
    request::{Facts, Request, open},
};

#[test]
fn a_request_is_acknowledged_and_rings_on_every_device_of_the_otomo() {
    let mut world = World::new();
    let call = world.requests("taro-1", "hana");

    assert_eq!(world.hears("taro-1"), ["call_request_ack{requesting}"]);
    assert_eq!(world.hears("hana-1"), ["incoming_call"]);
    assert_eq!(world.hears("hana-2"), ["incoming_call"]);
    assert_eq!(world.call(call).phase.name(), PhaseName::Ringing);
}

#[test]
fn an_otomo_who_is_offline_is_not_rung() {
    let mut world = World::new();
    world.leaves("hana-1");
    world.leaves("hana-2");
    world.wait(seconds(15));
    is_refused(world, "offline");
}

#[test]
fn an_otomo_on_break_is_not_rung() {
    let mut world = World::new();
    world.on_break.insert(user("hana"));
    is_refused(world, "away");
}

#[test]
fn an_otomo_in_another_call_is_not_rung() {
    let mut world = World::new();
    world.requests("yuki-1", "hana");
    is_refused(world, "busy");
}

#[test]
fn an_otomo_who_wraps_up_is_not_rung() {
    let mut world = World::new();
    world.policy.wrap_up = seconds(60);
    let before = world.talks();
    world.asks("hana-1", before, Ask::End).unwrap();
    world.wait(seconds(59));
    is_refused(world, "busy");
}

#[test]
fn a_server_that_drains_rings_nobody() {
    let mut world = World::new();
    world.draining = true;
    is_refused(world, "system_error");
}

/// Refused before the ring: acknowledged, then told to all devices of the caller, and the otomo hears nothing.
#[track_caller]
fn is_refused(mut world: World, reason: &str) {
    world.said.clear();
    let call = world.requests("taro-1", "hana");
    let rejected = format!("call_rejected{{{reason}}}");
    let heard = ["call_request_ack{requesting}", &rejected];
    assert_eq!(world.hears("taro-1"), heard);
    assert_eq!(world.hears("taro-2"), [rejected]);
    assert!(world.hears("hana-1").is_empty());
    assert_eq!(world.end(call), format!("rejected, {reason}"));
    assert!(world.call(call).ended_at_once());
}

#[test]
fn an_error_stores_nothing_and_the_same_id_may_be_tried_again() {
    let mut world = World::new();
    let id = call_id(7);
    for nobody in ["taro", "jiro"] {
        let refused = world.requests_as(id, "taro-1", nobody);
        assert_eq!(refused, Err(Refusal::OtomoNotFound));
    }
    let other = world.requests("taro-1", "yuki");
    assert_eq!(
        world.requests_as(id, "taro-1", "hana"),
        Err(Refusal::CallerBusy)
    );

    world.asks("taro-1", other, Ask::Cancel).unwrap();
    world.requests_as(id, "taro-1", "hana").unwrap();
    assert_eq!(world.call(id).phase.name(), PhaseName::Ringing);
}

#[test]
fn a_repeat_is_answered_with_the_current_phase_even_over_the_rate() {
    let mut world = World::new();
    let call = world.talks();
    let request = Request {
        id: call,
        caller: device("taro-1"),
        otomo: user("hana"),
    };
    let facts = Facts {
        over_rate: true,
        known: Some(world.call(call).clone()),
        ..Facts::default()
    };
    let steps = open(&request, &facts, world.now, &world.policy).unwrap();
    assert!(steps.iter().all(|step| step.durable.is_empty()));

    let fresh = Facts {
        known: None,
        ..facts
    };
    let refused = open(&request, &fresh, world.now, &world.policy);
    assert_eq!(refused, Err(Refusal::RateLimited));

    world.requests_as(call, "taro-2", "hana").unwrap();
    assert_eq!(world.hears("taro-2"), ["call_request_ack{connected}"]);
    assert!(world.hears("hana-1").is_empty());
}

#[test]
fn a_repeat_after_the_end_says_how_it_ended_and_a_rejection_is_told_again() {
    let mut world = World::new();
    world.on_break.insert(user("hana"));
    let call = world.requests("taro-1", "hana");
    world.hears("taro-1");

    world.requests_as(call, "taro-1", "hana").unwrap();
    let again = [
        "call_request_ack{ended, rejected, away}",
        "call_rejected{away}",
    ];
    assert_eq!(world.hears("taro-1"), again);
}

#[test]
fn an_id_that_other_people_use_is_refused() {
    let mut world = World::new();
    let call = world.rings();
    for (caller, otomo) in [("taro-1", "yuki"), ("yuki-1", "hana"), ("hana-1", "yuki")] {
        let refused = world.requests_as(call, caller, otomo);
        assert_eq!(refused, Err(Refusal::DuplicateCallId));
    }
}

#[test]
fn an_otomo_in_the_leave_grace_is_rung_when_they_come_back() {
    let mut world = World::new();
    world.leaves("hana-1");
    world.leaves("hana-2");
    let call = world.requests("taro-1", "hana");
    assert_eq!(world.call(call).phase.name(), PhaseName::Requesting);

    world.wait(seconds(4));
    world.arrives("hana-2");
    assert_eq!(world.hears("hana-2"), ["incoming_call"]);
    assert_eq!(world.call(call).phase.name(), PhaseName::Ringing);
    // The deadline counts from the request, not from the ring.
    world.wait(seconds(26));
    assert_eq!(world.end(call), "missed, timeout");
}

#[test]
fn an_otomo_who_does_not_come_back_from_the_leave_grace_is_offline() {
    let mut world = World::new();
    world.leaves("hana-1");
    world.leaves("hana-2");
    let call = world.requests("taro-1", "hana");
    world.wait(seconds(5));
    assert_eq!(world.end(call), "rejected, offline");
    assert_eq!(
        world.hears("taro-1").last().unwrap(),
        "call_rejected{offline}"
    );
    assert!(world.left_missed.is_empty());
}

#[test]
fn two_who_request_each_other_are_joined_into_the_first_call() {
    let mut world = World::new();
    let first = world.requests("yuki-1", "hana");
    world.hears("yuki-1");
    world.hears("hana-1");
    let later = world.requests("hana-1", "yuki");

    let call = world.call(first);
    assert_eq!(call.phase.name(), PhaseName::Connecting);
    assert_eq!(call.bound_device(Side::Otomo).unwrap().as_str(), "hana-1");
    assert_eq!(
        world.hears("hana-1"),
        [
            "yuki is busy",
            "hana is busy",
            "call_request_ack{connecting, joined}",
            "signaling_start"
        ]
    );
    assert_eq!(
        world.hears("yuki-1"),
        [
            "yuki is busy",
            "hana is busy",
            "call_accepted",
            "signaling_start"
        ]
    );
    assert_eq!(world.end(later), "cancelled, superseded");
    assert_eq!(world.call(later).end().unwrap().joined(), Some(first));

    world.requests_as(later, "hana-1", "yuki").unwrap();
    let repeated = "call_request_ack{ended, cancelled, superseded, joined}";
    assert_eq!(world.hears("hana-1"), [repeated]);
}

#[test]
fn a_caller_who_begins_again_supersedes_the_ring() {
    let mut world = World::new();
    let old = world.rings();
    let new = world.requests("taro-1", "hana");
    assert_eq!(world.end(old), "cancelled, superseded");
    assert_eq!(world.call(new).phase.name(), PhaseName::Ringing);
    let heard = ["call_cancelled{superseded}", "incoming_call"];
    assert_eq!(world.hears("hana-1"), heard);
    let heard = ["call_cancelled{superseded}", "call_request_ack{requesting}"];
    assert_eq!(world.hears("taro-1"), heard);
}

#[test]
fn another_device_of_the_caller_supersedes_only_while_the_first_is_gone() {
    let mut world = World::new();
    let old = world.talks();
    let new = call_id(7);
    assert_eq!(
        world.requests_as(new, "taro-2", "hana"),
        Err(Refusal::CallerBusy)
    );

    world.leaves("taro-1");
    world.requests_as(new, "taro-2", "hana").unwrap();
    assert_eq!(world.end(old), "completed, superseded");
    let heard = [
        "call_peer_reconnecting",
        "call_end{superseded}",
        "hana is online",
        "incoming_call",
    ];
    assert_eq!(world.hears("hana-1"), heard);
}

#[test]
fn the_otomo_of_a_talk_may_begin_again_the_other_way_round() {
    let mut world = World::new();
    let old = world.requests("yuki-1", "hana");
    world.asks("hana-1", old, Ask::Accept).unwrap();
    let new = call_id(7);
    assert_eq!(
        world.requests_as(new, "hana-2", "yuki"),
        Err(Refusal::CallerBusy)
    );
    world.requests_as(new, "hana-1", "yuki").unwrap();
    assert_eq!(world.end(old), "failed, superseded");
    assert_eq!(world.call(new).caller, user("hana"));
    assert_eq!(world.call(new).phase.name(), PhaseName::Ringing);
}

#[test]
fn a_call_with_somebody_else_is_never_superseded() {
    let mut world = World::new();
    let call = world.talks();
    let refused = world.requests_as(call_id(7), "taro-1", "yuki");
    assert_eq!(refused, Err(Refusal::CallerBusy));
    assert!(world.call(call).is_live());
}

#[test]
fn a_ring_that_ran_out_a_moment_ago_keeps_nobody_busy_and_is_missed() {
    let mut world = World::new();
    let old = world.rings();
    world.now = world.now + seconds(30);
    let new = world.requests("taro-1", "hana");
    assert_eq!(world.end(old), "missed, timeout");
    assert_eq!(world.left_missed, [old]);
    assert_eq!(world.call(new).phase.name(), PhaseName::Ringing);
}

#[test]
fn candidates_of_the_call_before_are_not_passed_on_in_the_next() {
    let mut world = World::new();
    let old = world.rings();
    world
        .asks("taro-1", old, signal(Signal::Candidate))
        .unwrap();
    let new = world.requests("taro-1", "hana");
    world.hears("hana-1");
    world.asks("hana-1", new, Ask::Accept).unwrap();
    assert!(!world.hears("hana-1").contains(&"signal".to_owned()));
}
