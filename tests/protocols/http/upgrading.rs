//! What lies behind a request to upgrade (RFC 9110, section 7.8): frames, if it was granted; else nothing that is read.

use super::{ALIVE, Wire};
use crate::{support::TestServer, tally};

const HANDSHAKE: &str = "GET /ws HTTP/1.1\r\nHost: otomo\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

/// A ping that says "x", masked with zeros, and the pong to it.
const PING: &[u8] = b"\x89\x81\0\0\0\0x";
const PONG: &[u8] = b"\x8a\x01x";

/// The statuses of the answers, and what comes behind an upgrade.
async fn said(server: &TestServer, bytes: &[u8], answers: usize) -> (Vec<u16>, Wire) {
    let mut wire = Wire::to(server).await;
    wire.write(bytes).await;
    let mut statuses = Vec::new();
    for _ in 0..answers {
        statuses.extend(wire.answer().await.map(|answer| answer.head.status));
    }
    (statuses, wire)
}

/// Whether a wire on which frames are spoken says this, sooner or later.
async fn says(wire: Wire, expected: &[u8]) -> bool {
    use tokio::io::AsyncReadExt as _;
    let (mut stream, mut read) = wire.into_parts();
    let holds = |read: &[u8]| read.windows(expected.len()).any(|bytes| bytes == expected);
    while !holds(&read) {
        let reading = tokio::time::timeout(crate::support::PATIENCE, stream.read_buf(&mut read));
        if !reading
            .await
            .expect("frames, or the end")
            .is_ok_and(|count| count > 0)
        {
            return false;
        }
    }
    true
}

#[tokio::test]
async fn behind_an_upgrade_that_is_granted_there_are_frames() {
    let server = TestServer::start().await;
    let with = |rest: &[u8]| [HANDSHAKE.as_bytes(), rest].concat();
    let (statuses, wire) = said(&server, &with(PING), 1).await;
    assert_eq!(statuses, [101]);
    assert!(
        says(wire, PONG).await,
        "a frame in one piece with the handshake"
    );
    let many = with(&PING.repeat(1_000));
    let (_, wire) = said(&server, &many, 1).await;
    assert!(says(wire, PONG).await, "many of them");
    let before = [ALIVE.as_bytes(), ALIVE.as_bytes(), &with(PING)].concat();
    let (statuses, wire) = said(&server, &before, 3).await;
    assert_eq!(statuses, [200, 200, 101]);
    assert!(says(wire, PONG).await, "behind other requests");
    // A request there is no frame: its first letter has reserved bits, and no mask.
    let (statuses, wire) = said(&server, &with(ALIVE.as_bytes()), 1).await;
    assert_eq!(statuses, [101]);
    assert!(
        says(wire, &1002_u16.to_be_bytes()).await,
        "a request where frames are due"
    );
    tally::passed("RFC 9110 7.8: frames behind an upgrade", 4);
}

#[tokio::test]
async fn behind_an_upgrade_that_is_refused_nothing_is_read() {
    let server = TestServer::start().await;
    let version = HANDSHAKE.replace("Version: 13", "Version: 8");
    let elsewhere = HANDSHAKE.replace("/ws", "/elsewhere");
    let keyless = HANDSHAKE.replace("dGhlIHNhbXBsZSBub25jZQ==", "x");
    let sized = HANDSHAKE.replace("\r\n\r\n", "\r\nContent-Length: 7\r\n\r\n");
    let polling = HANDSHAKE.replace("/ws", "/socket.io/?EIO=3&transport=websocket");
    let connect = "CONNECT otomo:443 HTTP/1.1\r\nHost: otomo\r\n\r\n".to_owned();
    let refused = [
        (version, 426),
        (elsewhere, 404),
        (keyless, 400),
        (sized, 400),
        (polling, 400),
        (connect, 404),
    ];
    let mut cases = 0;
    for (handshake, status) in &refused {
        for behind in [PING, ALIVE.as_bytes(), &[PING, ALIVE.as_bytes()].concat()] {
            let said = [handshake.as_bytes(), behind].concat();
            let answered = super::statuses(&server, &said).await;
            assert_eq!(
                answered,
                [*status],
                "{handshake}{}",
                String::from_utf8_lossy(behind)
            );
            cases += 1;
        }
    }
    // What does not ask for a WebSocket is a request like any other: its body is its own, and the next is answered.
    let chunked = HANDSHAKE.replace(
        "\r\n\r\n",
        "\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    );
    let h2c = "GET /health/live HTTP/1.1\r\nHost: otomo\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\
               HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n";
    let last = ALIVE.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
    for (request, status) in [(chunked.as_str(), 426), (h2c, 200)] {
        let answered = super::statuses(&server, format!("{request}{last}").as_bytes()).await;
        assert!(
            answered == [status, 200] || answered == [status],
            "{request}: {answered:?}"
        );
        cases += 1;
    }
    tally::passed("RFC 9110 7.8: upgrades that are refused", cases);
}
