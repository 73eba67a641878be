//! What the machine gives: descriptors, the address, the disk.

use std::{
    io::{self, Read as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    sync::Arc,
};

use nix::sys::statvfs::statvfs;
use rustls::{ClientConfig, ClientConnection, StreamOwned, crypto::aws_lc_rs};
use serde::Deserialize;

use super::{PATIENCE, Report};
use crate::{
    cli::{any_certificate::AnyCertificate, descriptors},
    kernel::config::{Config, DatabaseUrl},
};

/// Descriptors beside those of sessions: files, the database, the HTTP connections of a quiet day.
const OTHER_DESCRIPTORS: u64 = 256;

/// Below this a disk is nearly full.
const LOW_ROOM_BYTES: u64 = 2 << 30;

/// Below this it is as good as full.
const NO_ROOM_BYTES: u64 = 200 << 20;

/// What to do about a server that may be the one of these settings, or not.
const WHOSE: &str =
    "if it is not the server of these settings, stop it or choose another server.listen";

/// More than an answer of ours can have, in bytes.
const ANSWER_MAX: u64 = 64 * 1024;

/// Whether as many clients as there may be get a descriptor each.
pub(super) fn descriptors(config: &Config, report: &mut Report) {
    const ABOUT: &str = "descriptors";
    let most = match descriptors::raise() {
        Ok(most) => most,
        Err(error) => return report.warning(ABOUT, error.to_string(), "look at ulimit -n"),
    };
    let limits = config.limits.now();
    let Some(connections) = limits.connections.map(|most| u64::from(most.get())) else {
        let found = format!("{most}, and limits.connections is off");
        return report.warning(ABOUT, found, "set limits.connections below it");
    };
    let needed = connections + OTHER_DESCRIPTORS;
    if most >= needed {
        let found =
            format!("{most}, enough for {connections} WebSockets; an event stream takes two");
        return report.ok(ABOUT, found);
    }
    report.warning(
        ABOUT,
        format!("{most}, too few for {connections} WebSockets; an event stream takes two"),
        format!("raise LimitNOFILE (ulimit -n) to {needed}, or lower limits.connections"),
    );
}

/// Whether the address is free, or a server of ours has it.
pub(super) fn address(config: &Config, report: &mut Report) {
    const ABOUT: &str = "address";
    let listen = config.server.listen;
    let taken = match TcpListener::bind(listen) {
        Ok(_free) => return report.ok(ABOUT, format!("{listen} is free")),
        Err(error) => error,
    };
    if taken.kind() != io::ErrorKind::AddrInUse {
        let todo = "choose another server.listen, or give this user the right to it";
        return report.failed(ABOUT, format!("{listen}: {taken}"), todo);
    }
    let ours = Speech::of(config);
    let (server, speech) = find(listen, ours);
    let how = match (speech == ours, speech) {
        (true, _) => "",
        (false, Speech::Tls) => " with TLS, unlike these settings,",
        (false, Speech::Plain) => " without TLS, unlike these settings,",
    };
    match server {
        Ok(Server::Ready) => {
            let found = format!("an Otomo serves {listen}{how} and is ready");
            report.warning(ABOUT, found, WHOSE);
        }
        Ok(Server::Unready(reasons)) => report.warning(
            ABOUT,
            format!("an Otomo serves {listen}{how} and is not ready ({reasons})"),
            format!("look at its log; {WHOSE}"),
        ),
        Ok(Server::Foreign) => report.failed(
            ABOUT,
            format!("{listen} is taken by something that is no Otomo"),
            "stop that, or choose another server.listen",
        ),
        Err(error) => report.failed(
            ABOUT,
            format!("{listen} is taken, and does not answer ({error})"),
            "if an Otomo serves there, look at its log; else choose another server.listen",
        ),
    }
}

/// How a server is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Speech {
    Plain,
    Tls,
}

impl Speech {
    /// How one with these settings is.
    fn of(config: &Config) -> Self {
        match config.server.tls {
            Some(_) => Self::Tls,
            None => Self::Plain,
        }
    }

    fn other(self) -> Self {
        match self {
            Self::Plain => Self::Tls,
            Self::Tls => Self::Plain,
        }
    }
}

/// Who has the address, and how it is spoken to. Settings that got TLS, or lost it, are looked at beside the server of before:
/// it is not to be taken for a foreign one.
fn find(address: SocketAddr, ours: Speech) -> (io::Result<Server>, Speech) {
    let look = |speech| ask(address, speech).map(|answer| Server::of(&answer));
    let found = look(ours);
    let hangs = |error: &io::Error| error.kind() == io::ErrorKind::TimedOut;
    if matches!(found, Ok(Server::Ready | Server::Unready(_))) || found.as_ref().is_err_and(hangs) {
        return (found, ours);
    }
    match look(ours.other()) {
        Ok(server @ (Server::Ready | Server::Unready(_))) => (Ok(server), ours.other()),
        Ok(Server::Foreign) | Err(_) => (found, ours),
    }
}

