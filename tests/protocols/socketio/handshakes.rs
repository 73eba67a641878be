//! How a session begins (Engine.IO, "Handshake").

use crate::{
    http::wire::{Answer, Wire},
    support::{Json, TestServer},
    tally,
};

/// The answer to a request without a library that would not send it.
async fn ask(server: &TestServer, method: &str, query: &str, upgrade: bool) -> Answer {
    let lines = match upgrade {
        false => "Content-Length: 0\r\n",
        true => {
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        }
    };
    let mut wire = Wire::to(server).await;
    wire.write(format!(
        "{method} /socket.io/?{query} HTTP/1.1\r\nHost: otomo\r\n{lines}\r\n"
    ))
    .await;
    wire.answer_to(method).await.expect("an answer")
}

/// Queries, and the code of Engine.IO that is told (`fault::BadRequest`).
const BAD: [(&str, u8); 16] = [
    ("", 0),
    ("EIO=4", 0),
    ("EIO=4&transport=", 0),
    ("EIO=4&transport=abc", 0),
    ("EIO=4&transport=WebSocket", 0),
    ("EIO=4&transport=Polling", 0),
    ("EIO=4&transport=webtransport", 0),
    ("transport=TRANSPORT", 5),
    ("EIO=&transport=TRANSPORT", 5),
    ("EIO=abc&transport=TRANSPORT", 5),
    ("EIO=3&transport=TRANSPORT", 5),
    ("EIO=5&transport=TRANSPORT", 5),
    ("EIO=04&transport=TRANSPORT", 5),
    ("EIO=4&transport=TRANSPORT&transport=TRANSPORT", 3),
    ("EIO=4&transport=OTHER", 3),
    ("EIO=4&transport=TRANSPORT&j=0", 3),
];

#[tokio::test]
async fn a_bad_query_is_refused_on_either_transport() {
    let server = TestServer::start().await;
    let ways = [
        ("polling", "websocket", false),
        ("websocket", "polling", true),
    ];
    for (transport, other, upgrade) in ways {
        for (query, code) in BAD {
            let query = query
                .replace("TRANSPORT", transport)
                .replace("OTHER", other);
            let answer = ask(&server, "GET", &query, upgrade).await;
            assert_eq!(answer.head.status, 400, "{transport}, {query}: {answer:?}");
            assert_eq!(answer.json()["code"], code, "{transport}, {query}");
            assert!(answer.json()["message"].is_string(), "{transport}, {query}");
        }
        let unknown = format!("EIO=4&transport={transport}&sid=otomo-1.none");
        let answer = ask(&server, "GET", &unknown, upgrade).await;
        assert_eq!(
            (answer.head.status, &answer.json()["code"]),
            (400, &1.into())
        );
    }
    tally::passed(
        "Engine.IO 4: handshakes that are refused",
        2 * (BAD.len() + 1),
    );
}

#[tokio::test]
async fn only_get_and_post_mean_anything() {
    let server = TestServer::start().await;
    let opened = ask(&server, "GET", "EIO=4&transport=polling", false).await;
    let open: Json = serde_json::from_slice(&opened.body[1..]).unwrap();
    let of_session = format!(
        "EIO=4&transport=polling&sid={}",
        open["sid"].as_str().unwrap()
    );
    let methods = ["POST", "PUT", "DELETE", "PATCH", "HEAD"];
    for method in methods {
        let answer = ask(&server, method, "EIO=4&transport=polling", false).await;
        assert_eq!(answer.head.status, 400, "{method} without a session");
    }
    for method in &methods[1..] {
        let answer = ask(&server, method, &of_session, false).await;
        assert_eq!(answer.head.status, 400, "{method} of a session");
    }
    tally::passed("Engine.IO 4: methods", 2 * methods.len() - 1);
}

#[tokio::test]
async fn what_else_is_in_a_query_is_passed_over() {
    let server = TestServer::start().await;
    let queries = [
        "EIO=4&transport=polling&t=N8hyd6w",
        "transport=polling&EIO=4",
        "EIO=4&transport=polling&b64=1",
        "EIO=4&transport=polling&unknown=%ff&&=",
        "%45IO=4&transport=%70olling",
    ];
    for query in queries {
        let answer = ask(&server, "GET", query, false).await;
        assert_eq!(answer.head.status, 200, "{query}: {answer:?}");
        assert_eq!(
            answer.head.get("content-type"),
            Some("text/plain; charset=UTF-8")
        );
        assert!(answer.body.starts_with(b"0{"), "{query}");
    }
    // Without the slash at the end, too.
    let mut wire = Wire::to(&server).await;
    wire.write("GET /socket.io?EIO=4&transport=polling HTTP/1.1\r\nHost: otomo\r\n\r\n")
        .await;
    assert_eq!(wire.answer().await.unwrap().head.status, 200);
    tally::passed("Engine.IO 4: handshakes that are taken", queries.len() + 1);
}

#[tokio::test]
async fn a_session_may_begin_on_a_websocket() {
    use super::client::Socket;
    let settings = [
        ("socketio.ping_interval", "7s"),
        ("socketio.ping_timeout", "5s"),
        ("socketio.max_payload", "100KiB"),
    ];
    let server = TestServer::start_with(&settings).await;
    let url = format!(
        "ws://{}/socket.io/?EIO=4&transport=websocket",
        server.address()
    );
    let mut socket = Socket::open(&url).await.unwrap();
    let mut open: Json = serde_json::from_str(&socket.next().await[1..]).unwrap();
    assert!(open["sid"].take().is_string());
    let expected = serde_json::json!({
        "sid": null, "upgrades": [], "pingInterval": 7_000, "pingTimeout": 5_000, "maxPayload": 102_400,
    });
    assert_eq!(open, expected);
    tally::passed("Engine.IO 4: a session on a WebSocket", 1);
}
