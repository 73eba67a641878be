//! The people of a day: who they are.

use std::time::Instant;

/// People for each of whom there are one caller and one otomo. Who is left over writes to somebody.
const FOR_A_PAIR: usize = 20;

/// People for each of whom there is an otomo who changes their status.
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

/// An otomo who changes their status.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Restless {
    /// Since when a change waits for its acknowledgement, if one does.
    pub(super) since: Option<Instant>,
    pub(super) on_break: bool,
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
}
