//! What the registry of who is online has still to be told of the people here. Pure.
//!
//! Kept as a difference between what is so and what was said, not as a list of what happened: whoever comes and goes while
//! nothing can be said costs nothing more, and what has cancelled out meanwhile is never said.

use std::collections::{HashSet, VecDeque};

use crate::kernel::ids::UserId;

/// What is to be said of somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// They have come.
    Arrive,
    /// They are here, and were before this life of the node began.
    Return,
    /// They have gone.
    Leave,
}

/// What is still to be said.
#[derive(Debug, Default)]
pub(super) struct Publisher {
    /// Those of whom the registry was told that they are here.
    said: HashSet<UserId>,
    /// Those of whom it may or may not have been told.
    unsure: HashSet<UserId>,
    /// Those to look at again, each once and in order: something may have changed about them.
    doubtful: VecDeque<UserId>,
    queued: HashSet<UserId>,
    /// Those whose leave the registry does not take yet.
    waiting: Vec<UserId>,
    /// Those who were here before this life began, and of whom nothing was said in it.
    returning: HashSet<UserId>,
}

impl Publisher {
    /// Something may have changed about somebody.
    pub(super) fn doubt(&mut self, user: UserId) {
        if self.queued.insert(user.clone()) {
            self.doubtful.push_back(user);
        }
    }

    /// These are here now, and what happened before is not known.
    pub(super) fn doubt_all(&mut self, here: &[UserId]) {
        let gone: Vec<UserId> = self.said.iter().cloned().collect();
        for user in gone.into_iter().chain(here.iter().cloned()) {
            self.doubt(user);
        }
    }

    /// A life begins, of which the registry knows nothing yet, with those who are here.
    pub(super) fn begin_life(&mut self, here: &[UserId]) {
        self.said.clear();
        self.unsure.clear();
        self.waiting.clear();
        self.returning = here.iter().cloned().collect();
        self.doubt_all(here);
    }

    /// The registry does not have somebody of whom it was told.
    pub(super) fn is_missing(&mut self, user: UserId) {
        self.said.remove(&user);
        self.doubt(user);
    }

    /// What to say next, `most` things at most. How each came out is reported with [`done`](Self::done),
    /// [`failed`](Self::failed) or [`wait`](Self::wait). `is_here` is also given whether the registry was told of the user.
    pub(super) fn next(
        &mut self,
        most: usize,
        is_here: impl Fn(&UserId, bool) -> bool,
    ) -> Vec<(UserId, Step)> {
        let mut next = Vec::new();
        while next.len() < most
            && let Some(user) = self.doubtful.pop_front()
        {
            self.queued.remove(&user);
            let said = self.said.contains(&user);
            let here = is_here(&user, said);
            let unsure = self.unsure.contains(&user);
            let step = match here {
                true if said && !unsure => continue,
                true if self.returning.contains(&user) => Step::Return,
                true => Step::Arrive,
                false if said || unsure => Step::Leave,
                false => {
                    self.returning.remove(&user);
                    continue;
                }
            };
            next.push((user, step));
        }
        next
    }

    /// Those who have come and gone since it was told to the registry, as far as it is not known to have it; with whether they
    /// are here now.
    pub(super) fn unsaid(&self, is_here: impl Fn(&UserId) -> bool) -> Vec<(UserId, bool)> {
        let new = |user: &&UserId| !self.returning.contains(*user);
        let changed = |user: &UserId| {
            let (here, unsure) = (is_here(user), self.unsure.contains(user));
            let differs = unsure || here != self.said.contains(user);
            differs.then(|| (user.clone(), here))
        };
        self.doubtful
            .iter()
            .filter(new)
            .filter_map(changed)
            .collect()
    }

    /// Whether it may have been said before.
    pub(super) fn is_unsure(&self, user: &UserId) -> bool {
        self.unsure.contains(user)
    }

    /// It was said.
    pub(super) fn done(&mut self, user: &UserId, step: Step) {
        self.returning.remove(user);
        self.unsure.remove(user);
        match step {
            Step::Arrive | Step::Return => drop(self.said.insert(user.clone())),
            Step::Leave => drop(self.said.remove(user)),
        }
    }

    /// It may or may not have been done: what is said twice is done once.
    pub(super) fn failed(&mut self, user: UserId) {
        self.unsure.insert(user.clone());
        self.doubt(user);
    }

    /// The registry takes nothing of somebody for now. They are doubted again later.
    pub(super) fn postpone(&mut self, user: UserId) {
        self.unsure.insert(user);
    }

    /// The registry does not take it yet: it is said again once it is [`settled`](Self::settled).
    pub(super) fn wait(&mut self, user: UserId) {
        self.said.insert(user.clone());
        self.waiting.push(user);
    }

    /// The registry takes everything from now on.
    pub(super) fn settled(&mut self) {
        for user in std::mem::take(&mut self.waiting) {
            self.doubt(user);
        }
    }

    /// Whether the registry certainly has it that somebody is here.
    pub(super) fn has_said(&self, user: &UserId) -> bool {
        self.said.contains(user) && !self.unsure.contains(user)
    }

    /// Those of whom the registry was told that they are here.
    pub(super) fn said(&self) -> impl Iterator<Item = &UserId> {
        self.said.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str) -> UserId {
        name.parse().unwrap()
    }

    #[test]
    fn what_has_cancelled_out_is_never_said() {
        let mut publisher = Publisher::default();
        publisher.doubt(user("ann"));
        publisher.doubt(user("ann"));
        assert_eq!(publisher.next(9, |_, _| false), []);
        publisher.doubt(user("ann"));
        assert_eq!(
            publisher.next(9, |_, _| true),
            [(user("ann"), Step::Arrive)]
        );
        publisher.done(&user("ann"), Step::Arrive);
        publisher.doubt(user("ann"));
        assert_eq!(publisher.next(9, |_, _| true), []);
    }

    #[test]
    fn what_may_not_have_been_said_is_said_again() {
        let mut publisher = Publisher::default();
        publisher.doubt(user("ann"));
        publisher.next(9, |_, _| true);
        publisher.failed(user("ann"));
        // Gone meanwhile, and the registry may have been told that she had come.
        assert_eq!(
            publisher.next(9, |_, _| false),
            [(user("ann"), Step::Leave)]
        );
        publisher.failed(user("ann"));
        // Back, and it may have been told that she had gone.
        assert_eq!(
            publisher.next(9, |_, _| true),
            [(user("ann"), Step::Arrive)]
        );
        publisher.done(&user("ann"), Step::Arrive);
        publisher.doubt(user("ann"));
        assert_eq!(publisher.next(9, |_, _| true), []);
    }

    #[test]
    fn a_new_life_has_all_who_are_here() {
        let mut publisher = Publisher::default();
        for name in ["ann", "ben"] {
            publisher.doubt(user(name));
        }
        for (user, step) in publisher.next(9, |_, _| true) {
            publisher.done(&user, step);
        }
        publisher.begin_life(&[user("ann")]);
        publisher.doubt(user("cat"));
        let here = |it: &UserId, _| *it != user("ben");
        let expected = [(user("ann"), Step::Return), (user("cat"), Step::Arrive)];
        let mut next = publisher.next(9, here);
        next.sort_by(|one, other| one.0.cmp(&other.0));
        assert_eq!(next, expected);
    }
}
