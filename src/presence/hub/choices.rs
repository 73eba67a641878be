//! What otomo choose, faster than it can be stored.
//!
//! ```text
//!   choice ──> waiting ──(none is under way)──> one transaction with all that waits ──> committed: told, each answered
//!                 ^                                                                        │
//!                 └────────────── what comes meanwhile ──────── goes into the next one <───┘
//! ```
//! Of each otomo one transaction is under way at a time, so a hundred thousand choices a second of a thousand otomo become
//! as many transactions as the store can take, and neither its queue nor what people are told gets longer for it. A status
//! that was replaced before it could be stored is nobody's news.
//!
//! What else happens to an otomo comes after what they chose before: it has what waits stored first.

use std::{collections::HashMap, future::ready, mem};

use actix::ResponseFuture;
use tokio::sync::oneshot;

use super::{PresenceHub, log_fault};
use crate::{
    kernel::ids::UserId,
    presence::{Choice, fault::PresenceFault, messages::Choose, transactions},
    store::StoreError,
};

/// The most choices of one otomo that wait. They are a commit's time apart from being answered: whoever has more of them
/// waiting is told to ask again.
const WAITING_MAX: usize = 1_024;

/// What comes of a choice.
type Answer = Result<Choice, PresenceFault>;

/// The otomo of whom choices are under way or wait.
#[derive(Default)]
pub(super) struct Choices(HashMap<UserId, Pending>);

#[derive(Default)]
struct Pending {
    /// Transactions that are not committed yet.
    under_way: usize,
    /// In the order in which they came.
    waiting: Vec<(Choose, oneshot::Sender<Answer>)>,
}

impl PresenceHub {
    /// Has a choice stored, with others of the same otomo if one of theirs is on its way.
    pub(super) fn choose(&mut self, choose: Choose) -> ResponseFuture<Answer> {
        let otomo = choose.otomo.clone();
        let pending = self.choices.0.entry(otomo.clone()).or_default();
        if pending.waiting.len() >= WAITING_MAX {
            let full = StoreError::Overloaded("too many choices of one otomo are waiting");
            return Box::pin(ready(Err(full.into())));
        }
        let (answer, answered) = oneshot::channel();
        pending.waiting.push((choose, answer));
        if pending.under_way == 0 {
            self.store_choices(&otomo);
        }
        Box::pin(async { answered.await.unwrap_or(Err(PresenceFault::Stopped)) })
    }

    /// Has all choices of an otomo stored that wait.
    pub(super) fn store_choices(&mut self, otomo: &UserId) {
        let Some(pending) = self.choices.0.get_mut(otomo) else {
            return;
        };
        if pending.waiting.is_empty() {
            return;
        }
        pending.under_way += 1;
        let (choices, answers): (Vec<_>, Vec<_>) =
            mem::take(&mut pending.waiting).into_iter().unzip();
        let (whose, policy) = (otomo.clone(), self.settings.policy);
        let stored = self
            .store
            .write(move |tx| transactions::choose(tx, &whose, &choices, &policy));
        let otomo = otomo.clone();
        self.results.push(stored, move |stored, hub, ctx| {
            let answered = match stored {
                Ok(outcome) => hub.conclude(outcome, ctx),
                Err(fault) => {
                    log_fault(&otomo, &fault);
                    vec![Err(fault); answers.len()]
                }
            };
            for (asker, answer) in answers.into_iter().zip(answered) {
                // One who no longer waits has gone; what is stored is stored, and told.
                let _ = asker.send(answer);
            }
            hub.choices_stored(&otomo);
        });
    }

    fn choices_stored(&mut self, otomo: &UserId) {
        let Some(pending) = self.choices.0.get_mut(otomo) else {
            return;
        };
        pending.under_way -= 1;
        match (pending.under_way, pending.waiting.is_empty()) {
            (0, true) => drop(self.choices.0.remove(otomo)),
            (0, false) => self.store_choices(otomo),
            _ => {}
        }
    }
}
