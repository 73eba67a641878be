//! The ICE candidates that a caller's device sends before anybody has accepted: kept for the device that will.

use std::{
    cell::RefCell,
    collections::{HashMap, VecDeque},
};

use super::rules::policy::EARLY_CANDIDATES_MAX;
use crate::{kernel::ids::CallId, protocol::frame::Frame};

/// The most bytes that are kept for one call. Sixty-four candidates of a browser are a fifth of it; without a bound a
/// caller could leave sixty-four messages of the greatest size in memory for as long as it rings.
const BYTES_MAX: usize = 64 * 1024;

/// What is kept, per call. Belongs to the coordinator's thread.
#[derive(Default)]
pub(super) struct KeptCandidates(RefCell<HashMap<CallId, VecDeque<Frame>>>);

impl KeptCandidates {
    /// How many are kept for a call. One that has used up its bytes counts as full.
    pub(super) fn count(&self, call: CallId) -> usize {
        let kept = self.0.borrow();
        let Some(candidates) = kept.get(&call) else {
            return 0;
        };
        match candidates.iter().map(Frame::size).sum::<usize>() {
            BYTES_MAX.. => EARLY_CANDIDATES_MAX,
            _ => candidates.len(),
        }
    }

    /// Keeps one more.
    pub(super) fn keep(&self, call: CallId, candidate: Frame) {
        let mut kept = self.0.borrow_mut();
        kept.entry(call).or_default().push_back(candidate);
    }

    /// Everything that is kept for a call, in the order in which it came. Nothing is kept any more.
    pub(super) fn take(&self, call: CallId) -> VecDeque<Frame> {
        self.0.borrow_mut().remove(&call).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;
    use crate::protocol::{
        command::Candidate,
        event::{Event, IceCandidate},
    };

    fn candidate(bytes: usize) -> Frame {
        let text = format!("{:?}", "x".repeat(bytes));
        Frame::new(&Event::from(IceCandidate {
            call_id: CallId::new(),
            from_user_id: "taro".parse().unwrap(),
            candidate: Candidate(Some(RawValue::from_string(text).unwrap())),
        }))
    }

    #[test]
    fn what_is_kept_is_handed_over_once_and_in_order() {
        let (kept, call) = (KeptCandidates::default(), CallId::new());
        for bytes in [10, 20, 30] {
            kept.keep(call, candidate(bytes));
        }
        assert_eq!(kept.count(call), 3);
        assert_eq!(kept.count(CallId::new()), 0);
        let sizes: Vec<usize> = kept.take(call).iter().map(Frame::size).collect();
        assert!(sizes.is_sorted(), "{sizes:?}");
        assert_eq!((sizes.len(), kept.count(call)), (3, 0));
    }

    #[test]
    fn few_large_candidates_fill_it_too() {
        let (kept, call) = (KeptCandidates::default(), CallId::new());
        kept.keep(call, candidate(BYTES_MAX / 2));
        assert_eq!(kept.count(call), 1);
        kept.keep(call, candidate(BYTES_MAX / 2));
        assert_eq!(kept.count(call), EARLY_CANDIDATES_MAX);
    }
}
