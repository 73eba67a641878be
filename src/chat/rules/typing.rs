//! Who is typing, in which conversation, and until when. Kept in memory only: it is over in seconds.
//!
//! Times count from any fixed moment, on a clock that never goes back.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use uuid::Uuid;

use crate::kernel::ids::{ConversationId, SessionId, UserId};

/// The most members of a conversation in which typing is announced.
pub const TYPING_MEMBERS_MAX: usize = 50;

/// The other members, who are told.
pub type Audience = Arc<[UserId]>;

/// A user who is typing in a conversation.
pub type Typist = (UserId, ConversationId);

/// A typist who has stopped, and who was told that they had started.
pub type Stopped = (Typist, Audience);

/// How long typing lasts without another `typing-start`, and how often it is announced.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Typing is over after this time without another `typing-start`.
    pub expire: Duration,
    /// The others are told at most once in this time.
    pub resend: Duration,
}

/// What a `typing-start` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Started {
    /// The others are to be told, as soon as it is known who they are: [`Table::announce`] with this number.
    Announce(u64),
    /// Nothing: they were told a moment ago.
    Known,
}

/// Who is typing right now.
#[derive(Debug, Default)]
pub struct Table {
    typing: BTreeMap<Typist, Entry>,
    by_end: BTreeSet<(Duration, Typist)>,
    numbers: u64,
}

#[derive(Debug)]
struct Entry {
    /// Distinguishes this announcement from later ones.
    number: u64,
    /// The connection that they type on; none over HTTP.
    session: Option<SessionId>,
    told_at: Duration,
    ends_at: Duration,
    /// Empty until it is known who they are.
    audience: Audience,
}

impl Table {
    /// A user types, or types on.
    pub fn start(
        &mut self,
        typist: &Typist,
        session: Option<SessionId>,
        now: Duration,
        pace: Pace,
    ) -> Started {
        let ends_at = now + pace.expire;
        let before = self.take(typist);
        let known = before.filter(|entry| now < entry.told_at + pace.resend);
        self.numbers += 1;
        let (started, entry) = match known {
            Some(entry) => {
                let entry = Entry {
                    session,
                    ends_at,
                    ..entry
                };
                (Started::Known, entry)
            }
            None => {
                let number = self.numbers;
                let entry = Entry {
                    number,
                    session,
                    told_at: now,
                    ends_at,
                    audience: Arc::default(),
                };
                (Started::Announce(number), entry)
            }
        };
        self.by_end.insert((ends_at, typist.clone()));
        self.typing.insert(typist.clone(), entry);
        started
    }

    /// It is known who is to be told. `None` if the typing has ended meanwhile: then nobody is.
    pub fn announce(&mut self, typist: &Typist, number: u64, audience: &Audience) -> Option<()> {
        let entry = self.typing.get_mut(typist)?;
        (entry.number == number).then(|| entry.audience = Arc::clone(audience))
    }

    /// A user has stopped typing in one conversation.
    pub fn stop(&mut self, typist: &Typist) -> Option<Stopped> {
        let entry = self.take(typist)?;
        Some((typist.clone(), entry.audience))
    }

    /// A connection is over, and with it what its user was typing there.
    pub fn disconnect(&mut self, user: &UserId, session: SessionId) -> Vec<Stopped> {
        let theirs = self.of(user);
        let theirs = theirs.filter(|(_, entry)| entry.session == Some(session));
        let theirs: Vec<Typist> = theirs.map(|(typist, _)| typist.clone()).collect();
        theirs.iter().filter_map(|it| self.stop(it)).collect()
    }

    /// Where a user is typing as far as `viewer` was told, the latest first. They see all of their own.
    pub fn seen_by(&self, viewer: &UserId, user: &UserId) -> Vec<ConversationId> {
        let told = |entry: &Entry| viewer == user || entry.audience.contains(viewer);
        let seen = self.of(user).filter(|(_, entry)| told(entry));
        let mut seen: Vec<_> = seen
            .map(|((_, conversation), entry)| (Reverse(entry.ends_at), *conversation))
            .collect();
        seen.sort_unstable();
        seen.into_iter().map(|(_, it)| it).collect()
    }

