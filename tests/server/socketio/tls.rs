//! The same over TLS, the upgrade to another worker included.

use futures_util::{SinkExt as _, StreamExt as _};
use otomo::kernel::identity::Role;
use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};

use super::packets::connect;
use crate::support::{Certificate, PATIENCE, TestServer, encrypt};

/// One request on a connection of its own; the body of the answer.
async fn ask(
    server: &TestServer,
    certificate: &Certificate,
    method: &str,
    query: &str,
    body: &str,
) -> String {
    let tcp = TcpStream::connect(server.address()).await.unwrap();
    let mut stream = encrypt(&certificate.connector(), tcp).await;
    let request = format!(
        "{method} /socket.io/?EIO=4&transport=polling{query} HTTP/1.1\r\nHost: otomo\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}

/// The next packet.
async fn next(socket: &mut WebSocketStream<impl AsyncRead + AsyncWrite + Unpin>) -> String {
    let message = timeout(PATIENCE, socket.next()).await.expect("a message");
    message.unwrap().unwrap().to_string()
}

#[tokio::test]
async fn a_session_polls_and_upgrades_over_tls() {
    let certificate = Certificate::new();
    let server = TestServer::start_with(&certificate.settings()).await;
    // Each comes to a worker of its own: one of two, so that a few rounds see both.
    for round in 0..4 {
        let open = ask(&server, &certificate, "GET", "", "").await;
        let open: Value = serde_json::from_str(&open[1..]).unwrap();
        let sid = format!("&sid={}", open["sid"].as_str().unwrap());
        let hello = connect(&server, "taro", Role::User);
        assert_eq!(ask(&server, &certificate, "POST", &sid, &hello).await, "ok");
        assert!(
            ask(&server, &certificate, "GET", &sid, "")
                .await
                .starts_with("40{")
        );
        for _ in 0..round {
            drop(TcpStream::connect(server.address()).await.unwrap());
        }
        let tcp = TcpStream::connect(server.address()).await.unwrap();
        let stream = encrypt(&certificate.connector(), tcp).await;
        let url = format!("wss://otomo/socket.io/?EIO=4&transport=websocket{sid}");
        let (mut socket, _) = client_async(url, stream).await.unwrap();
        socket.send(Message::text("2probe")).await.unwrap();
        assert_eq!(next(&mut socket).await, "3probe");
        socket.send(Message::text("5")).await.unwrap();
        socket
            .send(Message::text("421[\"heartbeat\"]"))
            .await
            .unwrap();
        while !next(&mut socket).await.starts_with("431[") {}
        socket.send(Message::text("41")).await.unwrap();
    }
}
