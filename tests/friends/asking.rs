//! Requests, friendships, and their ends.

use std::collections::BTreeMap;

use otomo::friends::{
    FriendsFault,
    rules::{Side, Standing},
};
use proptest::{
    collection::vec,
    prelude::{Strategy, any},
    test_runner::TestRunner,
};

use crate::fixture::Server;

const PEOPLE: [&str; 3] = ["ann", "ben", "cat"];

#[actix_rt::test]
async fn a_request_and_its_answer_are_told_once_each() {
    let server = Server::of(&PEOPLE, &[]).await;
    let first = server.ask("ann", "ben").await.unwrap();
    assert_eq!(first.standing, Standing::Outgoing);
    assert_eq!(server.ask("ann", "ben").await.unwrap(), first, "again");
    let accepted = server.ask("ben", "ann").await.unwrap();
    assert_eq!(accepted.standing, Standing::Friend);
    assert_eq!(
        server.ask("ann", "ben").await.unwrap().since,
        accepted.since
    );
    let about = |category: &str, who: &str| (category.to_owned(), who.to_owned());
    assert_eq!(server.told("ben").await, [about("friend_request", "ann")]);
    assert_eq!(server.told("ann").await, [about("friend_accepted", "ben")]);
    server.remove("ann", "ben").await;
    assert_eq!(server.told("ben").await.len(), 1, "an end is not told");
}

#[actix_rt::test]
async fn nobody_asks_themselves_or_somebody_who_is_unknown() {
    let server = Server::of(&["ann"], &[]).await;
    let oneself = server.ask("ann", "ann").await;
    assert!(matches!(oneself, Err(FriendsFault::Oneself)), "{oneself:?}");
    let unknown = server.ask("ann", "nobody").await;
    assert!(
        matches!(unknown, Err(FriendsFault::UserNotFound(_))),
        "{unknown:?}"
    );
}

#[actix_rt::test]
async fn whoever_has_many_friends_gets_no_more() {
    let server = Server::of(&PEOPLE, &[("friends.max_friends", "1")]).await;
    server.ask("ann", "ben").await.unwrap();
    server.ask("cat", "ben").await.unwrap();
    server.ask("ben", "ann").await.unwrap();
    let full = server.ask("ben", "cat").await;
    let side = |side| move |fault: &_| matches!(fault, FriendsFault::TooManyFriends { side: it, .. } if *it == side);
    assert!(full.as_ref().is_err_and(side(Side::Own)), "{full:?}");
    let full = server.ask("cat", "ann").await;
    assert!(full.as_ref().is_err_and(side(Side::Theirs)), "{full:?}");
    server.remove("ann", "ben").await;
    server.ask("ben", "cat").await.unwrap();
}

/// What each pair is to each other, by the plain words of the rules: who has asked whom.
#[derive(Default)]
struct Reference(BTreeMap<(usize, usize), Option<usize>>);

impl Reference {
    fn ask(&mut self, asker: usize, other: usize) {
        let pair = (asker.min(other), asker.max(other));
        let as_before = self.0.get(&pair).copied();
        let now = match as_before {
            None => Some(asker),
            // Both have asked: friends.
            Some(Some(first)) if first != asker => None,
            Some(standing) => standing,
        };
        self.0.insert(pair, now);
    }

    fn remove(&mut self, by: usize, other: usize) {
        self.0.remove(&(by.min(other), by.max(other)));
    }

    fn standing(&self, of: usize, other: usize) -> Option<Standing> {
        let asked_by = self.0.get(&(of.min(other), of.max(other)))?;
        Some(match asked_by {
            None => Standing::Friend,
            Some(asker) if *asker == of => Standing::Outgoing,
            Some(_) => Standing::Incoming,
        })
    }
}

/// Goal: after any story both sides of every pair say the same, and what the rules say.
#[test]
fn after_any_story_both_sides_see_what_the_rules_say() {
    let act = (any::<bool>(), 0..3usize, 1..3usize);
    let act = act.prop_map(|(asks, who, step)| (asks, who, (who + step) % 3));
    let mut runner = TestRunner::new(proptest::test_runner::Config::with_cases(24));
    let told = runner.run(&vec(act, 1..24), |story| {
        actix_rt::System::new().block_on(async {
            let server = Server::of(&PEOPLE, &[]).await;
            let mut reference = Reference::default();
            for (asks, who, whom) in story {
                if asks {
                    server.ask(PEOPLE[who], PEOPLE[whom]).await.unwrap();
                    reference.ask(who, whom);
                } else {
                    server.remove(PEOPLE[who], PEOPLE[whom]).await;
                    reference.remove(who, whom);
                }
            }
            for (one, other) in [(0, 1), (1, 0), (0, 2), (2, 0), (1, 2), (2, 1)] {
                let found = server.standing(PEOPLE[one], PEOPLE[other]).await;
                assert_eq!(found, reference.standing(one, other), "{one} {other}");
            }
        });
        Ok(())
    });
    told.unwrap();
}
