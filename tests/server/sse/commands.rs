//! `POST /api/commands`: all that a WebSocket client can say.

use otomo::kernel::identity::Role;
use serde_json::json;
use uuid::Uuid;

use crate::support::{Poster, TestServer};

#[tokio::test]
async fn two_people_with_streams_hold_a_call() {
    let server = TestServer::start().await;
    let hana_sse = server.connecting("hana", Role::Otomo).on_device("tablet");
    let mut hana_sse = hana_sse.listening().await;
    let mut taro_sse = server.connecting("taro", Role::User).stream("/sse").await;
    let session = taro_sse.expect("connected").await["sessionId"].clone();
    taro_sse.expect("ready").await;
    let session = session.as_str().unwrap();
    let taro = Poster::new(&server, "taro", Role::User, &format!("session={session}"));
    let hana = Poster::new(&server, "hana", Role::Otomo, "device=tablet");
    let call = Uuid::new_v4();
    let request =
        json!({"type": "call_request", "toUserId": "hana", "callId": call, "requestId": "r"});
    let (status, ack) = taro.asks(request).await;
    assert_eq!(
        (status, &ack["status"]),
        (200, &"requesting".into()),
        "{ack}"
    );
    assert_eq!(ack["requestId"], "r");
    hana_sse.rings(call).await;
    hana.tells(json!({"type": "call_ringing", "callId": call}))
        .await;
    taro_sse.expect("call_ringing").await;
    hana.of_call("call_accept", call).await;
    taro_sse.expect("call_accepted").await;
    assert_eq!(taro_sse.expect("signaling_start").await["role"], "offerer");
    assert_eq!(hana_sse.expect("signaling_start").await["role"], "answerer");
    let offer = json!({"type": "offer", "sdp": "v=0"});
    taro.tells(json!({"type": "webrtc_offer", "callId": call, "offer": offer}))
        .await;
    assert_eq!(hana_sse.expect("webrtc_offer").await["offer"], offer);
    let connected = json!({"type": "call_connected", "callId": call});
    taro.tells(connected.clone()).await;
    hana.tells(connected).await;
    taro_sse.expect("call_connected").await;
    taro.of_call("call_end_request", call).await;
    hana_sse.expect("call_end").await;
    taro_sse.sees("hana", "online").await;
    let answers = [
        "call_request_ack",
        "call_accept_ack",
        "call_end_request_ack",
    ];
    for name in answers {
        assert!(taro_sse.heard(name).is_none() && hana_sse.heard(name).is_none());
    }
}

#[tokio::test]
async fn a_command_that_is_not_done_has_the_status_of_its_error() {
    let settings = [
        ("limits.message_size", "1KiB"),
        ("limits.protocol_errors", "none"),
    ];
    let server = TestServer::start_with(&settings).await;
    let taro_sse = server.connecting("taro", Role::User).on_device("phone");
    let _taro_sse = taro_sse.listening().await;
    let taro = Poster::new(&server, "taro", Role::User, "device=phone");
    let call = Uuid::new_v4();
    for (command, status, code) in [
        ("{".to_owned(), 400, "BAD_REQUEST"),
        (json!({"type": "fly"}).to_string(), 400, "UNKNOWN_TYPE"),
        ("x".repeat(1025), 413, "MESSAGE_TOO_LARGE"),
        (
            json!({"type": "otomo_status_set", "status": "break"}).to_string(),
            403,
            "FORBIDDEN",
        ),
        (
            json!({"type": "call_request", "toUserId": "nobody", "callId": call}).to_string(),
            404,
            "OTOMO_NOT_FOUND",
        ),
        (
            json!({"type": "call_accept", "callId": call}).to_string(),
            403,
            "CALL_NOT_PARTICIPANT",
        ),
    ] {
        let (answered, body) = taro.send(command).await;
        assert_eq!(answered, status, "{body}");
        assert_eq!(body["error"]["code"], code, "{body}");
    }
    let (status, answer) = taro.asks(json!({"type": "heartbeat"})).await;
    assert_eq!((status, &answer["type"]), (200, &"heartbeat_ack".into()));
}

