//! Things that happen at the same moment: one wins, the other is told so, and never both.
//!
//! The short form runs [`ROUNDS`] rounds of each race; `OTOMO_RACE_ROUNDS` asks for more. What is random
//! (who moves first) comes from a seed that is printed.

use otomo::kernel::identity::Role;
use serde_json::json;
use uuid::Uuid;

use super::of;
use crate::support::{Dice, Json, TestServer, at_once};

/// Rounds of each race.
const ROUNDS: u64 = 1_000;

fn rounds() -> u64 {
    let asked = std::env::var("OTOMO_RACE_ROUNDS").ok();
    asked.map_or(ROUNDS, |rounds| rounds.parse().expect("a number of rounds"))
}

fn dice(race: &str) -> Dice {
    Dice::new(race, "OTOMO_SEED", 20_261_122)
}

/// Races ask more a second than people do.
const RACE: [(&str, &str); 3] = [
    ("limits.commands_per_second", "none"),
    ("limits.calls_per_minute", "none"),
    ("calls.missed_limit", "none"),
];

#[tokio::test(flavor = "multi_thread")]
async fn of_two_devices_that_accept_at_once_one_wins() {
    let server = TestServer::start_with(&RACE).await;
    let mut phone = server
        .connecting("hana", Role::Otomo)
        .on_device("phone")
        .ready()
        .await;
    let mut desk = server
        .connecting("hana", Role::Otomo)
        .on_device("desk")
        .ready()
        .await;
    let mut taro = server.user("taro").await;
    let mut dice = dice("accept against accept");
    let mut wins = [0, 0];
    for _ in 0..rounds() {
        let call = taro.request("hana").await;
        phone.rings(call).await;
        desk.rings(call).await;
        let accept = of("call_accept", call);
        let (at_phone, at_desk) =
            at_once(&mut dice, (&mut phone, accept.clone()), (&mut desk, accept)).await;
        let phone_won = at_phone["type"] == "call_accept_ack";
        wins[usize::from(phone_won)] += 1;
        let (winner, loser, lost) = if phone_won {
            (&mut phone, &mut desk, at_desk)
        } else {
            (&mut desk, &mut phone, at_phone)
        };
        assert_eq!(lost["code"], "CALL_ALREADY_ACCEPTED", "{call}");
        assert_eq!(
            loser.expect("call_cancelled").await["reason"],
            "answered_elsewhere"
        );
        taro.expect("call_accepted").await;
        winner.expect("signaling_start").await;
        taro.hang_up(call).await;
        for client in [&mut taro, winner, loser] {
            client.expect("call_end").await;
            let left = client.everything();
            assert!(!left.iter().any(is_verdict), "{call}: {left:?}");
        }
    }
    println!("wins of desk and phone: {wins:?}");
}

