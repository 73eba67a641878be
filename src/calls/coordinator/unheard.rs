//! What other nodes said of calls, and nobody here heard, because the nodes do not hear each other.
//!
//! While the link is down, and once after each gap, a look at the live calls says here what the calls have come to: to the
//! clients of this node alone, as each node does so for its own. A message may also be lost without a sign, and nobody may be
//! left with a ring, or without an answer, for that: so each look says of calls that others have changed lately, or that have
//! ended, how far they are. Who has heard as much, which delivery knows of each connection, does not hear it again.

use std::{collections::HashMap, time::Duration};

use super::CallCoordinator;
use crate::{
    calls::{
        heard::Version,
        records::{facts, history},
        rules::{
            call::{Call, Lost, Side},
            effect::{Spoken, Step},
            speech,
        },
        speaker::Again,
        transactions::Stored,
    },
    delivery::dispatch::Dispatch,
    kernel::{ids::CallId, time::Timestamp},
    people,
    store::{Conn, StoreError},
};

/// How long an end is said again: by three looks.
const LATELY: Duration = Duration::from_secs(30);

/// The calls that ended lately, of those that a device may still take for a ring: it rings no longer than `ring`.
pub(super) fn over_lately(
    conn: &mut Conn,
    now: Timestamp,
    ring: Duration,
) -> Result<Vec<Call>, StoreError> {
    let lately = now - LATELY;
    history::over_since(conn, lately - ring, lately)
}

/// What there is to say of calls that people here may not have heard of as they are, as far as `surely` says.
pub(super) fn restatements<'a>(
    conn: &mut Conn,
    calls: impl IntoIterator<Item = &'a Call>,
    surely: &HashMap<CallId, Version>,
    dispatch: &Dispatch,
) -> Result<Vec<Stored>, StoreError> {
    let roster = dispatch.roster();
    let is_here = |side: &Side, call: &Call| !roster.sessions(call.person(*side)).is_empty();
    let mut restatements = Vec::new();
    for call in calls {
        let heard = surely.get(&call.id);
        let behind = heard.is_none_or(|heard| heard.trails(call));
        if behind && Side::ALL.iter().any(|side| is_here(side, call)) {
            let lost = heard.map_or_else(Lost::default, |heard| heard.lost);
            restatements.push(restatement(conn, call, lost)?);
        }
    }
    Ok(restatements)
}

fn restatement(conn: &mut Conn, call: &Call, lost: Lost) -> Result<Stored, StoreError> {
    let balance = facts::balance(conn, call)?;
    let mut spoken = speech::restate(call, balance);
    spoken.extend(speech::back_since(call, lost));
    let rings = spoken.iter().any(|it| matches!(it, Spoken::Ring(_)));
    let caller = match rings {
        true => people::records::find(conn, &call.caller)?,
        false => None,
    };
    let step = Step {
        next: call.clone(),
        durable: Vec::new(),
        spoken,
    };
    Ok(Stored {
        caller,
        ..Stored::new(step)
    })
}

impl CallCoordinator {
    /// Says it, unless more has happened to a call meanwhile: then the next look does.
    pub(super) fn restate_here(&mut self, restatements: &[Stored], again: Again) {
        for restated in restatements {
            let call = &restated.step.next;
            if !self.heard.is_behind(call) {
                continue;
            }
            let outrun = self
                .lanes
                .known(call.id)
                .is_some_and(|known| known.version > call.version);
            if outrun || !self.lanes.is_quiet(call.id) {
                self.unheard |= again == Again::Everything;
                continue;
            }
            log::debug!(
                "call said again here call={} version={}",
                call.id,
                call.version
            );
            self.speaker.say_again_here(restated, again);
            if again == Again::Everything {
                self.heard.restated(call);
            }
        }
    }
}
