//! The people of a day: who they are, and who is there.

use std::time::Instant;

use super::day::Chance;

/// One caller and one otomo for each so many people, and an otomo who changes their status for each so many; the others
/// write to each other.
const FOR_A_PAIR: usize = 20;
const FOR_A_RESTLESS: usize = 50;

/// Somebody in the crowd.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Person {
    /// With the number of the pair.
    Caller(usize),
    Otomo(usize),
    /// An otomo who is not called, but changes their status.
    Restless(usize),
    /// A user who comes and goes, and writes to the one beside them.
    Chatter(usize),
}

/// How many there are of each, in the order in which they are in the crowd.
#[derive(Debug, Clone, Copy)]
pub(crate) struct People {
    pub(crate) pairs: usize,
    pub(crate) restless: usize,
    pub(crate) chatters: usize,
}

impl People {
    pub(crate) fn of(all: usize) -> Self {
        let pairs = (all / FOR_A_PAIR).max(1);
        let restless = (all / FOR_A_RESTLESS).max(1);
        let rest = all.saturating_sub(2 * pairs + restless);
        Self {
            pairs,
            restless,
            // Everybody has somebody beside them.
            chatters: (rest / 2 * 2).max(2),
        }
    }

    pub(crate) fn all(self) -> usize {
        2 * self.pairs + self.restless + self.chatters
    }

    /// Who the client with this number is.
    pub(crate) fn who(self, client: usize) -> Person {
        let after = |count: usize| client.checked_sub(count);
        match (
            after(self.pairs),
            after(2 * self.pairs),
            after(2 * self.pairs + self.restless),
        ) {
            (None, ..) => Person::Caller(client),
            (Some(otomo), None, _) => Person::Otomo(otomo),
            (_, Some(restless), None) => Person::Restless(restless),
            (.., Some(chatter)) => Person::Chatter(chatter),
        }
    }

    /// The number of a client.
    pub(crate) fn client(self, person: Person) -> usize {
        match person {
            Person::Caller(pair) => pair,
            Person::Otomo(pair) => self.pairs + pair,
            Person::Restless(number) => 2 * self.pairs + number,
            Person::Chatter(number) => 2 * self.pairs + self.restless + number,
        }
    }

    /// What they are called.
    pub(crate) fn name(person: Person) -> (&'static str, usize) {
        match person {
            Person::Caller(number) => ("caller", number),
            Person::Otomo(number) => ("otomo", number),
            Person::Restless(number) => ("restless", number),
            Person::Chatter(number) => ("chatter", number),
        }
    }
}

/// A user who writes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Chatter {
    /// That with the one beside them, once either has written in it.
    pub(crate) conversation: Option<String>,
    /// Since when they are on their way in, if they are.
    pub(crate) coming: Option<Instant>,
    /// Since when their message waits for its acknowledgement, and their typing to be heard by the one beside them.
    pub(crate) writing: Option<Instant>,
    pub(crate) typing: Option<Instant>,
    pub(crate) last_typed: Option<Instant>,
}

/// Those who write. Who comes first leaves last, so those who are there are the first of all.
pub(crate) struct Chatters {
    all: Vec<Chatter>,
    here: usize,
    chance: Chance,
}

impl Chatters {
    /// So many, the first `here` of whom are there.
    pub(crate) fn new(all: usize, here: usize) -> Self {
        Self {
            all: vec![Chatter::default(); all],
            here,
            chance: Chance(0x6f74_6f6d_6f21),
        }
    }

    pub(crate) fn here(&self) -> usize {
        self.here
    }

    pub(crate) fn get(&mut self, number: usize) -> Option<&mut Chatter> {
        self.all.get_mut(number)
    }

    /// One more comes, or the last one goes, if so many should be there: their number, and whether they come.
    pub(crate) fn follow(&mut self, wanted: usize, now: Instant) -> Option<(usize, bool)> {
        let wanted = wanted.clamp(2, self.all.len());
        if self.here < wanted {
            let number = self.here;
            self.here += 1;
            self.all.get_mut(number)?.coming = Some(now);
            return Some((number, true));
        }
        let last = self.here.checked_sub(1)?;
        let is_idle = |it: &Chatter| it.coming.is_none() && it.writing.is_none();
        if self.here > wanted && self.all.get(last).is_some_and(is_idle) {
            self.here = last;
            if let Some(chatter) = self.all.get_mut(last) {
                chatter.typing = None;
            }
            return Some((last, false));
        }
        None
    }

    /// Anybody who is there, for whom this holds, and so is the one beside them.
    pub(crate) fn anybody(&mut self, fits: impl Fn(&Chatter) -> bool) -> Option<usize> {
        // As many looks as it takes to find one of a few; in vain where nearly nobody fits.
        for _ in 0..16 {
            let number = self.chance.below(self.here);
            let pair = [number, number ^ 1].map(|it| self.all.get(it));
            let [Some(one), Some(other)] = pair else {
                continue;
            };
            let there = (number | 1) < self.here && one.coming.is_none() && other.coming.is_none();
            if there && fits(one) {
                return Some(number);
            }
        }
        None
    }

    /// How many are on their way in or wait for an acknowledgement.
    pub(crate) fn busy(&self) -> usize {
        let busy = |it: &&Chatter| it.coming.is_some() || it.writing.is_some();
        self.all.iter().filter(busy).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_has_one_number_and_one_part() {
        let people = People::of(1_000);
        assert_eq!((people.pairs, people.restless), (50, 20));
        assert_eq!((people.chatters, people.all()), (880, 1_000));
        for client in 0..people.all() {
            assert_eq!(people.client(people.who(client)), client);
        }
        assert_eq!(people.who(50), Person::Otomo(0));
        assert_eq!(people.who(120), Person::Chatter(0));
        assert_eq!(People::of(1).all(), 5, "one of each, and two who write");
    }

    #[test]
    fn who_comes_first_leaves_last_and_not_in_the_middle_of_something() {
        let mut chatters = Chatters::new(6, 4);
        let now = Instant::now();
        assert_eq!(chatters.follow(6, now), Some((4, true)));
        assert_eq!(chatters.follow(4, now), None, "still on the way in");
        chatters.get(4).unwrap().coming = None;
        assert_eq!(chatters.follow(4, now), Some((4, false)));
        assert_eq!(chatters.follow(4, now), None, "as many as there should be");
        assert_eq!(chatters.here(), 4);
    }

    #[test]
    fn who_is_chosen_is_there_and_not_alone() {
        let mut chatters = Chatters::new(8, 5);
        for _ in 0..100 {
            let number = chatters.anybody(|_| true).unwrap();
            assert!(number < 4, "{number} has nobody beside them");
        }
        chatters.get(0).unwrap().coming = Some(Instant::now());
        assert_eq!(chatters.busy(), 1);
        for _ in 0..100 {
            let number = chatters.anybody(|_| true).unwrap();
            assert!(
                (2..4).contains(&number),
                "{number} waits for one who is not there"
            );
        }
        assert_eq!(chatters.anybody(|_| false), None);
    }
}
