//! What a client that returns gets: nothing, what it missed, or the word that part of
//! that is gone.

use super::{Extent, Seq};

/// How a connection starts in its user's stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Resume {
    /// The client named no seq: nothing is replayed, the stream starts at the head.
    FromHead,
    /// Everything after `after` is replayed; nothing, if that is the head.
    Replay {
        /// The last event that the client has.
        after: Seq,
    },
    /// The client cannot be given all it missed. It is told so, reads its snapshots anew and goes
    /// on from the head.
    Resync {
        /// Why.
        reason: ResyncReason,
        /// What the stream holds.
        extent: Extent,
    },
}

/// Why a client cannot simply go on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ResyncReason {
    /// What came after its seq was dropped.
    Retention,
    /// Its seq was never given: the database is not the one that the client knew.
    UnknownSeq,
}

/// Decides for a client whose last event was `asked` (`lastSeq`, `Last-Event-ID`).
pub fn decide(asked: Option<Seq>, extent: Extent) -> Resume {
    let Some(after) = asked else {
        return Resume::FromHead;
    };
    if after > extent.head {
        Resume::Resync {
            reason: ResyncReason::UnknownSeq,
            extent,
        }
    } else if !extent.continues(after) {
        Resume::Resync {
            reason: ResyncReason::Retention,
            extent,
        }
    } else {
        Resume::Replay { after }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: each place that a client may name gets its one answer. Method: all places around a
    /// stream that holds 4 to 6, one that holds nothing any more, and one that never held anything.
    #[test]
    fn every_place_has_its_answer() {
        let told = |asked: u64, first: u64, head: u64| {
            let extent = Extent {
                first: Seq::new(first),
                head: Seq::new(head),
            };
            match decide(Some(Seq::new(asked)), extent) {
                Resume::FromHead => unreachable!("a place was named"),
                Resume::Replay { after } => format!("after {after:?}"),
                Resume::Resync { reason, .. } => format!("{reason:?}"),
            }
        };
        let around_4_to_6 = [0, 2, 3, 4, 6, 7, u64::MAX].map(|asked| told(asked, 4, 6));
        let expected = [
            "Retention",
            "Retention",
            "after #3",
            "after #4",
            "after #6",
            "UnknownSeq",
            "UnknownSeq",
        ];
        assert_eq!(around_4_to_6, expected);
        assert_eq!(
            [5, 6, 7].map(|asked| told(asked, 7, 6)),
            ["Retention", "after #6", "UnknownSeq"]
        );
        assert_eq!(
            [0, 1].map(|asked| told(asked, 1, 0)),
            ["after #0", "UnknownSeq"]
        );
    }

    #[test]
    fn who_names_no_place_starts_at_the_head() {
        let extent = Extent {
            first: Seq::new(4),
            head: Seq::new(6),
        };
        assert_eq!(decide(None, extent), Resume::FromHead);
    }
}
