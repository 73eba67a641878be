//! Where the server is, and how a client of ours gets in (RFC 6455, section 4.1).

use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs};

use actix_web::http::Uri;

use super::BenchFault;

/// Where servers of ours serve WebSockets.
const PATH: &str = "/ws";

/// The key of RFC 6455's own example, section 1.3, and the answer that it gives: nothing is kept from
/// anybody by a key, it only proves that the other side speaks the protocol.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// Connections from one source address: far fewer than there are ports (28,000 by default), so that
/// those of the last run may still be closing.
const PER_SOURCE: usize = 4_000;

/// Where WebSockets are served.
#[derive(Debug, Clone)]
pub(super) struct Endpoint {
    pub(super) address: SocketAddr,
    pub(super) host: String,
    path: String,
}

/// Who a connection is for, and what it wants to hear.
#[derive(Debug, Clone)]
pub(super) struct Ticket {
    /// A token that the server believes.
    pub(super) token: String,
    /// Comma list of topics.
    pub(super) topics: &'static str,
}

impl Endpoint {
    /// A server on this machine.
    pub(super) fn local(port: u16) -> Self {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Self {
            address,
            host: address.to_string(),
            path: PATH.to_owned(),
        }
    }

    /// From `ws://host:port/path`.
    pub(super) fn parse(url: &str) -> Result<Self, BenchFault> {
        let unfit = |problem: &str| BenchFault::Url {
            url: url.to_owned(),
            problem: problem.to_owned(),
        };
        let uri: Uri = url.parse().map_err(|_unclear| unfit("is no URL"))?;
        let (Some("ws"), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(unfit("must begin with ws:// and a host"));
        };
        let port = authority.port_u16().unwrap_or(80);
        let addresses = (authority.host(), port).to_socket_addrs();
        let first = addresses.ok().and_then(|mut found| found.next());
        Ok(Self {
            address: first.ok_or_else(|| unfit("names a host that is not found"))?,
            host: authority.to_string(),
            path: uri.path().to_owned(),
        })
    }

    /// The address from which the connection with this number comes. One address has fewer ports than
    /// a server has clients, but loopback has sixteen million addresses.
    pub(super) fn source(&self, number: usize) -> Option<SocketAddr> {
        let IpAddr::V4(server) = self.address.ip() else {
            return None;
        };
        if !server.is_loopback() {
            return None;
        }
        let first = u32::from(Ipv4Addr::new(127, 0, 0, 2));
        let offset = u32::try_from(number / PER_SOURCE).ok()?;
        Some(SocketAddr::from((Ipv4Addr::from(first + offset), 0)))
    }

    /// The request that opens a connection.
    pub(super) fn request(&self, ticket: &Ticket) -> String {
        let Self { host, path, .. } = self;
        let Ticket { token, topics } = ticket;
        format!(
            "GET {path}?topics={topics} HTTP/1.1\r\nHost: {host}\r\n\
             Upgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n\
             Authorization: Bearer {token}\r\n\r\n"
        )
    }
}

/// Where the server's answer ends. `None` while it is not all there.
pub(super) fn answered(answer: &[u8]) -> Result<Option<usize>, BenchFault> {
    let Some(end) = answer.windows(4).position(|it| it == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = String::from_utf8_lossy(answer.get(..end).unwrap_or_default());
    if head.starts_with("HTTP/1.1 101 ") && head.contains(ACCEPT) {
        return Ok(Some(end + 4));
    }
    let status = head.lines().next().unwrap_or_default();
    Err(BenchFault::Refused(status.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_read_from_its_url() {
        let endpoint = Endpoint::parse("ws://127.0.0.1:8080/ws").unwrap();
        assert_eq!(endpoint.address, "127.0.0.1:8080".parse().unwrap());
        let ticket = Ticket {
            token: "t".to_owned(),
            topics: "otomo",
        };
        let request = endpoint.request(&ticket);
        assert!(request.starts_with("GET /ws?topics=otomo HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n"));
        for unfit in ["127.0.0.1:8080", "wss://127.0.0.1/ws", "ws://", "http://a/"] {
            let fault = Endpoint::parse(unfit).unwrap_err();
            assert!(fault.to_string().contains(unfit), "{fault}");
        }
    }

    #[test]
    fn connections_to_this_machine_come_from_many_addresses() {
        let source = |url, number| Endpoint::parse(url).unwrap().source(number);
        let near = "ws://127.0.0.1:8080/ws";
        assert_eq!(source(near, 0), Some("127.0.0.2:0".parse().unwrap()));
        assert_eq!(source(near, 4_000), Some("127.0.0.3:0".parse().unwrap()));
        assert_eq!(source("ws://192.0.2.1:80/", 0), None);
    }

    #[test]
    fn an_answer_lets_in_or_says_why_not() {
        let welcome = format!(
            "HTTP/1.1 101 Switching Protocols\r\nsec-websocket-accept: {ACCEPT}\r\n\r\n\u{1}"
        );
        let end = welcome.len() - 1;
        assert_eq!(answered(welcome.as_bytes()).unwrap(), Some(end));
        assert_eq!(answered(&welcome.as_bytes()[..end - 1]).unwrap(), None);
        let fault = answered(b"HTTP/1.1 503 Service Unavailable\r\n\r\n").unwrap_err();
        assert!(fault.to_string().contains("503 Service Unavailable"));
    }
}
