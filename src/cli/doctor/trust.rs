//! Whom the server believes, and by what others know it.

use std::time::Duration;

use super::{NO_START, Report};
use crate::{
    app::{self, Term},
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

/// Keys for tokens: whether they can be used, and for what; and a token, made and believed.
pub(super) fn tokens(config: &Config, report: &mut Report) {
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
}

/// Keys of the app's backend. Without any credentials everybody is let in: that is said of tokens.
pub(super) fn backends(config: &Config, report: &mut Report) {
    const ABOUT: &str = "backends";
    if config.development() {
        return;
    }
    match config.auth.now().api_keys.len() {
        0 => report.warning(
            ABOUT,
            "auth.api_keys is empty",
            "set auth.api_keys for the app's backend, or give it tokens with the role service",
        ),
        1 => report.ok(ABOUT, "one key for backends"),
        keys => report.ok(ABOUT, format!("{keys} keys for backends")),
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
    let Some(term) = Term::of_file(&files.cert, Clock::system().now()) else {
        let found = format!(
            "{} cannot be parsed, so its end is not known",
            files.cert.display()
        );
        return report.warning(ABOUT, found, "look at it with openssl x509 -text");
    };
    match term {
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
