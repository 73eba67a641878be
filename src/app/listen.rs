//! The listening socket and its certificate.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use arc_swap::ArcSwap;
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
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
    let _ = aws_lc_rs::default_provider().install_default();
}

/// The certificate that is shown to who connects. Another one may take its place while the server runs.
#[derive(Debug)]
pub(super) struct Certificates(ArcSwap<CertifiedKey>);

impl Certificates {
    /// With what the files hold.
    pub(super) fn read(files: &TlsConfig) -> Result<Self, StartFault> {
        certified(files).map(|key| Self(ArcSwap::from_pointee(key)))
    }

    /// Whoever connects from now on is shown this one. Those who are connected are not concerned. Whether it is another one
    /// than before.
    pub(super) fn change(&self, to: Self) -> bool {
        let to = to.0.into_inner();
        let before = self.0.swap(Arc::clone(&to));
        before.cert != to.cert
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

/// How TLS is spoken, with whatever certificate there is.
pub(super) fn tls(certificates: &Arc<Certificates>) -> ServerConfig {
    install_crypto();
    let resolver = Arc::clone(certificates) as Arc<dyn ResolvesServerCert>;
    ServerConfig::builder()
        .with_no_client_auth()
        .with_cert_resolver(resolver)
}

/// Reads the certificate and its key.
fn certified(files: &TlsConfig) -> Result<CertifiedKey, StartFault> {
    let unreadable = |path: &std::path::Path, error: &dyn std::fmt::Display| {
        StartFault::Tls(format!("{} cannot be read: {error}", path.display()))
    };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&files.cert)
        .and_then(Iterator::collect)
        .map_err(|error| unreadable(&files.cert, &error))?;
    if chain.is_empty() {
        let fault = format!("{} holds no certificate", files.cert.display());
        return Err(StartFault::Tls(fault));
    }
    let key =
        PrivateKeyDer::from_pem_file(&files.key).map_err(|error| unreadable(&files.key, &error))?;
    CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider()).map_err(|error| {
        let (cert, key) = (files.cert.display(), files.key.display());
        StartFault::Tls(match error {
            // rustls says it with a name of its code.
            rustls::Error::InconsistentKeys(_) => {
                format!("{key} is not the key of the certificate in {cert}")
            }
            error => format!("{cert} and {key} do not go together: {error}"),
        })
    })
}
