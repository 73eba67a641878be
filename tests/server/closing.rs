//! Closes that the server begins: for everybody else the client has gone when that is decided, however long its socket is
//! given for the goodbye.

use std::time::{Duration, Instant};

use otomo::kernel::identity::Role;

use crate::support::{End, TestServer};

/// What a socket has for the goodbye.
const LINGER: Duration = Duration::from_secs(2);

#[tokio::test]
async fn the_grace_of_a_client_that_answers_nothing_begins_when_it_is_closed() {
    let times = [
        ("presence.ping_interval", "300ms"),
        ("presence.pong_timeout", "300ms"),
        ("presence.leave_grace", "200ms"),
    ];
    let server = TestServer::start_with(&times).await;
    let mut taro = server.user("taro").await;
    let hana = server.connecting("hana", Role::Otomo);
    let _mute = hana.reading_on_request().await;
    let last_heard = Instant::now();
    taro.sees("hana", "offline").await;
    assert!(last_heard.elapsed() < LINGER, "the socket was waited for");
}

#[tokio::test]
async fn nobody_sees_that_an_otomo_s_connection_is_taken_over() {
    let policy = [("limits.connection_policy", "takeover")];
    let server = TestServer::start_with(&policy).await;
    let mut taro = server.user("taro").await;
    let mut old = server.otomo("hana").await;
    taro.sees("hana", "online").await;
    let mut new = server.otomo("hana").await;
    assert_eq!(old.ended().await, End::Closed(4005));
    new.settled().await;
    taro.expect_none("otomo_status_update").await;
    new.log_out().await;
    taro.sees("hana", "offline").await;
}
