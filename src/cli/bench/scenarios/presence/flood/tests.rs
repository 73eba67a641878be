//! Who knows the newest, and when a rest is judged.

use super::*;
use crate::{
    cli::bench::scenarios::presence::views::tests::versioned, protocol::event::OtomoStatus,
};

fn flood(otomo: usize) -> Flood {
    Flood::new(otomo, Views::new(otomo, 1), Pace::Closed, quiet())
}

/// An otomo has gone on break, and rests from now on.
fn goes_on_break(flood: &mut Flood) {
    let otomo = &mut flood.otomo[0];
    (otomo.status, otomo.has_changed) = (Status::Break, true);
}

#[test]
fn a_third_of_all_rest_at_any_time() {
    let mut flood = flood(300);
    let began = flood.otomo[0].due;
    for millis in [0, 400, 1_100, 9_999] {
        let now = began + Duration::from_millis(millis);
        flood.end_rests(now);
        let resting = flood.otomo.iter().filter(|it| it.rests(now)).count();
        assert!((99..=101).contains(&resting), "{resting} at {millis} ms");
    }
}

/// Goal: who does not know is late at the end of the rest, however seldom the clock has the otomo change; and once for one
/// change. Method: two otomo, one of whom has changed once when the clock goes on by a second; nobody hears of it.
#[test]
fn a_rest_is_judged_when_it_ends_and_not_when_the_next_change_is_due() {
    let mut flood = flood(2);
    let began = flood.otomo[0].due;
    flood.pace = Pace::open(0.01, began);
    let mut actions = Actions::default();
    let at = |millis| began + Duration::from_millis(millis);
    flood.tick(began, &mut actions).unwrap();
    assert!(flood.otomo[0].has_changed, "the other one rests later");
    let pause = flood.tick(at(1_400), &mut actions).unwrap().unwrap();
    assert_eq!((flood.late, pause), (0, Duration::from_millis(100)));
    flood.tick(at(1_500), &mut actions).unwrap();
    assert_eq!(flood.late, 1);
    flood.tick(at(3_000), &mut actions).unwrap();
    assert_eq!(
        (flood.late, flood.seen.count()),
        (1, 1),
        "it has not changed again"
    );
}

#[test]
fn nobody_changes_in_their_rest() {
    let mut flood = flood(1);
    let began = flood.otomo[0].due;
    assert_eq!(flood.next(began), Some(0));
    assert_eq!(flood.next(began + Duration::from_millis(1_100)), None);
    flood.end_rests(began + Duration::from_millis(1_500));
    assert_eq!(flood.next(began + Duration::from_millis(1_501)), Some(0));
}

#[test]
fn a_change_counts_when_the_server_has_acknowledged_it_and_else_with_its_age() {
    let mut flood = flood(1);
    let began = flood.otomo[0].due;
    flood.pace = Pace::open(1.0, began);
    flood.tick(began, &mut Actions::default()).unwrap();
    assert_eq!(flood.meter.count(), 0, "it was only sent");
    let later = began + Duration::from_secs(4);
    assert_eq!(flood.give_up(later), 1);
    for meter in [&flood.meter, &flood.seen] {
        assert_eq!(meter.latencies().count_between(3_900_000, 4_100_000), 1);
    }
    let ack = br#"{"type":"otomo_status_set_ack","status":"break","shown":"break"}"#;
    flood.heard(0, ack, &mut Actions::default()).unwrap();
    flood.heard(0, ack, &mut Actions::default()).unwrap();
    assert_eq!(flood.meter.count(), 1, "one change");
}

#[test]
fn what_counts_is_when_the_newest_was_known_and_not_what_was_heard_before() {
    let (mut flood, mut actions) = (flood(1), Actions::default());
    goes_on_break(&mut flood);
    let heard = flood.heard(1, &versioned(0, OtomoStatus::Break, 2), &mut actions);
    heard.unwrap();
    assert_eq!(flood.under_way(), 0);
    // Due after it was heard: the same status from before, which is the newest all the same.
    flood.otomo[0].due = Instant::now() + Duration::from_secs(9);
    flood.judge(0, Instant::now());
    assert_eq!((flood.seen.count(), flood.late), (1, 0));
    assert!(flood.seen.latencies().max() <= 1);
}

/// Goal: a watcher that holds an older break than the newest is late. Method: two watchers, one of whom hears of a change to
/// online and of the next break.
#[test]
fn who_knows_an_older_one_of_the_same_status_is_late() {
    let mut flood = Flood::new(1, Views::new(1, 2), Pace::Closed, quiet());
    let mut hear = |client, status, version| {
        let message = versioned(0, status, version);
        flood
            .heard(client, &message, &mut Actions::default())
            .unwrap();
    };
    hear(1, OtomoStatus::Break, 2);
    hear(2, OtomoStatus::Break, 2);
    hear(1, OtomoStatus::Online, 3);
    hear(1, OtomoStatus::Break, 4);
    goes_on_break(&mut flood);
    flood.judge(0, Instant::now());
    assert_eq!((flood.seen.count(), flood.late), (2, 1));
    assert_eq!(flood.under_way(), 1);
    let told = |version| {
        let text = format!(
            r#"{{"type":"otomo_status_snapshot","otomos":[{{"userId":"bench-otomo-0","status":"break","timestamp":1,"version":{version}}}]}}"#
        );
        let mut snapshot = Snapshot::default();
        snapshot.take(text.as_bytes());
        snapshot
    };
    assert!(flood.compare(&told(4)).is_err(), "one knows version 2");
    let message = versioned(0, OtomoStatus::Break, 4);
    flood.heard(2, &message, &mut Actions::default()).unwrap();
    assert_eq!(flood.under_way(), 0);
    flood.compare(&told(4)).unwrap();
    assert!(flood.compare(&told(6)).is_err(), "nobody was told the last");
}

#[test]
fn nothing_is_known_before_the_server_has_answered() {
    let mut flood = flood(1);
    flood.otomo[0].has_changed = true;
    flood.otomo[0].unanswered.push_back(Instant::now());
    flood.judge(0, Instant::now());
    assert_eq!((flood.late, flood.under_way()), (1, 1));
    let ack = br#"{"type":"otomo_status_set_ack","status":"online","shown":"online"}"#;
    flood.heard(0, ack, &mut Actions::default()).unwrap();
    assert_eq!(flood.under_way(), 0);
}

#[test]
fn who_does_not_know_is_late() {
    let mut flood = flood(1);
    goes_on_break(&mut flood);
    flood.judge(0, Instant::now());
    assert_eq!((flood.seen.count(), flood.late), (1, 1));
    assert_eq!(flood.under_way(), 1);
}
