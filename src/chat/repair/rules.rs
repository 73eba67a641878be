//! What a conversation should be, by what is left of it. Pure.

use std::collections::BTreeSet;

use crate::{
    kernel::ids::{ConversationId, UserId},
    store::repair::is_place,
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
    /// The last place of a message that may be one of them, and cannot be read; 0 if there is none.
    pub(super) unread: i64,
}

impl History {
    /// Where they begin and end once it is mended. They begin at the first that is there, whatever was said of it: pruning takes
    /// messages in the step that moves the floor, so one below the floor says that the floor is wrong, and goes for no number. They
    /// never end earlier than was said: a client may have a message of every place up to there, and would take another one in that
    /// place for the same.
    pub(super) fn mended(&self) -> Bounds {
        let newest = self.placed().last().unwrap_or(0);
        let said = Some(self.bounds.last).filter(|last| is_place(*last));
        let last = said.unwrap_or(0).max(newest).max(self.unread);
        let floor = self.placed().next().map_or(last, |first| first - 1);
        Bounds { floor, last }
    }

    /// Messages whose place is none, and the place that each is given: that of the one message that is missing, if it is one of
    /// each; else after the last.
    pub(super) fn displaced(&self) -> Vec<(i64, i64)> {
        let strays = self.stored.iter().copied().filter(|seq| !is_place(*seq));
        let strays: Vec<i64> = strays.collect();
        // Also the first may be the one that is missing.
        let floor = self.mended().floor;
        let floor = self.bounds.floor.clamp(0, floor);
        match (&strays[..], &self.holes_after(floor)[..]) {
            ([stray], [(first, last)]) if first == last => vec![(*stray, *first)],
            _ => {
                let after = self.mended().last + 1;
                strays.into_iter().zip(after..).collect()
            }
        }
    }

    fn placed(&self) -> impl Iterator<Item = i64> {
        self.stored.iter().copied().filter(|seq| is_place(*seq))
    }

    /// The messages that are missing for good: the first and the last place of each hole. Nobody can say what was in them, and
    /// what is before them is worth keeping.
    pub(super) fn holes(&self) -> Vec<(i64, i64)> {
        self.holes_after(self.mended().floor)
    }

    fn holes_after(&self, floor: i64) -> Vec<(i64, i64)> {
        let last = self.mended().last;
        let mut holes = Vec::new();
        let mut before = floor;
        for place in self.placed().chain([last.saturating_add(1)]) {
            if place - before > 1 {
                holes.push((before + 1, place - 1));
            }
            before = place;
        }
        holes
    }
}

/// Holes that are told one by one: there may be as many as messages.
const HOLES_TOLD: usize = 5;

/// Holes in words: the first of them, and how many more there are. `None` if there are none.
pub(super) fn told(holes: &[(i64, i64)]) -> Option<String> {
    let places = holes
        .iter()
        .take(HOLES_TOLD)
        .map(|(from, to)| match from == to {
            true => from.to_string(),
            false => format!("{from} to {to}"),
        });
    let first = places.reduce(|before, place| format!("{before}, {place}"))?;
    Some(match holes.len().saturating_sub(HOLES_TOLD) {
        0 => first,
        1 => format!("{first}, and in one more place"),
        more => format!("{first}, and in {more} more places"),
    })
}

/// What can be said of a conversation whose own row is lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Rebuilt {
    /// It is of the two whom its id says.
    Direct([UserId; 2]),
    /// It is a group of these.
    Group(BTreeSet<UserId>),
}

/// By who is in it and who wrote into it. `None` if it cannot be said: what two people wrote is for nobody else to read, so an id
/// that may be theirs makes no group. Whoever wrote into a group and is not in it has left it, unless nobody is.
pub(super) fn rebuild(
    id: ConversationId,
    members: BTreeSet<UserId>,
    senders: &BTreeSet<UserId>,
) -> Option<Rebuilt> {
    if let Some(two) = whose(id, &members.union(senders).cloned().collect()) {
        return Some(Rebuilt::Direct(two));
    }
    let people = match members.is_empty() {
        true => senders.clone(),
        false => members,
    };
    let is_group = !id.is_named() && !people.is_empty();
    is_group.then_some(Rebuilt::Group(people))
}

/// What a conversation is that says of itself that it is of no kind, or of both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Nature {
    Direct([UserId; 2]),
    Group,
}

/// Of two people, if its id says so. A group, if it says that, or has a title or an id as none of two people has. `None` if it
/// cannot be said.
pub(super) fn nature(
    id: ConversationId,
    says_group: bool,
    people: &BTreeSet<UserId>,
) -> Option<Nature> {
    match whose(id, people) {
        Some(two) => Some(Nature::Direct(two)),
        None if says_group || !id.is_named() => Some(Nature::Group),
        None => None,
    }
}