/// What the server at the address says of itself. Its certificate need not be trusted: it is told nothing.
///
/// # Errors
/// If it says nothing, or not in time: a server that hangs or takes nobody more is not known from a foreign one.
fn ask(address: SocketAddr, speech: Speech) -> io::Result<String> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    match speech {
        Speech::Plain => exchange(stream, address),
        Speech::Tls => {
            let provider = Arc::new(aws_lc_rs::default_provider());
            let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
                .with_safe_default_protocol_versions()
                .map_err(io::Error::other)?
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
                .with_no_client_auth();
            let session = ClientConnection::new(Arc::new(config), address.ip().into());
            let session = session.map_err(io::Error::other)?;
            exchange(StreamOwned::new(session, stream), address)
        }
    }
}

fn exchange(mut stream: impl io::Read + io::Write, address: SocketAddr) -> io::Result<String> {
    write!(
        stream,
        "GET /health/ready HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = Vec::new();
    let read = stream.take(ANSWER_MAX).read_to_end(&mut answer);
    match (answer.is_empty(), read) {
        (true, Err(error)) if error.kind() == io::ErrorKind::WouldBlock => Err(io::Error::new(
            io::ErrorKind::TimedOut,
            format!("nothing within {} s", PATIENCE.as_secs()),
        )),
        (true, Err(error)) => Err(error),
        (true, Ok(_)) => Err(io::Error::other("it closes the connection")),
        (false, _) => Ok(String::from_utf8_lossy(&answer).into_owned()),
    }
}

/// Who has the address.
#[derive(Debug, PartialEq, Eq)]
enum Server {
    /// A server of ours that takes clients.
    Ready,
    /// A server of ours that takes none, and why.
    Unready(String),
    /// Something else.
    Foreign,
}

/// The bodies of `GET /health/ready`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Health {
    Ready { ready: bool },
    Unready { error: Refusal },
}

#[derive(Deserialize)]
struct Refusal {
    code: String,
    context: Reasons,
}

#[derive(Deserialize)]
struct Reasons {
    reasons: Vec<String>,
}

impl Server {
    /// From an answer over HTTP/1. Its status and its body must both be ours: a proxy also says 503.
    fn of(answer: &str) -> Self {
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
        let status = head.split(' ').nth(1).unwrap_or_default();
        match (status, serde_json::from_str(body)) {
            ("200", Ok(Health::Ready { ready: true })) => Self::Ready,
            ("503", Ok(Health::Unready { error })) if error.code == "UNAVAILABLE" => {
                Self::Unready(error.context.reasons.join(", "))
            }
            _ => Self::Foreign,
        }
    }
}

/// Whether the disk of an SQLite database has room.
pub(super) fn disk(config: &Config, report: &mut Report) {
    const ABOUT: &str = "disk";
    let DatabaseUrl::Sqlite(path) = &config.database.url else {
        return;
    };
    let there = path.ancestors().find(|it| it.exists());
    let there = there.unwrap_or(Path::new("."));
    let free = match statvfs(there) {
        Ok(disk) => disk.blocks_available() * disk.fragment_size(),
        Err(error) => return report.warning(ABOUT, error.to_string(), "look at df"),
    };
    let text = format!("{} MiB free at {}", free >> 20, there.display());
    let todo = "make room: when it is full nothing is stored any more";
    match free {
        0..NO_ROOM_BYTES => report.failed(ABOUT, text, todo),
        NO_ROOM_BYTES..LOW_ROOM_BYTES => report.warning(ABOUT, text, todo),
        _ => report.ok(ABOUT, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_otomo_is_taken_for_one() {
        let unready = r#"{"error":{"code":"UNAVAILABLE","message":"m","context":{"reasons":["draining","lease"]}}}"#;
        let is = |status: &str, body: &str| {
            Server::of(&format!(
                "HTTP/1.1 {status}\r\ncontent-length: 1\r\n\r\n{body}"
            ))
        };
        assert_eq!(is("200 OK", r#"{"ready":true}"#), Server::Ready);
        assert_eq!(
            is("200 OK", r#"{"ready":true,"degraded":["redis"]}"#),
            Server::Ready
        );
        assert_eq!(
            is("503 Service Unavailable", unready),
            Server::Unready("draining, lease".to_owned())
        );
        for (status, body) in [
            ("503 Service Unavailable", "<h1>503 UNAVAILABLE</h1>"),
            (
                "503 Service Unavailable",
                r#"{"error":{"code":"UNAVAILABLE"}}"#,
            ),
            ("503 Service Unavailable", r#"{"ready":true}"#),
            ("200 OK", unready),
            ("200 OK", r#"{"ready":false}"#),
            ("404 Not Found", r#"the page has "ready":true in it"#),
        ] {
            assert_eq!(is(status, body), Server::Foreign, "{status} {body}");
        }
        assert_eq!(Server::of("220 mail.example ESMTP\r\n"), Server::Foreign);
    }
}
