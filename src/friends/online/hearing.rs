//! Passes on what nodes tell of who comes and goes to people here.

use std::{convert::Infallible, time::Instant};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{
    Frames,
    board::{Known, Verdict},
    everywhere::Everywhere,
};
use crate::{
    backplane::{News, Subject},
    delivery::{connectedness::registry::Changed, lines::To},
    friends::Shared,
    kernel::{ids::UserId, now_and_then::NowAndThen, time::Timestamp},
};

/// A change as nodes tell each other, with whom it concerns on the node that it is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Told {
    user: UserId,
    online: bool,
    version: u64,
    /// When they were last seen, in milliseconds.
    seen: i64,
    /// Conversation partners of theirs.
    partners: Vec<UserId>,
    /// Friends of theirs who are no conversation partners.
    friends: Vec<UserId>,
}

impl Told {
    /// A change that concerns nobody yet.
    pub(super) fn new(changed: &Changed) -> Self {
        Self {
            user: changed.user.clone(),
            online: changed.online,
            version: changed.version,
            seen: changed.seen.millis(),
            partners: Vec::new(),
            friends: Vec::new(),
        }
    }

    /// It concerns somebody.
    pub(super) fn concerns(&mut self, user: UserId, is_partner: bool) {
        match is_partner {
            true => self.partners.push(user),
            false => self.friends.push(user),
        }
    }

    /// As it travels. Ids and numbers can always be written.
    pub(super) fn encode(&self) -> Bytes {
        serde_json::to_vec(self).unwrap_or_default().into()
    }

    fn changed(&self) -> Changed {
        Changed {
            user: self.user.clone(),
            online: self.online,
            version: self.version,
            seen: Timestamp::from_millis(self.seen),
        }
    }
}

/// Hears what other nodes tell, for as long as it is polled.
pub(super) async fn hear(shared: &Shared, everywhere: &Everywhere) -> Infallible {
    let mut listener = shared.dispatch.backplane().listen(Subject::Friends);
    let mut log = NowAndThen::default();
    loop {
        match listener.next().await {
            News::Gap => {
                everywhere.board().miss();
                everywhere.missed.notify_one();
            }
            News::Message(message) => match serde_json::from_slice(&message.body) {
                Ok(told) => pass_on(shared, everywhere, &told),
                Err(fault) => {
                    if let Some(times) = log.count(Instant::now()) {
                        let node = message.from;
                        log::warn!(
                            "what a node tells cannot be read node={node} times={times} cause={fault}"
                        );
                    }
                }
            },
        }
    }
}

/// Tells people here of a change, if it is news.
pub(super) fn pass_on(shared: &Shared, everywhere: &Everywhere, told: &Told) {
    let changed = told.changed();
    // Noted before it is told: whoever reads a snapshot meanwhile has it from there.
    if everywhere.board().hear(&changed) == Verdict::Pass {
        return;
    }
    let at = i64::try_from(changed.version).unwrap_or(i64::MAX);
    let frames = Frames::of(&changed.user, Known::from(&changed), at);
    tell_here(shared, &frames, &told.partners, &told.friends);
}

/// Tells people here of a change.
pub(super) fn tell_here(shared: &Shared, frames: &Frames, partners: &[UserId], friends: &[UserId]) {
    let dispatch = &shared.dispatch;
    for user in partners.iter().chain(friends) {
        dispatch.tell_here(To::User(user.clone()), frames.everybody.clone());
    }
    for partner in partners {
        dispatch.tell_here(To::User(partner.clone()), frames.partners.clone());
    }
}
