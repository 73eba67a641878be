use super::{references::REFERENCES, *};
use crate::{
    kernel::config::{Sources, load},
    store::{migrations::migrate, repair::execute},
};

fn finding(found: &str, done: Done) -> Finding {
    Finding {
        rule: "account",
        found: found.to_owned(),
        done,
    }
}

#[test]
fn of_what_comes_back_it_is_said_once_that_it_is_there() {
    let mended = |found| finding(found, Done::Mended("it holds 0".to_owned()));
    let left = finding("of jiro", Done::Left("it comes back".to_owned()));
    let rounds = vec![
        mended("of jiro"),
        mended("of taro"),
        mended("of jiro"),
        mended("of taro"),
    ];
    let told = told_once(rounds, vec![left.clone()]);
    assert_eq!(told, [mended("of taro"), left]);
}

/// Whatever else is found of what they would refer to.
#[test]
fn what_refers_to_nothing_is_told_unless_a_rule_says_more_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("otomo.db").display());
    let config = load(&Sources::default().with("database.url", url)).unwrap();
    migrate(&config.database.url).unwrap();
    let closed = Closed::take(&config.database.url).unwrap();
    let mut operation = Operation::begin(&config.database, &closed, References::AtTheEnd).unwrap();
    let scene = Scene {
        now: operation.now(),
        config: &config,
    };
    let broken = [
        "INSERT INTO last_seen (user_id, at) VALUES ('nobody', 0)",
        "INSERT INTO users (id, role, name, disabled, created_at, updated_at)
         VALUES ('hana', 'user', x'ff41', FALSE, 0, 0), ('taro', 'user', '', FALSE, 0, 0)",
        "INSERT INTO friendships (user_id, other_id, standing, since_at) VALUES ('hana', 'taro', 'friend', 0)",
    ];
    for change in broken {
        execute(operation.conn(), change, &[]).unwrap();
    }
    let mut told_without = |rule: &str| {
        let rules = ROOMS.into_iter().flatten().filter(|it| it.name != rule);
        let found = found_by(rules, operation.conn(), &scene).unwrap();
        found.iter().map(|it| it.rule).collect::<Vec<_>>()
    };
    assert_eq!(
        told_without(""),
        ["unreadable-text", "unknown-person", "friendship"]
    );
    let untold = told_without("unknown-person");
    assert_eq!(untold, ["unreadable-text", "friendship", REFERENCES]);
}
