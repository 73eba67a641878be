//! Two nodes on one database, and what they dispute.

use otomo::{calls::ClientCommand, kernel::ids::CallId};
use serde_json::Value;

use crate::{
    fixture::{Fixture, Server, user},
    phone::Phone,
    waiting::eventually,
};

/// How often each race is run. Which node is faster is the system's luck, so both outcomes come up.
const ROUNDS: usize = 25;

/// The first frame that answers a command.
async fn verdict(phone: &mut Phone, acknowledgement: &str) -> Value {
    loop {
        let frame = phone.next().await;
        if frame["type"] == acknowledgement || frame["type"] == "error" {
            return frame;
        }
    }
}

fn code(frame: &Value) -> &str {
    frame["code"].as_str().unwrap_or("ok")
}

async fn over(server: &Server, call: CallId, phone: &Phone) {
    phone.asks(ClientCommand::End(call));
    server.end(call).await;
    eventually("nobody is in a call", async || server.taken().await == 0).await;
}

#[actix_rt::test]
async fn of_two_accepts_one_wins() {
    let fixture = Fixture::new(&[]);
    let (here, there) = (fixture.node("node-1").await, fixture.node("node-2").await);
    let mut phone = here.connect("hana-1").await;
    let mut tablet = there.connect("hana-2").await;
    let mut taro = here.connect("taro-1").await;
    for round in 0..ROUNDS {
        taro.heard();
        phone.heard();
        let call = ring_again(&here, &mut taro, &mut phone).await;
        tablet.asks(ClientCommand::Accept(call));
        phone.asks(ClientCommand::Accept(call));
        let verdicts = [
            verdict(&mut phone, "call_accept_ack").await,
            verdict(&mut tablet, "call_accept_ack").await,
        ];
        let mut codes = [code(&verdicts[0]), code(&verdicts[1])];
        codes.sort_unstable();
        assert_eq!(codes, ["CALL_ALREADY_ACCEPTED", "ok"], "round {round}");
        let winner = match code(&verdicts[0]) {
            "ok" => "hana-1",
            _ => "hana-2",
        };
        let stored = here.call(call).await;
        assert_eq!(stored.accepted().unwrap().device.as_str(), winner);
        over(&here, call, &taro).await;
        phone.heard();
        tablet.heard();
    }
}

#[actix_rt::test]
async fn of_a_cancel_and_an_accept_one_wins() {
    let fixture = Fixture::new(&[]);
    let (here, there) = (fixture.node("node-1").await, fixture.node("node-2").await);
    let mut phone = here.connect("hana-1").await;
    let mut tablet = there.connect("hana-2").await;
    let mut taro = here.connect("taro-1").await;
    for round in 0..ROUNDS {
        let call = ring_again(&here, &mut taro, &mut phone).await;
        if round % 2 == 0 {
            tablet.asks(ClientCommand::Accept(call));
            taro.asks(ClientCommand::Cancel(call));
        } else {
            taro.asks(ClientCommand::Cancel(call));
            tablet.asks(ClientCommand::Accept(call));
        }
        let accepted = verdict(&mut tablet, "call_accept_ack").await;
        let cancelled = verdict(&mut taro, "call_cancel_ack").await;
        assert_eq!(code(&cancelled), "ok", "a cancel of a talk hangs up");
        let end = here.end(call).await;
        match code(&accepted) {
            "ok" => assert_eq!(end, "failed, user_end", "round {round}"),
            "CALL_ALREADY_ENDED" => {
                assert_eq!(accepted["context"]["outcome"], "cancelled");
                assert_eq!(end, "cancelled, caller_cancelled", "round {round}");
            }
            other => panic!("round {round}: {other}"),
        }
        assert_eq!(here.taken().await, 0);
        phone.heard();
        tablet.heard();
        taro.heard();
    }
}

#[actix_rt::test]
async fn of_two_callers_one_rings() {
    let fixture = Fixture::new(&[]);
    let (here, there) = (fixture.node("node-1").await, fixture.node("node-2").await);
    let mut hana = here.connect("hana-1").await;
    let mut elsewhere = there.connect("hana-2").await;
    let mut taro = here.connect("taro-1").await;
    let mut jiro = there.connect("jiro-1").await;
    for round in 0..ROUNDS {
        let calls = [taro.calls("hana"), jiro.calls("hana")];
        taro.hears_until("call_request_ack").await;
        jiro.hears_until("call_request_ack").await;
        let live = {
            let mut live = Vec::new();
            for call in calls {
                if here.call(call).await.is_live() {
                    live.push(call);
                } else {
                    assert_eq!(here.end(call).await, "rejected, busy", "round {round}");
                }
            }
            live
        };
        assert_eq!((live.len(), here.taken().await), (1, 2), "round {round}");
        match live[0] == calls[0] {
            true => over(&here, live[0], &taro).await,
            false => over(&there, live[0], &jiro).await,
        }
        for phone in [&mut hana, &mut elsewhere, &mut taro, &mut jiro] {
            phone.heard();
        }
    }
}

#[actix_rt::test]
async fn of_two_who_call_each_other_the_later_joins() {
    let fixture = Fixture::new(&[]);
    let (here, there) = (fixture.node("node-1").await, fixture.node("node-2").await);
    let mut hana = here.connect("hana-1").await;
    let mut yuki = there.connect("yuki-1").await;
    for round in 0..ROUNDS {
        let calls = [hana.calls("yuki"), yuki.calls("hana")];
        let acknowledged = [
            verdict(&mut hana, "call_request_ack").await,
            verdict(&mut yuki, "call_request_ack").await,
        ];
        let joined: Vec<usize> = (0..2)
            .filter(|who| acknowledged[*who]["joinedCallId"].is_string())
            .collect();
        assert_eq!(joined.len(), 1, "round {round}: {acknowledged:?}");
        let (later, first) = (calls[joined[0]], calls[1 - joined[0]]);
        assert_eq!(acknowledged[joined[0]]["joinedCallId"], first.to_string());
        assert_eq!(here.end(later).await, "cancelled, superseded");
        assert!(here.call(first).await.accepted().is_some());
        assert_eq!(here.taken().await, 2);
        over(&here, first, &hana).await;
        hana.heard();
        yuki.heard();
    }
}

/// A new call, once what the last one left behind has been heard.
async fn ring_again(server: &Server, caller: &mut Phone, otomo: &mut Phone) -> CallId {
    caller.heard();
    otomo.heard();
    let call = caller.calls("hana");
    caller.hears_until("call_request_ack").await;
    otomo.hears_until("incoming_call").await;
    eventually("it is stored that it rang", async || {
        server.call(call).await.version == 2
    })
    .await;
    assert!(server.calls.is_live(&user("taro")));
    call
}
