//! What an otomo has chosen, how the choice came about, and how many rings in a row went unanswered.

use super::policy::Policy;
use crate::kernel::{names::named, time::Timestamp};

named! {
    /// What an otomo may choose. `busy` and `offline` follow from calls and connections, never from a wish.
    #[schemars(rename = "OtomoChoice")]
    pub enum Chosen {
        /// Ready for calls.
        Online = "online",
        /// Away for a while.
        Break = "break",
    }
}

named! {
    /// How a choice came about.
    #[schemars(rename = "OtomoChoiceCause")]
    pub enum ChosenCause {
        /// Logging in means ready.
        Login = "login",
        /// The otomo chose.
        Own = "self",
        /// An admin chose for them.
        Admin = "admin",
        /// Too many rings in a row went unanswered.
        MissedCalls = "missed_calls",
        /// The time until which they were on break is over.
        Elapsed = "elapsed",
    }
}

/// Who makes a choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chooser {
    /// The otomo.
    Own,
    /// An admin.
    Admin,
}

/// The break was to end at a time that has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the time until which to be on break has passed")]
pub struct PastUntil;

/// Whether an otomo wants calls, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Readiness {
    /// What is chosen.
    pub chosen: Chosen,
    /// How that came about.
    pub cause: ChosenCause,
    /// When a break ends by itself; `None` for one without end, and for `online`.
    pub until: Option<Timestamp>,
    /// Rings in a row without an answer.
    pub missed: u32,
}

impl Readiness {
    /// That of an otomo who was never here.
    pub const NEW: Self = Self {
        chosen: Chosen::Online,
        cause: ChosenCause::Login,
        until: None,
        missed: 0,
    };

    /// The otomo logs in: whatever was chosen the last time, they are ready now. Rings in a row stay
    /// counted: only an answer ends a row.
    #[must_use]
    pub fn login(self) -> Self {
        Self {
            missed: self.missed,
            ..Self::NEW
        }
    }

    /// Somebody chooses. A break may end by itself at `until`; for `online` it says nothing.
    pub fn choose(
        self,
        chosen: Chosen,
        until: Option<Timestamp>,
        by: Chooser,
        now: Timestamp,
    ) -> Result<Self, PastUntil> {
        let until = until.filter(|_| chosen == Chosen::Break);
        if until.is_some_and(|until| until <= now) {
            return Err(PastUntil);
        }
        let cause = match by {
            Chooser::Own => ChosenCause::Own,
            Chooser::Admin => ChosenCause::Admin,
        };
        Ok(Self {
            chosen,
            cause,
            until,
            missed: self.missed,
        })
    }

    /// Time has passed: a break with an end is over when that has come.
    #[must_use]
    pub fn lapse(self, now: Timestamp) -> Self {
        match self.until {
            Some(until) if until <= now => Self {
                chosen: Chosen::Online,
                cause: ChosenCause::Elapsed,
                until: None,
                missed: self.missed,
            },
            Some(_) | None => self,
        }
    }

    /// A ring went unanswered. At the limit the otomo is put on break and
    /// the row begins anew. A break that they chose themselves stays theirs, with its end.
    #[must_use]
    pub fn missed(self, policy: &Policy) -> Self {
        let missed = self.missed.saturating_add(1);
        if policy.missed_limit == 0 || missed < policy.missed_limit {
            return Self { missed, ..self };
        }
        match self.chosen {
            Chosen::Break => Self { missed: 0, ..self },
            Chosen::Online => Self {
                chosen: Chosen::Break,
                cause: ChosenCause::MissedCalls,
                until: None,
                missed: 0,
            },
        }
    }

    /// An admin sets the otomo free: a break that missed calls put them on is over, and the row begins anew. A break that somebody
    /// chose stays.
    #[must_use]
    pub fn freed(self) -> Self {
        match self.cause {
            ChosenCause::MissedCalls => Self {
                cause: ChosenCause::Admin,
                ..Self::NEW
            },
            ChosenCause::Login | ChosenCause::Own | ChosenCause::Admin | ChosenCause::Elapsed => {
                Self { missed: 0, ..self }
            }
        }
    }

    /// A ring was accepted or rejected: somebody is there. (A caller who gives up says nothing about the
    /// otomo and changes nothing here.)
    #[must_use]
    pub fn answered(self) -> Self {
        Self { missed: 0, ..self }
    }
}
