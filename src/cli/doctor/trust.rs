//! Whom the server believes, and by what others know it.

use std::time::Duration;

use rustls::pki_types::{CertificateDer, pem::PemObject};
use x509_parser::parse_x509_certificate;

use super::finding::Report;
use crate::{
    app,
    kernel::{
        config::Config,
        identity::{Identity, Role},
        logging::chain,
        time::Clock,
        token::{Issuer, Keys, Verifier},
    },
};

/// How long before its end a certificate should be renewed, in days.
const RENEW_DAYS: i64 = 14;

/// Keys for tokens: whether they can be used, and for what; and a token, made and believed.
pub(super) fn keys(config: &Config, report: &mut Report) {
    const ABOUT: &str = "tokens";
    if config.development() {
        let todo = "set auth.hs256_secret, auth.public_key or auth.jwks_file before others can reach this server";
        let found = "development mode: no credentials are configured, anybody on this machine can be anybody";
        return report.warning(ABOUT, found, todo);
    }
    let auth = config.auth.now();
    let keys = match Keys::read(&auth) {
        Ok(keys) => keys,
        Err(fault) => {
            let todo = "a server does not start with it";
            return report.failed(ABOUT, chain(&fault).to_string(), todo);
        }
    };
    let algorithms: Vec<String> = keys.algorithms().into_iter().collect();
    let algorithms = algorithms.join(", ");
    match auth.hs256_secret {
        None => report.ok(ABOUT, format!("{algorithms}; others sign them")),
        Some(_) => match is_believed(config) {
            Ok(()) => report.ok(ABOUT, format!("{algorithms}; one was made and believed")),
            Err(why) => report.failed(ABOUT, why, "report this: it is a fault of ours"),
        },
    }
    if auth.api_keys.is_empty() {
        let todo =
            "set auth.api_keys for the app's backend, or give it tokens with the role service";
        let found = "auth.api_keys is empty";
        report.warning("backends", found, todo);
    } else {
        let found = format!("{} keys for backends", auth.api_keys.len());
        report.ok("backends", found);
    }
}

fn is_believed(config: &Config) -> Result<(), String> {
    let (auth, now) = (config.auth.now(), Clock::system().now());
    let identity = Identity {
        user: "otomo-doctor"
            .parse()
            .map_err(|_unfit| "no name".to_owned())?,
        role: Role::User,
        name: None,
        avatar: None,
        rooms: Vec::new(),
        expires_at: now + Duration::from_mins(1),
    };
    let issuer = Issuer::new(&auth).map_err(|fault| chain(&fault).to_string())?;
    let token = issuer
        .sign(&identity)
        .map_err(|fault| chain(&fault).to_string())?;
    let verifier = Verifier::new(&auth).map_err(|fault| chain(&fault).to_string())?;
    let believed = verifier.verify(&token, now);
    believed.map(drop).map_err(|fault| fault.to_string())
}

/// The certificate and its key: whether they go together, and until when they are good.
pub(super) fn certificate(config: &Config, report: &mut Report) {
    const ABOUT: &str = "certificate";
    let Some(files) = &config.server.tls else {
        return match config.server.listen.ip().is_loopback() {
            true => report.ok(ABOUT, "not used: only this machine can reach the server"),
            false => report.warning(
                ABOUT,
                "none: tokens and messages pass the network in the clear",
                "let a proxy in front speak TLS, or set server.tls_cert and server.tls_key",
            ),
        };
    };
    if let Err(fault) = app::check_certificate(files) {
        let todo = "a server does not start with it";
        return report.failed(ABOUT, chain(&fault).to_string(), todo);
    }
    let days = CertificateDer::from_pem_file(&files.cert)
        .ok()
        .and_then(|der| {
            let (_, certificate) = parse_x509_certificate(&der).ok()?;
            let end = certificate.validity().not_after.timestamp();
            Some((end - Clock::system().now().unix_seconds()).div_euclid(24 * 60 * 60))
        });
    let todo = "renew it, then systemctl reload otomo (SIGHUP)";
    match days {
        None => report.warning(ABOUT, "its end cannot be read", todo),
        Some(days) if days < 0 => report.failed(ABOUT, "it has expired", todo),
        Some(days) if days < RENEW_DAYS => {
            report.warning(ABOUT, format!("it expires in {days} days"), todo)
        }
        Some(days) => report.ok(ABOUT, format!("good for {days} days")),
    }
}
