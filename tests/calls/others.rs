//! People on different nodes, which hear each other.

use otomo::{calls::ClientCommand, kernel::ids::CallId};

use crate::{
    calling::{candidate, ring},
    fixture::{Fixture, Server, user},
    phone::Phone,
    waiting::eventually,
};

/// A call between two nodes is known on both, or on neither any more.
async fn known(nodes: [&Server; 2], live: bool) {
    for node in nodes {
        eventually("the nodes know the same of the call", async || {
            ["taro", "hana"]
                .iter()
                .all(|it| node.calls.is_live(&user(it)) == live)
        })
        .await;
    }
}

/// Taro here and Hana there, of whom everybody knows that she is online.
async fn connected(here: &Server, there: &Server) -> (Phone, Phone) {
    let hana = there.connect("hana-1").await;
    let board = here.presence.board();
    eventually("she is online here, too", async || {
        board
            .get(&user("hana"))
            .is_some_and(|it| it.published.version == 1)
    })
    .await;
    (here.connect("taro-1").await, hana)
}

/// The same, in a call.
async fn talking(here: &Server, there: &Server) -> (Phone, Phone, CallId) {
    let (mut taro, mut hana) = connected(here, there).await;
    let call = ring(&mut taro, &mut hana).await;
    hana.asks(ClientCommand::Accept(call));
    // That she is busy is heard in a way of its own: it may come before or after what the call says.
    for phone in [&mut taro, &mut hana] {
        phone.hears_until("signaling_start").await;
    }
    for phone in [&mut taro, &mut hana] {
        phone.asks(ClientCommand::Connected(call));
    }
    for phone in [&mut taro, &mut hana] {
        phone.hears_until("call_connected").await;
    }
    known([here, there], true).await;
    (taro, hana, call)
}

#[actix_rt::test]
async fn two_nodes_know_of_a_call_and_the_one_that_kept_candidates_passes_them_on() {
    let fixture = Fixture::new(&[]).linked();
    let (here, there) = (fixture.node("here").await, fixture.node("there").await);
    let (mut taro, mut hana) = connected(&here, &there).await;
    let call = ring(&mut taro, &mut hana).await;
    for number in 1..=3 {
        taro.asks(ClientCommand::Ice(call, candidate(number)));
    }
    known([&here, &there], true).await;
    hana.asks(ClientCommand::Accept(call));
    hana.hears_until("signaling_start").await;
    for number in 1..=3 {
        let heard = hana.hears_until("ice_candidate").await;
        let kept = &heard[heard.len() - 1];
        assert_eq!(kept["candidate"]["candidate"], number.to_string());
    }
    taro.asks(ClientCommand::End(call));
    hana.hears_until("call_end").await;
    known([&here, &there], false).await;
}

#[actix_rt::test]
async fn a_device_comes_back_on_a_node_that_did_not_know_its_call() {
    let fixture = Fixture::new(&[]).linked();
    let (here, there) = (fixture.node("here").await, fixture.node("there").await);
    let third = fixture.node("third").await;
    let (taro, mut hana, call) = talking(&here, &there).await;
    here.disconnect(taro);
    hana.hears_until("call_peer_reconnecting").await;
    let mut taro = third.connect("taro-1").await;
    hana.hears_until("call_peer_back").await;
    hana.asks(ClientCommand::Ice(call, candidate(1)));
    taro.hears_until("ice_candidate").await;
    taro.asks(ClientCommand::End(call));
    hana.hears_until("call_end").await;
}

#[actix_rt::test]
async fn a_device_is_lost_only_when_it_is_on_no_node() {
    let fixture = Fixture::new(&[]).linked();
    let (here, there) = (fixture.node("here").await, fixture.node("there").await);
    let (taro, mut hana, call) = talking(&here, &there).await;
    // The same device has come back elsewhere before its old connection is seen to end.
    let again = there.connect("taro-1").await;
    here.disconnect(taro);
    hana.asks(ClientCommand::Ice(call, candidate(1)));
    let mut again = again;
    again.hears_until("ice_candidate").await;
    there.disconnect(again);
    let heard = hana.hears_until("call_peer_reconnecting").await;
    assert!(
        heard.iter().all(|it| it["type"] != "call_peer_back"),
        "{heard:?}"
    );
    assert!(here.call(call).await.lost().caller.is_some());
}

