//! Makes tokens: for development, for scripts and load tests, for the pages of development mode. An app's own users
//! get theirs from the app's backend.

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};

use super::{
    claims::Claims,
    keys::{self, KeyFault},
};
use crate::kernel::{config::AuthConfig, identity::Identity};

/// Signs tokens that a [`Verifier`](super::Verifier) of the same configuration believes.
pub struct Issuer {
    key: EncodingKey,
    issuer: Option<String>,
    audience: Option<String>,
}

impl Issuer {
    /// Signs with the current HS256 secret; in development mode with the one that is kept for it, or made if there is
    /// none.
    ///
    /// # Errors
    /// The secret cannot be read, or there is none: a public key signs nothing.
    pub fn new(auth: &AuthConfig) -> Result<Self, KeyFault> {
        let secrets = keys::secrets(auth)?;
        let Some(secret) = secrets.first() else {
            return Err(KeyFault::Unusable {
                key: "auth.hs256_secret",
                problem: "not set; a public key checks tokens, whoever has its private key signs them",
            });
        };
        Ok(Self {
            key: EncodingKey::from_secret(secret.reveal().as_bytes()),
            issuer: auth.issuer.clone(),
            audience: auth.audience.clone(),
        })
    }

    /// A token that speaks for `identity`, with the configured `iss` and `aud`. Its expiry is cut to the second.
    ///
    /// # Errors
    /// The library cannot sign; with a secret it always can.
    pub fn sign(&self, identity: &Identity) -> Result<String, SignFault> {
        let claims = Claims::new(identity, self.issuer.clone(), self.audience.clone());
        encode(&Header::new(Algorithm::HS256), &claims, &self.key).map_err(SignFault)
    }
}

/// A token could not be made.
#[derive(Debug, thiserror::Error)]
#[error("cannot sign a token")]
pub struct SignFault(#[source] jsonwebtoken::errors::Error);
