//! Charges that could not be stored.
//!
//! The charge stays due, and the sweep tries again every second until it is stored, or a later command of the call does: it is
//! neither lost nor made twice. The caller is told once for each charge.

use std::collections::HashMap;

use super::CallCoordinator;
use crate::{
    calls::{
        rules::{call::Call, due::Due},
        task::Task,
    },
    kernel::ids::CallId,
};

/// The charges of live calls that could not be stored: the last of each call that its caller was told of.
#[derive(Debug, Default)]
pub(super) struct FailedCharges(HashMap<CallId, u32>);

impl FailedCharges {
    /// A charge could not be stored. Returns whether that is news.
    fn note(&mut self, call: CallId, number: u32) -> bool {
        self.0.insert(call, number) != Some(number)
    }

    /// The call was stored, so its charges were.
    pub(super) fn settle(&mut self, call: &Call) {
        self.0.remove(&call.id);
    }
}

impl CallCoordinator {
    /// Tells the caller, if it was a charge that could not be stored.
    pub(super) fn tell_of_failed_charge(&mut self, task: &Task) {
        let now = self.store.now();
        let Some(call) = self.lanes.known(task.call) else {
            return;
        };
        let due = call.due().filter(|due| due.at() <= now);
        if let Some(Due::Charge { .. }) = due {
            let number = call.charges() + 1;
            if self.failed_charges.note(call.id, number) {
                self.speaker.charge_failed(call, number);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_charge_is_news_once() {
        let (mut failed, call, other) = (FailedCharges::default(), CallId::new(), CallId::new());
        assert!(failed.note(call, 1));
        assert!(!failed.note(call, 1));
        assert!(failed.note(other, 1));
        assert!(failed.note(call, 2));
    }
}
