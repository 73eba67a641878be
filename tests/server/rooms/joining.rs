//! Who gets into a room, and when its events end for them.

use diesel::{RunQueryDsl as _, sql_query};
use jiff::{SignedDuration, Timestamp};
use otomo::kernel::identity::Role;
use serde_json::json;

use super::{Game, joins, narrative};
use crate::support::{Json, eventually};

fn join(room: &str) -> Json {
    json!({"type": "room_join", "room": room})
}

#[tokio::test]
async fn a_room_opens_to_those_whom_the_backend_lets_in() {
    let game = Game::start().await;
    let mut taro = game.server.user("taro").await;
    let refused = taro.refused("ROOM_FORBIDDEN", join("game_7")).await;
    assert_eq!(refused["context"]["room"], "game_7");
    game.lets_in("taro").await;
    let snapshot = joins(&mut taro).await;
    assert_eq!(
        (&snapshot["room"], &snapshot["events"]),
        (&json!("game_7"), &json!([]))
    );
    assert_eq!(game.says(narrative("夜が明ける")).await["delivered"], 1);
    assert_eq!(
        taro.expect("narrative_update").await["narrative"],
        "夜が明ける"
    );
}

#[tokio::test]
async fn a_token_may_grant_rooms_of_its_own() {
    let game = Game::start().await;
    let token = game.server.token_with_rooms("taro", &["lobby", "a b"]);
    let mut taro = game
        .server
        .connecting("taro", Role::User)
        .with_token(&token)
        .ready()
        .await;
    let answer = taro.ask(join("lobby")).await;
    assert_eq!(
        (&answer["type"], &answer["room"]),
        (&json!("room_join_ack"), &json!("lobby"))
    );
    taro.expect("room_snapshot").await;
    taro.refused("ROOM_FORBIDDEN", join("elsewhere")).await;
    // The next token grants less.
    let token = game.server.token("taro", Role::User);
    taro.ask(json!({"type": "token_refresh", "token": token}))
        .await;
    let left = taro.expect("room_left").await;
    assert_eq!(
        (&left["room"], &left["reason"]),
        (&json!("lobby"), &json!("revoked"))
    );
    let said = json!({"target": {"room": "lobby"}, "type": "hello", "data": {}});
    assert_eq!(game.says(said).await["delivered"], 0);
    taro.expect_none("room_event").await;
}

/// From reading: a leave overtook the join before it, which waited for the store, and was acknowledged to somebody who was in the
/// room after it.
#[tokio::test]
async fn whoever_leaves_before_they_are_let_in_is_out_after_it() {
    let game = Game::start().await;
    game.lets_in("taro").await;
    let mut taro = game.server.user("taro").await;
    // Nobody is let in while somebody else writes.
    let mut writer = game.server.database();
    sql_query("BEGIN IMMEDIATE").execute(&mut writer).unwrap();
    taro.send(join("game_7")).await;
    taro.send(json!({"type": "room_leave", "room": "game_7"}))
        .await;
    taro.settled().await;
    sql_query("ROLLBACK").execute(&mut writer).unwrap();
    taro.expect("room_join_ack").await;
    let told = taro.up_to("the leave", |event| event["type"] == "room_leave_ack");
    let told: Vec<Json> = told.await.iter().map(|it| it["type"].clone()).collect();
    assert!(
        told.ends_with(&[json!("room_snapshot"), json!("room_leave_ack")]),
        "{told:?}"
    );
    assert_eq!(game.says(narrative("after")).await["delivered"], 0);
    // Whoever comes back is in it.
    joins(&mut taro).await;
    assert_eq!(game.says(narrative("again")).await["delivered"], 1);
}

#[tokio::test]
async fn a_users_own_room_is_theirs_alone_and_always() {
    let game = Game::start().await;
    let (mut taro, mut hana) = (
        game.server.user("taro").await,
        game.server.user("hana").await,
    );
    hana.refused("ROOM_FORBIDDEN", join("user_taro")).await;
    let refused = game
        .backend
        .put("/api/server/rooms/user_taro/members/hana", json!({}));
    refused.await.refused(400, "BAD_REQUEST");
    let said = json!({"target": {"room": "user_taro"}, "type": "hello", "data": {"n": 1}});
    assert_eq!(game.says(said).await["delivered"], 1);
    let heard = taro.expect("hello").await;
    assert_eq!(heard["n"], 1);
    hana.expect_none("hello").await;
    let answer = taro.ask(join("user_taro")).await;
    assert_eq!(answer["type"], "room_join_ack");
}

