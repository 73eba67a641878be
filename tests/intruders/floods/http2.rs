//! HTTP/2, which is spoken where there is TLS: streams that are reset at once, without number, or with heads without measure.

use std::net::SocketAddr;

use h2::{Reason, client::SendRequest};
use http::Request;
use otomo::kernel::identity::Role;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinHandle,
    time::timeout,
};

use crate::{
    injection::is_one_of_ours,
    support::{Certificate, Client, Endpoint, PATIENCE, Process, TestServer, encrypt},
};

/// How much more than before the server may have held at its worst, in bytes.
const GROWTH_MAX: u64 = 32 * 1024 * 1024;

/// Kinds of frames (RFC 9113, section 6).
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;

type Requests = SendRequest<bytes::Bytes>;

/// A connection, and how it ended.
async fn connect(
    address: SocketAddr,
    certificate: &Certificate,
) -> (Requests, JoinHandle<Result<(), h2::Error>>) {
    let tcp = TcpStream::connect(address).await.expect("a server");
    let tls = encrypt(&certificate.connector_for(&[b"h2"]), tcp).await;
    let (requests, connection) = h2::client::handshake(tls).await.expect("HTTP/2");
    (requests, tokio::spawn(connection))
}

fn request(path: &str) -> http::request::Builder {
    Request::get(format!("https://127.0.0.1{path}"))
}

/// Somebody on a WebSocket of their own.
async fn bystander(server: &Endpoint, certificate: &Certificate) -> Client {
    let bystander = server.connecting("bystander", Role::User);
    bystander.over_tls(certificate).ready().await
}

/// Asks and takes it back, `times` over, as far as the server goes along.
async fn ask_and_reset(requests: &mut Requests, path: &str, times: usize) {
    for _ in 0..times {
        let Ok(mut ready) = requests.clone().ready().await else {
            return;
        };
        let Ok((_, mut stream)) =
            ready.send_request(request(path).body(()).expect("a request"), true)
        else {
            return;
        };
        stream.send_reset(Reason::CANCEL);
        tokio::task::yield_now().await;
    }
}

/// CVE-2023-44487: requests that are reset as soon as they are made cost a client nothing.
#[tokio::test(flavor = "multi_thread")]
async fn requests_that_are_reset_at_once_disturb_nobody() {
    let certificate = Certificate::new();
    let server = Process::start_with(&certificate.settings()).await;
    let mut bystander = bystander(&server, &certificate).await;
    let before = server.peak_memory();
    let mut floods = Vec::new();
    for path in ["/sse", "/health/ready", "/api/me", "/admin/app.js"] {
        let (mut requests, connection) = connect(server.address(), &certificate).await;
        floods.push(tokio::spawn(async move {
            ask_and_reset(&mut requests, path, 2_000).await;
            drop(requests);
            connection.abort();
        }));
    }
    for _ in 0..10 {
        bystander.settled().await;
    }
    for flood in floods {
        timeout(PATIENCE, flood)
            .await
            .expect("an end")
            .expect("no panic");
    }
    bystander.settled().await;
    let growth = server.peak_memory() - before;
    println!("{growth} bytes more at its worst");
    assert!(growth < GROWTH_MAX, "it has held {growth} bytes more");
}

#[tokio::test]
async fn streams_of_one_connection_count_each() {
    let certificate = Certificate::new();
    let mut settings = certificate.settings().to_vec();
    settings.extend([
        ("limits.connections", "12"),
        ("limits.connections_per_user", "5"),
    ]);
    let server = TestServer::start_with(&settings).await;
    let mut bystander = bystander(&server, &certificate).await;
    let (mut requests, _connection) = connect(server.address(), &certificate).await;
    let mut open = Vec::new();
    let mut statuses = Vec::new();
    for n in 0..20 {
        let token = server.token(&format!("taro-{}", n / 10), Role::User);
        let request = request("/sse").header("authorization", format!("Bearer {token}"));
        let sent = requests.send_request(request.body(()).expect("a request"), true);
        let (response, _) = sent.expect("a live connection");
        let response = timeout(PATIENCE, response)
            .await
            .expect("in time")
            .expect("an answer");
        statuses.push(response.status().as_u16());
        open.push(response);
    }
    let served = statuses.iter().filter(|it| **it == 200).count();
    assert_eq!(served, 10, "five for each of two: {statuses:?}");
    bystander.settled().await;
}

