//! Section 4 of RFC 6455: what a handshake must say, and what its answer says.

use tokio::net::TcpStream;

use super::{Frame, Peer, cases::server, command, peer::Heard};
use crate::{support::TestServer, tally};

/// The answer to the key of the RFC's example (section 1.3).
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

const LINES: [&str; 5] = [
    "Host: otomo",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
];

/// A handshake in which one line is another, or there are more.
fn handshake(start: &str, lost: &str, instead: &str) -> String {
    let kept = LINES
        .iter()
        .filter(|line| lost.is_empty() || !line.starts_with(lost));
    let lines: Vec<&str> = kept.copied().chain(instead.lines()).collect();
    format!("{start}\r\n{}\r\n\r\n", lines.join("\r\n"))
}

const GET: &str = "GET /ws HTTP/1.1";

async fn begin(server: &TestServer, handshake: &str) -> (Peer, String) {
    let stream = TcpStream::connect(server.address()).await.unwrap();
    let mut peer = Peer::on(stream);
    peer.write(handshake.as_bytes()).await;
    let head = peer.head().await;
    (peer, head.to_lowercase())
}

#[tokio::test]
async fn a_handshake_is_taken_however_it_is_written() {
    let server = server().await;
    let taken = [
        ("", ""),
        ("Upgrade", "upgrade: WebSocket"),
        ("Upgrade", "UPGRADE: WEBSOCKET"),
        ("Connection", "Connection: upgrade"),
        ("Connection", "Connection: UPGRADE"),
        ("Connection", "Connection: keep-alive, Upgrade"),
        ("Connection", "Connection: keep-alive ,\tupgrade , x"),
        (
            "Connection",
            "Connection: keep-alive\r\nConnection: Upgrade",
        ),
        ("Host", "Host: otomo.example:8443"),
        ("", "Origin: http://otomo"),
        // What is offered and not known here is left out of the answer (section 4.2.2).
        ("", "Sec-WebSocket-Protocol: chat, superchat"),
        (
            "",
            "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
        ),
        (
            "",
            "Sec-WebSocket-Extensions: x-webkit-deflate-frame\r\nSec-WebSocket-Extensions: bbf-usp",
        ),
        ("", "X-Unknown: 1"),
        ("", "Content-Length: 0"),
    ];
    for (lost, instead) in taken {
        let (mut peer, head) = begin(&server, &handshake(GET, lost, instead)).await;
        assert!(head.starts_with("http/1.1 101 "), "{instead}: {head}");
        assert!(
            head.contains("\r\nupgrade: websocket\r\n"),
            "{instead}: {head}"
        );
        assert!(
            head.contains("\r\nconnection: upgrade\r\n"),
            "{instead}: {head}"
        );
        let accept = format!("\r\nsec-websocket-accept: {}\r\n", ACCEPT.to_lowercase());
        assert!(head.contains(&accept), "{instead}: {head}");
        assert!(
            !head.contains("sec-websocket-extensions"),
            "{instead}: {head}"
        );
        assert!(
            !head.contains("sec-websocket-protocol"),
            "{instead}: {head}"
        );
        peer.write(&Frame::ping("spoken").bytes()).await;
        assert_eq!(
            peer.next().await,
            Heard::Pong(b"spoken".to_vec()),
            "{instead}"
        );
    }
    tally::passed("RFC 6455: 4.2 handshakes that are taken", taken.len());
}

/// A handshake's first line, which of its lines are lost, what there is instead, and the status of the refusal.
const REFUSED: [(&str, &str, &str, u16); 30] = [
    ("POST /ws HTTP/1.1", "", "", 405),
    ("HEAD /ws HTTP/1.1", "", "", 405),
    ("OPTIONS /ws HTTP/1.1", "", "", 405),
    ("CONNECT /ws HTTP/1.1", "", "", 405),
    ("GET /ws HTTP/1.0", "", "", 400),
    ("GET /elsewhere HTTP/1.1", "", "", 404),
    (GET, "Host", "", 400),
    (GET, "Host", "Host: a\r\nHost: b", 400),
    (GET, "Upgrade", "", 426),
    (GET, "Upgrade", "Upgrade: h2c", 426),
    (GET, "Upgrade", "Upgrade: websockets", 426),
    // Section 4.2.1 would have it taken: the library gives us only what asks for nothing else. No browser sends such a list.
    (GET, "Upgrade", "Upgrade: h2c, websocket", 426),
    (GET, "Connection", "", 426),
    (GET, "Connection", "Connection: close, Upgrade", 426),
    (GET, "Connection", "Connection: Upgrades", 426),
    (GET, KEY, "", 400),
    (GET, KEY, "Sec-WebSocket-Key:", 400),
    (GET, KEY, "Sec-WebSocket-Key: c2hvcnQ=", 400),
    (
        GET,
        KEY,
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZSB0aGF0IGlzIGxvbmc=",
        400,
    ),
    (GET, KEY, "Sec-WebSocket-Key: !!!!!!!!!!!!!!!!!!!!!!==", 400),
    (GET, "", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", 400),
    (GET, VERSION, "", 426),
    (GET, VERSION, "Sec-WebSocket-Version: 8", 426),
    (GET, VERSION, "Sec-WebSocket-Version: 0", 426),
    (GET, VERSION, "Sec-WebSocket-Version: 14", 426),
    (GET, VERSION, "Sec-WebSocket-Version: 13, 8", 426),
    (GET, VERSION, "Sec-WebSocket-Version: 0x0d", 426),
    (GET, "", "Sec-WebSocket-Version: 8", 426),
    // RFC 9110, section 7.8: a body would be read as frames.
    (GET, "", "Content-Length: 5", 400),
    (GET, "", "Transfer-Encoding: chunked", 426),
];

const KEY: &str = "Sec-WebSocket-Key";
const VERSION: &str = "Sec-WebSocket-Version";

#[tokio::test]
async fn a_handshake_that_says_too_little_or_something_else_is_refused() {
    let server = server().await;
    for (start, lost, instead, status) in REFUSED {
        let said = handshake(start, lost, instead);
        let (mut peer, head) = begin(&server, &said).await;
        let expected = format!(" {status} ");
        assert!(head.contains(&expected), "{said}{head}");
        assert!(!head.contains("sec-websocket-accept"), "{said}{head}");
        // Section 4.4: which version would do.
        let named = head.contains("\r\nsec-websocket-version: 13\r\n");
        assert_eq!(named, status == 426, "{said}{head}");
        assert_eq!(
            head.contains("\r\nallow: get"),
            status == 405,
            "{said}{head}"
        );
        // No frame is read on it.
        peer.write(&Frame::text(command("unheard", 0)).bytes())
            .await;
        assert!(!peer.rest().await.contains("unheard"), "{said}");
    }
    tally::passed(
        "RFC 6455: 4.2 and 4.4 handshakes that are refused",
        REFUSED.len(),
    );
}

/// RFC 6455, section 4.1: nothing forbids a client to go on at once; what it says is not to be lost.
#[tokio::test]
async fn what_comes_in_one_piece_with_the_handshake_is_read() {
    let server = server().await;
    let said = Frame::text(command("at once", 0)).bytes();
    let mut cuts = 0;
    // Whole, cut in its header, cut in its payload.
    for cut in [said.len(), 1, 2, 5, 7, said.len() - 1] {
        let (behind, rest) = said.split_at(cut);
        let mut peer = Peer::open(&server, "taro", behind).await;
        peer.write(rest).await;
        while peer.event().await["requestId"] != "at once" {}
        cuts += 1;
    }
    tally::passed("RFC 6455: 4.1 frames behind the handshake", cuts);
}
