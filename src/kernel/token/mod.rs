//! Tokens: JSON Web Tokens (RFC 7519) that an app signs for its users, and that we check.
//!
//! The algorithm comes from the key, never from the token: each key is good for one algorithm, and a token that
//! names another finds no key. So neither `alg: none` nor an HS256 "signed" with a public key gets anywhere.
//!
//! A token, or a part of one, is never in an error or a log.

mod claims;
mod cookie;
mod development;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod issuer;
mod keys;
#[cfg(test)]
mod tests;
mod verifier;

pub use self::{
    cookie::from_cookie,
    issuer::{Issuer, SignFault},
    keys::KeyFault,
    verifier::{Keys, Verifier},
};

/// The token in the value of an `Authorization` header (RFC 6750, 2.1); none for another scheme.
pub fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Why a token is not believed. Clients are told which of the two; the flaw is for logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    /// It was good, and its time is over: a new one will do.
    #[error("the token has expired")]
    Expired,
    /// It was never good here.
    #[error("the token is not valid: {0}")]
    Invalid(Flaw),
}

/// What is wrong with a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// Not three parts, not base64, not JSON, an algorithm that nobody has, or too long.
    #[error("it is no token in compact form")]
    Form,
    /// No key of ours is for its algorithm and its `kid`.
    #[error("no key is for its algorithm and kid")]
    Key,
    /// None of the keys that are has signed it.
    #[error("its signature does not match")]
    Signature,
    /// `sub`, `exp` or `role` is missing, or a claim is not what it should be.
    #[error("a claim is missing or malformed")]
    Claims,
    /// `iss` is not `auth.issuer`.
    #[error("it is from another issuer")]
    Issuer,
    /// `aud` is not `auth.audience`.
    #[error("it is for another audience")]
    Audience,
    /// `nbf` is in the future.
    #[error("it is not valid yet")]
    NotYet,
}