/// What must not come twice.
fn is_verdict(event: &Json) -> bool {
    let verdicts = [
        "call_accepted",
        "call_rejected",
        "call_cancelled",
        "call_end",
        "call_accept_ack",
    ];
    verdicts.iter().any(|name| event["type"] == *name)
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_cancel_and_an_accept_that_cross_the_first_stored_wins() {
    let server = TestServer::start_with(&RACE).await;
    let mut hana = server.otomo("hana").await;
    let mut taro = server.user("taro").await;
    let mut dice = dice("cancel against accept");
    let mut accepted = 0;
    for _ in 0..rounds() {
        let call = taro.request("hana").await;
        hana.rings(call).await;
        let (cancel, accept) = at_once(
            &mut dice,
            (&mut taro, of("call_cancel", call)),
            (&mut hana, of("call_accept", call)),
        )
        .await;
        assert_eq!(
            cancel["type"], "call_cancel_ack",
            "a cancel always ends the call"
        );
        if accept["type"] == "call_accept_ack" {
            accepted += 1;
            taro.expect("call_accepted").await;
            assert_eq!(taro.expect("call_end").await["reason"], "user_end");
            assert_eq!(hana.expect("call_end").await["reason"], "user_end");
        } else {
            assert_eq!(accept["code"], "CALL_ALREADY_ENDED");
            assert_eq!(accept["context"]["outcome"], "cancelled");
            assert_eq!(
                hana.expect("call_cancelled").await["reason"],
                "caller_cancelled"
            );
        }
        for client in [&mut taro, &mut hana] {
            let left = client.everything();
            assert!(!left.iter().any(is_verdict), "{call}: {left:?}");
        }
    }
    println!("accepted first: {accepted}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_callers_who_call_one_otomo_one_rings() {
    let server = TestServer::start_with(&RACE).await;
    let mut hana = server.otomo("hana").await;
    let mut taro = server.user("taro").await;
    let mut jiro = server.user("jiro").await;
    let mut dice = dice("two callers");
    for _ in 0..rounds() {
        let (of_taro, of_jiro) = (Uuid::new_v4(), Uuid::new_v4());
        let request =
            |call: Uuid| json!({"type": "call_request", "toUserId": "hana", "callId": call});
        let (at_taro, at_jiro) = at_once(
            &mut dice,
            (&mut taro, request(of_taro)),
            (&mut jiro, request(of_jiro)),
        )
        .await;
        assert_eq!(
            (&at_taro["status"], &at_jiro["status"]),
            (&json!("requesting"), &json!("requesting"))
        );
        let ring = hana.expect("incoming_call").await;
        let taro_rings = ring["callId"] == of_taro.to_string();
        let (winner, call, loser) = if taro_rings {
            (&mut taro, of_taro, &mut jiro)
        } else {
            (&mut jiro, of_jiro, &mut taro)
        };
        assert_eq!(loser.expect("call_rejected").await["reason"], "busy");
        winner.cancel(call).await;
        hana.expect("call_cancelled").await;
        let left = hana.everything();
        assert!(
            !left.iter().any(|event| event["type"] == "incoming_call"),
            "{left:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_call_each_other_at_once_are_in_one_call() {
    let server = TestServer::start_with(&RACE).await;
    let mut hana = server.otomo("hana").await;
    let mut yuki = server.otomo("yuki").await;
    let mut dice = dice("glare");
    for _ in 0..rounds().min(200) {
        let (of_hana, of_yuki) = (Uuid::new_v4(), Uuid::new_v4());
        let request =
            |to: &str, call: Uuid| json!({"type": "call_request", "toUserId": to, "callId": call});
        let (at_hana, at_yuki) = at_once(
            &mut dice,
            (&mut hana, request("yuki", of_hana)),
            (&mut yuki, request("hana", of_yuki)),
        )
        .await;
        let hana_first = at_yuki.get("joinedCallId").is_some();
        let (call, joined) = if hana_first {
            (of_hana, &at_yuki)
        } else {
            (of_yuki, &at_hana)
        };
        assert_eq!(
            joined["joinedCallId"],
            call.to_string(),
            "{at_hana} {at_yuki}"
        );
        let (first, second) = if hana_first {
            (&mut hana, &mut yuki)
        } else {
            (&mut yuki, &mut hana)
        };
        assert_eq!(first.expect("signaling_start").await["role"], "offerer");
        assert_eq!(second.expect("signaling_start").await["role"], "answerer");
        first.hang_up(call).await;
        for client in [first, second] {
            assert_eq!(client.expect("call_end").await["callId"], call.to_string());
            client.everything();
        }
    }
}

#[tokio::test]
async fn the_same_pair_again_from_the_same_device_takes_the_old_calls_place() {
    let server = TestServer::start().await;
    let (mut taro, mut hana, old) = super::connected(&server).await;
    let new = taro.request("hana").await;
    assert_eq!(hana.expect("call_end").await["reason"], "superseded");
    hana.rings(new).await;
    let mut tablet = server
        .connecting("taro", Role::User)
        .on_device("tablet")
        .ready()
        .await;
    let request = json!({"type": "call_request", "toUserId": "hana", "callId": Uuid::new_v4()});
    tablet.refused("CALLER_BUSY", request).await;
    let _ = old;
}
