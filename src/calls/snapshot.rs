//! `call_snapshot`: what a session is told of calls when it begins.

use std::time::Duration;

use super::{
    entry::{Entry, with_people},
    ice,
    records::{self, history},
    rules::call::Call,
    wire,
};
use crate::{
    delivery::line::Client,
    kernel::{
        config::CallsConfig,
        ids::UserId,
        time::{Timestamp, millis},
    },
    protocol::event::{CallParticipant, CallSnapshot, LiveCall},
    store::{Conn, StoreError},
};

/// How long a call that is over is told of to a session that begins: a client that was away meanwhile learns how it went.
const RECENT: Duration = Duration::from_mins(10);

/// The most of them: more than a person can have talked in that time. A client that requests in a loop finds the rest in the
/// history.
const RECENT_MAX: u32 = 100;

/// `call_snapshot` for one device, and the live call in it.
pub(super) fn read(
    conn: &mut Conn,
    client: &Client,
    config: &CallsConfig,
    now: Timestamp,
) -> Result<(CallSnapshot, Option<Call>), StoreError> {
    let live = records::live_of(conn, &client.user)?;
    let live = with_people(conn, live.into_iter().collect())?;
    let recent = history::ended_since(conn, &client.user, now - RECENT, RECENT_MAX)?;
    let snapshot = CallSnapshot {
        call: live
            .first()
            .and_then(|entry| live_call(entry, client, config, now))
            .map(Box::new),
        recent: recent.iter().filter_map(wire::recent).collect(),
    };
    Ok((snapshot, live.into_iter().next().map(|entry| entry.call)))
}

/// The same for many devices, each in its place. Nearly none of them has a call to tell of.
pub(super) fn read_many(
    conn: &mut Conn,
    clients: &[&Client],
    config: &CallsConfig,
    now: Timestamp,
) -> Result<Vec<(CallSnapshot, Option<Call>)>, StoreError> {
    let users: Vec<&UserId> = clients.iter().map(|client| &client.user).collect();
    let with_calls = history::with_calls(conn, &users, now - RECENT)?;
    let snapshot = |client: &&Client| match with_calls.contains(&client.user) {
        true => read(conn, client, config, now),
        false => Ok(nothing()),
    };
    clients.iter().map(snapshot).collect()
}

fn nothing() -> (CallSnapshot, Option<Call>) {
    let snapshot = CallSnapshot {
        call: None,
        recent: Vec::new(),
    };
    (snapshot, None)
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
        remaining_ms: deadline.map(|deadline| millis(now.until(deadline))),
        connected_at: connection.map(|connection| connection.at.unix_seconds()),
        price_per_minute: call.tariff.map(|tariff| tariff.price),
        total_charged_points: call.charged_points(),
        ice_servers,
    })
}