#[tokio::test]
async fn a_command_is_for_a_session_of_ones_own_with_its_limits() {
    let settings = [("limits.commands_per_second", "1"), ("limits.burst", "3")];
    let server = TestServer::start_with(&settings).await;
    let taro_sse = server.connecting("taro", Role::User).on_device("phone");
    let _taro_sse = taro_sse.listening().await;
    let heartbeat = json!({"type": "heartbeat"});
    let post = async |user: &str, query: &str| {
        let poster = Poster::new(&server, user, Role::User, query);
        poster.asks(heartbeat.clone()).await
    };
    let over = format!("session={}", Uuid::now_v7());
    for (user, query, status, code) in [
        ("taro", "", 400, "BAD_REQUEST"),
        ("taro", "session=x", 400, "BAD_REQUEST"),
        ("taro", over.as_str(), 404, "SESSION_NOT_FOUND"),
        ("taro", "device=other", 404, "SESSION_NOT_FOUND"),
        ("hana", "device=phone", 404, "SESSION_NOT_FOUND"),
    ] {
        let (answered, body) = post(user, query).await;
        assert_eq!(
            (answered, &body["error"]["code"]),
            (status, &code.into()),
            "{user} {query}: {body}"
        );
    }
    let (_, body) = post("taro", "session=x").await;
    let told = body["error"]["message"].as_str().unwrap();
    assert!(
        told.contains("a session id must be a UUID, like") && !told.contains("deserialize"),
        "{told}"
    );
    assert_eq!(post("taro", "device=phone").await.0, 200);
    let forger = Poster::new(&server, "taro", Role::User, "device=phone");
    let forger = forger.with_token(server.forged("taro", Role::User));
    assert_eq!(forger.asks(heartbeat.clone()).await.0, 401);
    post("taro", "device=phone").await;
    post("taro", "device=phone").await;
    let (status, body) = post("taro", "device=phone").await;
    assert_eq!(
        (status, &body["error"]["code"]),
        (429, &"RATE_LIMITED".into())
    );
    assert!(body["error"]["context"]["retryAfterMs"].is_u64(), "{body}");
}

#[tokio::test]
async fn a_message_is_written_by_post_and_heard_by_both_sides() {
    let server = TestServer::start().await;
    let mut hana_sse = server.connecting("hana", Role::Otomo).listening().await;
    let taro_sse = server.connecting("taro", Role::User).on_device("phone");
    let mut taro_sse = taro_sse.stream("/api/chat/sse").await;
    taro_sse.expect("ready").await;
    let taro = Poster::new(&server, "taro", Role::User, "device=phone");
    let message = json!({"type": "message_send", "toUserId": "hana", "clientMessageId": Uuid::new_v4(), "body": "やあ"});
    let (status, ack) = taro.asks(message).await;
    assert_eq!((status, &ack["messageSeq"]), (200, &1.into()), "{ack}");
    for listener in [&mut hana_sse, &mut taro_sse] {
        let heard = listener.expect("new-message").await;
        assert_eq!(
            (&heard["body"], &heard["sse"]["id"]),
            (&"やあ".into(), &"1".into())
        );
    }
}

#[tokio::test]
async fn a_body_that_is_not_utf_8_is_no_command() {
    let server = TestServer::start().await;
    let taro = server.connecting("taro", Role::User).on_device("phone");
    let _listening = taro.listening().await;
    let taro = Poster::new(&server, "taro", Role::User, "device=phone");
    let body = b"{\"type\":\"heartbeat\",\"x\":\"\xff\"}".to_vec();
    let (status, answer) = taro.send(body).await;
    assert_eq!(
        (status, &answer["error"]["code"]),
        (400, &"BAD_REQUEST".into())
    );
}