    /// Ends whatever is over by now.
    pub fn expire(&mut self, now: Duration) -> Vec<Stopped> {
        let mut stopped = Vec::new();
        while let Some((ends_at, typist)) = self.by_end.first().cloned()
            && ends_at <= now
        {
            match self.stop(&typist) {
                Some(over) => stopped.push(over),
                None => drop(self.by_end.pop_first()),
            }
        }
        stopped
    }

    /// When the next one ends.
    pub fn next_end(&self) -> Option<Duration> {
        self.by_end.first().map(|(ends_at, _)| *ends_at)
    }

    fn of<'a>(&'a self, user: &'a UserId) -> impl Iterator<Item = (&'a Typist, &'a Entry)> {
        let first = (user.clone(), ConversationId::from(Uuid::nil()));
        let theirs = self.typing.range(first..);
        theirs.take_while(move |((typist, _), _)| typist == user)
    }

    fn take(&mut self, typist: &Typist) -> Option<Entry> {
        let entry = self.typing.remove(typist)?;
        self.by_end.remove(&(entry.ends_at, typist.clone()));
        Some(entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace {
        expire: Duration::from_secs(8),
        resend: Duration::from_secs(4),
    };

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn typist() -> Typist {
        ("taro".parse().unwrap(), ConversationId::new())
    }

    fn hana() -> Audience {
        Arc::from(["hana".parse().unwrap()])
    }

    #[test]
    fn others_are_told_at_most_every_four_seconds() {
        let (mut table, typist) = (Table::default(), typist());
        let announced: Vec<bool> = (0..12)
            .map(|second| table.start(&typist, None, at(second), PACE) != Started::Known)
            .collect();
        let told: Vec<usize> = (0..12).filter(|second| announced[*second]).collect();
        assert_eq!(told, [0, 4, 8]);
    }

    #[test]
    fn typing_ends_after_eight_seconds_without_another_start() {
        let (mut table, typist) = (Table::default(), typist());
        let Started::Announce(number) = table.start(&typist, None, at(0), PACE) else {
            panic!("the first start is announced");
        };
        table.announce(&typist, number, &hana()).unwrap();
        table.start(&typist, None, at(3), PACE);
        assert_eq!(table.next_end(), Some(at(11)));
        assert!(table.expire(at(10)).is_empty());
        assert_eq!(table.expire(at(11)), [(typist, hana())]);
        assert_eq!((table.next_end(), table.expire(at(100))), (None, vec![]));
    }

    #[test]
    fn typing_that_has_ended_is_not_announced() {
        let (mut table, typist) = (Table::default(), typist());
        let Started::Announce(first) = table.start(&typist, None, at(0), PACE) else {
            panic!("the first start is announced");
        };
        table.stop(&typist);
        assert_eq!(table.announce(&typist, first, &hana()), None);
        let Started::Announce(second) = table.start(&typist, None, at(1), PACE) else {
            panic!("a new start is announced");
        };
        assert_eq!(table.announce(&typist, first, &hana()), None);
        assert_eq!(table.announce(&typist, second, &hana()), Some(()));
    }

    #[test]
    fn a_viewer_sees_what_they_were_told_and_everybody_what_they_write_themselves() {
        let mut table = Table::default();
        let [told, untold] = [typist(), typist()];
        for (second, typist) in [(0, &told), (1, &untold)] {
            let Started::Announce(number) = table.start(typist, None, at(second), PACE) else {
                panic!("the first start is announced");
            };
            if typist == &told {
                table.announce(typist, number, &hana()).unwrap();
            }
        }
        let (taro, hana) = (&told.0, "hana".parse().unwrap());
        assert_eq!(table.seen_by(&hana, taro), [told.1]);
        assert_eq!(table.seen_by(taro, taro), [untold.1, told.1]);
        assert!(table.seen_by(taro, &hana).is_empty());
        table.stop(&told);
        assert!(table.seen_by(&hana, taro).is_empty());
    }

    #[test]
    fn only_the_connection_that_they_type_on_counts() {
        let (mut table, typist) = (Table::default(), typist());
        let (phone, desk) = (SessionId::new(), SessionId::new());
        table.start(&typist, Some(phone), at(0), PACE);
        assert!(table.disconnect(&typist.0, desk).is_empty());
        table.start(&typist, Some(desk), at(1), PACE);
        assert!(table.disconnect(&typist.0, phone).is_empty());
        assert_eq!(table.disconnect(&typist.0, desk).len(), 1);
    }
}
