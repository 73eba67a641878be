//! Streams over HTTP/2, which browsers speak where there is TLS: many streams on one connection.

use std::net::SocketAddr;

use h2::{RecvStream, client::SendRequest};
use http::Request;
use otomo::kernel::identity::Role;
use tokio::{net::TcpStream, time::timeout};

use crate::{
    chat::writes,
    support::{Certificate, PATIENCE, TestServer, encrypt},
};

/// A browser's one connection to a server.
async fn connect(address: SocketAddr, certificate: &Certificate) -> SendRequest<bytes::Bytes> {
    let tcp = TcpStream::connect(address).await.expect("a server");
    let tls = encrypt(&certificate.connector_for(&[b"h2"]), tcp).await;
    assert_eq!(tls.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (requests, connection) = h2::client::handshake(tls).await.expect("HTTP/2");
    tokio::spawn(connection);
    requests.ready().await.expect("a live connection")
}

/// A stream of events on it.
async fn listen(requests: &mut SendRequest<bytes::Bytes>, token: &str) -> RecvStream {
    let request = Request::get("https://127.0.0.1/sse")
        .header("authorization", format!("Bearer {token}"))
        .body(())
        .expect("a request");
    let (response, _) = requests
        .send_request(request, true)
        .expect("a live connection");
    let response = response.await.expect("an answer");
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    response.into_body()
}

/// Reads until an event has come.
async fn hear(stream: &mut RecvStream, event: &str) -> String {
    let mut told = String::new();
    let heard = async {
        while !told.contains(event) {
            let data = stream.data().await.expect("no end").expect("a live stream");
            let taken = stream.flow_control().release_capacity(data.len());
            taken.expect("what was read may be released");
            told += std::str::from_utf8(&data).expect("text");
        }
    };
    timeout(PATIENCE, heard).await.expect("it comes in time");
    told
}

#[tokio::test]
async fn two_streams_of_one_connection_are_two_sessions_and_each_ends_alone() {
    let certificate = Certificate::new();
    let mut settings = certificate.settings().to_vec();
    // At a heartbeat it is noticed that a stream was reset.
    settings.extend([
        ("presence.ping_interval", "300ms"),
        ("presence.pong_timeout", "300ms"),
        ("presence.reload_grace", "1ms"),
        ("presence.leave_grace", "1ms"),
    ]);
    let server = TestServer::start_with(&settings).await;
    let taro = server.connecting("taro", Role::User).over_tls(&certificate);
    let mut taro = taro.ready().await;
    let mut requests = connect(server.address(), &certificate).await;
    let mut hana = listen(&mut requests, &server.token("hana", Role::Otomo)).await;
    hear(&mut hana, "event: ready\nid: 0\n").await;
    let mut yuki = listen(&mut requests, &server.token("yuki", Role::Otomo)).await;
    hear(&mut yuki, "event: ready\nid: 0\n").await;
    taro.sees("yuki", "online").await;
    writes(&mut taro, "hana", "m-1", "a").await;
    let told = hear(&mut hana, "event: new-message\nid: 1\n").await;
    assert!(told.contains(r#""body":"a""#), "{told}");
    drop(yuki);
    taro.sees("yuki", "offline").await;
    writes(&mut taro, "hana", "m-2", "b").await;
    hear(&mut hana, "event: new-message\nid: 2\n").await;
}
