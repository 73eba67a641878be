//! What this node has told of who came and went on any node. Pure.
//!
//! Nodes tell of changes independently, so one may overtake another on the way. Each has a version that rises for each
//! person: what is older than what was heard is not told, nor what changes nothing.

use std::collections::HashMap;

use crate::{
    delivery::connectedness::registry::Changed,
    kernel::{ids::UserId, time::Timestamp},
};

/// People of whom a version is remembered. What is overtaken by more than a second is rare, and by so many changes it is
/// not overtaken.
const REMEMBERED: usize = 65_536;

/// What becomes of a change that was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is to be told.
    Tell,
    /// Everybody here knows it, or something newer.
    Pass,
}

/// Whether somebody is online, or when they were last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// They are.
    Online,
    /// They are not, since then.
    Offline(Timestamp),
}

impl From<&Changed> for Known {
    fn from(changed: &Changed) -> Self {
        match changed.online {
            true => Self::Online,
            false => Self::Offline(changed.seen),
        }
    }
}

/// What was told.
#[derive(Debug, Default)]
pub(super) struct Board {
    heard: HashMap<UserId, Heard>,
    /// Counts what was told.
    count: u64,
}

#[derive(Debug)]
struct Heard {
    version: u64,
    /// Nothing, if changes may have been missed since.
    known: Option<Known>,
    /// It was told here only, of somebody who is here.
    here: bool,
    /// The count when it was told.
    at: u64,
}

impl Board {
    /// A change was heard.
    pub(super) fn hear(&mut self, changed: &Changed) -> Verdict {
        let known = Known::from(changed);
        let before = self.heard.get(&changed.user);
        if before.is_some_and(|before| before.version >= changed.version) {
            return Verdict::Pass;
        }
        let was = before.and_then(|before| before.known);
        self.put(&changed.user, changed.version, known, false);
        verdict(was, known)
    }

    /// Something has changed here, while other nodes are not heard.
    pub(super) fn see(&mut self, user: &UserId, known: Known) -> Verdict {
        let before = self.heard.get(user);
        let version = before.map_or(0, |it| it.version);
        let was = before.and_then(|it| it.known);
        self.put(user, version, known, true);
        verdict(was, known)
    }

    /// Whether people here were told that somebody is here, of whom nothing was heard since.
    pub(super) fn has_seen(&self, user: &UserId) -> bool {
        let heard = self.heard.get(user);
        heard.is_some_and(|it| it.here && it.known == Some(Known::Online))
    }

    /// What others told may have been missed: what is known from them no longer counts. Versions do.
    pub(super) fn miss(&mut self) {
        for heard in self.heard.values_mut().filter(|it| !it.here) {
            heard.known = None;
        }
    }

    /// Everybody here is told anew who is online, so it no longer counts what was told. Versions do.
    pub(super) fn forget(&mut self) {
        for heard in self.heard.values_mut() {
            heard.known = None;
            heard.here = false;
        }
    }

    /// The link is down. Whatever was under way is lost, and versions may begin anew.
    pub(super) fn clear(&mut self) {
        self.heard.retain(|_, it| it.here);
        for heard in self.heard.values_mut() {
            heard.version = 0;
        }
    }

    /// What was told up to now.
    pub(super) fn mark(&self) -> u64 {
        self.count
    }

    /// What was told of somebody after a mark.
    pub(super) fn since(&self, mark: u64, user: &UserId) -> Option<Known> {
        let heard = self.heard.get(user).filter(|it| it.at > mark)?;
        heard.known
    }

    fn put(&mut self, user: &UserId, version: u64, known: Known, here: bool) {
        self.count += 1;
        let heard = Heard {
            version,
            known: Some(known),
            here,
            at: self.count,
        };
        self.heard.insert(user.clone(), heard);
        if self.heard.len() > REMEMBERED {
            let old = self.count.saturating_sub(REMEMBERED as u64 / 2);
            self.heard.retain(|_, it| it.at > old);
        }
    }
}

fn verdict(was: Option<Known>, known: Known) -> Verdict {
    match (was, known) {
        (Some(Known::Online), Known::Online) => Verdict::Pass,
        (Some(Known::Offline(_)), Known::Offline(_)) => Verdict::Pass,
        _ => Verdict::Tell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(online: bool, version: u64) -> Changed {
        Changed {
            user: "ann".parse().unwrap(),
            online,
            version,
            seen: Timestamp::from_millis(7),
        }
    }

    #[test]
    fn what_was_overtaken_or_changes_nothing_is_not_told() {
        let mut board = Board::default();
        assert_eq!(board.hear(&changed(true, 5)), Verdict::Tell);
        assert_eq!(board.hear(&changed(true, 5)), Verdict::Pass, "again");
        assert_eq!(board.hear(&changed(false, 7)), Verdict::Tell);
        assert_eq!(board.hear(&changed(true, 6)), Verdict::Pass, "older");
        assert_eq!(board.hear(&changed(false, 9)), Verdict::Pass, "the same");
        board.forget();
        assert_eq!(board.hear(&changed(false, 9)), Verdict::Pass, "again");
        assert_eq!(board.hear(&changed(false, 11)), Verdict::Tell);
    }

    #[test]
    fn a_reader_finds_what_was_told_meanwhile() {
        let (mut board, ann) = (Board::default(), "ann".parse().unwrap());
        board.hear(&changed(true, 1));
        let mark = board.mark();
        assert_eq!(board.since(mark, &ann), None);
        board.hear(&changed(false, 2));
        let seen = Timestamp::from_millis(7);
        assert_eq!(board.since(mark, &ann), Some(Known::Offline(seen)));
        board.see(&ann, Known::Online);
        assert_eq!(board.since(mark, &ann), Some(Known::Online));
    }

    #[test]
    fn what_was_told_here_while_nobody_was_heard_is_not_told_again() {
        let (mut board, ann) = (Board::default(), "ann".parse().unwrap());
        assert_eq!(board.see(&ann, Known::Online), Verdict::Tell);
        board.miss();
        assert_eq!(board.see(&ann, Known::Online), Verdict::Pass);
        assert!(board.has_seen(&ann));
        assert_eq!(board.hear(&changed(true, 3)), Verdict::Pass);
        assert!(!board.has_seen(&ann));
        assert_eq!(board.hear(&changed(false, 4)), Verdict::Tell);
    }
}
