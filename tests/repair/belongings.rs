//! What people have: what they wrote, who may read it, their calls and their points. A repair takes none of it that is there, and
//! gives nobody what was another's.

use std::collections::{BTreeMap, BTreeSet};

use crate::ward::Ward;

/// All of it, as it stands in a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Belongings {
    people: BTreeSet<String>,
    calls: BTreeSet<String>,
    /// By conversation.
    messages: BTreeSet<(String, String)>,
    /// By conversation.
    members: BTreeSet<(String, String)>,
    /// By person: the balance, and the transaction after which it is.
    accounts: BTreeMap<String, (i64, i64)>,
    /// By person: what the account held after each transaction.
    ledgers: BTreeSet<(String, i64)>,
}

impl Belongings {
    pub fn of(ward: &Ward) -> Self {
        let lines = |question: &str| ward.lines(question).into_iter();
        let two = |line: String| {
            let (one, other) = line.split_once(' ').unwrap();
            (one.to_owned(), other.to_owned())
        };
        let number = |text: &str| text.parse::<i64>().unwrap();
        let account = |line: String| {
            let (user, held) = two(line);
            let (balance, last) = held.split_once(' ').unwrap();
            (user, (number(balance), number(last)))
        };
        Self {
            people: lines("SELECT id AS line FROM users").collect(),
            calls: lines("SELECT id AS line FROM calls").collect(),
            messages: lines(
                "SELECT conversation_id || ' ' || CAST(seq AS TEXT) || ' ' || sender_id || ' ' || body AS line FROM messages",
            )
            .map(two)
            .collect(),
            members: lines("SELECT conversation_id || ' ' || user_id AS line FROM members")
                .map(two)
                .collect(),
            accounts: lines(
                "SELECT user_id || ' ' || CAST(balance AS TEXT) || ' ' || CAST(last_ordinal AS TEXT) AS line
                 FROM point_accounts",
            )
            .map(account)
            .collect(),
            ledgers: lines(
                "SELECT user_id || ' ' || CAST(balance_after AS TEXT) AS line FROM point_transactions",
            )
            .map(two)
            .map(|(user, balance)| (user, number(&balance)))
            .collect(),
        }
    }

    /// What is `wrong` with a repair, if anything: `self` is what it has left of what was `broken`, and once was `sound`.
    #[track_caller]
    pub fn are_kept(&self, broken: &Self, sound: &Self, context: &str) {
        assert_eq!(
            self.messages, broken.messages,
            "what people wrote: {context}"
        );
        assert_eq!(self.calls, broken.calls, "calls: {context}");
        assert_eq!(self.ledgers, broken.ledgers, "transactions: {context}");
        assert!(self.people.is_superset(&broken.people), "people: {context}");
        self.members_are_kept(broken, sound, context);
        self.accounts_are_kept(broken, sound, context);
    }

    #[track_caller]
    fn members_are_kept(&self, broken: &Self, sound: &Self, context: &str) {
        let mut new = self.members.difference(&broken.members);
        let stranger = new.find(|it| !sound.members.contains(*it));
        assert_eq!(
            stranger, None,
            "somebody may read what they never could: {context}"
        );
        let mut gone = broken.members.difference(&self.members);
        let is_to_read =
            |conversation: &str| self.messages.iter().any(|(of, _)| of == conversation);
        let shut_out = gone.find(|it| sound.members.contains(*it) && is_to_read(&it.0));
        assert_eq!(
            shut_out, None,
            "somebody may not read what they could: {context}"
        );
    }

    /// An account that nobody has touched stays as it is. Another may come to what some line of its sound ledger says.
    #[track_caller]
    fn accounts_are_kept(&self, broken: &Self, sound: &Self, context: &str) {
        for (user, (balance, _)) in &self.accounts {
            let (was, first) = (broken.accounts.get(user), sound.accounts.get(user));
            let is_touched = was != first;
            let said = is_touched && sound.ledgers.contains(&(user.clone(), *balance));
            let same = was.is_some_and(|(was, _)| was == balance);
            assert!(
                said || same,
                "{user} has {balance} points, and had {was:?}: {context}"
            );
        }
        let gone = broken
            .accounts
            .keys()
            .find(|it| !self.accounts.contains_key(*it));
        assert_eq!(gone, None, "{context}");
    }
}
