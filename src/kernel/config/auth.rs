//! `[auth]`: whose tokens and keys are believed.

use std::{path::PathBuf, time::Duration};

use super::{fault::ConfigFault, reader::Section};
use crate::kernel::secret::Secret;

/// Whose tokens and keys are believed.
#[derive(Clone, Debug)]
pub struct AuthConfig {
    /// Signs and checks HS256.
    pub hs256_secret: Option<Secret>,
    /// Checks HS256 that was signed before the last change.
    pub hs256_previous_secret: Option<Secret>,
    /// Checks RS256, ES256 or EdDSA, by its kind.
    pub public_key: Option<PublicKey>,
    /// A JSON Web Key Set whose keys check RS256, ES256 and EdDSA.
    pub jwks_file: Option<PathBuf>,
    /// What `iss` must say.
    pub issuer: Option<String>,
    /// What `aud` must say, or contain.
    pub audience: Option<String>,
    /// What backends send as `X-API-Key`.
    pub api_keys: Vec<Secret>,
    /// The cookie in which pages of the app send a token; none: cookies are not looked at.
    pub cookie: Option<String>,
    /// How long before a token's expiry its connections are told; zero: never.
    pub expiry_notice: Duration,
    /// How long a connection outlives its token.
    pub expiry_grace: Duration,
}

/// Where a public key is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicKey {
    /// In this text.
    Pem(String),
    /// In this file.
    File(PathBuf),
}

impl AuthConfig {
    pub(super) fn read(mut section: Section<'_>) -> Result<Self, ConfigFault> {
        let auth = Self {
            hs256_secret: section.secret("hs256_secret")?,
            hs256_previous_secret: section.secret("hs256_previous_secret")?,
            public_key: public_key(&mut section)?,
            jwks_file: section.path("jwks_file")?,
            issuer: section.text("issuer")?,
            audience: section.text("audience")?,
            api_keys: section.secrets("api_keys")?,
            cookie: section.parsed("cookie", "the name of a cookie", cookie_name)?,
            expiry_notice: section
                .duration("expiry_notice", Duration::ZERO..=Duration::from_hours(1))?,
            expiry_grace: section
                .duration("expiry_grace", Duration::ZERO..=Duration::from_hours(1))?,
        };
        if auth.hs256_previous_secret.is_some() && auth.hs256_secret.is_none() {
            return Err(section.refuse("hs256_previous_secret", "set only beside hs256_secret"));
        }
        Ok(auth)
    }

    /// Whether nothing is configured that could tell a true token from a false one.
    pub fn development(&self) -> bool {
        self.hs256_secret.is_none() && self.public_key.is_none() && self.jwks_file.is_none()
    }
}

/// The name of a cookie: a token (RFC 6265, 4.1.1), or nothing.
fn cookie_name(text: &str) -> Option<Option<String>> {
    let fit = |c: char| c.is_ascii_graphic() && !"()<>@,;:\\\"/[]?={}".contains(c);
    text.chars()
        .all(fit)
        .then(|| (!text.is_empty()).then(|| text.to_owned()))
}

fn public_key(section: &mut Section<'_>) -> Result<Option<PublicKey>, ConfigFault> {
    // Not through `text`: who confuses the two keys must not find the private one in a log.
    let Some(text) = section.secret("public_key")? else {
        return Ok(None);
    };
    if !text.reveal().contains("-----BEGIN") {
        return Ok(Some(PublicKey::File(text.reveal().into())));
    }
    if text.reveal().contains("PRIVATE KEY") {
        return Err(section.refuse("public_key", "the public key; this is the private one"));
    }
    Ok(Some(PublicKey::Pem(text.reveal().to_owned())))
}
