//! Before the accept: who wins, who hears what, who is lost, what is missed.

use super::world::{World, seconds, signal};
use crate::calls::rules::{
    call::PhaseName,
    command::{Ask, Authority, Decline, Happening, Signal},
    ending::By,
    policy::EARLY_CANDIDATES_MAX,
    refusal::Refusal,
};

#[test]
fn an_accept_is_told_in_the_order_of_the_documents() {
    let mut world = World::new();
    let call = world.rings();
    world.asks("hana-1", call, Ask::Accept).unwrap();

    let heard = ["hana is busy", "call_accept_ack", "signaling_start"];
    assert_eq!(world.hears("hana-1"), heard);
    let heard = ["hana is busy", "call_accepted", "signaling_start"];
    assert_eq!(world.hears("taro-1"), heard);
    assert_eq!(world.hears("taro-2"), ["hana is busy", "call_accepted"]);
    let heard = ["hana is busy", "call_cancelled{answered_elsewhere}"];
    assert_eq!(world.hears("hana-2"), heard);
}

#[test]
fn of_two_devices_that_accept_the_first_wins_and_may_repeat_itself() {
    let mut world = World::new();
    let call = world.accepted();
    let phase = PhaseName::Connecting;
    let lost = world.asks("hana-2", call, Ask::Accept);
    assert_eq!(lost, Err(Refusal::AlreadyAccepted { phase }));

    world.asks("hana-1", call, Ask::Accept).unwrap();
    assert_eq!(world.hears("hana-1"), ["call_accept_ack"]);
    assert!(world.hears("taro-1").is_empty());
}

#[test]
fn a_cancel_that_crosses_an_accept_loses_to_whichever_was_stored_first() {
    let mut world = World::new();
    let call = world.rings();
    world.asks("taro-1", call, Ask::Cancel).unwrap();
    let late = world.asks("hana-1", call, Ask::Accept).unwrap_err();
    assert_eq!(
        late.to_string(),
        "this call is over (cancelled, caller_cancelled)"
    );

    let call = world.accepted();
    world.asks("taro-1", call, Ask::Cancel).unwrap();
    assert_eq!(world.end(call), "failed, user_end");
    let heard = ["call_end{user_end}", "hana is online", "call_cancel_ack"];
    assert_eq!(world.hears("taro-1"), heard);
}

#[test]
fn a_reject_is_told_to_the_caller_and_silences_the_other_devices() {
    let mut world = World::new();
    let call = world.rings();
    world
        .asks("hana-1", call, Ask::Reject(Decline::Away))
        .unwrap();
    assert_eq!(world.end(call), "rejected, away");
    assert_eq!(world.hears("taro-2"), ["call_rejected{away}"]);
    assert_eq!(world.hears("hana-1"), ["call_reject_ack"]);
    assert_eq!(
        world.hears("hana-2"),
        ["call_cancelled{rejected_elsewhere}"]
    );

    // The same again: acknowledged, and nothing else.
    world
        .asks("hana-2", call, Ask::Reject(Decline::Busy))
        .unwrap();
    assert_eq!(world.end(call), "rejected, away");
    assert_eq!(world.hears("hana-2"), ["call_reject_ack"]);
}

#[test]
fn a_cancel_may_come_from_any_device_of_the_caller() {
    let mut world = World::new();
    let call = world.rings();
    world.asks("taro-2", call, Ask::Cancel).unwrap();
    assert_eq!(world.hears("taro-1"), ["call_cancelled{caller_cancelled}"]);
    assert_eq!(world.hears("taro-2"), ["call_cancel_ack"]);
    assert_eq!(world.hears("hana-1"), ["call_cancelled{caller_cancelled}"]);
    assert!(world.left_missed.is_empty());
}

#[test]
fn an_end_request_while_it_rings_is_a_cancel_or_a_reject() {
    let mut world = World::new();
    let call = world.rings();
    world.asks("taro-1", call, Ask::End).unwrap();
    assert_eq!(world.end(call), "cancelled, caller_cancelled");
    assert_eq!(world.hears("taro-1"), ["call_end_request_ack"]);

    let call = world.rings();
    world.asks("hana-1", call, Ask::End).unwrap();
    assert_eq!(world.end(call), "rejected, manual_decline");
    assert_eq!(world.hears("hana-1"), ["call_end_request_ack"]);
}