/// A frame (RFC 9113, section 4.1) of the first stream, or of the connection.
fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len())
        .expect("a short frame")
        .to_be_bytes();
    let head = [
        length[1], length[2], length[3], kind, flags, 0, 0, 0, stream,
    ];
    [&head, payload].concat()
}

/// `GET /api/me` with many headers, as no library would send it: none of them is in any table (RFC 7541, section 6.2.2).
fn request_with_headers(count: usize) -> Vec<u8> {
    const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    // :method GET, :scheme https, :path /, and an :authority.
    let mut block = vec![0x82, 0x87, 0x84, 0x01, 1, b'x'];
    for n in 0..count {
        let name = format!("x{n}");
        block.extend([0, u8::try_from(name.len()).expect("a short name")]);
        block.extend(name.bytes());
        block.extend([1, b'y']);
    }
    let mut bytes = [PREFACE, &frame(SETTINGS, 0, 0, &[])].concat();
    let parts = block.chunks(16_384);
    let last = parts.len() - 1;
    for (at, part) in parts.enumerate() {
        let (kind, end_of_stream) = if at == 0 {
            (HEADERS, 1)
        } else {
            (CONTINUATION, 0)
        };
        let end_of_headers = if at == last { 4 } else { 0 };
        bytes.extend(frame(kind, end_of_stream | end_of_headers, 1, part));
    }
    bytes
}

/// The first frame that is about the request, or none: `HEADERS` with its answer, `RST_STREAM`, `GOAWAY`.
async fn answered(wire: &mut (impl AsyncRead + Unpin)) -> Option<u8> {
    loop {
        let mut head = [0; 9];
        wire.read_exact(&mut head).await.ok()?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length.try_into().expect("a short frame")];
        wire.read_exact(&mut payload).await.ok()?;
        if [HEADERS, RST_STREAM, GOAWAY].contains(&head[3]) {
            return Some(head[3]);
        }
    }
}

/// Goal: a head that never fits ends its own connection at most.
/// Method: more headers than the library's table of them can hold, in far fewer bytes than a head may have. It panics then (h2
/// 0.3 with http 0.2): all is on one thread, which must go on.
#[tokio::test(flavor = "multi_thread")]
async fn a_head_without_measure_ends_its_own_connection_at_most() {
    let certificate = Certificate::new();
    let mut settings = certificate.settings().to_vec();
    settings.push(("server.workers", "1"));
    let (server, log) = Process::start_logging(&settings, "info").await;
    let mut bystander = bystander(&server, &certificate).await;
    let before = server.peak_memory();
    for (count, is_answered) in [
        (10, true),
        (20_000, false),
        (30_000, false),
        (100_000, false),
    ] {
        let tcp = TcpStream::connect(server.address())
            .await
            .expect("a server");
        let mut tls = encrypt(&certificate.connector_for(&[b"h2"]), tcp).await;
        // Whoever goes on sending when they are refused is cut off.
        let _ = tls.write_all(&request_with_headers(count)).await;
        let answer = timeout(PATIENCE, answered(&mut tls)).await.expect("an end");
        assert!(
            !is_answered || answer == Some(HEADERS),
            "{count}: {answer:?}"
        );
        drop(tls);
        bystander.settled().await;
        let again = server.connecting("bystander", Role::User);
        again.over_tls(&certificate).ready().await;
    }
    let growth = server.peak_memory() - before;
    println!("{growth} bytes more at its worst");
    assert!(growth < GROWTH_MAX, "it has held {growth} bytes more");
    // Whatever a stranger brings about is a line of the log at most.
    let logged = std::fs::read_to_string(&log).expect("a log");
    for line in logged.lines() {
        assert!(is_one_of_ours(line), "{line:?}");
    }
}
