#![allow(clippy::unwrap_used)]
use std::time::Duration;

use super::*;
use crate::calls::rules::{
    call::{Lost, Phase, Ring},
    ending::{By, End, Ended},
};

const NOW: Timestamp = Timestamp::from_millis(1_000_000);

fn ringing(seconds: u64) -> Call {
    Call {
        id: CallId::new(),
        caller: "taro".parse().unwrap(),
        caller_device: "taro-1".parse().unwrap(),
        otomo: "hana".parse().unwrap(),
        tariff: None,
        requested_at: NOW,
        version: 2,
        phase: Phase::Ringing(Ring {
            deadline: NOW + Duration::from_secs(seconds),
            lost: Lost::default(),
        }),
    }
}

fn missed(call: &Call) -> Call {
    Call {
        version: call.version + 1,
        phase: Phase::Ended(Ended {
            at: NOW,
            by: By::System,
            end: End::Missed,
        }),
        ..call.clone()
    }
}

#[test]
fn one_at_a_time_in_a_lane_and_no_lane_waits_for_another() {
    let (one, other) = (CallId::new(), CallId::new());
    let mut lanes = Lanes::default();
    lanes.ask(one, "first").unwrap();
    lanes.ask(one, "second").unwrap();
    lanes.ask(other, "elsewhere").unwrap();

    assert_eq!(lanes.next(one), Some("first"));
    assert_eq!(lanes.next(one), None, "the first is being stored");
    assert_eq!(lanes.next(other), Some("elsewhere"));
    lanes.free(one);
    assert_eq!(lanes.next(one), Some("second"));
    lanes.free(one);
    assert_eq!(lanes.next(one), None);
}

#[test]
fn asks_are_refused_where_too_much_waits_and_events_are_not() {
    let call = CallId::new();
    let mut lanes = Lanes::default();
    for number in 0..WAITING_MAX {
        lanes.ask(call, number).unwrap();
    }
    assert_eq!(lanes.ask(call, 1_000), Err(1_000));
    lanes.happened(call, 2_000);
    let mut last = None;
    while let Some(task) = lanes.next(call) {
        lanes.free(call);
        last = Some(task);
    }
    assert_eq!(last, Some(2_000));
    lanes.ask(call, 3_000).unwrap();
}

#[test]
fn what_must_not_be_lost_comes_first_after_a_pause() {
    let call = CallId::new();
    let mut lanes = Lanes::default();
    lanes.happened(call, "left");
    lanes.ask(call, "end").unwrap();
    let left = lanes.next(call).unwrap();
    lanes.happened(call, "lost");
    let given_back = lanes.hold(call, left, |task| *task != "end");
    assert_eq!(given_back, ["end"]);

    assert_eq!(lanes.next(call), None);
    assert_eq!(lanes.ask(call, "accept"), Err("accept"), "refused at once");
    lanes.happened(call, "arrived");
    lanes.resume(call);
    for expected in ["left", "lost", "arrived"] {
        assert_eq!(lanes.next(call), Some(expected));
        lanes.free(call);
    }
}

#[test]
fn who_was_outrun_comes_first_at_once() {
    let call = CallId::new();
    let mut lanes = Lanes::default();
    lanes.ask(call, "accept").unwrap();
    lanes.ask(call, "end").unwrap();
    let accept = lanes.next(call).unwrap();
    lanes.put_back(call, accept);
    assert_eq!(lanes.next(call), Some("accept"));
}

#[test]
fn a_lane_lasts_as_long_as_its_call_or_what_waits_in_it() {
    let call = ringing(30);
    let mut lanes = Lanes::default();
    lanes.ask(call.id, "accept").unwrap();
    lanes.tidy(call.id);
    assert_eq!(lanes.next(call.id), Some("accept"));
    lanes.free(call.id);
    lanes.learn(&call);
    lanes.tidy(call.id);
    assert_eq!(lanes.known(call.id), Some(&call));

    let over = missed(&call);
    lanes.learn(&over);
    lanes.ask(call.id, "end").unwrap();
    lanes.tidy(call.id);
    assert_eq!(lanes.next(call.id), Some("end"));
    lanes.free(call.id);
    lanes.tidy(call.id);
    assert_eq!(lanes.known(call.id), None);
    assert_eq!(lanes.next_due(), None);
    assert!(lanes.lanes.is_empty());
}

#[test]
fn an_older_copy_changes_nothing() {
    let call = ringing(30);
    let over = missed(&call);
    let mut lanes: Lanes<()> = Lanes::default();
    lanes.learn(&over);
    lanes.learn(&call);
    assert_eq!(lanes.known(call.id), Some(&over));
    assert_eq!(lanes.next_due(), None);
}

#[test]
fn calls_are_due_in_the_order_of_their_deadlines_each_once() {
    let (late, soon) = (ringing(30), ringing(10));
    let mut lanes: Lanes<()> = Lanes::default();
    lanes.learn(&late);
    lanes.learn(&soon);
    assert_eq!(lanes.next_due(), Some(NOW + Duration::from_secs(10)));

    let at = |seconds| NOW + Duration::from_secs(seconds);
    assert_eq!(lanes.take_due(at(9)), []);
    assert_eq!(lanes.take_due(at(60)), [soon.id, late.id]);
    assert_eq!(lanes.take_due(at(60)), []);

    // The deadline was not over by the store's clock after all: it is known again.
    lanes.learn(&late);
    assert_eq!(lanes.next_due(), Some(at(30)));
}
