//! The tables of rooms against what they promise.

use super::{occupancy::Occupancy, *};
use crate::backplane::Backplane;

fn room(name: &str) -> RoomId {
    name.parse().unwrap()
}

fn listeners(rooms: &Rooms, name: &str, now: i64) -> Vec<u32> {
    rooms
        .listeners(&room(name), Timestamp::from_millis(now))
        .collect()
}

#[test]
fn a_line_is_in_a_room_until_it_leaves_or_its_time_is_over() {
    let mut rooms = Rooms::default();
    let until = |millis| Some(Timestamp::from_millis(millis));
    let game = room("game_1");
    assert_eq!(
        rooms.join(3, &game, Stay::Granted(None), 8),
        JoinOutcome::Joined
    );
    assert_eq!(
        rooms.join(1, &game, until(50).into(), 8),
        JoinOutcome::Joined
    );
    assert_eq!(listeners(&rooms, "game_1", 49), [1, 3]);
    assert_eq!(listeners(&rooms, "game_1", 50), [3]);
    assert!(rooms.renew(1, &game, until(60), Renewed::Grants));
    assert_eq!(listeners(&rooms, "game_1", 50), [1, 3]);
    assert_eq!(
        rooms.join(1, &game, Stay::Granted(None), 8),
        JoinOutcome::Already
    );
    assert_eq!(listeners(&rooms, "game_1", 1_000), [1, 3]);
    assert!(rooms.leave(3, &game) && !rooms.leave(3, &game));
    assert!(!rooms.renew(3, &game, None, Renewed::Grants));
    assert_eq!(listeners(&rooms, "game_1", 0), [1]);
}

#[test]
fn a_line_is_in_no_more_rooms_than_it_may_be_and_leaves_nothing_behind() {
    let mut rooms = Rooms::default();
    for name in ["a", "b"] {
        assert_eq!(
            rooms.join(0, &room(name), Stay::Granted(None), 2),
            JoinOutcome::Joined
        );
    }
    assert_eq!(
        rooms.join(0, &room("c"), Stay::Granted(None), 2),
        JoinOutcome::TooMany
    );
    assert_eq!(
        rooms.join(0, &room("a"), Stay::Granted(None), 2),
        JoinOutcome::Already
    );
    assert!(rooms.leave(0, &room("a")));
    assert_eq!(
        rooms.join(0, &room("c"), Stay::Granted(None), 2),
        JoinOutcome::Joined
    );
    assert_eq!(rooms.of(0), [room("b"), room("c")]);
    assert_eq!(rooms.leave_all(0).as_slice(), [room("b"), room("c")]);
    assert!(rooms.lines.is_empty() && rooms.of_line.is_empty());
}

#[test]
fn a_worker_is_one_of_the_rooms_from_the_moment_a_line_is_on_its_way_in() {
    let occupancy = Occupancy::new(Backplane::alone("n1".parse().unwrap()));
    let (game, hana) = (room("game_1"), "hana".parse().unwrap());
    occupancy.expect(&game, 1);
    assert_eq!(occupancy.workers(&game).as_slice(), [1]);
    assert!(occupancy.members(&game).is_empty());
    occupancy.entered(&game, &hana);
    occupancy.expect(&game, 0);
    occupancy.entered(&game, &hana);
    occupancy.expect(&game, 0);
    occupancy.stayed_out(&game, 0);
    assert_eq!(occupancy.workers(&game).as_slice(), [1, 0]);
    assert_eq!(occupancy.members(&game), [(hana.clone(), 2)]);
    occupancy.left(&game, 1, &hana);
    assert_eq!(occupancy.workers(&game).as_slice(), [0]);
    occupancy.left(&game, 0, &hana);
    assert_eq!(occupancy.rooms(), 0);
}

#[test]
fn a_line_that_is_in_by_a_claim_stays_whatever_becomes_of_grants() {
    let (mut rooms, game) = (Rooms::default(), room("game_7"));
    let now = Timestamp::from_millis(1_000);
    rooms.join(1, &game, Stay::Session, 8);
    assert!(!rooms.renew(1, &game, Some(now), Renewed::Grants));
    assert!(!rooms.is_over(1, &game, now));
    // The claim is lost, and a grant takes its place.
    assert!(rooms.renew(1, &game, Some(now), Renewed::Everybody));
    assert!(rooms.is_over(1, &game, now));
    assert_eq!(rooms.listeners(&game, now).count(), 0);
    assert!(!rooms.is_over(2, &game, now), "somebody else");
}
