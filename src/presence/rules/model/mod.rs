//! One otomo over a long time, against the words of the rules: several devices, calls, graces, missed
//! rings, admins, restarts; and people who look at the list and listen from then on.
//!
//! - `reference` keeps what the rules speak of (which device is there, what was chosen, which call) and
//!   answers with a formula.
//! - `system`, the system under test, keeps what is stored (leases, standing, call) and goes through the
//!   functions of this room, as the room's records do.

mod reference;
mod system;

use std::time::Duration;

use proptest::prelude::*;
use proptest_state_machine::prop_state_machine;

use self::system::System;
use super::{Chooser, Chosen, LiveCall};
use crate::delivery::leave::Leave;

const DEVICES: usize = 3;

/// One thing that happens.
#[derive(Debug, Clone)]
enum Happening {
    /// A device connects. A second session of a device that is there takes the first one's place.
    Connect(usize),
    /// A device's session leaves.
    Leave(usize, Leave),
    /// The otomo, or an admin for them, chooses; a break may end by itself after this.
    Choose(Chosen, Option<Duration>, Chooser),
    /// An admin forces the otomo offline.
    ForceOffline,
    /// A call begins, with the otomo in either role.
    Request,
    /// The call goes on to its next phase.
    Progress,
    /// The call ends.
    End(Ending),
    /// Time passes; nodes renew the leases of who is there.
    Pass(Duration),
    /// The node dies and starts again after this.
    Restart(Duration),
    /// Somebody opens the list.
    Watch,
}

/// How a call ends, as far as it says something about the otomo.
#[derive(Debug, Clone, Copy)]
enum Ending {
    /// Nobody answered in time.
    Missed,
    /// The otomo rejected it.
    Rejected,
    /// The caller gave up, or it was accepted before.
    Other,
}

fn happening() -> impl Strategy<Value = Happening> {
    let chosen = prop::sample::select(Chosen::ALL);
    let by = prop::sample::select(vec![Chooser::Own, Chooser::Admin]);
    let ending = prop::sample::select(vec![Ending::Missed, Ending::Rejected, Ending::Other]);
    prop_oneof![
        6 => (0..DEVICES).prop_map(Happening::Connect),
        5 => (0..DEVICES, prop::sample::select(&Leave::ALL[..]))
            .prop_map(|(device, leave)| Happening::Leave(device, leave)),
        3 => (chosen, prop::option::of(span(1..40)), by)
            .prop_map(|(chosen, until, by)| Happening::Choose(chosen, until, by)),
        1 => Just(Happening::ForceOffline),
        5 => Just(Happening::Request),
        6 => Just(Happening::Progress),
        4 => ending.prop_map(Happening::End),
        6 => span(0..20).prop_map(Happening::Pass),
        1 => span(0..60).prop_map(Happening::Restart),
        1 => Just(Happening::Watch),
    ]
}

fn span(seconds: std::ops::Range<u64>) -> impl Strategy<Value = Duration> {
    seconds.prop_map(Duration::from_secs)
}

fn next_phase(call: Option<LiveCall>) -> Option<LiveCall> {
    let next = call.and_then(|call| LiveCall::ALL.iter().find(|later| **later > call));
    next.copied().or(call)
}

prop_state_machine! {
    /// Goal: whatever happens, people see what the rules say, and everything they see can be explained.
    #[test]
    fn an_otomo_over_a_long_time(sequential 1..120 => System);
}
