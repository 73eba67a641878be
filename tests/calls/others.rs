//! People on different nodes, which hear each other.

use otomo::{calls::ClientCommand, kernel::ids::CallId};

use crate::{
    calling::{candidate, ring},
    fixture::{Fixture, Server, eventually, user},
    phone::Phone,
};

/// A call between two nodes is known on both, or on neither any more.
async fn known(nodes: [&Server; 2], live: bool) {
    for node in nodes {
        eventually(async || {
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
    eventually(async || {
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
