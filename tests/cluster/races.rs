//! Things that happen at the same moment on different nodes: one wins, the other is told so, and never both.

use otomo::kernel::identity::Role;
use serde_json::json;
use uuid::Uuid;

use crate::{
    calls::told,
    harness::Cluster,
    support::{Client, Dice, Json, at_once},
};

/// Rounds of each race.
const ROUNDS: usize = 50;

fn of(name: &str, call: Uuid) -> Json {
    json!({"type": name, "callId": call})
}

/// What was decided of a call, as somebody was told, but for what is expected: a node that is not sure whether something was
/// said says it again.
fn verdicts(client: &mut Client, call: Uuid, expected: &[&str]) -> Vec<Json> {
    let verdicts = [
        "call_accepted",
        "call_rejected",
        "call_cancelled",
        "call_end",
        "call_accept_ack",
    ];
    let is = |event: &Json| {
        let name = event["type"].as_str().expect("a type");
        let decides = verdicts.contains(&name) && event["callId"] == json!(call);
        decides && !expected.contains(&name)
    };
    client.everything().into_iter().filter(is).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_devices_on_two_nodes_that_accept_at_once_one_wins() {
    let cluster = Cluster::start(3).await;
    let mut phone = cluster.node(0).device("hana", Role::Otomo, "phone").await;
    let mut desk = cluster.node(1).device("hana", Role::Otomo, "desk").await;
    let mut taro = cluster.node(2).user("taro").await;
    let mut dice = Dice::new("accept against accept", "OTOMO_SEED", 20_261_125);
    let mut wins = [0, 0];
    for _ in 0..ROUNDS {
        let call = taro.request("hana").await;
        phone.rings(call).await;
        desk.rings(call).await;
        let accept = of("call_accept", call);
        let (at_phone, at_desk) =
            at_once(&mut dice, (&mut phone, accept.clone()), (&mut desk, accept)).await;
        let phone_won = at_phone["type"] == "call_accept_ack";
        wins[usize::from(phone_won)] += 1;
        let (winner, loser, lost) = match phone_won {
            true => (&mut phone, &mut desk, at_desk),
            false => (&mut desk, &mut phone, at_phone),
        };
        assert_eq!(lost["code"], "CALL_ALREADY_ACCEPTED", "{call}: {lost}");
        let stopped = told(loser, "call_cancelled", call).await;
        assert_eq!(stopped["reason"], "answered_elsewhere");
        told(&mut taro, "call_accepted", call).await;
        told(winner, "signaling_start", call).await;
        taro.hang_up(call).await;
        for (client, verdict) in [
            (&mut taro, "call_accepted"),
            (winner, "call_accept_ack"),
            (loser, "call_cancelled"),
        ] {
            told(client, "call_end", call).await;
            let others = verdicts(client, call, &[verdict, "call_end"]);
            assert_eq!(others, Vec::<Json>::new());
        }
    }
    println!("wins of desk and phone: {wins:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_cancel_and_an_accept_that_cross_between_nodes_the_first_stored_wins() {
    let cluster = Cluster::start(2).await;
    let mut hana = cluster.node(1).otomo("hana").await;
    let mut taro = cluster.node(0).user("taro").await;
    let mut dice = Dice::new("cancel against accept", "OTOMO_SEED", 20_261_125);
    let mut accepted = 0;
    for _ in 0..ROUNDS {
        let call = taro.request("hana").await;
        hana.rings(call).await;
        let (cancel, accept) = at_once(
            &mut dice,
            (&mut taro, of("call_cancel", call)),
            (&mut hana, of("call_accept", call)),
        )
        .await;
        assert_eq!(cancel["type"], "call_cancel_ack", "always an end: {cancel}");
        if accept["type"] == "call_accept_ack" {
            accepted += 1;
            told(&mut taro, "call_accepted", call).await;
            for client in [&mut taro, &mut hana] {
                let end = told(client, "call_end", call).await;
                assert_eq!(end["reason"], "user_end");
            }
        } else {
            assert_eq!(accept["code"], "CALL_ALREADY_ENDED", "{accept}");
            assert_eq!(accept["context"]["outcome"], "cancelled");
            let cancelled = told(&mut hana, "call_cancelled", call).await;
            assert_eq!(cancelled["reason"], "caller_cancelled");
        }
        let expected: &[&str] = match accept["type"] == "call_accept_ack" {
            true => &["call_accepted", "call_end"],
            false => &["call_cancelled"],
        };
        for client in [&mut taro, &mut hana] {
            assert_eq!(verdicts(client, call, expected), Vec::<Json>::new());
        }
    }
    println!("accepted first: {accepted} of {ROUNDS}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_callers_on_two_nodes_who_call_one_otomo_one_rings() {
    let cluster = Cluster::start(3).await;
    let mut hana = cluster.node(2).otomo("hana").await;
    let mut taro = cluster.node(0).user("taro").await;
    let mut jiro = cluster.node(1).user("jiro").await;
    let mut dice = Dice::new("two callers", "OTOMO_SEED", 20_261_125);
    for _ in 0..ROUNDS {
        let (of_taro, of_jiro) = (Uuid::new_v4(), Uuid::new_v4());
        let request =
            |call: Uuid| json!({"type": "call_request", "toUserId": "hana", "callId": call});
        let (at_taro, at_jiro) = at_once(
            &mut dice,
            (&mut taro, request(of_taro)),
            (&mut jiro, request(of_jiro)),
        )
        .await;
        for answer in [&at_taro, &at_jiro] {
            assert_eq!(answer["status"], "requesting", "{answer}");
        }
        let ids = [json!(of_taro), json!(of_jiro)];
        let ring = hana.until("a ring", |it| {
            it["type"] == "incoming_call" && ids.contains(&it["callId"])
        });
        let (winner, call, loser, lost) = match ring.await["callId"] == json!(of_taro) {
            true => (&mut taro, of_taro, &mut jiro, of_jiro),
            false => (&mut jiro, of_jiro, &mut taro, of_taro),
        };
        let rejected = told(loser, "call_rejected", lost).await;
        assert_eq!(rejected["reason"], "busy");
        winner.cancel(call).await;
        told(&mut hana, "call_cancelled", call).await;
        let rings = hana.everything();
        let rings = rings
            .iter()
            .filter(|it| it["type"] == "incoming_call" && it["callId"] == json!(lost));
        assert_eq!(rings.count(), 0, "{call}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_on_two_nodes_who_call_each_other_at_once_are_in_one_call() {
    let cluster = Cluster::start(2).await;
    let mut hana = cluster.node(0).otomo("hana").await;
    let mut yuki = cluster.node(1).otomo("yuki").await;
    let mut dice = Dice::new("glare", "OTOMO_SEED", 20_261_125);
    let request =
        |to: &str, call: Uuid| json!({"type": "call_request", "toUserId": to, "callId": call});
    for _ in 0..ROUNDS {
        let (of_hana, of_yuki) = (Uuid::new_v4(), Uuid::new_v4());
        let (at_hana, at_yuki) = at_once(
            &mut dice,
            (&mut hana, request("yuki", of_hana)),
            (&mut yuki, request("hana", of_yuki)),
        )
        .await;
        let hana_first = at_yuki.get("joinedCallId").is_some();
        let (call, joined) = match hana_first {
            true => (of_hana, &at_yuki),
            false => (of_yuki, &at_hana),
        };
        assert_eq!(joined["joinedCallId"], json!(call), "{at_hana} {at_yuki}");
        let (first, second) = match hana_first {
            true => (&mut hana, &mut yuki),
            false => (&mut yuki, &mut hana),
        };
        for (client, role) in [(&mut *first, "offerer"), (&mut *second, "answerer")] {
            assert_eq!(told(client, "signaling_start", call).await["role"], role);
        }
        first.hang_up(call).await;
        for client in [first, second] {
            told(client, "call_end", call).await;
        }
    }
}
