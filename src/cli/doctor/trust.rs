//! Whom the server believes, and by what others know it.

use std::{fmt, path::Path, time::Duration};

use rustls::pki_types::{CertificateDer, pem::PemObject};
use x509_parser::parse_x509_certificate;

use super::{NO_START, Report};
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

/// What to do before its end.
const RENEW: &str = "renew it, then systemctl reload otomo (SIGHUP)";

/// Seconds.
const DAY: i64 = 24 * 60 * 60;

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
        Err(fault) => return report.failed(ABOUT, chain(&fault).to_string(), NO_START),
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
        report.warning("backends", "auth.api_keys is empty", todo);
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
        return report.ok(ABOUT, "not used: the server does not speak TLS itself");
    };
    if let Err(fault) = app::check_certificate(files) {
        return report.failed(ABOUT, chain(&fault).to_string(), NO_START);
    }
    let Some(certificates) = read_chain(&files.cert) else {
        let found = format!(
            "{} cannot be parsed, so its end is not known",
            files.cert.display()
        );
        return report.warning(ABOUT, found, "look at it with openssl x509 -text");
    };
    let now = Clock::system().now().unix_seconds();
    match Term::of(&certificates, now) {
        Term::Early(whose) => report.failed(
            ABOUT,
            format!("{whose} is not good yet"),
            "set this machine's clock, or wait with this certificate",
        ),
        Term::Over(whose) => report.failed(ABOUT, format!("{whose} has expired"), RENEW),
        Term::Days(days, whose) if days < RENEW_DAYS => {
            report.warning(ABOUT, format!("{whose} expires in {days} days"), RENEW);
        }
        Term::Days(days, _) => report.ok(ABOUT, format!("good for {days} days")),
    }
}

/// From when until when each certificate of a file is good; none if one cannot be read. The first is the server's own,
/// what follows are those of who vouches for it: clients believe none of them beyond its time.
fn read_chain(file: &Path) -> Option<Vec<(i64, i64)>> {
    let pem = CertificateDer::pem_file_iter(file).ok()?;
    pem.map(|der| {
        let der = der.ok()?;
        let (_, certificate) = parse_x509_certificate(&der).ok()?;
        let validity = certificate.validity();
        let [from, until] = [validity.not_before, validity.not_after].map(|it| it.timestamp());
        Some((from, until))
    })
    .collect()
}

/// How long a chain of certificates is good for, and which of them it hangs on.
#[derive(Debug, PartialEq, Eq)]
enum Term {
    /// One is not good yet.
    Early(Link),
    /// One has expired.
    Over(Link),
    /// So many whole days are left of the one that ends first.
    Days(i64, Link),
}

/// A place in a chain of certificates, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Link(usize);

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("it"),
            place => write!(f, "the certificate at place {} of its chain", place + 1),
        }
    }
}

impl Term {
    /// Of a chain, at a time; all in seconds since 1970.
    fn of(chain: &[(i64, i64)], now: i64) -> Self {
        let early = chain.iter().position(|(from, _)| *from > now);
        if let Some(place) = early {
            return Self::Early(Link(place));
        }
        let ends = chain
            .iter()
            .enumerate()
            .map(|(place, (_, until))| (*until, Link(place)));
        // A file without one is refused before.
        let (until, whose) = ends
            .min_by_key(|(until, _)| *until)
            .unwrap_or((now, Link(0)));
        match until - now {
            left if left <= 0 => Self::Over(whose),
            left => Self::Days(left / DAY, whose),
        }
    }
}
