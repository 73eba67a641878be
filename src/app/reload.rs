//! Another configuration for a server that runs: keys, limits, origins and the certificate change for whoever comes from now
//! on; nobody's connection ends for it.
//!
//! All of it is read and checked first. If one thing is wrong nothing is changed.

use std::sync::{Arc, Mutex, PoisonError};

use super::{StartFault, listen::Certificates};
use crate::{
    kernel::{
        config::{AuthConfig, Config, ConfigFault, Origins, Setting},
        token::{KeyFault, Keys},
    },
    rest::Shared,
};

/// The setting that names the certificate's file.
const TLS_CERT: &str = "server.tls_cert";

/// Those that change only where TLS is spoken: whether it is at all is decided where the server listens.
const TLS: [&str; 2] = [TLS_CERT, "server.tls_key"];

/// Why a configuration does not take the place of the one in force.
#[derive(Debug, thiserror::Error)]
pub enum ReloadFault {
    /// It is no configuration, or none for the address that is served.
    #[error(transparent)]
    Config(#[from] ConfigFault),
    /// The keys for tokens cannot be used.
    #[error(transparent)]
    Keys(#[from] KeyFault),
    /// The certificate, or its key, cannot be used.
    #[error(transparent)]
    Certificate(StartFault),
    /// Whoever is trusted now would not be, or everybody would.
    #[error("auth: whether there are credentials at all changes only with a restart")]
    Development,
}

/// What became of a configuration.
#[derive(Debug, PartialEq, Eq)]
pub struct Reloaded {
    /// The settings that are in force from now on, and were not; `server.tls_cert` also if its file holds another
    /// certificate. Files that they name are read again in any case.
    pub changed: Vec<String>,
    /// The settings that are written otherwise than they are in force, and change only with a restart.
    pub kept: Vec<String>,
}

/// Puts another configuration in force.
#[derive(Clone)]
pub struct Reloader {
    shared: Arc<Shared>,
    certificates: Option<Arc<Certificates>>,
    /// The configuration that was read last: what of it can change is in force.
    last: Arc<Mutex<Option<Config>>>,
}

impl Reloader {
    pub(super) fn new(shared: Arc<Shared>, certificates: Option<Arc<Certificates>>) -> Self {
        Self {
            shared,
            certificates,
            last: Arc::default(),
        }
    }

    /// Puts in force what of a configuration can change while the server runs. Of two at once the second waits, so that what
    /// is in force is all of one configuration.
    ///
    /// # Errors
    /// What cannot be used. Then all is as it was.
    pub fn reload(&self, to: Config) -> Result<Reloaded, ReloadFault> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let Shared {
            config, verifier, ..
        } = &*self.shared;
        if to.development() != config.development() {
            return Err(ReloadFault::Development);
        }
        // Another `server.listen` is not in force, whatever is written.
        to.check_secrets(config.server.listen)?;
        let keys = Keys::read(&to.auth.now())?;
        // Also where no TLS is spoken, which is decided where the server listens: the next start would be refused.
        let read = to.server.tls.as_ref().map(Certificates::read);
        let read = read.transpose().map_err(ReloadFault::Certificate)?;
        verifier.change(keys);
        let certificates = self.certificates.as_ref().zip(read);
        let renewed = certificates.is_some_and(|(shown, read)| shown.change(read));
        config.auth.change(AuthConfig::clone(&to.auth.now()));
        config
            .limits
            .change(config.limits.now().changed(&to.limits.now()));
        let origins = Origins::clone(&to.server.origins.now());
        config.server.origins.change(origins);
        let reloaded = self.compare(last.as_ref(), &to, renewed);
        *last = Some(to);
        Ok(reloaded)
    }

    /// A certificate is renewed in its place: its setting is the same then, and what it stands for is not.
    fn compare(&self, last: Option<&Config>, to: &Config, renewed: bool) -> Reloaded {
        let first = self.shared.config.settings();
        let before = last.map_or(first, Config::settings);
        let with_tls = self.certificates.is_some() && to.server.tls.is_some();
        let can_change =
            |it: &&Setting| it.is_reloadable() && (with_tls || !TLS.contains(&it.name().as_str()));
        let differing = to.settings().differing(before).filter(can_change);
        let mut changed: Vec<String> = differing.map(Setting::name).collect();
        if renewed && !changed.iter().any(|key| key == TLS_CERT) {
            changed.push(TLS_CERT.to_owned());
        }
        Reloaded {
            changed,
            kept: to
                .settings()
                .differing(first)
                .filter(|it| !can_change(it))
                .map(Setting::name)
                .collect(),
        }
    }
}
