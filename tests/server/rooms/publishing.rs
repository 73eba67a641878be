//! Events from backends: to whom they go, in which order, what waits for those who are away.

use otomo::kernel::identity::Role;
use serde_json::{Value, json};

use super::{Game, narrative, new_key, to_game, to_user, with};
use crate::support::{Json, eventually};

#[tokio::test]
async fn an_event_goes_to_whom_it_is_for_and_says_how_far_it_came() {
    let game = Game::start().await;
    let (mut taro, mut hana) = (game.player("taro").await, game.server.user("hana").await);
    let mut desk = game.server.user("taro").await;
    let said = game
        .says(to_user("taro", "quest", json!({"step": 1})))
        .await;
    assert_eq!(said, json!({"accepted": 1, "stored": 0, "delivered": 2}));
    for taro in [&mut taro, &mut desk] {
        assert_eq!(taro.expect("quest").await["step"], 1);
    }
    let two = json!({"target": {"users": ["taro", "hana", "nobody"]}, "type": "quest", "data": {"step": 2}});
    assert_eq!(game.says(two).await["delivered"], 3);
    let all = json!({"target": {"all": true}, "type": "news", "data": {"text": "雨"}});
    assert_eq!(game.says(all).await["delivered"], 3);
    assert_eq!(hana.expect("news").await["text"], "雨");
    let boss = game.says(to_game("boss_spawned", json!({"hp": 100}))).await;
    assert_eq!(boss["delivered"], 1);
    let heard = taro.expect("room_event").await;
    assert_eq!(
        (&heard["room"], &heard["event"], &heard["data"]),
        (
            &json!("game_7"),
            &json!("boss_spawned"),
            &json!({"hp": 100})
        )
    );
}

#[tokio::test]
async fn a_durable_event_waits_for_those_who_are_away_until_its_time_is_over() {
    let game = Game::start().await;
    game.lets_in("taro").await;
    game.lets_in("hana").await;
    let durable = json!({"kind": "durable"});
    let stored = game
        .says(with(narrative("while away"), durable.clone()))
        .await;
    assert_eq!(
        (&stored["stored"], &stored["delivered"]),
        (&json!(2), &json!(0))
    );
    let short = json!({"kind": "durable", "ttlSeconds": 1});
    game.says(with(to_user("taro", "offer", json!({"n": 1})), short))
        .await;
    game.says(with(to_user("taro", "offer", json!({"n": 2})), durable))
        .await;
    let inbox = async || {
        let taro = crate::api::Api::of(&game.server, "taro", Role::User);
        let inbox = taro.get("/api/inbox").await.ok();
        inbox["items"].as_array().unwrap().len()
    };
    eventually("the offer runs out", async || inbox().await == 2).await;
    let mut taro = game
        .server
        .connecting("taro", Role::User)
        .with_last_seq(0)
        .ready()
        .await;
    let first = taro.heard("narrative_update").expect("the replay");
    assert_eq!((&first["seq"], &first["prev"]), (&json!(1), &json!(0)));
    let second = taro.heard("offer").expect("the replay");
    assert_eq!(
        (&second["n"], &second["seq"], &second["prev"]),
        (&json!(2), &json!(3), &json!(1))
    );
    taro.settled().await;
}

#[tokio::test]
async fn the_same_user_gets_the_same_durable_events_with_the_same_seq_on_every_transport() {
    let game = Game::start().await;
    let mut socket = game.player("taro").await;
    let mut stream = game.server.connecting("taro", Role::User).listening().await;
    for n in 0..20 {
        let event = match n % 3 {
            0 => to_user("taro", "quest", json!({"n": n})),
            1 => to_game("boss_spawned", json!({"n": n})),
            _ => narrative(&n.to_string()),
        };
        game.says(with(event, json!({"kind": "durable"}))).await;
    }
    let mut told: [Vec<Json>; 2] = Default::default();
    for n in 0..20 {
        let name = ["quest", "room_event", "narrative_update"][n % 3];
        let (mut one, mut other) = (socket.expect(name).await, stream.expect(name).await);
        for heard in [&mut one, &mut other] {
            heard.as_object_mut().unwrap().remove("sse");
        }
        assert_eq!(one["seq"], json!(n + 1));
        told[0].push(one);
        told[1].push(other);
    }
    assert_eq!(told[0], told[1]);
}

/// Goal: the events of one room, kind and priority reach each member in the order in which they were accepted.
/// Method: many requests at the same time, whose answers say when each was accepted; all members agree on one order, and an
/// event that was accepted before another was sent comes before it.
#[tokio::test]
async fn all_members_hear_a_rooms_events_in_one_order() {
    let game = Game::start().await;
    let mut members = Vec::new();
    for user in ["taro", "hana", "yuki"] {
        members.push(game.player(user).await);
    }
    let rounds = 20;
    for kind in ["ephemeral", "durable"] {
        for round in 0..rounds {
            let says = |n: usize| {
                let event = to_game("step", json!({"round": round, "n": n}));
                game.says(with(event, json!({"kind": kind})))
            };
            tokio::join!(says(0), says(1), says(2), says(3));
        }
        let mut orders: Vec<Vec<Value>> = Vec::new();
        for member in &mut members {
            let mut order = Vec::new();
            for _ in 0..rounds * 4 {
                order.push(member.expect("room_event").await["data"].clone());
            }
            orders.push(order);
        }
        assert!(orders.iter().all(|order| *order == orders[0]), "{orders:?}");
        let rounds_heard: Vec<_> = orders[0].iter().map(|it| it["round"].as_u64()).collect();
        assert!(rounds_heard.is_sorted());
    }
}

