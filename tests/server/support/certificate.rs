//! A certificate that was made for one test, and clients who trust it and no other.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use rcgen::{CertificateParams, CertifiedKey, KeyPair, generate_simple_self_signed};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, ServerName},
    },
};

/// For whom it is made: test servers listen there.
const HOST: &str = "127.0.0.1";

/// A certificate with its key, in files.
pub struct Certificate {
    cert: String,
    key: String,
    der: CertificateDer<'static>,
    _folder: TempDir,
}

impl Certificate {
    /// A new one, which vouches for itself.
    pub fn new() -> Self {
        let made = generate_simple_self_signed([HOST.to_owned()]);
        Self::keep(made.expect("a certificate"))
    }

    /// One that was good for a day, last week.
    pub fn expired() -> Self {
        let day = Duration::from_secs(24 * 60 * 60);
        let from = SystemTime::now() - day * 7;
        let mut params = CertificateParams::new([HOST.to_owned()]).expect("a host");
        (params.not_before, params.not_after) = (from.into(), (from + day).into());
        let signing_key = KeyPair::generate().expect("a key");
        let cert = params.self_signed(&signing_key).expect("a certificate");
        Self::keep(CertifiedKey { cert, signing_key })
    }

    fn keep(CertifiedKey { cert, signing_key }: CertifiedKey<KeyPair>) -> Self {
        let folder = super::folder();
        let file = |name: &str, pem: String| {
            let path = folder.path().join(name);
            std::fs::write(&path, pem).expect("a writable folder");
            path.to_str().expect("a path").to_owned()
        };
        Self {
            cert: file("cert.pem", cert.pem()),
            key: file("key.pem", signing_key.serialize_pem()),
            der: cert.der().clone(),
            _folder: folder,
        }
    }

    /// The settings of a server that has it.
    pub fn settings(&self) -> [(&str, &str); 2] {
        [
            ("server.tls_cert", &self.cert),
            ("server.tls_key", &self.key),
        ]
    }

    /// What a client connects with who trusts this certificate alone.
    pub fn connector(&self) -> TlsConnector {
        self.connector_for(&[])
    }

    /// The same for one who speaks these protocols (ALPN).
    pub fn connector_for(&self, protocols: &[&[u8]]) -> TlsConnector {
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone()).expect("a sound certificate");
        let mut config =
            ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
                .with_safe_default_protocol_versions()
                .expect("versions that the provider has")
                .with_root_certificates(roots)
                .with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|it| it.to_vec()).collect();
        Arc::new(config).into()
    }
}

/// Shakes hands over TLS with a test server.
pub async fn encrypt(tls: &TlsConnector, stream: TcpStream) -> TlsStream<TcpStream> {
    let host = ServerName::try_from(HOST).expect("a host");
    let encrypted = tls.connect(host, stream).await;
    encrypted.expect("the server proves who it is")
}
