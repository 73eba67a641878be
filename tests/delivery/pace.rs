//! What is written at once, what together, and what not at all.

use std::time::{Duration, Instant};

use otomo::{
    delivery::lines::To,
    protocol::spec::{Kind, Priority},
};

use crate::fixture::{Server, answer, cell, event, name, said};

/// Long enough that all calls of a test are made within it.
const DELAY: Duration = Duration::from_millis(200);

const NEVER: Duration = Duration::from_secs(600);

#[actix_rt::test]
async fn states_that_come_fast_leave_together_and_newest() {
    let server = Server::new(DELAY, Duration::ZERO);
    let mut hana = server.client(0, "hana").await;
    let tell = |frame| server.dispatch.tell(To::Everyone, frame);
    let began = Instant::now();
    tell(cell("first", 0, Priority::Normal));
    let alone = hana.write().await;
    assert_eq!(
        alone.messages.iter().map(name).collect::<Vec<_>>(),
        ["first"]
    );
    for version in 0..20 {
        for key in 0..5 {
            tell(cell(&format!("{key}:{version}"), key, Priority::Normal));
        }
        server.settled().await;
    }
    let together = hana.write().await;
    let names: Vec<_> = together.messages.iter().map(name).collect();
    assert_eq!(names, ["0:19", "1:19", "2:19", "3:19", "4:19"]);
    assert!(together.at - began >= DELAY, "they were not gathered");
}

#[actix_rt::test]
async fn what_is_urgent_waits_for_nothing_and_takes_along_what_waits() {
    let server = Server::new(NEVER, NEVER);
    let mut hana = server.client(0, "hana").await;
    let tell = |frame| server.dispatch.tell(To::Everyone, frame);
    tell(cell("first", 0, Priority::Normal));
    hana.write().await;
    tell(said("said"));
    tell(cell("normal", 1, Priority::Normal));
    tell(cell("low", 2, Priority::Low));
    tell(cell("high", 3, Priority::High));
    let write = hana.write().await;
    let names: Vec<_> = write.messages.iter().map(name).collect();
    assert_eq!(names, ["high", "normal", "said"]);
    tell(cell("normal", 1, Priority::Normal));
    server.dispatch.tell(To::Session(hana.at), answer("answer"));
    let write = hana.write().await;
    let names: Vec<_> = write.messages.iter().map(name).collect();
    assert_eq!(names, ["answer", "normal"]);
    assert!(hana.line.backlog() > 0, "what is low is still held");
}

#[actix_rt::test]
async fn what_is_low_leaves_in_one_write_when_the_window_of_its_line_is_over() {
    let server = Server::new(Duration::ZERO, DELAY);
    let mut people = [
        server.client(0, "hana").await,
        server.client(0, "taro").await,
    ];
    let low = |name: &str| event(name, Kind::Ephemeral, Priority::Low, None);
    for round in 0..2 {
        let mut began = Vec::new();
        for person in &people {
            began.push(Instant::now());
            for number in 0..3 {
                server
                    .dispatch
                    .tell(To::Session(person.at), low(&number.to_string()));
                server.settled().await;
            }
        }
        for (person, began) in people.iter_mut().zip(began) {
            let write = person.write().await;
            let names: Vec<_> = write.messages.iter().map(name).collect();
            assert_eq!(names, ["0", "1", "2"], "round {round}");
            assert!(write.at - began >= DELAY, "it was not held");
        }
    }
}

#[actix_rt::test]
async fn what_is_worth_nothing_any_more_is_not_sent_but_counted() {
    let server = Server::prompt();
    let mut hana = server.client(0, "hana").await;
    let tracked = |name: &str, kind, ttl| {
        let accepted = Instant::now();
        let tracking = server.dispatch.track(kind, Priority::Normal, accepted, ttl);
        event(name, kind, Priority::Normal, Some(1)).tracked(tracking)
    };
    hana.stops_reading();
    let tell = |frame| server.dispatch.tell_counted(To::Everyone, frame);
    let soon = Some(Duration::from_millis(1));
    assert_eq!(tell(tracked("replaced", Kind::State, soon)).await, 1);
    assert_eq!(tell(tracked("state", Kind::State, soon)).await, 1);
    assert_eq!(tell(tracked("expires", Kind::Ephemeral, soon)).await, 1);
    assert_eq!(
        tell(tracked("lasts", Kind::Ephemeral, Some(NEVER))).await,
        1
    );
    let published = Instant::now();
    while published.elapsed() < 2 * Duration::from_millis(1) {
        actix_rt::task::yield_now().await;
    }
    hana.reads_on();
    assert_eq!(hana.heard(), ["lasts"]);
    let page = server.metrics.encode();
    for line in [
        "otomo_events_coalesced_total{priority=\"normal\",kind=\"state\"} 1\n",
        "otomo_events_dropped_total{reason=\"expired\",priority=\"normal\",kind=\"state\"} 1\n",
        "otomo_events_dropped_total{reason=\"expired\",priority=\"normal\",kind=\"ephemeral\"} 1\n",
        "otomo_events_delivered_total{priority=\"normal\",kind=\"ephemeral\"} 1\n",
        "otomo_events_delivered_total{priority=\"normal\",kind=\"state\"} 0\n",
        "otomo_event_latency_seconds_count{priority=\"normal\",kind=\"ephemeral\"} 1\n",
    ] {
        assert!(page.contains(line), "{line:?} is missing in\n{page}");
    }
}