#[test]
fn each_side_may_do_only_its_own() {
    let mut world = World::new();
    let call = world.rings();
    for theirs in [Ask::Accept, Ask::Reject(Decline::Busy), Ask::Ringing] {
        assert_eq!(world.asks("taro-1", call, theirs), Err(Refusal::WrongSide));
    }
    assert_eq!(
        world.asks("hana-1", call, Ask::Cancel),
        Err(Refusal::WrongSide)
    );
}

#[test]
fn what_a_device_shows_is_passed_on_to_the_caller() {
    let mut world = World::new();
    let call = world.rings();
    world.asks("hana-2", call, Ask::Ringing).unwrap();
    assert_eq!(world.hears("taro-1"), ["call_ringing"]);
    assert_eq!(world.hears("taro-2"), ["call_ringing"]);
}

#[test]
fn a_ring_that_nobody_answers_is_missed_and_left_in_the_inbox() {
    let mut world = World::new();
    let call = world.rings();
    world.wait(seconds(29));
    assert!(world.call(call).is_live());
    world.wait(seconds(1));
    assert_eq!(world.end(call), "missed, timeout");
    assert_eq!(world.hears("taro-1"), ["call_rejected{timeout}"]);
    assert_eq!(world.hears("hana-1"), ["call_cancelled{timeout}"]);
    assert_eq!(world.left_missed, [call]);
}

#[test]
fn an_accept_after_the_deadline_is_too_late_even_before_the_sweeper_came() {
    let mut world = World::new();
    let call = world.rings();
    let deadline = world.now + seconds(30);
    world.now = deadline + seconds(1);
    let late = world.asks("hana-1", call, Ask::Accept).unwrap_err();
    assert_eq!(late.to_string(), "this call is over (missed, timeout)");
    assert_eq!(world.call(call).ended().unwrap().at, deadline);
}

#[test]
fn three_missed_rings_in_a_row_put_the_otomo_on_break() {
    let mut world = World::new();
    for _ in 0..2 {
        world.rings();
        world.wait(seconds(30));
    }
    world.rings();
    world.wait(seconds(30));
    let heard = ["call_cancelled{timeout}", "hana is break"];
    assert_eq!(world.hears("hana-1"), heard);
}

#[test]
fn only_a_decision_of_the_otomo_begins_the_count_anew() {
    let mut world = World::new();
    world.rings();
    world.wait(seconds(30));
    let cancelled = world.rings();
    world.asks("taro-1", cancelled, Ask::Cancel).unwrap();
    assert_eq!(world.missed_in_a_row("hana"), 1);
    // An app that gave up by itself is no decision.
    let given_up = world.rings();
    world
        .asks("hana-1", given_up, Ask::Reject(Decline::Timeout))
        .unwrap();
    assert_eq!(world.missed_in_a_row("hana"), 2);
    let declined = world.rings();
    world
        .asks("hana-1", declined, Ask::Reject(Decline::ManualDecline))
        .unwrap();
    assert_eq!(world.missed_in_a_row("hana"), 0);
}

#[test]
fn a_device_that_connects_during_the_ring_is_rung_if_that_is_still_worth_it() {
    let mut world = World::new();
    world.leaves("hana-2");
    let call = world.rings();
    world.wait(seconds(27));
    world.arrives("hana-2");
    assert_eq!(world.hears("hana-2"), ["incoming_call"]);

    world.leaves("hana-2");
    world.now = world.now + std::time::Duration::from_millis(1);
    world.arrives("hana-2");
    assert!(world.hears("hana-2").is_empty());
    assert!(world.call(call).is_live());
}

#[test]
fn a_caller_who_is_lost_has_five_seconds() {
    let mut world = World::new();
    let call = world.rings();
    // Another device of theirs is not the one that calls.
    world.leaves("taro-2");
    world.leaves("taro-1");
    world.wait(seconds(4));
    world.arrives("taro-1");
    world.wait(seconds(4));
    assert!(world.call(call).is_live());

    world.leaves("taro-1");
    world.wait(seconds(5));
    assert_eq!(world.end(call), "cancelled, caller_lost");
    assert_eq!(world.call(call).ended().unwrap().by, By::Caller);
    assert_eq!(world.hears("hana-1"), ["call_cancelled{caller_lost}"]);
}

