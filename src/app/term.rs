//! How long certificates are good for. TLS is spoken with one that has expired: it is the clients that refuse it, and they
//! tell nobody here.

use std::{fmt, path::Path};

use rustls::pki_types::{CertificateDer, pem::PemObject};
use x509_parser::parse_x509_certificate;

use crate::kernel::{
    config::Config,
    time::{Clock, Timestamp},
};

/// Seconds.
const DAY: i64 = 24 * 60 * 60;

/// What is allowed and seldom meant, in the settings and in the files that they name: for who checks a configuration, and in
/// the log at each start and reload.
pub fn warnings(config: &Config) -> Vec<String> {
    let mut warnings = config.warnings();
    warnings.extend(warning(config));
    warnings
}

/// Clients that look at the time, as all browsers do, refuse to connect.
fn warning(config: &Config) -> Option<String> {
    let file = &config.server.tls.as_ref()?.cert;
    let shown = file.display();
    match Term::of_file(file, Clock::system().now())? {
        Term::Days(..) => None,
        Term::Early(whose) => Some(format!(
            "server.tls_cert: {shown}: {whose} is not good yet, so clients refuse it: set this machine's clock, or wait with it"
        )),
        Term::Over(whose) => Some(format!(
            "server.tls_cert: {shown}: {whose} has expired, so clients refuse it: renew it, then reload (SIGHUP)"
        )),
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
pub enum Term {
    /// One is not good yet.
    Early(Link),
    /// One has expired.
    Over(Link),
    /// So many whole days are left of the one that ends first.
    Days(i64, Link),
}

/// A place in a chain of certificates, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link(usize);

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("it"),
            place => write!(f, "the certificate at place {} of its chain", place + 1),
        }
    }
}

impl Term {
    /// Of the certificates in a file; none if it holds none, or if one cannot be parsed, though TLS may be spoken with it.
    pub fn of_file(file: &Path, now: Timestamp) -> Option<Self> {
        Self::of(&read_chain(file)?, now.unix_seconds())
    }

    /// Of a chain, at a time; all in seconds since 1970.
    fn of(chain: &[(i64, i64)], now: i64) -> Option<Self> {
        let early = chain.iter().position(|(from, _)| *from > now);
        if let Some(place) = early {
            return Some(Self::Early(Link(place)));
        }
        let ends = chain
            .iter()
            .enumerate()
            .map(|(place, (_, until))| (*until, Link(place)));
        let (until, whose) = ends.min_by_key(|(until, _)| *until)?;
        Some(match until - now {
            left if left <= 0 => Self::Over(whose),
            left => Self::Days(left / DAY, whose),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_is_good_for_as_long_as_all_of_it_is() {
        let now = 100 * DAY;
        let good = (now - DAY, now + 9 * DAY);
        for (second, term) in [
            (good, Term::Days(9, Link(0))),
            ((now, now + 2 * DAY), Term::Days(2, Link(1))),
            ((now - DAY, now), Term::Over(Link(1))),
            ((now + 1, now + DAY), Term::Early(Link(1))),
        ] {
            assert_eq!(Term::of(&[good, second], now), Some(term));
        }
        assert_eq!(Term::of(&[], now), None, "of nothing nobody is warned");
    }
}
