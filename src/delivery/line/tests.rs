//! What waits for a client: in which order, and how much, before and after what is live may reach it.
#![allow(clippy::unwrap_used)]
use std::sync::Arc;

use super::*;
use crate::{
    delivery::{inbox::Seq, nowhere::Nowhere, outbox::Lane},
    kernel::{identity::Role, ids::SessionId},
    protocol::{
        event::{Event, HeartbeatAck, OtomoStatus, OtomoStatusUpdate, Resync, ResyncReason},
        spec::Topics,
    },
};

const LIMITS: Limits = Limits {
    soft: 1_000,
    hard: 10_000,
};

fn line() -> Line {
    let session = SessionId::new();
    let new = NewLine {
        client: Client {
            user: "taro".parse().unwrap(),
            role: Role::User,
            device: session.into(),
            session,
        },
        filter: Filter::new(Topics::ALL),
        versioned: false,
        cursor: Cursor::new(Seq::default(), Seq::default()),
        sink: Rc::new(Nowhere::DEAF),
        session: Waker::noop().clone(),
        limits: Rc::new(LIMITS),
    };
    let counters = Rc::new(Counters::new(Arc::default()));
    Line::new(new, Seat::alone(), counters)
}

/// Gives a line more live frames than leave room for a page.
fn fill(line: &Line) {
    for number in 0..LIMITS.soft / 100 {
        let status = Event::from(OtomoStatusUpdate {
            user_id: format!("otomo-{number}").parse().unwrap(),
            status: OtomoStatus::Online,
            timestamp: 0,
            version: 1,
        });
        let _ = line.push_always(Frame::new(&status));
    }
    assert!(line.backlog() > LIMITS.soft / 2);
}

#[test]
fn what_waits_behind_the_gate_keeps_nothing_back_that_comes_before_it() {
    let line = line();
    fill(&line);
    assert!(line.has_room(), "it leaves only once the line is open");
    line.open();
    assert!(!line.has_room());
}

/// A client takes what is said to be lost up to a place for all of it that has not come by then.
#[test]
fn what_is_said_between_two_durable_events_waits_between_them() {
    let resync = Resync {
        reason: ResyncReason::Retention,
        first_seq: 3,
        seq: 2,
    };
    let mut said = Queued {
        frame: Frame::new(&Event::from(resync)),
        stamp: Stamp::InTurn,
    };
    assert_eq!(said.lane(), Lane::Durable);
    // As the beginning of a connection it comes first.
    said.stamp = Stamp::None;
    assert_eq!(said.lane(), Lane::Preamble);
}

#[test]
fn what_comes_first_and_is_not_taken_leaves_no_room() {
    let line = line();
    let beat = Frame::new(&Event::from(HeartbeatAck { timestamp: 0 }));
    while line.backlog() < LIMITS.soft / 2 {
        let stamp = Stamp::None;
        let _ = line.push_page(beat.clone(), stamp);
    }
    assert!(!line.has_room());
}
