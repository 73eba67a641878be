//! A call as its people hear it, in order.

use otomo::{
    calls::{ClientCommand, Entry, records::history::Place},
    kernel::ids::CallId,
    protocol::command::{Candidate, Description},
};
use serde_json::{Value, value::RawValue};

use crate::{
    fixture::{Fixture, Server, user},
    phone::{Phone, types},
};

pub(crate) fn description(kind: &str) -> Description {
    Description {
        kind: kind.to_owned(),
        sdp: format!("the sdp of an {kind}"),
    }
}

pub(crate) fn candidate(number: u32) -> Candidate {
    let json = format!(r#"{{"candidate":"{number}"}}"#);
    Candidate(Some(RawValue::from_string(json).unwrap()))
}

/// A call of Taro's that rings at Hana's.
pub(crate) async fn ring(caller: &mut Phone, otomo: &mut Phone) -> CallId {
    let call = caller.calls(otomo.client.user.as_str());
    caller.hears(&["call_request_ack"]).await;
    otomo.hears(&["incoming_call"]).await;
    call
}

/// The same, accepted.
pub(crate) async fn accept(caller: &mut Phone, otomo: &mut Phone) -> CallId {
    let call = ring(caller, otomo).await;
    otomo.asks(ClientCommand::Accept(call));
    let accepted = ["otomo_status_update", "call_accepted", "signaling_start"];
    assert_eq!(
        types(&caller.hears_until("signaling_start").await),
        accepted
    );
    otomo.hears_until("signaling_start").await;
    call
}

/// The same, with media.
pub(crate) async fn talk(caller: &mut Phone, otomo: &mut Phone) -> CallId {
    let call = accept(caller, otomo).await;
    caller.asks(ClientCommand::Connected(call));
    otomo.asks(ClientCommand::Connected(call));
    caller.hears(&["call_connected"]).await;
    otomo.hears(&["call_connected"]).await;
    call
}

async fn pair() -> (Fixture, Server, Phone, Phone) {
    let fixture = Fixture::new(&[]);
    let server = fixture.server().await;
    let otomo = server.connect("hana-1").await;
    let caller = server.connect("taro-1").await;
    (fixture, server, caller, otomo)
}

#[actix_rt::test]
async fn a_ring_says_who_calls_and_for_how_long() {
    let (_house, _server, mut taro, mut hana) = pair().await;
    let call = taro.calls("hana");
    let acknowledged = taro.hears(&["call_request_ack"]).await;
    assert_eq!(acknowledged["status"], "requesting");
    let ring = hana.hears(&["incoming_call"]).await;
    assert_eq!(ring["callId"], call.to_string());
    assert_eq!(ring["fromUserId"], "taro");
    assert_eq!(ring["fromUserName"], "TARO");
    assert_eq!(ring["fromUserAvatar"], "/taro.png");
    assert!(ring["remainingMs"].as_u64().unwrap() > 20_000, "{ring}");
    hana.asks(ClientCommand::Ringing(call));
    taro.hears(&["call_ringing"]).await;
}

#[actix_rt::test]
async fn an_accept_is_heard_in_order_and_then_the_candidates_that_came_ahead() {
    let (_house, _server, mut taro, mut hana) = pair().await;
    let call = ring(&mut taro, &mut hana).await;
    taro.asks(ClientCommand::Ice(call, candidate(1)));
    taro.asks(ClientCommand::Ice(call, candidate(2)));
    hana.asks(ClientCommand::Accept(call));
    let status = taro.hears(&["otomo_status_update"]).await;
    assert_eq!(status["status"], "busy");
    taro.hears(&["call_accepted"]).await;
    assert_eq!(taro.hears(&["signaling_start"]).await["role"], "offerer");
    hana.hears(&["otomo_status_update", "call_accept_ack"])
        .await;
    assert_eq!(hana.hears(&["signaling_start"]).await["role"], "answerer");
    for number in ["1", "2"] {
        let kept = hana.hears(&["ice_candidate"]).await;
        assert_eq!(kept["candidate"]["candidate"], number);
    }
}

#[actix_rt::test]
async fn signals_are_passed_on_unread() {
    let (_house, _server, mut taro, mut hana) = pair().await;
    let call = accept(&mut taro, &mut hana).await;
    taro.asks(ClientCommand::Offer(call, description("offer")));
    let offer = hana.hears(&["webrtc_offer"]).await;
    assert_eq!(offer["fromUserId"], "taro");
    assert_eq!(offer["offer"]["type"], "offer");
    hana.asks(ClientCommand::Answer(call, description("answer")));
    let answer = taro.hears(&["webrtc_answer"]).await;
    assert_eq!(answer["answer"]["sdp"], "the sdp of an answer");
    hana.asks(ClientCommand::Ice(call, Candidate(None)));
    let last = taro.hears(&["ice_candidate"]).await;
    assert_eq!(last["candidate"], Value::Null);
}

#[actix_rt::test]
async fn each_hears_the_end_before_the_status_that_it_causes() {
    let (_house, server, mut taro, mut hana) = pair().await;
    let call = accept(&mut taro, &mut hana).await;
    taro.asks(ClientCommand::Connected(call));
    hana.asks(ClientCommand::Connected(call));
    for phone in [&mut taro, &mut hana] {
        let connected = phone.hears(&["call_connected"]).await;
        assert_eq!(connected["method"], "peer_report");
        assert_eq!(connected["userId"], "taro");
        assert_eq!(connected["otomoId"], "hana");
    }

    taro.asks(ClientCommand::End(call));
    taro.hears(&["call_end", "otomo_status_update", "call_end_request_ack"])
        .await;
    let end = hana.hears(&["call_end"]).await;
    assert_eq!(end["reason"], "user_end");
    assert_eq!(end["durationSeconds"], 0);
    let status = hana.hears(&["otomo_status_update"]).await;
    assert_eq!(status["status"], "online");
    assert_eq!(server.end(call).await, "completed, user_end");
    assert_eq!(server.taken().await, 0);
    assert!(!server.calls.is_live(&user("taro")));
    let page = server.metrics.encode();
    for line in [
        "otomo_calls_ended_total{outcome=\"completed\"} 1\n",
        "otomo_call_setup_seconds_count 1\n",
    ] {
        assert!(page.contains(line), "{line:?} is missing");
    }
}

#[actix_rt::test]
async fn a_stranger_learns_nothing_and_a_refusal_says_what_the_call_is() {
    let (_house, server, mut taro, mut hana) = pair().await;
    let mut jiro = server.connect("jiro-1").await;
    let call = accept(&mut taro, &mut hana).await;

    for command in [
        ClientCommand::Accept(call),
        ClientCommand::Offer(call, description("offer")),
        ClientCommand::End(CallId::new()),
        ClientCommand::Ice(CallId::new(), candidate(1)),
    ] {
        jiro.asks(command);
        let heard = jiro.hears_until("error").await;
        assert_eq!(heard[heard.len() - 1]["code"], "CALL_NOT_PARTICIPANT");
    }
    hana.asks(ClientCommand::Reject(call, None));
    let error = hana.hears(&["error"]).await;
    assert_eq!(
        (&error["code"], &error["context"]["phase"]),
        (&"INVALID_CALL_STATE".into(), &"connecting".into())
    );
    assert_eq!(error["context"]["callId"], call.to_string());

    jiro.calls("hana");
    jiro.hears(&["call_request_ack"]).await;
    assert_eq!(jiro.hears(&["call_rejected"]).await["reason"], "busy");
    jiro.calls("nobody");
    assert_eq!(jiro.hears(&["error"]).await["code"], "OTOMO_NOT_FOUND");
    assert!(hana.heard().is_empty());
}

#[actix_rt::test]
async fn a_repeated_request_is_answered_as_before() {
    let (_house, server, mut taro, mut hana) = pair().await;
    let call = ring(&mut taro, &mut hana).await;
    let again = || ClientCommand::Request {
        to: user("hana"),
        call,
    };
    crate::waiting::eventually("it is stored that it rang", async || {
        server.call(call).await.version == 2
    })
    .await;
    taro.asks(again());
    assert_eq!(taro.hears(&["call_request_ack"]).await["status"], "ringing");

    hana.asks(ClientCommand::Reject(call, None));
    taro.hears_until("call_rejected").await;
    taro.asks(again());
    let ended = taro.hears_until("call_request_ack").await;
    let ended = &ended[ended.len() - 1];
    assert_eq!(
        (&ended["status"], &ended["outcome"]),
        (&"ended".into(), &"rejected".into())
    );
    assert_eq!(
        taro.hears(&["call_rejected"]).await["reason"],
        "manual_decline"
    );
}

#[actix_rt::test]
async fn two_who_call_each_other_are_joined() {
    let fixture = Fixture::new(&[]);
    let server = fixture.server().await;
    let (mut hana, mut yuki) = (
        server.connect("hana-1").await,
        server.connect("yuki-1").await,
    );
    let first = hana.calls("yuki");
    let second = yuki.calls("hana");
    let joined = yuki.hears_until("call_request_ack").await;
    let joined = &joined[joined.len() - 1];
    assert_eq!(joined["callId"], second.to_string());
    assert_eq!(joined["joinedCallId"], first.to_string());
    hana.hears_until("signaling_start").await;
    assert_eq!(yuki.hears(&["signaling_start"]).await["role"], "answerer");
    assert_eq!(server.end(second).await, "cancelled, superseded");
    assert_eq!(server.taken().await, 2);
}

#[actix_rt::test]
async fn an_app_that_begins_again_supersedes_its_own_call() {
    let (_house, server, mut taro, mut hana) = pair().await;
    let old = ring(&mut taro, &mut hana).await;
    let new = taro.calls("hana");
    taro.hears(&["call_cancelled", "call_request_ack"]).await;
    assert_eq!(
        hana.hears(&["call_cancelled"]).await["reason"],
        "superseded"
    );
    assert_eq!(
        hana.hears(&["incoming_call"]).await["callId"],
        new.to_string()
    );
    assert_eq!(server.end(old).await, "cancelled, superseded");
    assert_eq!(server.taken().await, 2);
}

/// Three calls of Taro's: one with Hana, one that Yuki was not there for, one that rings at Hana's.
async fn three_calls(server: &Server, taro: &mut Phone, hana: &mut Phone) -> [CallId; 3] {
    let past = talk(taro, hana).await;
    hana.asks(ClientCommand::End(past));
    server.end(past).await;
    server.presence.introduce(&user("yuki")).await.unwrap();
    let refused = taro.calls("yuki");
    server.end(refused).await;
    let rings = taro.calls("hana");
    hana.hears_until("incoming_call").await;
    [past, refused, rings]
}

fn ids(entries: &[Entry]) -> Vec<CallId> {
    entries.iter().map(|entry| entry.call.id).collect()
}

#[actix_rt::test]
async fn people_look_back_on_their_calls_page_by_page() {
    let (_house, server, mut taro, mut hana) = pair().await;
    let [past, refused, rings] = three_calls(&server, &mut taro, &mut hana).await;
    let page = server.calls.history(&user("taro"), None, 2).await.unwrap();
    assert_eq!(ids(&page), [rings, refused]);
    assert_eq!(page[0].otomo.name, "HANA");
    let place = Place::from(&page[1].call);
    let rest = server.calls.history(&user("taro"), Some(place), 2).await;
    assert_eq!(ids(&rest.unwrap()), [past]);
    let of_hana = server.calls.history(&user("hana"), None, 9).await;
    assert_eq!(ids(&of_hana.unwrap()), [rings, past]);
    let of_yuki = server.calls.history(&user("yuki"), None, 9).await;
    assert!(of_yuki.unwrap().is_empty(), "it never rang at Yuki's");

    let timeline = server.calls.timeline(past).await.unwrap();
    let events: Vec<_> = timeline.iter().map(|line| line.event.as_str()).collect();
    let expected = [
        "requested",
        "ringing",
        "accepted",
        "reported",
        "connected",
        "ended",
    ];
    assert_eq!(events, expected);
}

#[actix_rt::test]
async fn people_find_their_calls_and_no_others() {
    let (_house, server, mut taro, mut hana) = pair().await;
    let [past, refused, rings] = three_calls(&server, &mut taro, &mut hana).await;
    for (name, call, known) in [
        ("taro", past, true),
        ("hana", past, true),
        ("jiro", past, false),
        ("taro", refused, true),
        ("yuki", refused, false),
    ] {
        let found = server.calls.find(call, &user(name)).await.unwrap();
        assert_eq!(found.is_some(), known, "{name}");
    }
    for (name, call, ringing) in [
        ("hana", rings, true),
        ("taro", rings, false),
        ("hana", past, false),
    ] {
        let ring = server.calls.ring(call, &user(name)).await.unwrap();
        assert_eq!(ring.is_some(), ringing, "{name}");
    }
    assert_eq!(ids(&server.calls.live_calls().await.unwrap()), [rings]);
}

#[actix_rt::test]
async fn a_session_begins_with_the_live_call_and_those_that_ended_lately() {
    let (_house, server, mut taro, mut hana) = pair().await;
    let [_, _, rings] = three_calls(&server, &mut taro, &mut hana).await;
    let snapshot = server.calls.snapshot(&hana.client).await.unwrap();
    let live = snapshot.call.unwrap();
    assert_eq!((live.call_id, live.bound), (rings, false));
    assert_eq!(snapshot.recent.len(), 1);
    let snapshot = server.calls.snapshot(&taro.client).await.unwrap();
    let live = snapshot.call.unwrap();
    assert_eq!((live.call_id, live.bound), (rings, true));
    assert_eq!(live.otomo.name, "HANA");
    assert_eq!(snapshot.recent.len(), 2);
}
