//! A call with its people, and `call_snapshot`: what a session is told of calls when it begins.

use std::time::Duration;

use super::{
    ice,
    records::{self, history},
    rules::call::{Call, Side},
    wire,
};
use crate::{
    delivery::line::Client,
    kernel::{config::CallsConfig, ids::UserId, time::Timestamp},
    people::{self, Person},
    protocol::event::{CallParticipant, CallSnapshot, LiveCall},
    store::{Conn, StoreError},
};

/// How long a call that is over is told of to a session that begins: a client that was away meanwhile learns how it went.
const RECENT: Duration = Duration::from_mins(10);

/// The most of them.
const RECENT_MAX: u32 = 20;

/// A call with the names and pictures of its people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The call.
    pub call: Call,
    /// Who calls.
    pub caller: Person,
    /// Who is called.
    pub otomo: Person,
}

impl Entry {
    /// The person on this side.
    pub fn person(&self, side: Side) -> &Person {
        match side {
            Side::Caller => &self.caller,
            Side::Otomo => &self.otomo,
        }
    }
}

/// Calls with their people. Meant for a page of them.
pub(super) fn with_people(conn: &mut Conn, calls: Vec<Call>) -> Result<Vec<Entry>, StoreError> {
    let mut wanted: Vec<UserId> = calls
        .iter()
        .flat_map(|call| Side::ALL.iter().map(|side| call.person(*side).clone()))
        .collect();
    wanted.sort_unstable();
    wanted.dedup();
    let people = people::records::find_many(conn, &wanted)?;
    let person = |call: &Call, side: Side| {
        let unknown = || StoreError::corrupt(format!("the {side} of {} is unknown", call.id));
        people.get(call.person(side)).cloned().ok_or_else(unknown)
    };
    calls
        .into_iter()
        .map(|call| {
            Ok(Entry {
                caller: person(&call, Side::Caller)?,
                otomo: person(&call, Side::Otomo)?,
                call,
            })
        })
        .collect()
}

/// `call_snapshot` for one device.
pub(super) fn read(
    conn: &mut Conn,
    client: &Client,
    config: &CallsConfig,
    now: Timestamp,
) -> Result<CallSnapshot, StoreError> {
    let live = records::live_of(conn, &client.user)?;
    let live = with_people(conn, live.into_iter().collect())?;
    let recent = history::ended_since(conn, &client.user, now - RECENT, RECENT_MAX)?;
    Ok(CallSnapshot {
        call: live
            .first()
            .and_then(|entry| live_call(entry, client, config, now))
            .map(Box::new),
        recent: recent.iter().filter_map(wire::recent).collect(),
    })
}

fn live_call(
    entry: &Entry,
    client: &Client,
    config: &CallsConfig,
    now: Timestamp,
) -> Option<LiveCall> {
    let call = &entry.call;
    let side = call.side(&client.user)?;
    let bound = call.bound_device(side) == Some(&client.device);
    let deadline = call.phase.deadline();
    let connection = call.connection();
    let ice_servers = match call.accepted() {
        Some(_) if bound => ice::servers(config, &client.user, now),
        _ => Vec::new(),
    };
    Some(LiveCall {
        call_id: call.id,
        phase: call.phase.name().into(),
        role: side.into(),
        bound,
        caller: CallParticipant::from(&entry.caller),
        otomo: CallParticipant::from(&entry.otomo),
        timestamp: call.requested_at.unix_seconds(),
        expires_at: deadline.map(Timestamp::unix_seconds),
        remaining_ms: deadline.map(|deadline| wire::millis(now, deadline)),
        connected_at: connection.map(|connection| connection.at.unix_seconds()),
        ice_servers,
    })
}
