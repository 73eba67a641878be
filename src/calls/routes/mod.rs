//! Candidates of calls that are under way, passed on by the thread that read them.
//!
//! A candidate changes nothing of a call: all that is to be known is who talks to whom. So of each accepted call whose two
//! devices are there a *route* is kept, and a session that reads a candidate gives it to the other device by itself. To take
//! the way through the lane, on the coordinator's thread, costs two changes of threads and more than all the rest.
//! Whatever a route does not answer takes the lane, which has the words for it: a stranger, another device, a peer who is
//! lost, a call that is over, or whose time is up.
//!
//! What holds because of what:
//! - *Nothing after `call_end`, nothing to one who is lost.* A route is closed before the coordinator says a word of a change
//!   ([`Routes::close`]), and whoever passes something on holds the route until that is on its way: closing waits for it.
//! - *Nothing before `signaling_start`.* A route is opened when all of the change has been said ([`Routes::open`]). Who gets a
//!   candidate gets it behind what is on its way to them: [`Dispatch::tell_beside`](crate::delivery::dispatch::Dispatch::tell_beside).
//! - *What one session asks keeps its order.* While anything that it asked of calls is under way ([`Underway`]), its
//!   candidates take the lane, too. So none overtakes an offer, and after its own `call_end_request` it hears that the call is over.
//! - *Who has gone.* A device without a connection is not lost yet: the coordinator has to hear of it first. What is for it
//!   takes the lane meanwhile, which answers `PEER_UNAVAILABLE`.
//! - *What time has done.* A call that is due is left to the lane: its end has to be stored first.
//! - *Other nodes.* Where there are any, a call may have been changed by one of them, and its people are anywhere: there are
//!   no routes then.

use std::sync::Arc;

use dashmap::{DashMap, mapref::one::Ref};

use super::{
    Calls,
    rules::call::{Call, Side},
};
use crate::{
    delivery::{line::Client, lines::Lines},
    kernel::{
        ids::{CallId, DeviceId, UserId},
        time::Timestamp,
    },
    protocol::{command, event::IceCandidate},
};

/// The open routes. Clones share them.
#[derive(Clone, Default)]
pub(super) struct Routes(Arc<DashMap<CallId, Route>>);

/// Who talks to whom.
struct Route {
    ends: [End; 2],
    /// From then on it is for the lane.
    due_at: Option<Timestamp>,
}

struct End {
    user: UserId,
    device: DeviceId,
}

/// A route that something is passed on by. It cannot be closed meanwhile.
pub(super) struct Open<'a> {
    route: Ref<'a, CallId, Route>,
    /// Which end it goes to.
    to: usize,
}

impl Open<'_> {
    /// The device that gets it.
    pub(super) fn peer(&self) -> Option<(&UserId, &DeviceId)> {
        let end = self.route.ends.get(self.to)?;
        Some((&end.user, &end.device))
    }
}

impl Routes {
    /// All that there is to say of a call has been said: if both of its devices are there, they talk.
    pub(super) fn open(&self, call: &Call) {
        let end = |side: Side| {
            let there = call.is_live() && call.lost().until(side).is_none();
            let device = call.bound_device(side).filter(|_| there)?;
            Some(End {
                user: call.person(side).clone(),
                device: device.clone(),
            })
        };
        if let (Some(caller), Some(otomo)) = (end(Side::Caller), end(Side::Otomo)) {
            let route = Route {
                ends: [caller, otomo],
                due_at: call.due_at(),
            };
            self.0.insert(call.id, route);
        }
    }

    /// A change of a call is about to be said. Returns when nothing is passed on any more.
    pub(super) fn close(&self, call: CallId) {
        self.0.remove(&call);
    }

    /// The route of a call from this client's device, if there is one now.
    pub(super) fn from(&self, from: &Client, call: CallId, now: Timestamp) -> Option<Open<'_>> {
        let route = self.0.get(&call)?;
        if route.due_at.is_some_and(|due_at| due_at <= now) {
            return None;
        }
        let is_from = |end: &End| end.user == from.user && end.device == from.device;
        let [caller, otomo] = &route.ends;
        let to = match (is_from(caller), is_from(otomo)) {
            (true, _) => 1,
            (_, true) => 0,
            (false, false) => return None,
        };
        Some(Open { route, to })
    }
}

impl Calls {
    /// Passes a candidate on to the other device of its call, from the thread of the worker with these lines, if that is all
    /// there is to it.
    ///
    /// # Errors
    /// Gives it back if its call has to be asked: [`Calls::ask`].
    pub fn pass_on(
        &self,
        from: &Client,
        candidate: command::IceCandidate,
        lines: &Lines,
    ) -> Result<(), command::IceCandidate> {
        let call_id = candidate.call_id;
        let route = self.0.routes.from(from, call_id, self.0.store.now());
        let peer = route.as_ref().and_then(|route| route.peer());
        // A device that has just gone is answered for by the lane.
        let roster = self.0.dispatch.roster();
        let is_there = |(user, device): &(&UserId, &DeviceId)| roster.has_device(user, device);
        let Some((user, device)) = peer.filter(is_there) else {
            return Err(candidate);
        };
        let event = IceCandidate {
            call_id,
            from_user_id: from.user.clone(),
            candidate: candidate.candidate,
        };
        // The route is held until it is on its way.
        self.0
            .dispatch
            .tell_beside(lines, user, device, &event.into());
        Ok(())
    }
}

/// What a session has asked of calls and is not done yet. Nothing on the heap for one that never asked.
#[derive(Debug, Default)]
pub struct Asks(Option<Arc<()>>);

/// Held by what was asked until it is done and said.
#[derive(Debug, Clone, Default)]
pub struct Underway(#[expect(dead_code, reason = "it counts by being held")] Arc<()>);

impl Asks {
    /// Something is asked.
    pub fn begin(&mut self) -> Underway {
        Underway(Arc::clone(self.0.get_or_insert_default()))
    }

    /// Whether all that was asked is done, and said: what is said from now on comes after that.
    pub fn are_done(&mut self) -> bool {
        self.0
            .as_mut()
            .is_none_or(|asks| Arc::get_mut(asks).is_some())
    }
}

#[cfg(test)]
mod tests;
