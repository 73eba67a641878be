//! Clients that hold what they have without using it.

use std::time::Duration;

use otomo::kernel::identity::Role;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::{
    api::{API_KEY, WITH_KEY},
    support::{PATIENCE, TestServer, silence},
};

#[tokio::test]
async fn a_body_that_never_ends_is_given_up() {
    // More than the half second by which actix-http's clock for the head of a request may be late.
    let server = TestServer::start_with(&[WITH_KEY, ("server.handshake_timeout", "1s")]).await;
    let hana = format!(
        "Authorization: Bearer {}\r\n",
        server.token("hana", Role::Otomo)
    );
    let bodies = [
        "Content-Length: 60000\r\n\r\n{",
        "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
    ];
    for body in bodies {
        for (who, status) in [(hana.as_str(), 400), ("", 401)] {
            let request = format!(
                "PUT /api/otomo/status HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{who}{body}"
            );
            let answer = server.raw(&request).await;
            let expected = format!("HTTP/1.1 {status} ");
            assert!(answer.starts_with(&expected), "{request}\n{answer}");
        }
        // What is read part by part is told in the same words.
        let publish = format!(
            "POST /api/server/events HTTP/1.1\r\nHost: x\r\nX-API-Key: {API_KEY}\r\n{body}"
        );
        let answer = server.raw(&publish).await;
        assert!(answer.contains("the body took too long"), "{answer}");
    }
}

/// One answer on a connection that stays open.
async fn ask(stream: &mut TcpStream) {
    let request = "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = [0; 512];
    let read = stream.read(&mut answer).await.unwrap();
    assert!(answer[..read].starts_with(b"HTTP/1.1 200 "));
}

#[tokio::test]
async fn http_connections_beyond_the_limit_wait_until_one_has_ended() {
    let settings = [("limits.connections", "64"), ("server.workers", "1")];
    let server = TestServer::start_with(&settings).await;
    let mut open = Vec::new();
    for _ in 0..64 {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        ask(&mut stream).await;
        open.push(stream);
    }
    let mut waiting = TcpStream::connect(server.address()).await.unwrap();
    let request = ask(&mut waiting);
    tokio::pin!(request);
    tokio::select! {
        () = &mut request => panic!("answered beyond the limit"),
        () = silence(Duration::from_millis(200)) => {}
    }
    open.pop();
    timeout(PATIENCE, request).await.expect("its turn");
}

#[tokio::test]
async fn sessions_do_not_take_the_place_of_http_connections() {
    let settings = [("limits.connections", "80"), ("server.workers", "1")];
    let server = TestServer::start_with(&settings).await;
    let mut sessions = Vec::new();
    for n in 0..80 {
        sessions.push(server.user(&format!("user-{n}")).await);
    }
    let mut operator = TcpStream::connect(server.address()).await.unwrap();
    timeout(PATIENCE, ask(&mut operator))
        .await
        .expect("an answer");
}
