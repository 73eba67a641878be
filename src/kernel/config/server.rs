//! `[server]`: where and how clients are served.

use std::{net::SocketAddr, num::NonZeroUsize, path::PathBuf, time::Duration};

use super::{changeable::Changeable, fault::ConfigFault, origins::Origins, reader::Section};

/// Where and how clients are served.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// Address and port to listen on; port 0 is any free one.
    pub listen: SocketAddr,
    /// Threads that serve connections, at least one.
    pub workers: usize,
    /// Pages that may connect.
    pub origins: Changeable<Origins>,
    /// From the first byte of a connection until it has said who it is.
    pub handshake_timeout: Duration,
    /// Quiet time after which an HTTP connection that serves no request is closed.
    pub keep_alive: Duration,
    /// How long calls may go on once the server was asked to stop.
    pub drain_limit: Duration,
    /// Over how long clients come back that a stop sent away.
    pub drain_spread: Duration,
    /// None: plain TCP.
    pub tls: Option<TlsConfig>,
}

/// The PEM files with which TLS is spoken.
#[derive(Clone, Debug)]
pub struct TlsConfig {
    /// The certificate and those that vouch for it, its own first.
    pub cert: PathBuf,
    /// The certificate's private key.
    pub key: PathBuf,
}

impl ServerConfig {
    pub(super) fn read(mut section: Section<'_>) -> Result<Self, ConfigFault> {
        Ok(Self {
            listen: section.parsed(
                "listen",
                "an address with a port, like 127.0.0.1:8080 or [::]:8080",
                |text| text.parse().ok(),
            )?,
            workers: match section.count("workers", 0..=1024)? {
                0 => std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
                workers => workers,
            },
            origins: Changeable::new(Origins::read(&mut section.reloadable(), "origins")?),
            handshake_timeout: section.duration(
                "handshake_timeout",
                Duration::from_millis(10)..=Duration::from_mins(5),
            )?,
            keep_alive: section.duration(
                "keep_alive",
                Duration::from_secs(1)..=Duration::from_hours(1),
            )?,
            drain_limit: section
                .duration("drain_limit", Duration::ZERO..=Duration::from_hours(24))?,
            drain_spread: section
                .duration("drain_spread", Duration::ZERO..=Duration::from_mins(5))?,
            tls: match (
                section.reloadable().path("tls_cert")?,
                section.reloadable().path("tls_key")?,
            ) {
                (None, None) => None,
                (Some(cert), Some(key)) => Some(TlsConfig { cert, key }),
                (None, Some(_)) => return Err(section.refuse("tls_cert", "set where tls_key is")),
                (Some(_), None) => return Err(section.refuse("tls_key", "set where tls_cert is")),
            },
        })
    }
}