#[actix_rt::test]
async fn whoever_was_on_a_node_that_died_is_lost_to_the_call() {
    let fixture = Fixture::new(&[]).linked();
    let (here, there) = (fixture.node("here").await, fixture.node("there").await);
    let (mut taro, hana, call) = talking(&here, &there).await;
    there.dies().await;
    drop(hana);
    // As when the node is claimed.
    here.calls.look().await;
    taro.hears_until("call_peer_reconnecting").await;
    assert!(here.call(call).await.lost().otomo.is_some());
}

#[actix_rt::test]
async fn an_end_on_another_node_is_heard_while_the_nodes_do_not_hear_each_other() {
    let mut fixture = Fixture::new(&[]).linked();
    let (here, there) = (fixture.node("here").await, fixture.node("there").await);
    let (mut taro, mut hana, call) = talking(&here, &there).await;
    fixture.cut([&here, &there]).await;
    taro.asks(ClientCommand::End(call));
    taro.hears_until("call_end_request_ack").await;
    let heard = hana.hears_until("call_end").await;
    let end = &heard[heard.len() - 1];
    assert_eq!(
        (&end["callId"], &end["reason"]),
        (&call.to_string().into(), &"user_end".into())
    );
    known([&here, &there], false).await;
    // Once: not with each look.
    fixture.heal([&here, &there]).await;
    let next = ring_apart(&mut taro, &mut hana).await;
    hana.asks(ClientCommand::Accept(next));
    // A node that looks before it has noted what it said may say it once more: clients pass over repeats.
    for (phone, again) in [(&mut taro, 1), (&mut hana, 0)] {
        let heard = phone.hears_until("signaling_start").await;
        let ends = heard.iter().filter(|it| it["type"] == "call_end").count();
        assert!(ends <= again, "{heard:?}");
    }
}

#[actix_rt::test]
async fn an_end_that_was_lost_before_the_link_was_known_to_be_down_is_heard_after_all() {
    let fixture = Fixture::new(&[]).linked();
    let (here, there) = (fixture.node("here").await, fixture.node("there").await);
    let (mut taro, mut hana, call) = talking(&here, &there).await;
    fixture.redis().freeze();
    taro.asks(ClientCommand::End(call));
    // The other node finds the end by itself while it still takes the link for up.
    taro.hears_until("call_end").await;
    there.calls.look().await;
    hana.hears_until("call_end").await;
    fixture.redis().thaw();
}

#[actix_rt::test]
async fn a_ring_is_answered_and_taken_back_while_the_nodes_do_not_hear_each_other() {
    let mut fixture = Fixture::new(&[]).linked();
    let (here, there) = (fixture.node("here").await, fixture.node("there").await);
    let (mut taro, mut hana) = connected(&here, &there).await;
    fixture.cut([&here, &there]).await;

    let cancelled = ring_apart(&mut taro, &mut hana).await;
    taro.asks(ClientCommand::Cancel(cancelled));
    let heard = hana.hears_until("call_cancelled").await;
    assert_eq!(heard[heard.len() - 1]["reason"], "caller_cancelled");

    let rejected = ring_apart(&mut taro, &mut hana).await;
    hana.asks(ClientCommand::Reject(rejected, None));
    let heard = taro.hears_until("call_rejected").await;
    assert_eq!(heard[heard.len() - 1]["callId"], rejected.to_string());

    let accepted = ring_apart(&mut taro, &mut hana).await;
    hana.asks(ClientCommand::Accept(accepted));
    taro.hears_until("call_accepted").await;
    taro.hears_until("signaling_start").await;
    // Nothing can be passed on, so nobody is left to wait for an answer to it.
    taro.asks(ClientCommand::Ice(accepted, candidate(1)));
    let heard = taro.hears_until("error").await;
    assert_eq!(heard[heard.len() - 1]["code"], "PEER_UNAVAILABLE");
    taro.asks(ClientCommand::Connected(accepted));
    hana.asks(ClientCommand::Connected(accepted));
    for phone in [&mut taro, &mut hana] {
        phone.hears_until("call_connected").await;
    }
    here.disconnect(taro);
    hana.hears_until("call_peer_reconnecting").await;
    let _taro = here.connect("taro-1").await;
    hana.hears_until("call_peer_back").await;
}

/// Taro calls Hana, whose node hears nothing of it.
async fn ring_apart(taro: &mut Phone, hana: &mut Phone) -> CallId {
    let call = taro.calls("hana");
    let rung = async |phone: &mut Phone| {
        let heard = phone.hears_until("incoming_call").await;
        heard[heard.len() - 1]["callId"] == call.to_string()
    };
    while !rung(hana).await {}
    call
}
