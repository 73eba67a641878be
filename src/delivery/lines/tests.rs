#![allow(clippy::unwrap_used)]
use std::sync::Arc;

use super::*;
use crate::{backplane::Backplane, delivery::leave::Graces, protocol::event::HeartbeatAck};

fn nobody() -> Rc<Lines> {
    let roster = Roster::new(Graces::default(), Backplane::alone("n1".parse().unwrap()));
    Lines::new(
        0,
        roster,
        Clock::system(),
        Delays::NONE,
        Counters::new(Arc::default()),
    )
}

#[test]
fn to_a_device_without_a_line_nothing_is_said() {
    let beat = HeartbeatAck { timestamp: 0 }.into();
    let (user, device) = ("hana".parse().unwrap(), "phone".parse().unwrap());
    assert!(!nobody().say(&user, &device, &beat));
}

#[test]
fn no_alarm_is_due_before_its_time_or_a_whole_millisecond_after_it() {
    let lines = nobody();
    for nanos in (0..3_000_000).step_by(9_973) {
        let when = lines.started + Duration::from_nanos(nanos);
        let due = lines.started + Duration::from_millis(lines.due(when));
        assert!(due >= when, "{nanos} ns: early");
        assert!(due - when < Duration::from_millis(1), "{nanos} ns: late");
    }
}