#[tokio::test]
async fn a_grant_that_is_taken_back_ends_the_rooms_events_at_once_on_all_connections() {
    let game = Game::start().await;
    let (mut phone, mut desk) = (game.player("taro").await, game.player("taro").await);
    let mut hana = game.player("hana").await;
    game.revokes("game_7", "taro").await;
    assert_eq!(game.says(narrative("after")).await["delivered"], 1);
    hana.expect("narrative_update").await;
    for mut taro in [phone, desk] {
        let left = taro.expect("room_left").await;
        assert_eq!(
            (&left["room"], &left["reason"]),
            (&json!("game_7"), &json!("revoked"))
        );
        taro.expect_none("narrative_update").await;
        taro.refused("ROOM_FORBIDDEN", join("game_7")).await;
    }
    // Once more is no fault.
    game.revokes("game_7", "taro").await;
    phone = game.player("taro").await;
    desk = game.player("taro").await;
    assert_eq!(game.says(narrative("again")).await["delivered"], 3);
    drop((phone, desk));
}

#[tokio::test]
async fn a_grant_ends_at_its_time_and_may_be_prolonged() {
    let game = Game::start().await;
    let soon = |millis| (Timestamp::now() + SignedDuration::from_millis(millis)).to_string();
    let (mut taro, mut hana) = (game.player("taro").await, game.player("hana").await);
    assert_eq!(game.says(narrative("in time")).await["delivered"], 2);
    game.grants("game_7", "hana", json!({"expiresAt": soon(60_000)}))
        .await;
    game.grants("game_7", "taro", json!({"expiresAt": soon(300)}))
        .await;
    hana.expect("narrative_update").await;
    let left = taro.expect("room_left").await;
    assert_eq!(
        (&left["room"], &left["reason"]),
        (&json!("game_7"), &json!("expired"))
    );
    assert_eq!(game.says(narrative("too late")).await["delivered"], 1);
    taro.refused("ROOM_FORBIDDEN", join("game_7")).await;
    let late = json!({"expiresAt": "2020-01-01T00:00:00Z"});
    let late = game
        .backend
        .put("/api/server/rooms/game_7/members/taro", late);
    late.await.refused(400, "BAD_REQUEST");
}

/// A claim and a grant are two rights: neither takes the other away.
#[tokio::test]
async fn whoever_has_a_claim_stays_when_a_grant_ends_and_the_other_way_round() {
    let game = Game::start().await;
    let token = game.server.token_with_rooms("taro", &["game_7"]);
    let claims = game
        .server
        .connecting("taro", Role::User)
        .with_token(&token);
    let mut taro = claims.ready().await;
    joins(&mut taro).await;
    let soon = Timestamp::now() + SignedDuration::from_millis(300);
    game.grants("game_7", "taro", json!({"expiresAt": soon.to_string()}))
        .await;
    eventually("the grant ends", async || {
        let room = game.backend.get("/api/server/rooms/game_7").await.ok();
        !room["items"][0]["grantedAt"].is_string()
    })
    .await;
    taro.expect_none("room_left").await;
    assert_eq!(game.says(narrative("by claim")).await["delivered"], 1);
    game.lets_in("taro").await;
    let token = game.server.token("taro", Role::User);
    taro.ask(json!({"type": "token_refresh", "token": token}))
        .await;
    taro.expect_none("room_left").await;
    assert_eq!(game.says(narrative("by grant")).await["delivered"], 1);
    game.revokes("game_7", "taro").await;
    assert_eq!(taro.expect("room_left").await["reason"], "revoked");
}

#[tokio::test]
async fn whoever_leaves_hears_no_more_and_may_come_back() {
    let game = Game::start().await;
    let mut taro = game.player("taro").await;
    for _ in 0..2 {
        let left = taro
            .ask(json!({"type": "leave_game", "game_session_id": "7"}))
            .await;
        assert_eq!(left["type"], "left_game", "{left}");
    }
    assert_eq!(game.says(narrative("unheard")).await["delivered"], 0);
    joins(&mut taro).await;
    assert_eq!(game.says(narrative("heard")).await["delivered"], 1);
    assert_eq!(taro.expect("narrative_update").await["narrative"], "heard");
    let left = taro
        .ask(json!({"type": "room_leave", "room": "game_7"}))
        .await;
    assert_eq!(left["type"], "room_leave_ack");
}

