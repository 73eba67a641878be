//! How sessions end, and what of it the client and others see.

use std::time::Duration;

use otomo::kernel::identity::Role;
use serde_json::json;

use super::packets::{Poller, Socket, event, sent};
use crate::{
    api::{Api, WITH_KEY},
    support::{TestServer, found, silence},
};

/// Longer than any test: who is seen to leave has left cleanly.
const LONG: [(&str, &str); 2] = [
    ("presence.leave_grace", "60s"),
    ("presence.reload_grace", "60s"),
];

#[tokio::test]
async fn a_client_that_disconnects_has_left_at_once() {
    let server = TestServer::start_with(&LONG).await;
    let mut taro = server.user("taro").await;
    let poller = Poller::ready(&server, "hana", Role::Otomo).await;
    taro.sees("hana", "online").await;
    assert_eq!(poller.post("41\u{1e}1").await.text, "ok");
    taro.sees("hana", "offline").await;
    let mut socket = Socket::ready(&server, "hana", Role::Otomo).await;
    taro.sees("hana", "online").await;
    socket.say("41").await;
    taro.sees("hana", "offline").await;
    assert_eq!(socket.rest().await, ["close 1000"]);
}

#[tokio::test]
async fn a_client_that_gives_a_poll_up_may_be_reloading() {
    let graces = [
        ("presence.leave_grace", "60s"),
        ("presence.reload_grace", "10ms"),
    ];
    let server = TestServer::start_with(&graces).await;
    let mut taro = server.user("taro").await;
    let poller = Poller::ready(&server, "hana", Role::Otomo).await;
    taro.sees("hana", "online").await;
    // Those before it are answered: there is something to say.
    let waiting = found("a poll waits", async || {
        let poll = tokio::spawn(sent(poller.getting()));
        silence(Duration::from_millis(200)).await;
        (!poll.is_finished()).then_some(poll)
    });
    waiting.await.abort();
    taro.sees("hana", "offline").await;
    assert_eq!(poller.get().await.code(), Some(1));
}

#[tokio::test]
async fn a_server_that_drains_says_so_and_does_not_send_its_clients_away() {
    let server = TestServer::start().await;
    let mut poller = Poller::ready(&server, "taro", Role::User).await;
    let mut socket = Socket::ready(&server, "yumi", Role::User).await;
    let drained = server.drain();
    assert_eq!(socket.hears("closing").await["code"], 4200);
    // A DISCONNECT, or Engine.IO's close packet, would keep the libraries from coming back.
    assert_eq!(socket.next().await, "close 4200");
    let rest = poller.rest().await;
    let (name, closing) = event(rest.last().unwrap()).unwrap();
    assert_eq!((&*name, &closing["reconnect"]), ("closing", &true.into()));
    drained.await.unwrap();
}

#[tokio::test]
async fn a_client_that_is_sent_away_for_good_is_told_to_stay_away() {
    let server = TestServer::start_with(&[WITH_KEY]).await;
    let mut poller = Poller::ready(&server, "taro", Role::User).await;
    let mut socket = Socket::ready(&server, "taro", Role::User).await;
    let disabled = json!({"role": "user", "name": "taro", "disabled": true});
    let backend = Api::backend(&server);
    backend.put("/api/server/users/taro", disabled).await.ok();
    assert_eq!(socket.hears("closing").await["code"], 4003);
    assert_eq!(socket.rest().await, ["41", "close 4003"]);
    let rest = poller.rest().await;
    assert_eq!(rest[rest.len() - 2..], ["41", "1"], "{rest:?}");
    assert_eq!(event(&rest[rest.len() - 3]).unwrap().1["code"], 4003);
}

#[tokio::test]
async fn a_returning_client_gets_what_it_missed_on_whichever_transport() {
    let server = TestServer::start().await;
    let mut yumi = server.user("yumi").await;
    let poller = Poller::ready(&server, "taro", Role::User).await;
    poller.post("41").await;
    for number in 0..40 {
        let body = number.to_string();
        yumi.ask(json!({"type": "message_send", "toUserId": "taro", "clientMessageId": body, "body": body}))
            .await;
    }
    let auth = json!({"token": server.token("taro", Role::User), "lastSeq": 5, "topics": "chat"});
    let mut poller = Poller::open(&server).await;
    poller.post(format!("40{auth}")).await;
    let mut socket = Socket::begin(&server).await;
    socket.say(format!("40{auth}")).await;
    assert_eq!(socket.hears("connected").await["resumed"], true);
    for seq in 6..=40 {
        for message in [
            poller.hears("new-message").await,
            socket.hears("new-message").await,
        ] {
            assert_eq!(
                (&message["seq"], &message["prev"]),
                (&seq.into(), &(seq - 1).into())
            );
        }
    }
    assert_eq!(poller.hears("ready").await["seq"], 40);
}

#[tokio::test]
async fn one_who_is_there_thrice_gets_the_same_events_with_the_same_seq() {
    let server = TestServer::start().await;
    let mut yumi = server.user("yumi").await;
    let mut native = server.user("taro").await;
    let mut stream = server.connecting("taro", Role::User).listening().await;
    let mut poller = Poller::ready(&server, "taro", Role::User).await;
    let mut socket = Socket::ready(&server, "taro", Role::User).await;
    for number in 1..=20 {
        let body = number.to_string();
        yumi.ask(json!({"type": "message_send", "toUserId": "taro", "clientMessageId": body, "body": body}))
            .await;
        let told = [
            native.expect("new-message").await,
            stream.expect("new-message").await,
            poller.hears("new-message").await,
            socket.hears("new-message").await,
        ];
        for message in &told {
            assert_eq!(
                (&message["seq"], &message["body"]),
                (&number.into(), &body.clone().into())
            );
        }
    }
}
