//! The listening socket and its certificate.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    time::Duration,
};

use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use socket2::{Domain, Protocol, Socket, TcpKeepalive, Type};

use super::StartFault;
use crate::kernel::config::{OutboxConfig, TlsConfig};

/// Connections that wait to be accepted: a whole office that comes back after a restart.
const BACKLOG: i32 = 4096;

/// Quiet time after which the kernel asks whether a peer is there. For plain HTTP connections: clients
/// of sockets are pinged.
const KEEP_ALIVE: Duration = Duration::from_secs(60);

/// How much longer than `outbox.write_timeout` the kernel waits for an acknowledgement.
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED: Duration = Duration::from_secs(120);

/// Bytes that the kernel takes for a client beyond what is on its way to it. A socket asks for more as soon
/// as there is room, so this bounds what is stale, not how fast a client is served.
#[cfg(target_os = "linux")]
const UNSENT_MAX: u32 = 32 * 1024;

/// Listens. What is set here, accepted sockets inherit.
pub(super) fn bind(address: SocketAddr, outbox: &OutboxConfig) -> Result<TcpListener, StartFault> {
    listener(address, outbox).map_err(|cause| StartFault::Listen { address, cause })
}

fn listener(address: SocketAddr, outbox: &OutboxConfig) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_reuse_address(true)?;
    // Frames are joined before they are written: waiting for more would only delay them.
    socket.set_tcp_nodelay(true)?;
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEP_ALIVE))?;
    // Ends a connection whose peer acknowledges nothing. Ours comes first and can say why: a client that
    // reads nothing is noticed only once the kernel's room for it is full.
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(outbox.write_timeout + UNACKNOWLEDGED))?;
    // What a slow client has not read waits in its outbox, where states are thinned, not in the kernel,
    // which would keep megabytes of what is stale by the time it is read.
    #[cfg(target_os = "linux")]
    socket.set_tcp_notsent_lowat(UNSENT_MAX)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Makes TLS possible in this process, as a server and as a client of the app's webhook.
pub(super) fn install_crypto() {
    // The only provider there is; a second call finds it installed.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

/// Reads the certificate and its key.
pub(super) fn tls(config: &TlsConfig) -> Result<ServerConfig, StartFault> {
    install_crypto();
    let unreadable = |path: &std::path::Path, error: &dyn std::fmt::Display| {
        StartFault::Tls(format!("{} cannot be read: {error}", path.display()))
    };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&config.cert)
        .and_then(Iterator::collect)
        .map_err(|error| unreadable(&config.cert, &error))?;
    if chain.is_empty() {
        let fault = format!("{} holds no certificate", config.cert.display());
        return Err(StartFault::Tls(fault));
    }
    let key = PrivateKeyDer::from_pem_file(&config.key)
        .map_err(|error| unreadable(&config.key, &error))?;
    ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| {
            let (cert, key) = (config.cert.display(), config.key.display());
            StartFault::Tls(format!("{cert} and {key} do not go together: {error}"))
        })
}
