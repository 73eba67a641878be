//! Chunked bodies (RFC 9112, section 7.1).

use otomo::kernel::identity::Role;

use super::{ALIVE, Wire};
use crate::{support::TestServer, tally};

const JSON: &str = r#"{"status":"break"}"#;

fn put(token: &str, body: &str) -> String {
    format!(
        "PUT /api/otomo/status HTTP/1.1\r\nHost: otomo\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{body}"
    )
}

/// The answers to a chunked body, and to a request behind it.
async fn answers(server: &TestServer, token: &str, body: &str) -> Vec<(u16, String)> {
    let mut wire = Wire::to(server).await;
    let last = ALIVE.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
    wire.write(format!("{}{last}", put(token, body))).await;
    let mut answers = Vec::new();
    while let Some(answer) = wire.answer().await {
        answers.push((
            answer.head.status,
            String::from_utf8_lossy(&answer.body).into_owned(),
        ));
    }
    answers
}

#[tokio::test]
async fn chunks_are_put_together_whatever_is_said_around_them() {
    let server = TestServer::start().await;
    let _hana = server.otomo("hana").await;
    let token = server.token("hana", Role::Otomo);
    let size = format!("{:x}", JSON.len());
    let (head, tail) = JSON.split_at(5);
    let whole = |line: &str, end: &str| format!("{line}\r\n{JSON}\r\n{end}");
    let bodies = [
        whole(&size, "0\r\n\r\n"),
        whole(&size.to_uppercase(), "0\r\n\r\n"),
        whole(&format!("000{size}"), "000\r\n\r\n"),
        // Extensions are passed over (section 7.1.1), trailers too (section 7.1.2).
        whole(&format!("{size};name=value"), "0;last\r\n\r\n"),
        whole(&format!("{size};a;b=\"c d\""), "0\r\n\r\n"),
        whole(&format!("{size} "), "0\r\n\r\n"),
        whole(&size, "0\r\nX-Trailer: a\r\nX-Other: b\r\n\r\n"),
        format!("5\r\n{head}\r\n{:x}\r\n{tail}\r\n0\r\n\r\n", tail.len()),
        JSON.chars()
            .map(|letter| format!("1\r\n{letter}\r\n"))
            .collect::<String>()
            + "0\r\n\r\n",
    ];
    for body in &bodies {
        let answers = answers(&server, &token, body).await;
        let statuses: Vec<u16> = answers.iter().map(|(status, _)| *status).collect();
        assert_eq!(statuses, [200, 200], "{body:?}: {answers:?}");
    }
    tally::passed("RFC 9112 7.1: chunks", bodies.len());
}

#[tokio::test]
async fn what_is_no_chunk_ends_the_connection_and_nothing_behind_it_is_read() {
    let server = TestServer::start().await;
    let token = server.token("hana", Role::Otomo);
    let bodies = [
        format!("x\r\n{JSON}\r\n0\r\n\r\n"),
        format!("-12\r\n{JSON}\r\n0\r\n\r\n"),
        format!("+12\r\n{JSON}\r\n0\r\n\r\n"),
        format!("0x12\r\n{JSON}\r\n0\r\n\r\n"),
        format!(" 12\r\n{JSON}\r\n0\r\n\r\n"),
        format!("12 2\r\n{JSON}\r\n0\r\n\r\n"),
        format!("\r\n{JSON}\r\n0\r\n\r\n"),
        format!(";a\r\n{JSON}\r\n0\r\n\r\n"),
        format!("12\n{JSON}\r\n0\r\n\r\n"),
        format!("12\r{JSON}\r\n0\r\n\r\n"),
        format!("12;a\nb\r\n{JSON}\r\n0\r\n\r\n"),
        format!("12;a\0b\r\n{JSON}\r\n0\r\n\r\n"),
        format!("12\r\n{JSON}0\r\n\r\n"),
        format!("12\r\n{JSON}\n0\r\n\r\n"),
        format!("12\r\n{JSON}xx0\r\n\r\n"),
        format!("11\r\n{JSON}\r\n0\r\n\r\n"),
        format!("10000000000000012\r\n{JSON}\r\n0\r\n\r\n"),
        format!("ffffffffffffffff0\r\n{JSON}\r\n0\r\n\r\n"),
    ];
    for body in &bodies {
        let answers = answers(&server, &token, body).await;
        // Either refused or cut off, and never followed by what lay behind.
        assert!(answers.len() <= 1, "{body:?}: {answers:?}");
        assert!(
            answers.iter().all(|(status, _)| *status == 400),
            "{body:?}: {answers:?}"
        );
    }
    tally::passed("RFC 9112 7.1: what is no chunk", bodies.len());
}
