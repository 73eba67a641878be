//! Who is in a live call, as far as this node knows: for those who must not wait for the database.

use std::sync::Arc;

use dashmap::DashMap;

use super::rules::call::{Call, Side};
use crate::kernel::ids::{CallId, UserId};

/// The people in live calls. Clones share the table.
#[derive(Debug, Clone, Default)]
pub(super) struct LivePeople(Arc<DashMap<UserId, CallId>>);

impl LivePeople {
    /// Notes who is in this call, or is not any more.
    pub(super) fn note(&self, call: &Call) {
        for side in Side::ALL {
            let person = call.person(*side);
            if call.is_live() {
                self.0.insert(person.clone(), call.id);
            } else {
                // They may be in the next one already.
                self.0.remove_if(person, |_, current| *current == call.id);
            }
        }
    }

    /// The live call of a person, in whatever role.
    pub(super) fn call_of(&self, user: &UserId) -> Option<CallId> {
        self.0.get(user).map(|call| *call)
    }

    /// All live calls that this node knows.
    pub(super) fn calls(&self) -> Vec<CallId> {
        self.calls_of(|_| true)
    }

    /// The live calls of certain people.
    pub(super) fn calls_of(&self, wanted: impl Fn(&UserId) -> bool) -> Vec<CallId> {
        let theirs = self.0.iter().filter(|entry| wanted(entry.key()));
        let mut calls: Vec<CallId> = theirs.map(|entry| *entry.value()).collect();
        calls.sort_unstable();
        calls.dedup();
        calls
    }

    /// How many live calls this node knows.
    pub(super) fn count(&self) -> usize {
        // Two people each.
        self.0.len().div_ceil(2)
    }
}
