//! What subscribers hear.

use std::time::Duration;

use actix_rt::time::timeout;

use super::*;
use crate::kernel::{identity::Role, ids::SessionId};

const GRACES: Graces = Graces {
    reload: Duration::from_millis(100),
    leave: Duration::from_millis(300),
};

/// Longer than any grace.
const LONG: Duration = Duration::from_millis(400);

/// A session of somebody's device.
fn session(user: &str, device: &str) -> Client {
    Client {
        user: user.parse().unwrap(),
        role: Role::User,
        device: device.parse().unwrap(),
        session: SessionId::new(),
    }
}

/// Who is there, with its timer running.
fn begin() -> Connectedness {
    let connectedness = Connectedness::new(GRACES);
    let timer = connectedness.clone();
    actix_rt::spawn(async move {
        timer.end_graces().await;
    });
    connectedness
}

fn online(user: &str) -> News {
    News::Change(Change::Online(user.parse().unwrap()))
}

fn offline(user: &str) -> News {
    News::Change(Change::Offline(user.parse().unwrap()))
}

/// That nothing is told.
async fn quiet(subscription: &mut Subscription) {
    let told = timeout(LONG, subscription.next()).await;
    assert!(told.is_err(), "{told:?}");
}

#[actix_rt::test]
async fn a_person_comes_with_the_first_connection_and_goes_after_the_grace_of_the_last() {
    let connectedness = begin();
    let mut subscription = connectedness.subscribe();
    assert_eq!(subscription.next().await, News::Everybody(Vec::new()));
    let (phone, desk) = (session("aiko", "phone"), session("aiko", "desk"));
    connectedness.arrived(&phone);
    connectedness.arrived(&desk);
    assert_eq!(subscription.next().await, online("aiko"));
    connectedness.left(&phone, Leave::Clean);
    quiet(&mut subscription).await;
    let began = Instant::now();
    connectedness.left(&desk, Leave::Broken);
    assert!(connectedness.is_online(&desk.user));
    assert_eq!(subscription.next().await, offline("aiko"));
    assert!(began.elapsed() >= GRACES.leave);
    assert!(!connectedness.is_online(&desk.user));
    assert_eq!(connectedness.online(), 0);
}

#[actix_rt::test]
async fn a_reload_is_not_seen_and_a_goodbye_at_once() {
    let connectedness = begin();
    let mut subscription = connectedness.subscribe();
    subscription.next().await;
    let page = session("aiko", "phone");
    connectedness.arrived(&page);
    assert_eq!(subscription.next().await, online("aiko"));
    connectedness.left(&page, Leave::Reload);
    let reloaded = session("aiko", "phone");
    connectedness.arrived(&reloaded);
    quiet(&mut subscription).await;
    connectedness.left(&reloaded, Leave::Clean);
    assert!(!connectedness.is_online(&reloaded.user));
    assert_eq!(subscription.next().await, offline("aiko"));
}

#[actix_rt::test]
async fn a_short_grace_is_not_kept_waiting_by_a_long_one() {
    let connectedness = begin();
    let (aiko, ben) = (session("aiko", "phone"), session("ben", "phone"));
    connectedness.arrived(&aiko);
    connectedness.arrived(&ben);
    let mut subscription = connectedness.subscribe();
    subscription.next().await;
    connectedness.left(&aiko, Leave::ServerClosed(Duration::ZERO));
    // The timer waits for the long one by now.
    actix_rt::task::yield_now().await;
    connectedness.left(&ben, Leave::Reload);
    assert_eq!(subscription.next().await, offline("ben"));
    assert_eq!(subscription.next().await, offline("aiko"));
}

#[actix_rt::test]
async fn a_subscriber_that_falls_behind_is_given_everybody_anew() {
    let connectedness = begin();
    let mut slow = connectedness.subscribe();
    slow.next().await;
    for _ in 0..CHANGES_KEPT {
        let page = session("aiko", "phone");
        connectedness.arrived(&page);
        connectedness.left(&page, Leave::Clean);
    }
    let ben = session("ben", "phone");
    connectedness.arrived(&ben);
    assert_eq!(slow.next().await, News::Everybody(vec![ben.user.clone()]));
    connectedness.left(&ben, Leave::Clean);
    assert_eq!(slow.next().await, offline("ben"));
    quiet(&mut slow).await;
}
