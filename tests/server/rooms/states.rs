//! States: whoever joins is told what holds, and then what changes.

use std::collections::BTreeMap;

use otomo::kernel::identity::Role;
use serde_json::json;

use super::{Game, joins, new_key, to_game, to_user, with};
use crate::support::{Json, eventually, field};

fn status(user: &str, status: &str) -> Json {
    to_game(
        "player_status_update",
        json!({"user_id": user, "status": status}),
    )
}

fn cell(key: &str, value: u64) -> Json {
    with(
        to_game("cell", json!({"cell": key, "value": value})),
        json!({"kind": "state", "key": key}),
    )
}

#[tokio::test]
async fn whoever_joins_is_told_the_newest_state_of_each_key() {
    let game = Game::start().await;
    for (user, is) in [("taro", "ready"), ("hana", "away"), ("taro", "playing")] {
        assert_eq!(game.says(status(user, is)).await["stored"], 1);
    }
    game.says(cell("a", 1)).await;
    game.lets_in("yuki").await;
    let mut yuki = game.server.user("yuki").await;
    let snapshot = joins(&mut yuki).await;
    let told: Vec<Json> = snapshot["events"].as_array().unwrap().clone();
    let brief = |it: &Json| match it["type"].as_str().unwrap() {
        "room_event" => format!("{} {}", it["event"], it["data"]["value"]),
        _ => format!("{} {}", it["user_id"], it["status"]),
    };
    let told: Vec<String> = told.iter().map(brief).collect();
    let mut sorted = told.clone();
    sorted.sort();
    assert_eq!(
        sorted,
        [r#""cell" 1"#, r#""hana" "away""#, r#""taro" "playing""#]
    );
    game.says(status("hana", "ready")).await;
    assert_eq!(yuki.expect("player_status_update").await["status"], "ready");
}

#[tokio::test]
async fn the_states_of_a_room_hold_over_a_restart_of_the_server() {
    let game = Game::start().await;
    game.lets_in("yuki").await;
    game.says(cell("a", 1)).await;
    let game = Game::on(game.server.restart().await);
    let mut yuki = game.server.user("yuki").await;
    let snapshot = joins(&mut yuki).await;
    assert_eq!(snapshot["events"][0]["data"]["value"], 1);
}

/// From reading: a node that died between the commit and the word left a state that nobody there was told of, also when its
/// backend published it again as it is told to.
#[tokio::test]
async fn a_state_that_is_published_again_is_told_as_it_holds_by_now() {
    let game = Game::start().await;
    let mut taro = game.player("taro").await;
    let keyed = |value| with(cell("a", value), json!({"idempotencyKey": new_key()}));
    let (older, newer) = (keyed(1), keyed(2));
    for (event, value) in [(&older, 1), (&older, 1), (&newer, 2), (&older, 2)] {
        let report = game.says(event.clone()).await;
        assert_eq!(
            (&report["stored"], &report["delivered"]),
            (&json!(1), &json!(1))
        );
        let told = taro.expect("room_event").await;
        assert_eq!(told["data"]["value"], value);
    }
    game.lets_in("yuki").await;
    let mut yuki = game.server.user("yuki").await;
    let snapshot = joins(&mut yuki).await;
    assert_eq!(snapshot["events"][0]["data"]["value"], 2);
}

/// From reading: the repeat had a time to live of its own, and was told after the state had ended.
#[tokio::test]
async fn a_state_that_is_published_again_is_worth_telling_for_what_is_left_of_its_time() {
    let game = Game::start_with(&[
        ("limits.commands_per_second", "none"),
        ("outbox.low_window", "3500ms"),
    ])
    .await;
    let low = |event: Json| with(event, json!({"priority": "low"}));
    let lives = |key, seconds: u64| {
        let times = json!({"ttlSeconds": seconds, "idempotencyKey": new_key()});
        low(with(cell(key, seconds), times))
    };
    let (long, short) = (lives("long", 4), lives("short", 1));
    game.lets_in("yuki").await;
    game.says(long.clone()).await;
    game.says(short).await;
    let mut yuki = game.server.user("yuki").await;
    eventually("a second has passed", async || {
        joins(&mut yuki).await["events"].as_array().unwrap().len() == 1
    })
    .await;
    // It leaves with the window that begins with it, which is longer than what is left.
    let mut hana = game.player("hana").await;
    assert_eq!(game.says(long).await["stored"], 1);
    game.says(low(to_game("noise", json!({})))).await;
    let heard = hana.up_to("noise", |it| it["event"] == "noise").await;
    let told = heard.iter().filter(|it| it["event"] == "cell");
    assert_eq!(told.count(), 0, "{heard:?}");
}

#[tokio::test]
async fn a_state_ends_with_its_time_to_live() {
    let game = Game::start_with(&[("limits.commands_per_second", "none")]).await;
    game.lets_in("yuki").await;
    game.says(with(cell("short", 1), json!({"ttlSeconds": 1})))
        .await;
    game.says(cell("long", 2)).await;
    let mut yuki = game.server.user("yuki").await;
    eventually("the state ends", async || {
        joins(&mut yuki).await["events"].as_array().unwrap().len() == 1
    })
    .await;
}

#[tokio::test]
async fn a_room_has_so_many_states_and_no_more() {
    let game = Game::start_with(&[("rooms.max_states", "2")]).await;
    game.says(cell("a", 1)).await;
    game.says(cell("b", 1)).await;
    let full = game.tries_to_say(cell("c", 1)).await;
    full.refused(400, "EVENT_INVALID");
    assert_eq!(game.says(cell("a", 2)).await["stored"], 1);
}

/// Whoever joins gets all of them: more than an outbox may hold would close each joiner as too slow.
#[tokio::test]
async fn the_states_of_a_room_fit_into_the_outbox_of_whoever_joins() {
    let game = Game::start().await;
    let large = |key: &str, bytes| {
        with(
            to_game("cell", json!({"text": "x".repeat(bytes)})),
            json!({"kind": "state", "key": key}),
        )
    };
    for key in ["a", "b", "c", "d"] {
        game.says(large(key, 60_000)).await;
    }
    game.tries_to_say(large("e", 60_000))
        .await
        .refused(400, "EVENT_INVALID");
    // One that shrinks makes room.
    game.says(large("a", 10)).await;
    game.says(large("e", 60_000)).await;
    game.tries_to_say(large("a", 60_000))
        .await
        .refused(400, "EVENT_INVALID");
    let mut taro = game.player("taro").await;
    taro.settled().await;
}

#[tokio::test]
async fn what_holds_for_a_user_or_for_all_is_told_at_the_start() {
    let game = Game::start().await;
    let level = with(
        to_user("taro", "level", json!({"n": 3})),
        json!({"kind": "state", "key": "level"}),
    );
    game.says(level).await;
    let weather = json!({
        "target": {"all": true}, "type": "weather", "data": {"sky": "雨"}, "kind": "state", "key": "sky",
    });
    game.says(weather.clone()).await;
    let mut taro = game.server.connecting("taro", Role::User).open().await;
    let own = taro.expect("room_snapshot").await;
    assert_eq!(
        (&own["room"], &own["events"]),
        (&json!("user_taro"), &json!([{"type": "level", "n": 3}]))
    );
    let all = taro.expect("room_snapshot").await;
    assert_eq!(
        (&all["room"], &all["events"][0]["sky"]),
        (&json!("*"), &json!("雨"))
    );
    taro.expect("ready").await;
    let sunny = with(weather, json!({"data": {"sky": "晴れ"}}));
    assert_eq!(game.says(sunny).await["delivered"], 1);
    assert_eq!(taro.expect("weather").await["sky"], "晴れ");
    let deaf = game
        .server
        .connecting("taro", Role::User)
        .asking("topics=chat")
        .ready()
        .await;
    assert!(deaf.heard("room_snapshot").is_none());
}

/// Goal: old snapshot + events = fresh snapshot.
/// Method: clients join at any moment while a few keys change all the time; each one's picture is at the end what a fresh
/// snapshot says, and no key ever goes backwards.
#[tokio::test]
async fn no_state_is_missed_or_taken_back_whenever_somebody_joins() {
    let game = Game::start().await;
    let users = ["a", "b", "c", "d", "e", "f"];
    for user in users {
        game.lets_in(user).await;
    }
    let publishing = async {
        for value in 1..=60 {
            let says = |key| game.says(cell(key, value));
            tokio::join!(says("x"), says("y"), says("z"));
        }
    };
    let joining = async {
        let mut players = Vec::new();
        for user in users {
            let mut client = game.server.user(user).await;
            let snapshot = joins(&mut client).await;
            players.push((client, snapshot));
        }
        players
    };
    let ((), players) = tokio::join!(publishing, joining);
    for (mut client, snapshot) in players {
        client.settled().await;
        let live = client.everything().into_iter();
        let live = live.filter(|it| it["type"] == "room_event");
        let mut picture = BTreeMap::new();
        for event in snapshot["events"]
            .as_array()
            .unwrap()
            .iter()
            .cloned()
            .chain(live)
        {
            let (cell, value) = (
                field(&event["data"], "cell").to_owned(),
                event["data"]["value"].as_u64(),
            );
            let before = picture.insert(cell, value);
            assert!(
                before.is_none_or(|before| before <= value),
                "taken back: {event}"
            );
        }
        let newest = ["x", "y", "z"].map(|cell| (cell.to_owned(), Some(60)));
        assert_eq!(picture, BTreeMap::from(newest), "{}", client.user);
    }
}
