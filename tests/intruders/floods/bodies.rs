//! Bodies and heads of requests that are more than they seem.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use otomo::kernel::identity::Role;
use reqwest::Method;
use serde_json::json;

use super::Bystander;
use crate::{
    api::{Api, WITH_KEY, send},
    support::Process,
};

/// How much more than before the server may have held at its worst, in bytes. One bomb, unpacked, is four times as much.
const GROWTH_MAX: u64 = 16 * 1024 * 1024;

/// Zeros behind the beginning of a body, packed: below 64 KiB on the wire, the rest in memory.
fn bomb() -> Vec<u8> {
    let mut gzip = Command::new("gzip");
    let piped = gzip.arg("-9").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut gzip = piped.spawn().expect("gzip is there");
    let mut into = gzip.stdin.take().expect("a pipe");
    let writing = std::thread::spawn(move || {
        into.write_all(br#"{"kind":"direct","userId":""#)
            .expect("a reader");
        for _ in 0..60 {
            into.write_all(&vec![b' '; 1024 * 1024]).expect("a reader");
        }
    });
    let packed = gzip.wait_with_output().expect("a bomb");
    writing.join().expect("no panic");
    assert!(packed.status.success() && packed.stdout.len() < 64 * 1024);
    packed.stdout
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compressed_body_is_not_unpacked() {
    let server = Process::start_with(&[WITH_KEY]).await;
    let mut bystander = Bystander::of(&server).await;
    let taro = Api::of(&server, "taro", Role::User);
    let backend = Api::backend(&server);
    let bomb = bomb();
    taro.get("/api/me").await.ok();
    let before = server.peak_memory();
    let mut replies = Vec::new();
    for coding in ["gzip", "x-gzip", "deflate", "br", "identity, gzip", "GZIP"] {
        let bombs = (0..8).map(|n| {
            let (api, path) = match n % 2 {
                0 => (&taro, "/api/conversations"),
                _ => (&backend, "/api/server/events"),
            };
            let request = api
                .request(Method::POST, path)
                .header("content-type", "application/json")
                .header("content-encoding", coding);
            send(request.body(bomb.clone()))
        });
        replies.extend(futures_util::future::join_all(bombs).await);
        bystander.is_served().await;
    }
    let growth = server.peak_memory() - before;
    println!("{growth} bytes more at its worst");
    assert!(growth < GROWTH_MAX, "it has held {growth} bytes more");
    for reply in replies {
        let told = reply.refused(400, "BAD_REQUEST");
        let message = told["message"].as_str().expect("a message");
        assert!(message.contains("without Content-Encoding"), "{message}");
    }
    // Elsewhere a body is what it is, whatever is said of it.
    let commands = taro.request(Method::POST, "/api/commands?device=phone");
    let commands = commands.header("content-encoding", "gzip").body(bomb);
    send(commands).await.refused(400, "BAD_REQUEST");
    // Nor are the messages of a WebSocket ever packed (RFC 7692).
    let offered = server.connecting("taro", Role::User);
    let offered = offered.with_header("sec-websocket-extensions", "permessage-deflate");
    let (_, taken) = offered.try_open().await.expect("the handshake succeeds");
    assert!(!taken.headers().contains_key("sec-websocket-extensions"));
    // What says that it is not packed, is not.
    let plain = taro
        .request(Method::POST, "/api/conversations")
        .header("content-encoding", "identity");
    let plain = plain.json(&json!({"kind": "direct", "userId": "bystander"}));
    send(plain).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn json_that_is_deep_or_wide_is_refused_or_read_in_passing() {
    let server = Process::start_with(&[WITH_KEY]).await;
    let mut bystander = Bystander::of(&server).await;
    let backend = Api::backend(&server);
    let nested = |open: &str, close: &str, levels: usize| {
        format!("{}{}", open.repeat(levels), close.repeat(levels))
    };
    let event = |data: &str| {
        format!(r#"{{"target":{{"user":"bystander"}},"type":"x","data":{{"a":{data}}}}}"#)
    };
    let before = server.peak_memory();
    for (data, statuses) in [
        (nested("[", "]", 30), 200..=200),
        (nested("[", "]", 31), 400..=400),
        (nested("[", "]", 100), 400..=400),
        (nested("[", "]", 30_000), 400..=400),
        (nested(r#"{"a":"#, "}", 10_000), 400..=400),
        ("[".repeat(60_000), 400..=400),
        (format!("[{}0]", "0,".repeat(30_000)), 200..=200),
        (
            format!("{{{}\"z\":0}}", r#""a":0,"#.repeat(9_000)),
            200..=400,
        ),
        ("1e999999999".to_owned(), 200..=400),
        (format!("\"{}\"", "\\u0000".repeat(9_000)), 200..=400),
        (format!("\"{}\"", "x".repeat(70_000)), 400..=413),
    ] {
        let request = backend.request(Method::POST, "/api/server/events");
        let request = request.header("content-type", "application/json");
        let reply = send(request.body(event(&data))).await;
        let begins = data.get(..20).unwrap_or(&data);
        assert!(statuses.contains(&reply.status), "{begins}: {reply:?}");
        // Why, also where what reads JSON gives up by itself.
        let is_deep = statuses == (400..=400);
        let told = reply.json["error"]["message"].to_string();
        let deeper = "nested deeper than 32 levels";
        assert_eq!(told.contains(deeper), is_deep, "{begins}: {told}");
        bystander.is_served().await;
    }
    let growth = server.peak_memory() - before;
    println!("{growth} bytes more at its worst");
    assert!(growth < GROWTH_MAX, "it has held {growth} bytes more");
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_without_measure_are_refused() {
    let server = Process::start_with(&[]).await;
    let mut bystander = Bystander::of(&server).await;
    let before = server.peak_memory();
    let head = |path: &str, headers: &str| {
        format!("GET {path} HTTP/1.1\r\nHost: x\r\n{headers}Connection: close\r\n\r\n")
    };
    let token = format!("Authorization: Bearer {}\r\n", "x".repeat(100_000));
    for request in [
        head("/api/me", &"X-Filler: y\r\n".repeat(200)),
        head("/api/me", &format!("X-Filler: {}\r\n", "y".repeat(300_000))),
        head(&format!("/api/me?{}", "a=b&".repeat(60_000)), ""),
        head("/api/me", &token),
        head(
            "/api/me",
            &format!("Cookie: {}\r\n", "a=b; ".repeat(20_000)),
        ),
        head(&format!("/api/{}", "../".repeat(20_000)), ""),
    ] {
        // Whoever goes on sending when they are refused is cut off.
        let answer = server.try_raw(&request).await.unwrap_or_default();
        let refused = answer.is_empty() || answer.starts_with("HTTP/1.1 4");
        assert!(refused, "{}", answer.lines().next().unwrap_or_default());
        bystander.is_served().await;
    }
    let growth = server.peak_memory() - before;
    println!("{growth} bytes more at its worst");
    assert!(growth < GROWTH_MAX, "it has held {growth} bytes more");
}
