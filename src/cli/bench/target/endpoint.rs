//! Where the server is, and how its clients get in.

use std::{
    net::{Ipv4Addr, SocketAddr, ToSocketAddrs},
    sync::Arc,
};

use actix_web::http::Uri;
use rustls::{ClientConfig, pki_types::ServerName};

use super::{sources::Sources, tls};
use crate::cli::bench::{
    fault::BenchFault,
    options::{Speaks, Transport, WayArgs},
};

/// Where the server is, and how its clients get in.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    pub(crate) address: SocketAddr,
    pub(crate) host: String,
    /// Where clients ask to be let in.
    pub(crate) path: String,
    /// Whom to expect, and whom to trust, if it speaks TLS.
    pub(crate) tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
    pub(crate) transport: Transport,
    pub(crate) speaks: Speaks,
    /// Where connections come from.
    pub(crate) sources: Sources,
}

impl Transport {
    /// Where servers of ours serve it.
    fn path(self) -> &'static str {
        match self {
            Self::Ws => "/ws",
            Self::Sse => "/sse",
            Self::SocketIo => "/socket.io/",
        }
    }
}

impl Endpoint {
    /// A server of our own on this machine, whoever it says it is.
    pub(crate) fn local(port: u16, encrypted: bool, way: &WayArgs) -> Result<Self, BenchFault> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let trusted = tls::config(None, true)?;
        Ok(Self {
            address,
            host: address.to_string(),
            path: way.transport.path().to_owned(),
            tls: encrypted.then(|| (trusted, ServerName::from(address.ip()))),
            transport: way.transport,
            speaks: Speaks::Otomo,
            sources: Sources::of(address, &way.source)?,
        })
    }

    /// From `ws://host:port/path` or the like. Without a path, it is where servers of ours serve the transport.
    pub(crate) fn parse(url: &str, speaks: Speaks, way: &WayArgs) -> Result<Self, BenchFault> {
        let unfit = |problem: &str| BenchFault::Url {
            url: url.to_owned(),
            problem: problem.to_owned(),
        };
        let uri: Uri = url.parse().map_err(|_unclear| unfit("is no URL"))?;
        let (encrypted, port) = match uri.scheme_str() {
            Some("ws" | "http") => (false, 80),
            Some("wss" | "https") => (true, 443),
            _ => return Err(unfit("must begin with ws://, wss://, http:// or https://")),
        };
        let authority = uri.authority().ok_or_else(|| unfit("names no host"))?;
        let (host, port) = (authority.host(), authority.port_u16().unwrap_or(port));
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let addresses = (bare, port).to_socket_addrs();
        let first = addresses.ok().and_then(|mut found| found.next());
        let address = first.ok_or_else(|| unfit("names a host that is not found"))?;
        let tls = match encrypted {
            true => {
                let name = ServerName::try_from(bare.to_owned());
                let name = name.map_err(|_unclear| unfit("names no host that TLS could check"))?;
                Some((tls::config(way.ca.as_deref(), way.insecure)?, name))
            }
            false => None,
        };
        let path = match uri.path() {
            "" | "/" if speaks == Speaks::Otomo || way.transport == Transport::SocketIo => {
                way.transport.path()
            }
            "" => "/",
            path => path,
        };
        Ok(Self {
            address,
            host: authority.to_string(),
            path: path.to_owned(),
            tls,
            transport: way.transport,
            speaks,
            sources: Sources::of(address, &way.source)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(transport: Transport) -> WayArgs {
        WayArgs {
            transport,
            source: Vec::new(),
            ca: None,
            insecure: false,
        }
    }

    #[test]
    fn an_endpoint_is_read_from_its_url() {
        let parse = |url| Endpoint::parse(url, Speaks::Otomo, &way(Transport::Ws));
        let endpoint = parse("ws://127.0.0.1:8080/elsewhere").unwrap();
        assert_eq!(endpoint.address, "127.0.0.1:8080".parse().unwrap());
        assert_eq!(
            (&*endpoint.host, &*endpoint.path),
            ("127.0.0.1:8080", "/elsewhere")
        );
        assert!(endpoint.tls.is_none());
        let endpoint = parse("wss://[::1]/").unwrap();
        assert_eq!(endpoint.address, "[::1]:443".parse().unwrap());
        assert!(endpoint.tls.is_some());
        for unfit in ["127.0.0.1:8080", "ftp://127.0.0.1/ws", "ws://"] {
            let fault = parse(unfit).unwrap_err();
            assert!(fault.to_string().contains(unfit), "{fault}");
        }
    }

    #[test]
    fn a_transport_has_its_path_where_none_is_given() {
        let path = |url, speaks, transport| {
            let endpoint = Endpoint::parse(url, speaks, &way(transport));
            endpoint.unwrap().path
        };
        let url = "http://127.0.0.1:8080";
        assert_eq!(path(url, Speaks::Otomo, Transport::Ws), "/ws");
        assert_eq!(path(url, Speaks::Otomo, Transport::Sse), "/sse");
        assert_eq!(path(url, Speaks::Plain, Transport::SocketIo), "/socket.io/");
        assert_eq!(path(url, Speaks::Plain, Transport::Ws), "/");
    }
}