#[tokio::test]
async fn a_batch_is_published_whole_or_not_at_all() {
    let game = Game::start().await;
    let mut taro = game.player("taro").await;
    let events: Vec<Json> = (0..1_000)
        .map(|n| to_game("step", json!({"n": n})))
        .collect();
    let said = game.says(json!({"events": events})).await;
    assert_eq!(
        (&said["accepted"], &said["delivered"]),
        (&json!(1_000), &json!(1_000))
    );
    assert_eq!(said["events"].as_array().unwrap().len(), 1_000);
    for n in 0..1_000 {
        assert_eq!(taro.expect("room_event").await["data"]["n"], n);
    }
    let wrong = json!({"narrative": 7, "narrative_type": "scene"});
    let events = json!([narrative("fine"), to_game("narrative_update", wrong)]);
    let refused = game.tries_to_say(json!({"events": events})).await;
    let refused = refused.refused(400, "EVENT_INVALID");
    assert_eq!(refused["context"]["path"], "events[1].data.narrative");
    let told = refused["message"].as_str().unwrap();
    assert!(
        told.starts_with("events[1].data.narrative must be "),
        "{told}"
    );
    taro.expect_none("narrative_update").await;
    let many: Vec<Json> = (0..1_001).map(|_| narrative("x")).collect();
    for bad in [json!({"events": many}), json!({"events": []})] {
        let refused = game.tries_to_say(bad).await.refused(400, "EVENT_INVALID");
        assert_eq!(refused["context"]["path"], "events");
    }
}

#[tokio::test]
async fn an_event_with_a_key_is_published_once() {
    let game = Game::start().await;
    let mut taro = game.player("taro").await;
    for kind in ["durable", "ephemeral"] {
        let key = new_key();
        let event = with(
            narrative("once"),
            json!({"kind": kind, "idempotencyKey": key}),
        );
        let first = game.says(event.clone()).await;
        assert_eq!(first["delivered"], 1);
        taro.expect("narrative_update").await;
        let again = game.says(event).await;
        assert_eq!(
            (&again["stored"], &again["delivered"]),
            (&first["stored"], &json!(0))
        );
        taro.expect_none("narrative_update").await;
        let other = with(
            narrative("other"),
            json!({"kind": kind, "idempotencyKey": key}),
        );
        let reused = game.tries_to_say(other).await.refused(409, "CONFLICT");
        assert_eq!(reused["context"]["path"], "idempotencyKey");
        taro.expect_none("narrative_update").await;
    }
}

/// Whoever repeats a request because its answer was lost may do so while the first is still on its way.
#[tokio::test]
async fn an_event_with_a_key_is_published_once_however_many_ask_at_once() {
    let game = Game::start().await;
    let mut taro = game.player("taro").await;
    for _ in 0..20 {
        let key = json!({"idempotencyKey": new_key(), "kind": "durable"});
        let event = with(to_user("taro", "quest", json!({})), key);
        let says = || game.says(event.clone());
        let (a, b, c) = tokio::join!(says(), says(), says());
        let delivered: u64 = [a, b, c]
            .iter()
            .map(|it| it["delivered"].as_u64().unwrap())
            .sum();
        assert_eq!(delivered, 1);
        taro.expect("quest").await;
    }
    taro.expect_none("quest").await;
}

#[tokio::test]
async fn a_durable_event_for_a_room_is_for_those_in_it_by_their_token_too() {
    let game = Game::start().await;
    let token = game.server.token_with_rooms("yuki", &["game_7"]);
    let mut yuki = game
        .server
        .connecting("yuki", Role::User)
        .with_token(&token)
        .ready()
        .await;
    super::joins(&mut yuki).await;
    game.lets_in("taro").await;
    let said = game
        .says(with(narrative("both"), json!({"kind": "durable"})))
        .await;
    assert_eq!(
        (&said["stored"], &said["delivered"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(yuki.expect("narrative_update").await["seq"], 1);
}

/// All or nothing holds for what needs no store, too.
#[tokio::test]
async fn nothing_of_a_refused_batch_is_said() {
    let game = Game::start().await;
    let mut taro = game.player("taro").await;
    let key = new_key();
    game.says(with(narrative("first"), json!({"idempotencyKey": key})))
        .await;
    taro.expect("narrative_update").await;
    let reused = with(narrative("other"), json!({"idempotencyKey": key}));
    let batch = json!({"events": [to_game("game_error", json!({"error_type": "e", "message": "m"})), reused]});
    let refused = game.tries_to_say(batch).await.refused(409, "CONFLICT");
    assert_eq!(refused["context"]["path"], "events[1].idempotencyKey");
    taro.expect_none("game_error").await;
}

#[tokio::test]
async fn a_key_that_is_twice_in_a_batch_publishes_once() {
    let game = Game::start().await;
    let mut taro = game.player("taro").await;
    let event = with(
        to_user("taro", "quest", json!({})),
        json!({"idempotencyKey": new_key(), "kind": "durable"}),
    );
    let said = game.says(json!({"events": [event, event]})).await;
    let delivered: Vec<_> = [0, 1]
        .map(|n| said["events"][n]["delivered"].clone())
        .into();
    assert_eq!(delivered, [1, 0]);
    assert_eq!(taro.expect("quest").await["seq"], 1);
    taro.expect_none("quest").await;
}