/// Whose a conversation is: of those two, among all who have to do with it, whom its id says. `None` if of no two of them.
pub(super) fn whose(id: ConversationId, people: &BTreeSet<UserId>) -> Option<[UserId; 2]> {
    let with_later = |(place, one)| people.iter().skip(place + 1).map(move |other| [one, other]);
    let mut pairs = people.iter().enumerate().flat_map(with_later);
    let theirs = pairs.find(|[one, other]| ConversationId::between(one, other) == id);
    theirs.map(|two| two.map(UserId::clone))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(floor: i64, last: i64, stored: &[i64]) -> History {
        History {
            bounds: Bounds { floor, last },
            stored: stored.to_vec(),
            unread: 0,
        }
    }

    #[test]
    fn nothing_comes_in_the_place_of_a_message_that_cannot_be_read() {
        let history = History {
            unread: 3,
            ..history(0, 2, &[1, 2])
        };
        assert_eq!(history.mended(), Bounds { floor: 0, last: 3 });
        assert_eq!(history.holes(), [(3, 3)]);
    }

    #[test]
    fn a_history_keeps_all_that_is_there_and_never_ends_earlier() {
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
            ((8, 2), &[1, 2], (0, 2), &[]),
            ((4_102_444_800_000, 4), &[3, 4], (2, 4), &[]),
            ((8, 2), &[], (2, 2), &[]),
            // Some are there that were dropped, it says.
            ((2, 4), &[1, 2, 3, 4], (0, 4), &[]),
            ((3, 4), &[2, 4], (1, 4), &[(3, 3)]),
            ((4, 4), &[2], (1, 4), &[(3, 4)]),
            // A place that no message has.
            ((0, 2), &[-3, 1, 2], (0, 2), &[]),
            ((0, 3), &[1, 3, i64::MAX], (0, 3), &[(2, 2)]),
            // An end that none has.
            ((i64::MAX, i64::MAX), &[1, 2], (0, 2), &[]),
            ((i64::MAX, i64::MAX), &[], (0, 0), &[]),
        ] {
            let history = history(floor, last, stored);
            let Bounds { floor, last } = history.mended();
            assert_eq!((floor, last), wanted, "{history:?}");
            assert_eq!(history.holes(), holes, "{history:?}");
        }
    }

    #[test]
    fn a_message_without_a_place_is_put_into_the_one_hole_or_else_after_the_last() {
        for (history, wanted) in [
            (history(2, 3, &[3]), &[][..]),
            (history(0, 4, &[1, 2, 4, i64::MAX]), &[(i64::MAX, 3)]),
            (history(0, 3, &[-3, 1, 2]), &[(-3, 3)]),
            (history(0, 3, &[-3, 2, 3]), &[(-3, 1)]),
            (history(1, 3, &[-3, 2, 3]), &[(-3, 4)]),
            (history(0, 2, &[-3, 1, 2]), &[(-3, 3)]),
            (history(0, 5, &[-3, 1, 2, 5]), &[(-3, 6)]),
            (
                history(0, 3, &[-3, 0, 1, 3, i64::MAX]),
                &[(-3, 4), (0, 5), (i64::MAX, 6)],
            ),
            (history(i64::MAX, i64::MAX, &[i64::MAX]), &[(i64::MAX, 1)]),
        ] {
            assert_eq!(history.displaced(), wanted, "{history:?}");
        }
    }

    #[test]
    fn many_holes_are_told_by_the_first_and_their_number() {
        assert_eq!(told(&[]), None);
        assert_eq!(told(&[(3, 3), (7, 8)]).unwrap(), "3, 7 to 8");
        let holes: Vec<(i64, i64)> = (1..=5_000).map(|n| (2 * n, 2 * n)).collect();
        assert_eq!(told(&holes[..5]).unwrap(), "2, 4, 6, 8, 10");
        let told = |count| told(&holes[..count]).unwrap();
        assert_eq!(told(6), "2, 4, 6, 8, 10, and in one more place");
        assert_eq!(told(5_000), "2, 4, 6, 8, 10, and in 4995 more places");
    }

    fn user(name: &str) -> UserId {
        name.parse().unwrap()
    }

    fn people<const N: usize>(names: [&str; N]) -> BTreeSet<UserId> {
        names.into_iter().map(user).collect()
    }

    #[test]
    fn a_lost_conversation_is_of_the_two_whom_its_id_says_whoever_else_is_in_it() {
        let two = [user("hana"), user("taro")];
        let theirs = ConversationId::between(&two[1], &two[0]);
        for (members, senders) in [
            (people(["hana", "taro"]), people([])),
            (people(["hana", "jiro"]), people(["taro"])),
            (people(["akira", "hana", "taro", "yuki"]), people(["jiro"])),
        ] {
            let rebuilt = rebuild(theirs, members, &senders);
            assert_eq!(rebuilt, Some(Rebuilt::Direct(two.clone())));
        }
        // One of the two is not known: nobody else may read it.
        for known in [people(["hana"]), people(["hana", "jiro", "yuki"])] {
            assert_eq!(rebuild(theirs, known, &people(["hana"])), None);
        }
    }

    #[test]
    fn a_lost_group_is_of_its_members_or_else_of_those_who_wrote() {
        let group = ConversationId::new();
        let wrote = people(["jiro", "yuki"]);
        for (members, wanted) in [
            (people(["hana", "taro"]), people(["hana", "taro"])),
            (people(["hana"]), people(["hana"])),
            (people([]), wrote.clone()),
        ] {
            let rebuilt = rebuild(group, members, &wrote);
            assert_eq!(rebuilt, Some(Rebuilt::Group(wanted)));
        }
        assert_eq!(rebuild(group, people([]), &people([])), None);
    }

    #[test]
    fn a_conversation_that_may_be_of_two_people_becomes_no_group() {
        let theirs = ConversationId::between(&user("hana"), &user("taro"));
        let direct = Some(Nature::Direct([user("hana"), user("taro")]));
        let strangers = people(["hana", "jiro", "yuki"]);
        for says_group in [false, true] {
            let known = people(["hana", "jiro", "taro"]);
            assert_eq!(nature(theirs, says_group, &known), direct);
            let group = nature(ConversationId::new(), says_group, &strangers);
            assert_eq!(group, Some(Nature::Group));
        }
        assert_eq!(nature(theirs, false, &strangers), None);
        assert_eq!(nature(theirs, true, &strangers), Some(Nature::Group));
    }
}
