//! What a worker's own thread tells a client beside it: at once, and still behind all that is on its way.

use otomo::{
    delivery::{broadcast::Numbering, filter::Filter, lines::To},
    kernel::ids::DeviceId,
    protocol::{
        event::{Event, HeartbeatAck, UserOnline},
        spec::{Topic, Topics},
    },
};
use serde_json::Value;

use crate::fixture::{Person, Server, answer};

/// What is told beside, with nothing to tell it by but that it is one.
fn beat() -> Event {
    HeartbeatAck { timestamp: 7 }.into()
}

async fn messages(person: &mut Person, count: usize) -> Vec<Value> {
    let mut messages = Vec::new();
    while messages.len() < count {
        messages.extend(person.write().await.messages);
    }
    messages
}

async fn types(person: &mut Person, count: usize) -> Vec<String> {
    let kind = |message: &Value| message["type"].as_str().unwrap().to_owned();
    messages(person, count).await.iter().map(kind).collect()
}

fn tell_beside(server: &Server, from: usize, to: &Person) {
    tell_event_beside(server, from, to, &beat());
}

fn tell_event_beside(server: &Server, from: usize, to: &Person, event: &Event) {
    let client = to.line.client();
    let (user, device): (_, &DeviceId) = (&client.user, &client.device);
    server
        .dispatch
        .tell_beside(&server.workers[from], user, device, event);
}

#[actix_rt::test]
async fn it_is_written_at_the_end_of_the_turn_if_nothing_is_on_its_way() {
    let server = Server::prompt();
    let mut hana = server.client(0, "hana").await;
    server.settled().await;
    tell_beside(&server, 0, &hana);
    assert!(hana.line.backlog() > 0, "it did not wait for the mailbox");
    server.workers[0].write_noted();
    assert_eq!(hana.line.backlog(), 0);
    assert_eq!(types(&mut hana, 1).await, ["heartbeat_ack"]);
}

#[actix_rt::test]
async fn it_comes_after_what_is_in_the_mailbox() {
    let server = Server::prompt();
    let mut hana = server.client(0, "hana").await;
    server.settled().await;
    server.dispatch.tell(To::Session(hana.at), answer("before"));
    tell_beside(&server, 0, &hana);
    assert_eq!(types(&mut hana, 2).await, ["answer", "heartbeat_ack"]);
}

#[actix_rt::test]
async fn it_comes_after_what_is_broadcast() {
    let server = Server::prompt();
    let mut hana = server.client(0, "hana").await;
    server.settled().await;
    let frame = Numbering::default().number(answer("before"));
    server.dispatch.broadcast(&[frame]);
    tell_beside(&server, 0, &hana);
    assert_eq!(types(&mut hana, 2).await, ["answer", "heartbeat_ack"]);
}

#[actix_rt::test]
async fn one_who_is_with_another_worker_gets_it_too() {
    let server = Server::prompt();
    let mut hana = server.client(1, "hana").await;
    server.settled().await;
    tell_beside(&server, 0, &hana);
    assert_eq!(
        hana.line.backlog(),
        0,
        "another thread's lines are not touched"
    );
    assert_eq!(types(&mut hana, 1).await, ["heartbeat_ack"]);
}

#[actix_rt::test]
async fn one_who_does_not_listen_does_not_hear_it() {
    let server = Server::prompt();
    let mut hana = server.client_of(0, "hana", Topics::NONE).await;
    server.settled().await;
    assert!(!hana.line.subscribed().contains(Topic::Calls));
    let signal = Event::from(otomo::protocol::event::IceCandidate {
        call_id: otomo::kernel::ids::CallId::new(),
        from_user_id: "taro".parse().unwrap(),
        candidate: otomo::protocol::command::Candidate(None),
    });
    tell_event_beside(&server, 0, &hana, &signal);
    tell_beside(&server, 0, &hana);
    server.workers[0].write_noted();
    assert_eq!(types(&mut hana, 1).await, ["heartbeat_ack"]);
}

#[actix_rt::test]
async fn one_who_narrowed_the_chat_to_somebody_hears_of_nobody_else() {
    let server = Server::prompt();
    let (taro, yuki) = ("taro".parse().unwrap(), "yuki".parse().unwrap());
    let filter = Filter::new(Topics::ALL).narrowed_to(&"hana".parse().unwrap(), taro);
    let mut hana = server.filtered(0, "hana", filter).await;
    hana.line.subscribe(Topic::Chat);
    server.settled().await;
    for user_id in [yuki, "taro".parse().unwrap()] {
        let timestamp = 0;
        let comes = Event::from(UserOnline { user_id, timestamp });
        tell_event_beside(&server, 0, &hana, &comes);
    }
    tell_beside(&server, 0, &hana);
    server.workers[0].write_noted();
    let heard = messages(&mut hana, 2).await;
    assert_eq!(heard[0]["type"], "heartbeat_ack");
    assert_eq!(heard[1]["type"], "user-online");
    assert_eq!(heard[1]["userId"], "taro");
}

/// Goal: nobody waits for a timer because others were told something in the same turn.
#[actix_rt::test]
async fn what_is_left_at_the_end_of_a_turn_is_written_before_anything_is_waited_for() {
    let server = Server::prompt();
    let mut people = Vec::new();
    for number in 0..200 {
        people.push(server.client(0, &format!("u{number}")).await);
    }
    server.settled().await;
    for person in &people {
        tell_beside(&server, 0, person);
    }
    server.workers[0].write_noted();
    let waits = || people.iter().any(|person| person.line.backlog() > 0);
    assert!(waits(), "all were written in one turn");
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    assert!(!waits());
}
