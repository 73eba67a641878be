//! How a client gets in: the request, and the answer to it (RFC 6455, section 4.1).

use super::Foreign;
use crate::cli::bench::{
    fault::BenchFault,
    options::{Speaks, Transport},
    target::Endpoint,
};

/// The key of RFC 6455's own example, section 1.3, and the answer that it gives: nothing is kept from
/// anybody by a key, it only proves that the other side speaks the protocol.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
pub(crate) const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// How every answer begins, and how long its head may be, in bytes: a peer that says something else is not waited for.
const HTTP: &[u8] = b"HTTP/1.1 ";
const HEAD_MAX: usize = 16 * 1024;

/// Who a connection is for, and what it wants to hear.
#[derive(Clone)]
pub(crate) struct Ticket {
    /// A token that the server believes.
    pub(crate) token: String,
    /// Comma list of topics.
    pub(crate) topics: &'static str,
    /// The last event that it has heard, if it comes back.
    pub(crate) last_seq: Option<u64>,
    /// Whether states come with their versions.
    pub(crate) versions: bool,
}

impl Ticket {
    pub(crate) fn new(token: String, topics: &'static str) -> Self {
        Self {
            token,
            topics,
            last_seq: None,
            versions: false,
        }
    }
}

/// The request that opens a connection.
pub(crate) fn request(endpoint: &Endpoint, ticket: &Ticket, number: usize) -> String {
    let Endpoint { host, path, .. } = endpoint;
    let Ticket { token, topics, .. } = ticket;
    let last_seq = ticket.last_seq.map(|seq| format!("&lastSeq={seq}"));
    let last_seq = last_seq.unwrap_or_default();
    let versions = if ticket.versions { "&v=1" } else { "" };
    let upgrade = format!(
        "Host: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n"
    );
    match (endpoint.transport, endpoint.speaks) {
        (Transport::SocketIo, _) => {
            format!("GET {path}?EIO=4&transport=websocket{versions} HTTP/1.1\r\n{upgrade}\r\n")
        }
        (_, Speaks::Plain) => format!("GET {path} HTTP/1.1\r\n{upgrade}\r\n"),
        (Transport::Ws, Speaks::Otomo) => format!(
            "GET {path}?topics={topics}{last_seq}{versions} HTTP/1.1\r\n{upgrade}\
             Authorization: Bearer {token}\r\n\r\n"
        ),
        (Transport::Sse, Speaks::Otomo) => format!(
            "GET {path}?topics={topics}&device={}{last_seq}{versions} HTTP/1.1\r\nHost: {host}\r\n\
             Accept: text/event-stream\r\nAuthorization: Bearer {token}\r\n\r\n",
            device(number)
        ),
    }
}

/// The name by which commands find the stream of the client with this number.
pub(crate) fn device(number: usize) -> String {
    format!("bench-{number}")
}

/// Where the server's answer ends. `None` while it is not all there.
pub(crate) fn answered(transport: Transport, answer: &[u8]) -> Result<Option<usize>, BenchFault> {
    let beginning = answer.len().min(HTTP.len());
    if answer.get(..beginning) != HTTP.get(..beginning) {
        return Err(Foreign::Head.into());
    }
    let Some(end) = answer.windows(4).position(|it| it == b"\r\n\r\n") else {
        return match answer.len() > HEAD_MAX {
            true => Err(Foreign::Head.into()),
            false => Ok(None),
        };
    };
    let head = String::from_utf8_lossy(answer.get(..end).unwrap_or_default());
    let welcome = match transport {
        Transport::Ws | Transport::SocketIo => {
            head.starts_with("HTTP/1.1 101 ") && head.contains(ACCEPT)
        }
        Transport::Sse => head.starts_with("HTTP/1.1 200 "),
    };
    if welcome {
        return Ok(Some(end + 4));
    }
    let status = head.lines().next().unwrap_or_default();
    Err(BenchFault::refused(status))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::bench::options::WayArgs;

    fn asked(transport: Transport, speaks: Speaks) -> String {
        let way = WayArgs {
            transport,
            source: Vec::new(),
            ca: None,
            insecure: false,
        };
        let endpoint = Endpoint::parse("ws://127.0.0.1:8080", speaks, &way).unwrap();
        let mut ticket = Ticket::new("t".to_owned(), "otomo");
        ticket.last_seq = Some(5);
        request(&endpoint, &ticket, 7)
    }

    #[test]
    fn each_transport_is_asked_for_in_its_own_way() {
        let first = |transport, speaks| {
            let asked = asked(transport, speaks);
            assert!(asked.contains("\r\nHost: 127.0.0.1:8080\r\n"), "{asked}");
            assert!(asked.ends_with("\r\n\r\n"), "{asked}");
            let has_token = asked.contains("\r\nAuthorization: Bearer t\r\n");
            (asked.lines().next().unwrap().to_owned(), has_token)
        };
        let line = |path: &str, has_token| (format!("GET {path} HTTP/1.1"), has_token);
        assert_eq!(
            first(Transport::Ws, Speaks::Otomo),
            line("/ws?topics=otomo&lastSeq=5", true)
        );
        assert_eq!(first(Transport::Ws, Speaks::Plain), line("/", false));
        assert_eq!(
            first(Transport::Sse, Speaks::Otomo),
            line("/sse?topics=otomo&device=bench-7&lastSeq=5", true)
        );
        assert_eq!(
            first(Transport::SocketIo, Speaks::Otomo),
            line("/socket.io/?EIO=4&transport=websocket", false)
        );
    }

    #[test]
    fn versions_are_asked_for() {
        let way = WayArgs {
            transport: Transport::Ws,
            source: Vec::new(),
            ca: None,
            insecure: false,
        };
        let mut endpoint = Endpoint::parse("ws://127.0.0.1:8080", Speaks::Otomo, &way).unwrap();
        let mut ticket = Ticket::new("t".to_owned(), "otomo");
        ticket.versions = true;
        for transport in [Transport::Ws, Transport::Sse, Transport::SocketIo] {
            endpoint.transport = transport;
            let asked = request(&endpoint, &ticket, 7);
            assert!(asked.contains("&v=1 HTTP/1.1"), "{asked}");
        }
    }

    #[test]
    fn an_answer_lets_in_or_says_why_not() {
        let answered = |answer: &[u8]| answered(Transport::Ws, answer);
        let welcome = format!(
            "HTTP/1.1 101 Switching Protocols\r\nsec-websocket-accept: {ACCEPT}\r\n\r\n\u{1}"
        );
        let end = welcome.len() - 1;
        assert_eq!(answered(welcome.as_bytes()).unwrap(), Some(end));
        assert_eq!(answered(&welcome.as_bytes()[..end - 1]).unwrap(), None);
        let fault = answered(b"HTTP/1.1 503 Service Unavailable\r\n\r\n").unwrap_err();
        assert!(fault.to_string().contains("503 Service Unavailable"));
    }

    #[test]
    fn who_answers_with_something_else_is_not_waited_for() {
        for odd in [&b"\x8f\x02"[..], b"220 mail", b"HTTP/1.0 200 OK"] {
            assert!(answered(Transport::Ws, odd).is_err(), "{odd:?}");
        }
        let endless = [b"HTTP/1.1 200 OK\r\n", [b'x'; HEAD_MAX].as_slice()].concat();
        assert!(answered(Transport::Ws, &endless).is_err());
        for part in [&b""[..], b"HT", b"HTTP/1.1 101 "] {
            assert_eq!(answered(Transport::Ws, part).unwrap(), None);
        }
    }
}
