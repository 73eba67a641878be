//! Effects as one reads them aloud, with the names that clients see.

use crate::calls::rules::{
    effect::{Answer, Audience, Devices, Durable, Notice, RequestState, Spoken, Step},
    refusal::Refusal,
};

/// What a step writes, then what it says.
pub(super) fn of_step(step: &Step) -> String {
    let writes: Vec<_> = step.durable.iter().map(durable).collect();
    let says: Vec<_> = step.spoken.iter().map(spoken).collect();
    match (writes.is_empty(), says.is_empty()) {
        (true, true) => "nothing".to_owned(),
        (true, false) => says.join(", "),
        (false, true) => format!("[{}]", writes.join(", ")),
        (false, false) => format!("[{}] {}", writes.join(", "), says.join(", ")),
    }
}

pub(super) fn of_refusal(refusal: Refusal) -> String {
    let detail = match refusal {
        Refusal::AlreadyAccepted { phase } | Refusal::InvalidPhase { phase } => {
            format!("{{{phase}}}")
        }
        Refusal::AlreadyEnded { outcome, reason } => format!("{{{outcome}, {reason}}}"),
        Refusal::InsufficientPoints { required, balance } => {
            format!("{{{required} required, {balance} there}}")
        }
        _ => String::new(),
    };
    let debug = format!("{refusal:?}");
    let name = debug.split(' ').next().unwrap();
    format!("refused {name}{detail}")
}

fn durable(durable: &Durable) -> String {
    match durable {
        Durable::Persist(event, by) => format!("persist {event} by {by}"),
        Durable::Note(event, by) => format!("note {event} by {by}"),
        Durable::Charge(charge) => format!("charge {} of {}", charge.number, charge.points),
        Durable::Reserve => "reserve".to_owned(),
        Durable::Release => "release".to_owned(),
        Durable::CountMissed => "count missed".to_owned(),
        Durable::ResetMissed => "reset missed".to_owned(),
        Durable::WrapUp { .. } => "wrap up".to_owned(),
        Durable::Settle => "settle".to_owned(),
        Durable::LeaveMissed => "leave missed".to_owned(),
    }
}

fn spoken(spoken: &Spoken) -> String {
    match spoken {
        Spoken::Ring(devices) => format!("{}: incoming_call", of_devices("otomo", devices)),
        Spoken::Tell(to, what) => format!("{}: {}", audience(to), notice(*what)),
        Spoken::Relay(to) => format!("{}: the signal", audience(to)),
        Spoken::KeepCandidate => "keep the candidate".to_owned(),
        Spoken::RelayKept(to) => format!("{}: kept candidates", audience(to)),
        Spoken::MissedCall => "otomo: call_missed".to_owned(),
        Spoken::Charged => "caller: sp_update".to_owned(),
        Spoken::Status => "all: otomo_status_update".to_owned(),
        Spoken::Answer(what) => format!("asker: {}", answer(what)),
        Spoken::Watch(side) => format!("watch the {side}'s device"),
    }
}

pub(super) fn notice(notice: Notice) -> String {
    match notice {
        Notice::Ringing => "call_ringing".to_owned(),
        Notice::Accepted => "call_accepted".to_owned(),
        Notice::Rejected(reason) => format!("call_rejected{{{reason}}}"),
        Notice::Cancelled(reason) => format!("call_cancelled{{{reason}}}"),
        Notice::SignalingStart => "signaling_start".to_owned(),
        Notice::Connected(connection) => format!("call_connected{{{}}}", connection.method),
        Notice::PeerReconnecting { .. } => "call_peer_reconnecting".to_owned(),
        Notice::PeerBack => "call_peer_back".to_owned(),
        Notice::Tick(tick) => format!(
            "call_tick{{{}, {} points, {}}}",
            tick.number, tick.points, tick.standing
        ),
        Notice::Ended { reason, .. } => format!("call_end{{{reason}}}"),
    }
}

pub(super) fn answer(answer: &Answer) -> String {
    match answer {
        Answer::Requested(RequestState {
            phase, end, joined, ..
        }) => {
            let end = end.map(|(outcome, reason)| format!(", {outcome}, {reason}"));
            let joined = joined.map(|_| ", joined");
            let (end, joined) = (end.unwrap_or_default(), joined.unwrap_or_default());
            format!("call_request_ack{{{phase}{end}{joined}}}")
        }
        Answer::Accepted => "call_accept_ack".to_owned(),
        Answer::Rejected => "call_reject_ack".to_owned(),
        Answer::Cancelled => "call_cancel_ack".to_owned(),
        Answer::Ended => "call_end_request_ack".to_owned(),
    }
}

fn audience(audience: &Audience) -> String {
    of_devices(audience.side.as_str(), &audience.devices)
}

fn of_devices(side: &str, devices: &Devices) -> String {
    match devices {
        Devices::All => side.to_owned(),
        Devices::Only(device) => device.to_string(),
        Devices::Except(device) => format!("{side} but {device}"),
    }
}
