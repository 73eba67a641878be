//! Who hears what is said to a room.

use std::time::Duration;

use otomo::{
    delivery::{
        lines::To,
        rooms::{JoinOutcome, Renewed, Stay},
    },
    protocol::spec::Topics,
};

use crate::fixture::{START, Server, answer, room, said};

const MANY: usize = 64;

#[actix_rt::test]
async fn a_room_is_heard_from_the_step_in_which_it_is_joined() {
    let server = Server::prompt();
    let mut hana = server.client(0, "hana").await;
    let (game, to) = (room("game_1"), || To::Room(room("game_1")));
    let dispatch = &server.dispatch;
    // Nobody waits for anything in between: the order is that of the calls.
    dispatch.tell(to(), said("too early"));
    let first = vec![answer("ack"), answer("snapshot")];
    let joined = dispatch.join(hana.at, &game, Stay::Granted(None), MANY, first, None);
    dispatch.tell(to(), said("a"));
    let heard = dispatch.tell_counted(to(), said("b"));
    let left = dispatch.leave(&To::Session(hana.at), &game, Some(answer("left")));
    let missed = dispatch.tell_counted(to(), said("too late"));
    assert_eq!(joined.await, JoinOutcome::Joined);
    assert_eq!((heard.await, left.await, missed.await), (1, 1, 0));
    server.settled().await;
    // All of it waited together, so the answers, which have a lane of their own, went first.
    assert_eq!(hana.heard(), ["ack", "snapshot", "left", "a", "b"]);
}

#[actix_rt::test]
async fn nothing_of_a_room_comes_after_the_news_that_one_has_left_it() {
    let server = Server::prompt();
    let mut hana = server.client(0, "hana").await;
    let dispatch = &server.dispatch;
    for name in ["game_1", "game_2"] {
        let joined = dispatch.join(
            hana.at,
            &room(name),
            Stay::Granted(None),
            MANY,
            Vec::new(),
            None,
        );
        assert_eq!(joined.await, JoinOutcome::Joined);
    }
    hana.stops_reading();
    for name in ["game_1", "game_2"] {
        let frame = said(name).in_room(room(name));
        assert_eq!(dispatch.tell_counted(To::Room(room(name)), frame).await, 1);
    }
    let hers = To::User("hana".parse().unwrap());
    let left = dispatch.leave(&hers, &room("game_1"), Some(answer("left")));
    assert_eq!(left.await, 1);
    let again = dispatch.leave(&hers, &room("game_1"), Some(answer("left again")));
    assert_eq!(again.await, 0);
    hana.reads_on();
    assert_eq!(hana.heard(), ["left", "game_2"]);
    assert_eq!(hana.line.backlog(), 0);
}

#[actix_rt::test]
async fn a_grants_end_needs_nobody_to_enforce_it() {
    let server = Server::prompt();
    let mut hana = server.client(0, "hana").await;
    let (game, to) = (room("game_1"), || To::Room(room("game_1")));
    let dispatch = &server.dispatch;
    let minute = Duration::from_secs(60);
    let joined = dispatch.join(
        hana.at,
        &game,
        Stay::Granted(Some(START + minute)),
        MANY,
        Vec::new(),
        None,
    );
    assert_eq!(joined.await, JoinOutcome::Joined);
    server.clock.advance(minute - Duration::from_millis(1));
    assert_eq!(dispatch.tell_counted(to(), said("in time")).await, 1);
    server.clock.advance(Duration::from_millis(1));
    assert_eq!(dispatch.tell_counted(to(), said("late")).await, 0);
    let hers = To::Session(hana.at);
    let prolonged = dispatch.renew(&hers, &game, Some(START + 2 * minute), Renewed::Grants);
    assert_eq!(prolonged.await, 1);
    assert_eq!(dispatch.tell_counted(to(), said("again")).await, 1);
    server.clock.advance(minute);
    assert_eq!(dispatch.tell_counted(to(), said("over")).await, 0);
    // Emptying the room finds those too whose time is over.
    let left = dispatch.leave(&to(), &game, Some(answer("left")));
    assert_eq!(left.await, 1);
    server.settled().await;
    assert_eq!(hana.heard(), ["in time", "again", "left"]);
    assert_eq!(dispatch.renew(&hers, &game, None, Renewed::Grants).await, 0);
}

