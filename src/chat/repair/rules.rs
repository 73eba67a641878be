//! What a conversation should be, by what is left of it. Pure.

use std::collections::BTreeSet;

use crate::{
    chat::rules::Kind,
    kernel::ids::{ConversationId, UserId},
};

/// Where a conversation's messages begin and end: they are those from `floor + 1` to `last`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bounds {
    pub(super) floor: i64,
    pub(super) last: i64,
}

/// The messages of a conversation as they are stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct History {
    /// What the conversation says.
    pub(super) bounds: Bounds,
    /// The places of its messages, rising.
    pub(super) stored: Vec<i64>,
}

impl History {
    /// Where they begin and end once it is mended: at the first that is there, and never earlier than it has said. A client may
    /// have a message of every place up to there, and would take another one in that place for the same.
    pub(super) fn mended(&self) -> Bounds {
        let Bounds { floor, last } = self.bounds;
        let newest = self.stored.last().copied().unwrap_or(0);
        let last = last.max(newest).max(0);
        let floor = floor.clamp(0, last);
        let first = self.stored.iter().copied().find(|seq| *seq > floor);
        Bounds {
            floor: first.map_or(last, |first| first - 1),
            last,
        }
    }

    /// Whether messages are there that were dropped.
    pub(super) fn is_undead(&self) -> bool {
        let floor = self.bounds.floor.max(0);
        self.stored.first().is_some_and(|first| *first <= floor)
    }

    /// The messages that are missing for good: the first and the last place of each hole. Nobody can say what was in them, and
    /// what is before them is worth keeping.
    pub(super) fn holes(&self) -> Vec<(i64, i64)> {
        let Bounds { floor, last } = self.mended();
        let kept = self.stored.iter().copied().filter(|seq| *seq > floor);
        let mut holes = Vec::new();
        let mut before = floor;
        for place in kept.chain([last.saturating_add(1)]) {
            if place - before > 1 {
                holes.push((before + 1, place - 1));
            }
            before = place;
        }
        holes
    }
}

/// What can be said of a conversation whose own row is lost, by who is in it and who wrote into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rebuilt {
    pub(super) kind: Kind,
    pub(super) creator: UserId,
    pub(super) members: BTreeSet<UserId>,
}

/// `None` if it cannot be said: with fewer than two people it may have been anything. Two people have one conversation, and its
/// id says that it is theirs. Whoever wrote into another one was in it.
pub(super) fn rebuild(
    id: ConversationId,
    members: BTreeSet<UserId>,
    senders: &[UserId],
) -> Option<Rebuilt> {
    let members: BTreeSet<UserId> = members.into_iter().chain(senders.iter().cloned()).collect();
    let mut people = members.iter();
    let (one, other) = (people.next()?, people.next()?);
    let direct = people.next().is_none() && ConversationId::between(one, other) == id;
    let kind = if direct { Kind::Direct } else { Kind::Group };
    let creator = senders.first().unwrap_or(one).clone();
    Some(Rebuilt {
        kind,
        creator,
        members,
    })
}

/// Whose a conversation of two people is: of those whom its id says, be it the pair that is stored or the two who are in it. `None`
/// if it is neither's.
pub(super) fn whose(id: &str, stored: Option<&str>, there: Option<&str>) -> Option<[UserId; 2]> {
    let id: ConversationId = id.parse().ok()?;
    let mut either = [stored, there].into_iter().flatten().filter_map(pair);
    either.find(|[one, other]| ConversationId::between(one, other) == id)
}

/// The two people of a pair; `None` if it is none.
fn pair(text: &str) -> Option<[UserId; 2]> {
    let (one, other) = text.split_once('\n')?;
    let two: [UserId; 2] = [one.parse().ok()?, other.parse().ok()?];
    (two[0] < two[1]).then_some(two)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(floor: i64, last: i64, stored: &[i64]) -> History {
        History {
            bounds: Bounds { floor, last },
            stored: stored.to_vec(),
        }
    }

    #[test]
    fn a_history_begins_at_what_is_there_never_ends_earlier_and_keeps_what_is_before_a_hole() {
        for ((floor, last), stored, wanted, holes) in [
            // Sound ones stay as they are.
            ((0, 3), &[1, 2, 3][..], (0, 3), &[][..]),
            ((2, 4), &[3, 4], (2, 4), &[]),
            ((5, 5), &[], (5, 5), &[]),
            // More than it says, and nothing of what it says.
            ((0, 2), &[1, 2, 3], (0, 3), &[]),
            ((0, 4), &[], (4, 4), &[]),
            // The beginning is missing, the middle, the end, and all of it.
            ((0, 3), &[2, 3], (1, 3), &[]),
            ((0, 6), &[1, 2, 5, 6], (0, 6), &[(3, 4)]),
            ((0, 5), &[1, 2], (0, 5), &[(3, 5)]),
            ((0, 9), &[3, 5, 6], (2, 9), &[(4, 4), (7, 9)]),
            // Numbers that no conversation has.
            ((-3, 1), &[1], (0, 1), &[]),
            ((8, 2), &[1, 2], (2, 2), &[]),
        ] {
            let history = history(floor, last, stored);
            let Bounds { floor, last } = history.mended();
            assert_eq!((floor, last), wanted, "{history:?}");
            assert_eq!(history.holes(), holes, "{history:?}");
        }
        assert!(history(2, 3, &[2, 3]).is_undead());
        assert!(!history(2, 3, &[3]).is_undead());
    }

    fn user(name: &str) -> UserId {
        name.parse().unwrap()
    }

    #[test]
    fn a_lost_conversation_is_what_its_id_and_its_people_say() {
        let two = BTreeSet::from([user("hana"), user("taro")]);
        let theirs = ConversationId::between(&user("taro"), &user("hana"));
        let rebuilt = rebuild(theirs, two.clone(), &[]).unwrap();
        assert_eq!((rebuilt.kind, rebuilt.members), (Kind::Direct, two.clone()));
        // Of a group only the people are known. Whoever wrote was in it.
        let group = ConversationId::between(&user("a"), &user("b"));
        let rebuilt = rebuild(group, two, &[user("jiro"), user("hana")]).unwrap();
        assert_eq!((rebuilt.kind, rebuilt.creator), (Kind::Group, user("jiro")));
        assert_eq!(rebuilt.members.len(), 3);
        assert_eq!(rebuild(theirs, BTreeSet::from([user("hana")]), &[]), None);
    }

    #[test]
    fn a_conversation_is_of_those_whom_its_id_says() {
        let two = Some([user("hana"), user("taro")]);
        let id = ConversationId::between(&user("taro"), &user("hana")).to_string();
        assert_eq!(whose(&id, Some("hana\ntaro"), None), two);
        // A pair that is none, and one of others.
        for wrong in [None, Some("taro"), Some("hana\njiro")] {
            assert_eq!(whose(&id, wrong, Some("hana\ntaro")), two);
            assert_eq!(whose(&id, wrong, Some("hana\njiro")), None);
        }
    }

    #[test]
    fn a_pair_is_two_people_the_smaller_id_first() {
        assert_eq!(pair("hana\ntaro"), Some([user("hana"), user("taro")]));
        for none in ["taro\nhana", "hana\nhana", "hana", "\nhana", "hana\nta ro"] {
            assert_eq!(pair(none), None, "{none:?}");
        }
    }
}