#[test]
fn an_otomo_is_lost_with_their_last_device_and_has_five_seconds() {
    let mut world = World::new();
    let call = world.rings();
    world.leaves("hana-1");
    world.wait(seconds(6));
    assert!(world.call(call).is_live());
    world.leaves("hana-2");
    world.wait(seconds(4));
    world.arrives("hana-1");
    assert_eq!(world.hears("hana-1"), ["incoming_call"]);
    world.wait(seconds(4));
    assert!(world.call(call).is_live());

    world.leaves("hana-1");
    world.wait(seconds(5));
    assert_eq!(world.end(call), "rejected, offline");
    assert!(world.left_missed.is_empty());
    assert_eq!(world.missed_in_a_row("hana"), 0);
}

#[test]
fn a_ring_that_enters_no_outbox_waits_like_one_for_an_otomo_who_just_left() {
    let mut world = World::new();
    world.slow = true;
    let call = world.requests("taro-1", "hana");
    world.media(call, Happening::Unreached).unwrap();
    world.wait(seconds(5));
    assert_eq!(world.end(call), "rejected, offline");
}

#[test]
fn an_otomo_who_left_before_the_ring_was_confirmed_is_still_lost() {
    let mut world = World::new();
    world.slow = true;
    let call = world.requests("taro-1", "hana");
    world.leaves("hana-1");
    world.leaves("hana-2");
    world.deliver();
    assert_eq!(world.call(call).phase.name(), PhaseName::Ringing);
    world.wait(seconds(5));
    assert_eq!(world.end(call), "rejected, offline");
}

#[test]
fn candidates_ahead_of_the_accept_are_kept_for_the_device_that_accepts() {
    let mut world = World::new();
    let call = world.rings();
    for _ in 0..EARLY_CANDIDATES_MAX {
        world
            .asks("taro-1", call, signal(Signal::Candidate))
            .unwrap();
    }
    let refused = world.asks("taro-1", call, signal(Signal::Candidate));
    assert_eq!(refused, Err(Refusal::TooManyCandidates));

    world.asks("hana-2", call, Ask::Accept).unwrap();
    let heard = world.hears("hana-2");
    assert_eq!(
        heard[..3],
        ["hana is busy", "call_accept_ack", "signaling_start"]
    );
    assert_eq!(heard[3..], vec!["signal"; EARLY_CANDIDATES_MAX]);
    assert!(!world.hears("hana-1").contains(&"signal".to_owned()));
}

#[test]
fn other_signals_ahead_of_the_accept_are_refused() {
    let mut world = World::new();
    let call = world.rings();
    for early in [Signal::Offer, Signal::Answer] {
        let refused = world.asks("taro-1", call, signal(early));
        assert_eq!(refused, Err(Refusal::SignalTooEarly));
    }
    let unbound = world.asks("taro-2", call, signal(Signal::Candidate));
    assert_eq!(unbound, Err(Refusal::OtherDevice));
    let otomo = world.asks("hana-1", call, signal(Signal::Candidate));
    assert_eq!(otomo, Err(Refusal::SignalTooEarly));
}

#[test]
fn a_caller_who_is_lost_at_the_accept_gets_the_grace_of_a_talk() {
    let mut world = World::new();
    let call = world.rings();
    world.leaves("taro-1");
    world.wait(seconds(4));
    world.asks("hana-1", call, Ask::Accept).unwrap();
    assert_eq!(
        world.hears("hana-1").last().unwrap(),
        "call_peer_reconnecting"
    );
    world.wait(seconds(9));
    world.arrives("taro-1");
    assert_eq!(world.hears("hana-1"), ["call_peer_back"]);
    assert!(world.call(call).is_live());
}

#[test]
fn an_end_of_the_ring_by_an_admin_or_the_server_is_no_device_s_rejection() {
    for (authority, end) in [
        (Authority::Admin, "rejected, admin_end"),
        (Authority::System, "rejected, system_error"),
    ] {
        let mut world = World::new();
        let call = world.rings();
        world.stops(call, authority);
        assert_eq!(world.end(call), end);
        assert_eq!(world.hears("hana-1"), ["call_cancelled{superseded}"]);
    }
}

#[test]
fn a_ringing_otomo_is_shown_as_busy_if_the_policy_says_so() {
    let mut world = World::new();
    world.policy.busy_while_ringing = true;
    let call = world.requests("taro-1", "hana");
    assert_eq!(world.hears("yuki-1"), ["hana is busy"]);
    world.asks("taro-1", call, Ask::Cancel).unwrap();
    assert_eq!(world.hears("yuki-1"), ["hana is online"]);
}