#[actix_rt::test]
async fn a_room_reaches_over_workers_and_ends_with_its_last_member() {
    let server = Server::prompt();
    let game = room("game_1");
    let dispatch = &server.dispatch;
    let mut people = Vec::new();
    for (worker, user) in [(0, "hana"), (1, "hana"), (1, "taro")] {
        let person = server.client(worker, user).await;
        let joined = dispatch.join(
            person.at,
            &game,
            Stay::Granted(None),
            MANY,
            Vec::new(),
            None,
        );
        assert_eq!(joined.await, JoinOutcome::Joined);
        people.push(person);
    }
    let mut outsider = server.client(0, "jiro").await;
    let count = |to| dispatch.tell_counted(to, said("x"));
    assert_eq!(count(To::Room(game.clone())).await, 3);
    assert_eq!(count(To::Everyone).await, 4);
    let mut members = dispatch.roster().room_members(&game);
    members.sort();
    let names: Vec<_> = members
        .iter()
        .map(|(user, count)| (user.as_str(), *count))
        .collect();
    assert_eq!(names, [("hana", 2), ("taro", 1)]);
    assert_eq!(
        server.workers[1].rooms_of(people[1].at),
        std::slice::from_ref(&game)
    );
    // One leaves, one is gone, one is the last.
    let left = dispatch.leave(&To::Session(people[0].at), &game, None);
    assert_eq!(left.await, 1);
    server.workers[1].remove(people[1].at);
    assert_eq!(dispatch.roster().room_members(&game).len(), 1);
    assert_eq!(count(To::Room(game.clone())).await, 1);
    server.workers[1].remove(people[2].at);
    assert_eq!(dispatch.roster().room_count(), 0);
    assert_eq!(count(To::Room(game)).await, 0);
    server.settled().await;
    assert_eq!(outsider.heard(), ["x"]);
    assert_eq!(people[2].heard(), ["x", "x", "x"]);
}

#[actix_rt::test]
async fn a_session_that_may_not_enter_is_told_so_and_changes_nothing() {
    let server = Server::prompt();
    let mut hana = server.client(0, "hana").await;
    let dispatch = &server.dispatch;
    let join = |name| {
        dispatch.join(
            hana.at,
            &room(name),
            Stay::Granted(None),
            1,
            vec![answer(name)],
            Some(answer("full")),
        )
    };
    assert_eq!(join("a").await, JoinOutcome::Joined);
    assert_eq!(join("b").await, JoinOutcome::TooMany);
    assert_eq!(join("a").await, JoinOutcome::Already);
    assert_eq!(dispatch.roster().room_count(), 1);
    server.settled().await;
    assert_eq!(hana.heard(), ["a", "full", "a"]);
    server.workers[0].remove(hana.at);
    let gone = dispatch.join(
        hana.at,
        &room("a"),
        Stay::Granted(None),
        1,
        vec![answer("a")],
        None,
    );
    assert_eq!(gone.await, JoinOutcome::Gone);
    assert_eq!(dispatch.roster().room_count(), 0);
}

#[actix_rt::test]
async fn a_session_that_does_not_listen_to_rooms_gets_answers_alone() {
    let server = Server::prompt();
    let topics: Topics = "calls".parse().unwrap();
    let mut hana = server.client_of(0, "hana", topics).await;
    let dispatch = &server.dispatch;
    let joined = dispatch.join(
        hana.at,
        &room("a"),
        Stay::Granted(None),
        MANY,
        vec![answer("ack")],
        None,
    );
    assert_eq!(joined.await, JoinOutcome::Joined);
    assert_eq!(
        dispatch.tell_counted(To::Room(room("a")), said("x")).await,
        0
    );
    server.settled().await;
    assert_eq!(hana.heard(), ["ack"]);
}
