//! Who is writing, in which conversation, and until when. Kept in memory only: it is over in seconds.
//!
//! Times are counted from any fixed moment, by a clock that never goes back.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use uuid::Uuid;

use crate::kernel::ids::{ConversationId, SessionId, UserId};

/// The most members of a conversation in which typing is told.
pub const TYPING_MEMBERS_MAX: usize = 50;

/// Whoever is told: the other members.
pub type Audience = Arc<[UserId]>;

/// Somebody who writes in a conversation.
pub type Typist = (UserId, ConversationId);

/// Somebody has stopped, and who was told that they had started.
pub type Stopped = (Typist, Audience);

/// How long a word counts.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// After this time without another word somebody has stopped.
    pub expire: Duration,
    /// Others are told again after this time, not sooner.
    pub resend: Duration,
}

/// What a word that somebody writes means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// Others are to be told, once it is known who they are: [`Table::tell`] with this number.
    Tell(u64),
    /// They were, a moment ago.
    Known,
}

/// Who is writing right now.
#[derive(Debug, Default)]
pub struct Table {
    typing: BTreeMap<Typist, Entry>,
    by_end: BTreeSet<(Duration, Typist)>,
    numbers: u64,
}

#[derive(Debug)]
struct Entry {
    /// Tells this attempt to tell others from later ones.
    number: u64,
    /// The connection that they write on; none over HTTP.
    session: Option<SessionId>,
    told_at: Duration,
    ends_at: Duration,
    /// Nobody before it is known who they are.
    audience: Audience,
}

impl Table {
    /// Somebody writes a word.
    pub fn word(
        &mut self,
        typist: &Typist,
        session: Option<SessionId>,
        now: Duration,
        pace: Pace,
    ) -> Word {
        let ends_at = now + pace.expire;
        let before = self.take(typist);
        let known = before.filter(|entry| now < entry.told_at + pace.resend);
        self.numbers += 1;
        let (word, entry) = match known {
            Some(entry) => {
                let entry = Entry {
                    session,
                    ends_at,
                    ..entry
                };
                (Word::Known, entry)
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
                (Word::Tell(number), entry)
            }
        };
        self.by_end.insert((ends_at, typist.clone()));
        self.typing.insert(typist.clone(), entry);
        word
    }

    /// It is known who is to be told. `None` if they have stopped meanwhile; then nobody is.
    pub fn tell(&mut self, typist: &Typist, number: u64, audience: &Audience) -> Option<()> {
        let entry = self.typing.get_mut(typist)?;
        (entry.number == number).then(|| entry.audience = Arc::clone(audience))
    }

    /// Somebody has stopped writing in one conversation.
    pub fn stop(&mut self, typist: &Typist) -> Option<Stopped> {
        let entry = self.take(typist)?;
        Some((typist.clone(), entry.audience))
    }

    /// A connection is over: whoever wrote on it has stopped.
    pub fn left(&mut self, user: &UserId, session: SessionId) -> Vec<Stopped> {
        let theirs = self.of(user);
        let theirs = theirs.filter(|(_, entry)| entry.session == Some(session));
        let theirs: Vec<Typist> = theirs.map(|(typist, _)| typist.clone()).collect();
        theirs.iter().filter_map(|it| self.stop(it)).collect()
    }

    /// Where somebody is writing, as far as `viewer` was told of it, the latest word first. They themselves know all of it.
    pub fn seen_by(&self, viewer: &UserId, user: &UserId) -> Vec<ConversationId> {
        let told = |entry: &Entry| viewer == user || entry.audience.contains(viewer);
        let seen = self.of(user).filter(|(_, entry)| told(entry));
        let mut seen: Vec<_> = seen
            .map(|((_, conversation), entry)| (Reverse(entry.ends_at), *conversation))
            .collect();
        seen.sort_unstable();
        seen.into_iter().map(|(_, it)| it).collect()
    }

    /// Those whose last word is too long ago.
    pub fn due(&mut self, now: Duration) -> Vec<Stopped> {
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

    /// When somebody is due next.
    pub fn next_due(&self) -> Option<Duration> {
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
        let words: Vec<bool> = (0..12)
            .map(|second| table.word(&typist, None, at(second), PACE) != Word::Known)
            .collect();
        let told: Vec<usize> = (0..12).filter(|second| words[*second]).collect();
        assert_eq!(told, [0, 4, 8]);
    }

    #[test]
    fn whoever_writes_no_word_for_eight_seconds_has_stopped() {
        let (mut table, typist) = (Table::default(), typist());
        let Word::Tell(number) = table.word(&typist, None, at(0), PACE) else {
            panic!("the first word is told");
        };
        table.tell(&typist, number, &hana()).unwrap();
        table.word(&typist, None, at(3), PACE);
        assert_eq!(table.next_due(), Some(at(11)));
        assert!(table.due(at(10)).is_empty());
        assert_eq!(table.due(at(11)), [(typist, hana())]);
        assert_eq!((table.next_due(), table.due(at(100))), (None, vec![]));
    }

    #[test]
    fn whoever_has_stopped_is_not_told_of_any_more() {
        let (mut table, typist) = (Table::default(), typist());
        let Word::Tell(first) = table.word(&typist, None, at(0), PACE) else {
            panic!("the first word is told");
        };
        table.stop(&typist);
        assert_eq!(table.tell(&typist, first, &hana()), None);
        let Word::Tell(second) = table.word(&typist, None, at(1), PACE) else {
            panic!("a new beginning is told");
        };
        assert_eq!(table.tell(&typist, first, &hana()), None);
        assert_eq!(table.tell(&typist, second, &hana()), Some(()));
    }

    #[test]
    fn a_viewer_sees_what_they_were_told_and_everybody_what_they_write_themselves() {
        let mut table = Table::default();
        let [told, untold] = [typist(), typist()];
        for (second, typist) in [(0, &told), (1, &untold)] {
            let Word::Tell(number) = table.word(typist, None, at(second), PACE) else {
                panic!("the first word is told");
            };
            if typist == &told {
                table.tell(typist, number, &hana()).unwrap();
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
    fn only_the_connection_that_they_write_on_counts() {
        let (mut table, typist) = (Table::default(), typist());
        let (phone, desk) = (SessionId::new(), SessionId::new());
        table.word(&typist, Some(phone), at(0), PACE);
        assert!(table.left(&typist.0, desk).is_empty());
        table.word(&typist, Some(desk), at(1), PACE);
        assert!(table.left(&typist.0, phone).is_empty());
        assert_eq!(table.left(&typist.0, desk).len(), 1);
    }
}
