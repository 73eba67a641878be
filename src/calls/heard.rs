//! How far the people on this node have surely heard of calls.
//!
//! What another node says of a call goes out at the moment at which it is stored, and is lost while the nodes do not hear each
//! other. Nor does it say that it was: a link that hangs counts as up for a while. So what others have stored counts as heard
//! here only after two looks, ten seconds apart, between which the link was up all the time; until then it is said again if
//! the link turns out to have been away.

use std::collections::HashMap;

use super::{
    records::sweep::Mark,
    rules::call::{Call, Lost},
};
use crate::kernel::ids::CallId;

/// The calls that are known here, and how far they were heard of.
#[derive(Debug, Default)]
pub(super) struct Heard(HashMap<CallId, Versions>);

/// Three versions of a call.
#[derive(Debug, Clone, Copy, Default)]
struct Versions {
    /// People here have surely heard of it.
    surely: Version,
    /// It was known at the last look.
    looked: Version,
    /// It is known.
    latest: Version,
}

/// What is remembered of a version.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Version {
    number: u64,
    over: bool,
    /// Who was gone.
    pub(super) lost: Lost,
}

impl From<&Call> for Version {
    fn from(call: &Call) -> Self {
        Self {
            number: call.version,
            over: !call.is_live(),
            lost: call.lost(),
        }
    }
}

impl Version {
    /// Whether a call has come further.
    pub(super) const fn trails(&self, call: &Call) -> bool {
        self.number < call.version
    }
}

impl Heard {
    /// A call is known to have come so far, whoever stored it. Of one that nobody here knew while it was live there is nothing
    /// to hear.
    pub(super) fn learn(&mut self, call: &Call) {
        if call.is_live() {
            self.0.entry(call.id).or_default();
        }
        let versions = self.0.get_mut(&call.id);
        if let Some(versions) = versions.filter(|it| it.latest.trails(call)) {
            versions.latest = call.into();
        }
    }

    /// This node has said something. Of what others stored before it its people may still have to hear; not once it is the end,
    /// after which nothing else counts.
    pub(super) fn said(&mut self, mark: &Mark) {
        let Some(versions) = self.0.get_mut(&mark.call) else {
            return;
        };
        let (surely, latest) = (versions.surely, versions.latest);
        let over = latest.over && latest.number == mark.up_to;
        if surely.number < mark.up_to && (over || mark.after <= surely.number) {
            versions.surely = Version {
                number: mark.up_to,
                over,
                ..latest
            };
            self.tidy(mark.call);
        }
    }

    /// This node has said all that there is to say of a call.
    pub(super) fn restated(&mut self, call: &Call) {
        let versions = self.0.entry(call.id).or_default();
        for version in [&mut versions.surely, &mut versions.latest] {
            if version.trails(call) {
                *version = call.into();
            }
        }
        self.tidy(call.id);
    }

    /// The link has been up since the last time.
    pub(super) fn nothing_missed(&mut self) {
        self.0.retain(|_, versions| {
            if versions.surely.number < versions.looked.number {
                versions.surely = versions.looked;
            }
            versions.looked = versions.latest;
            !versions.surely.over
        });
    }

    /// How far each call was surely heard of.
    pub(super) fn surely(&self) -> HashMap<CallId, Version> {
        let surely = |(id, versions): (&CallId, &Versions)| (*id, versions.surely);
        self.0.iter().map(surely).collect()
    }

    /// Whether people here may still have to hear of a call as it is.
    pub(super) fn is_behind(&self, call: &Call) -> bool {
        let versions = self.0.get(&call.id);
        versions.is_none_or(|it| it.surely.trails(call))
    }

    fn tidy(&mut self, call: CallId) {
        if self.0.get(&call).is_some_and(|it| it.surely.over) {
            self.0.remove(&call);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        calls::rules::{
            call::{Phase, Ring},
            ending::{By, End, Ended},
        },
        kernel::time::Timestamp,
    };

    const NOW: Timestamp = Timestamp::from_millis(1_000_000);

    fn ringing() -> Call {
        Call {
            id: CallId::new(),
            caller: "taro".parse().unwrap(),
            caller_device: "taro-1".parse().unwrap(),
            otomo: "hana".parse().unwrap(),
            tariff: None,
            requested_at: NOW,
            version: 1,
            phase: Phase::Ringing(Ring {
                deadline: NOW,
                lost: Lost::default(),
            }),
        }
    }

    fn next(call: &Call) -> Call {
        Call {
            version: call.version + 1,
            ..call.clone()
        }
    }

    fn over(call: &Call) -> Call {
        let (at, by, end) = (NOW, By::System, End::Missed);
        Call {
            phase: Phase::Ended(Ended { at, by, end }),
            ..next(call)
        }
    }

    fn says(heard: &mut Heard, call: &Call) {
        heard.learn(call);
        heard.said(&Mark {
            call: call.id,
            after: call.version - 1,
            up_to: call.version,
        });
    }

    #[test]
    fn what_was_said_here_was_heard_and_what_others_stored_before_it_was_perhaps_not() {
        let (mut heard, call) = (Heard::default(), ringing());
        says(&mut heard, &call);
        assert!(!heard.is_behind(&call));
        let theirs = next(&call);
        heard.learn(&theirs);
        let ours = next(&theirs);
        says(&mut heard, &ours);
        assert!(heard.is_behind(&ours));
        heard.restated(&ours);
        assert!(!heard.is_behind(&ours));
    }

    #[test]
    fn what_others_stored_was_heard_after_two_looks() {
        let (mut heard, call) = (Heard::default(), ringing());
        heard.learn(&call);
        heard.nothing_missed();
        assert!(heard.is_behind(&call));
        heard.nothing_missed();
        assert!(!heard.is_behind(&call));
    }

    #[test]
    fn nothing_is_kept_of_a_call_whose_end_was_heard() {
        let (call, mut heard) = (ringing(), Heard::default());
        heard.learn(&call);
        heard.learn(&next(&call));
        says(&mut heard, &over(&next(&call)));
        assert!(heard.0.is_empty(), "{heard:?}");

        heard.learn(&call);
        heard.learn(&over(&call));
        heard.restated(&over(&call));
        assert!(heard.0.is_empty(), "{heard:?}");

        heard.learn(&call);
        heard.learn(&over(&call));
        heard.nothing_missed();
        heard.nothing_missed();
        assert!(heard.0.is_empty(), "{heard:?}");

        heard.learn(&over(&call));
        assert!(heard.0.is_empty(), "{heard:?}");
    }
}
