//! Says to the registry who has come and gone, some at a time.

use std::time::Duration;

use super::Publishing;
use crate::{
    backplane::redis::commands::RedisFault,
    delivery::connectedness::registry::{Alive, Changed, Life, Move, Moved},
    friends::online::{everywhere::Tell, publisher::Step, sweeping::UNTOLD_MAX},
    kernel::{ids::UserId, logging::chain},
};

/// Moves that are said in one call: it takes Redis a millisecond.
const TOGETHER: usize = 128;

impl Publishing<'_> {
    /// Says some of what is to be said. Returns whether there may be more.
    pub(super) async fn say_some(&mut self) -> Result<bool, RedisFault> {
        let Some(life) = self.life.clone() else {
            return Ok(true);
        };
        let roster = self.shared.dispatch.roster();
        // Whoever is in the grace of a leave stays online, also in a Redis that has forgotten them; but others who were told
        // that they are offline hear of them only when they are back.
        let settling = self.settled_at.is_some();
        let is_here = |user: &UserId, said: bool| {
            let connected = || !roster.sessions(user).is_empty();
            roster.connectedness().is_online(user) && (said || settling || connected())
        };
        let next = self.everywhere.publisher().next(TOGETHER, is_here);
        if next.is_empty() {
            return Ok(false);
        }
        let moves = self.moves(&next).await;
        match self.everywhere.registry.say(&life, &moves).await {
            Ok(Alive::Yes(moved)) => {
                for (((user, step), (_, made)), moved) in next.into_iter().zip(moves).zip(moved) {
                    self.said(user, step, made, moved);
                }
            }
            // The new life has all who are here.
            Ok(Alive::No) => self.life = None,
            Err(fault) if fault.is_of_a_key() => {
                return self.say_each(&life, next, moves).await;
            }
            Err(fault) => {
                let mut publisher = self.everywhere.publisher();
                for (user, _) in next {
                    publisher.failed(user);
                }
                return Err(fault);
            }
        }
        self.everywhere.progress.notify_waiters();
        Ok(true)
    }

    /// The same in the words of the registry.
    async fn moves(&self, next: &[(UserId, Step)]) -> Vec<(UserId, Move)> {
        let leaving = next.iter().filter(|(_, step)| *step == Step::Leave);
        let leaving: Vec<UserId> = leaving.map(|(user, _)| user.clone()).collect();
        let now = self.shared.store.now();
        let seen = match leaving.is_empty() {
            true => Vec::new(),
            false => self
                .shared
                .last_seen
                .of(leaving)
                .await
                .unwrap_or_else(|error| {
                    log::warn!("last seen not known cause={}", chain(&error));
                    Vec::new()
                }),
        };
        let mut seen = seen.into_iter();
        let step = |(user, step): &(UserId, Step)| {
            let step = match step {
                Step::Arrive => Move::Arrive,
                Step::Return => Move::Return,
                Step::Leave => Move::Leave(seen.next().flatten().unwrap_or(now)),
            };
            (user.clone(), step)
        };
        next.iter().map(step).collect()
    }

    fn said(&mut self, user: UserId, step: Step, made: Move, moved: Moved) {
        let mut publisher = self.everywhere.publisher();
        match moved {
            Moved::Wait => publisher.wait(user),
            Moved::Same => {
                self.retell |= publisher.is_unsure(&user);
                publisher.done(&user, step);
            }
            Moved::Changed(version) => {
                publisher.done(&user, step);
                drop(publisher);
                let seen = match made {
                    Move::Leave(seen) => seen,
                    Move::Arrive | Move::Return => self.shared.store.now(),
                };
                self.everywhere.tell(Tell::Everywhere(Changed {
                    user,
                    online: step != Step::Leave,
                    version,
                    seen,
                }));
            }
        }
    }

    /// Says things one by one, of which Redis refused all together because of one key. Of whom it takes nothing even so, that is
    /// tried again later: everybody else's changes do not wait for them.
    async fn say_each(
        &mut self,
        life: &Life,
        next: Vec<(UserId, Step)>,
        moves: Vec<(UserId, Move)>,
    ) -> Result<bool, RedisFault> {
        let mut rest = next.into_iter().zip(moves);
        while let Some(((user, step), made)) = rest.next() {
            match self
                .everywhere
                .registry
                .say(life, std::slice::from_ref(&made))
                .await
            {
                Ok(Alive::Yes(moved)) => {
                    for moved in moved {
                        self.said(user.clone(), step, made.1, moved);
                    }
                }
                // The new life has all who are here.
                Ok(Alive::No) => {
                    self.life = None;
                    break;
                }
                Err(fault) if fault.is_of_a_key() => {
                    log::warn!(
                        "Redis has something else there user={user} cause={}",
                        chain(&fault)
                    );
                    self.everywhere.publisher().postpone(user.clone());
                    self.postponed.push(user);
                }
                Err(fault) => {
                    let mut publisher = self.everywhere.publisher();
                    for user in std::iter::once(user).chain(rest.map(|((user, _), _)| user)) {
                        publisher.failed(user);
                    }
                    return Err(fault);
                }
            }
        }
        self.everywhere.progress.notify_waiters();
        Ok(true)
    }

    /// Tells what nobody has told yet: a call that was not answered may have done more than is known.
    pub(super) async fn retell(&self) -> Result<(), RedisFault> {
        let found = self.everywhere.registry.look(Duration::ZERO, UNTOLD_MAX);
        for changed in found.await?.untold {
            self.everywhere.tell(Tell::Everywhere(changed));
        }
        Ok(())
    }
}
