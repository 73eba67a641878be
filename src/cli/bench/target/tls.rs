//! Whom the tool trusts over TLS.

use std::{path::Path, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    client::Resumption,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, pem::PemObject as _},
};

use crate::cli::{any_certificate::AnyCertificate, bench::fault::BenchFault};

/// Trusts the certificates of a file, else those that browsers trust, or whatever is shown.
///
/// Sessions are not resumed: every connection stands for another user, whose first it is.
pub(crate) fn config(ca: Option<&Path>, insecure: bool) -> Result<Arc<ClientConfig>, BenchFault> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let versions = ClientConfig::builder_with_provider(Arc::clone(&provider));
    let builder = versions.with_safe_default_protocol_versions()?;
    let mut config = match insecure {
        true => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
            .with_no_client_auth(),
        false => builder
            .with_root_certificates(roots(ca)?)
            .with_no_client_auth(),
    };
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

fn roots(ca: Option<&Path>) -> Result<RootCertStore, BenchFault> {
    let Some(file) = ca else {
        return Ok(webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect());
    };
    let unfit = |problem: String| BenchFault::File {
        option: "--ca",
        file: file.display().to_string(),
        problem,
    };
    let mut roots = RootCertStore::empty();
    let certificates =
        CertificateDer::pem_file_iter(file).map_err(|fault| unfit(fault.to_string()))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|fault| unfit(fault.to_string()))?;
        let added = roots.add(certificate);
        added.map_err(|fault| unfit(fault.to_string()))?;
    }
    match roots.is_empty() {
        true => Err(unfit("it holds no certificate".to_owned())),
        false => Ok(roots),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_certificates_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        for problem in ["cannot be used", "holds no certificate"] {
            let fault = config(Some(&file), false).unwrap_err().to_string();
            assert!(
                fault.contains("ca.pem") && fault.contains(problem),
                "{fault}"
            );
            std::fs::write(&file, "").unwrap();
        }
        assert!(config(None, false).is_ok() && config(None, true).is_ok());
    }
}
