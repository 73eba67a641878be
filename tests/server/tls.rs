//! The same over TLS: sockets, REST, and handshakes that go wrong.

use otomo::kernel::identity::Role;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::chat::writes;
use crate::support::{Certificate, Connecting, End, TestServer, encrypt, field};

/// Somebody about to connect over TLS.
fn connecting(
    server: &TestServer,
    certificate: &Certificate,
    user: &str,
    role: Role,
) -> Connecting {
    server.connecting(user, role).over_tls(certificate)
}

#[tokio::test]
async fn people_call_each_other_over_tls() {
    let certificate = Certificate::new();
    let server = TestServer::start_with(&certificate.settings()).await;
    let hana = connecting(&server, &certificate, "hana", Role::Otomo);
    let mut hana = hana.ready().await;
    let taro = connecting(&server, &certificate, "taro", Role::User);
    let mut taro = taro.ready().await;
    let call = taro.request("hana").await;
    hana.rings(call).await;
    hana.accept(call).await;
    taro.sees("hana", "busy").await;
    taro.expect("signaling_start").await;
    // As large as a message may be: many TLS records.
    let sdp = "x".repeat(60_000);
    let offer = json!({"type": "offer", "sdp": sdp});
    taro.send(json!({"type": "webrtc_offer", "callId": call, "offer": offer}))
        .await;
    assert_eq!(hana.expect("webrtc_offer").await["offer"], offer);
    hana.hang_up(call).await;
    assert_eq!(field(&taro.expect("call_end").await, "reason"), "otomo_end");
    hana.log_out().await;
    taro.sees("hana", "offline").await;
}

#[tokio::test]
async fn a_stream_is_heard_and_resumed_over_tls() {
    let certificate = Certificate::new();
    let server = TestServer::start_with(&certificate.settings()).await;
    let taro = connecting(&server, &certificate, "taro", Role::User);
    let mut taro = taro.ready().await;
    let hana = || connecting(&server, &certificate, "hana", Role::User);
    let mut stream = hana().listening().await;
    // As large as a message may be: many TLS records.
    let body = "x".repeat(8 * 1024);
    for n in 1..=20_u64 {
        writes(&mut taro, "hana", &format!("m-{n}"), &body).await;
    }
    for n in 1..=20_u64 {
        let message = stream.expect("new-message").await;
        assert_eq!(
            (&message["seq"], &message["body"]),
            (&n.into(), &body.clone().into())
        );
    }
    stream.vanish().await;
    writes(&mut taro, "hana", "m-21", "live").await;
    let mut stream = hana().with_header("last-event-id", "20").listening().await;
    assert_eq!(stream.expect("new-message").await["seq"], 21);
    stream.leave();
}

#[tokio::test]
async fn a_page_of_the_servers_own_host_connects_over_tls_and_a_foreign_one_does_not() {
    let certificate = Certificate::new();
    let server = TestServer::start_with(&certificate.settings()).await;
    let page = |origin: &str| {
        let taro = connecting(&server, &certificate, "taro", Role::User);
        taro.with_header("origin", origin)
    };
    page(&format!("https://{}", server.address())).ready().await;
    let mut foreign = page("https://evil.example").open().await;
    assert_eq!(foreign.ended().await, End::Closed(4002));
}

#[tokio::test]
async fn rest_is_served_over_tls() {
    let certificate = Certificate::new();
    let server = TestServer::start_with(&certificate.settings()).await;
    let stream = TcpStream::connect(server.address()).await.unwrap();
    let mut stream = encrypt(&certificate.connector(), stream).await;
    let request = format!(
        "GET /api/me HTTP/1.1\r\nHost: otomo\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\r\n",
        server.token("taro", Role::User)
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains(r#""taro""#), "{answer}");
}

#[tokio::test]
async fn a_tls_handshake_that_is_none_or_does_not_end_is_ended_and_disturbs_nobody() {
    let certificate = Certificate::new();
    let mut settings = certificate.settings().to_vec();
    settings.push(("server.handshake_timeout", "1s"));
    let server = TestServer::start_with(&settings).await;
    let taro = connecting(&server, &certificate, "taro", Role::User);
    let mut taro = taro.ready().await;
    for stuck in [
        "",
        "\u{16}\u{3}\u{1}",
        "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n",
    ] {
        // However it ends, nothing is served.
        let answer = server.try_raw(stuck).await.unwrap_or_default();
        assert!(!answer.contains("HTTP/1.1 200"), "{answer}");
    }
    taro.settled().await;
}