#[tokio::test]
async fn a_connection_is_in_so_many_rooms_and_no_more() {
    let game = Game::start_with(&[("limits.rooms_per_connection", "2")]).await;
    let mut taro = game.server.user("taro").await;
    for room in ["a", "b", "c"] {
        game.grants(room, "taro", json!({})).await;
    }
    for room in ["a", "b", "a"] {
        assert_eq!(taro.ask(join(room)).await["type"], "room_join_ack");
    }
    taro.refused("CONFLICT", join("c")).await;
    taro.ask(json!({"type": "room_leave", "room": "a"})).await;
    assert_eq!(taro.ask(join("c")).await["type"], "room_join_ack");
}

#[tokio::test]
async fn a_backend_sees_who_is_there() {
    let game = Game::start().await;
    let phone = game.player("taro").await;
    let desk = game.player("taro").await;
    game.lets_in("hana").await;
    let token = game.server.token_with_rooms("yuki", &["game_7"]);
    let mut yuki = game
        .server
        .connecting("yuki", Role::User)
        .with_token(&token)
        .ready()
        .await;
    joins(&mut yuki).await;
    let members = game.backend.whole_list("/api/server/rooms/game_7", 1).await;
    let seen: Vec<_> = members
        .iter()
        .map(|it| {
            (
                it["userId"].as_str().unwrap(),
                it["connections"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(seen, [("hana", 0), ("taro", 2), ("yuki", 1)]);
    assert!(members[0]["grantedAt"].is_string() && members[2]["grantedAt"].is_null());
    desk.log_out().await;
    eventually("taro's desk has left the room", async || {
        let members = game.backend.get("/api/server/rooms/game_7").await.ok();
        members["items"][1]["connections"] == 1
    })
    .await;
    drop(phone);
    let nobody = game.backend.get("/api/server/rooms/nowhere").await.ok();
    assert_eq!(nobody["items"], json!([]));
}

#[tokio::test]
async fn players_talk_to_those_in_the_game() {
    let game = Game::start().await;
    let (mut taro, mut hana) = (game.player("taro").await, game.player("hana").await);
    let mut yuki = game.server.user("yuki").await;
    let said = json!({"type": "chat_message", "game_session_id": "7", "message": "よろしく"});
    taro.send(said.clone()).await;
    for player in [&mut taro, &mut hana] {
        let heard = player.expect("chat_message").await;
        assert_eq!(
            (
                &heard["user_id"],
                &heard["message"],
                &heard["game_session_id"]
            ),
            (&json!("taro"), &json!("よろしく"), &json!("7"))
        );
        assert!(
            heard["timestamp"]
                .as_str()
                .is_some_and(|time| time.ends_with('Z'))
        );
    }
    yuki.refused("ROOM_FORBIDDEN", said).await;
    yuki.expect_none("chat_message").await;
    let empty = json!({"type": "chat_message", "game_session_id": "7", "message": " "});
    taro.refused("MESSAGE_EMPTY", empty).await;
    let long = json!({"type": "chat_message", "game_session_id": "7", "message": "x".repeat(9000)});
    taro.refused("MESSAGE_TOO_LARGE", long).await;
    let unfit = json!({"type": "join_game", "game_session_id": "a b"});
    taro.refused("BAD_REQUEST", unfit).await;
}

#[tokio::test]
async fn a_document_client_pings_and_is_answered() {
    let game = Game::start().await;
    let mut taro = game.server.user("taro").await;
    let pong = taro.ask(json!({"type": "ping"})).await;
    assert_eq!(pong["type"], "pong");
    assert!(pong["timestamp"].is_string());
}

#[tokio::test]
async fn whoever_is_there_without_a_grant_is_taken_out_if_nobody_says_so_too() {
    let game = Game::start().await;
    let mut taro = game.player("taro").await;
    let token = game.server.token_with_rooms("hana", &["game_7"]);
    let hana = game.server.connecting("hana", Role::User);
    let mut hana = hana.with_token(&token).ready().await;
    joins(&mut hana).await;
    // As another node does it that is not heard.
    let taken_back = sql_query("DELETE FROM room_members WHERE user_id = 'taro'");
    assert_eq!(taken_back.execute(&mut game.server.database()), Ok(1));
    assert_eq!(taro.expect("room_left").await["reason"], "revoked");
    assert_eq!(game.says(narrative("after")).await["delivered"], 1);
    hana.expect("narrative_update").await;
}
