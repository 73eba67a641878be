//! The keys that check tokens: from secrets, a PEM or a JSON Web Key Set (RFC 7517), each for one algorithm.

use std::{
    io,
    path::{Path, PathBuf},
};

use jsonwebtoken::{
    Algorithm, DecodingKey, DecodingKeyKind, Validation,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm, PublicKeyUse},
};

use super::development;
use crate::kernel::{
    config::{AuthConfig, PublicKey},
    secret::Secret,
};

/// The shortest RSA modulus that checks anything, in bytes: 2,048 bits (RFC 7518, 3.3).
const RSA_MIN_BYTES: usize = 256;

/// An uncompressed point of P-256, the curve of ES256: a byte and two coordinates.
const P256_POINT_BYTES: usize = 65;

/// Why the configured keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyFault {
    /// A file cannot be read (or, in development mode, made).
    #[error("{key}: cannot read {}", path.display())]
    Unreadable {
        /// The setting that names it.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It is read, and no key that we can use.
    #[error("{key}: {problem}")]
    Unusable {
        /// The setting concerned.
        key: &'static str,
        /// What it is, and should be.
        problem: &'static str,
    },
}

/// A key, and the one algorithm that it is for.
pub(super) struct Key {
    /// The name by which tokens may ask for it.
    pub(super) id: Option<String>,
    pub(super) algorithm: Algorithm,
    pub(super) decoding: DecodingKey,
    pub(super) validation: Validation,
}

impl Key {
    pub(super) fn new(
        id: Option<String>,
        algorithm: Algorithm,
        decoding: DecodingKey,
        auth: &AuthConfig,
    ) -> Self {
        let mut validation = Validation::new(algorithm);
        // Times are ours to check: on the server's clock, which tests can move.
        validation.validate_exp = false;
        let mut required = vec!["exp", "sub"];
        if let Some(issuer) = &auth.issuer {
            required.push("iss");
            validation.set_issuer(&[issuer]);
        }
        match &auth.audience {
            Some(audience) => {
                required.push("aud");
                validation.set_audience(&[audience]);
            }
            None => validation.validate_aud = false,
        }
        validation.set_required_spec_claims(&required);
        Self {
            id,
            algorithm,
            decoding,
            validation,
        }
    }
}

/// Every key that is configured; in development mode, the one that is kept for it.
pub(super) fn load(auth: &AuthConfig) -> Result<Vec<Key>, KeyFault> {
    let mut keys: Vec<Key> = secrets(auth)?
        .iter()
        .map(|secret| DecodingKey::from_secret(secret.reveal().as_bytes()))
        .map(|key| Key::new(None, Algorithm::HS256, key, auth))
        .collect();
    if let Some(source) = &auth.public_key {
        let (algorithm, key) = public_key(source)?;
        keys.push(Key::new(None, algorithm, key, auth));
    }
    if let Some(path) = &auth.jwks_file {
        for (id, algorithm, key) in key_set(path)? {
            keys.push(Key::new(id, algorithm, key, auth));
        }
    }
    Ok(keys)
}

/// The secrets for HS256, the current one first.
pub(super) fn secrets(auth: &AuthConfig) -> Result<Vec<Secret>, KeyFault> {
    if !auth.development() {
        let both = [&auth.hs256_secret, &auth.hs256_previous_secret];
        return Ok(both.into_iter().flatten().cloned().collect());
    }
    let path = Path::new(development::SECRET_FILE);
    match development::read_or_make(path) {
        Ok(secret) => Ok(vec![secret]),
        Err(source) => Err(unreadable("auth (development mode)", path, source)),
    }
}

fn public_key(source: &PublicKey) -> Result<(Algorithm, DecodingKey), KeyFault> {
    let pem = match source {
        PublicKey::Pem(pem) => pem.clone(),
        PublicKey::File(path) => read("auth.public_key", path)?,
    };
    parse_pem(&pem).map_err(|problem| KeyFault::Unusable {
        key: "auth.public_key",
        problem,
    })
}

/// Reads a public key, and finds out what it is for.
pub(super) fn parse_pem(pem: &str) -> Result<(Algorithm, DecodingKey), &'static str> {
    if pem.contains("PRIVATE KEY-----") {
        return Err("this is a private key; the server needs the public one alone");
    }
    if !pem.contains("PUBLIC KEY-----") {
        return Err("this is no public key in PEM form (-----BEGIN PUBLIC KEY-----)");
    }
    // The PEM says what kind of key it holds, and each of these takes its own kind only.
    let kinds = [
        (Algorithm::EdDSA, DecodingKey::from_ed_pem(pem.as_bytes())),
        (Algorithm::ES256, DecodingKey::from_ec_pem(pem.as_bytes())),
        (Algorithm::RS256, DecodingKey::from_rsa_pem(pem.as_bytes())),
    ];
    let (algorithm, key) = kinds
        .into_iter()
        .find_map(|(algorithm, key)| Some((algorithm, key.ok()?)))
        .ok_or("this is no RSA, P-256 or Ed25519 key")?;
    check_strength(algorithm, &key)?;
    Ok((algorithm, key))
}

/// Refuses at start what would only fail at every token.
fn check_strength(algorithm: Algorithm, key: &DecodingKey) -> Result<(), &'static str> {
    let bytes = match key.kind() {
        DecodingKeyKind::SecretOrDer(der) => der.len(),
        DecodingKeyKind::RsaModulusExponent { n, .. } => n.len(),
    };
    if algorithm == Algorithm::RS256 && bytes < RSA_MIN_BYTES {
        return Err("an RSA key needs 2048 bits or more");
    }
    if algorithm == Algorithm::ES256 && bytes != P256_POINT_BYTES {
        return Err("an elliptic curve key must be of P-256 (prime256v1), for ES256");
    }
    Ok(())
}

/// A key, what it is called in its set, and what it is for.
pub(super) type NamedKey = (Option<String>, Algorithm, DecodingKey);

fn key_set(path: &Path) -> Result<Vec<NamedKey>, KeyFault> {
    const KEY: &str = "auth.jwks_file";
    parse_set(&read(KEY, path)?).map_err(|problem| KeyFault::Unusable { key: KEY, problem })
}

/// Reads those keys of a set that are for us.
pub(super) fn parse_set(text: &str) -> Result<Vec<NamedKey>, &'static str> {
    // The parser's own words may repeat what is in the file, so they are left out.
    let Ok(set) = serde_json::from_str::<JwkSet>(text) else {
        return Err("this is no JSON Web Key Set ({\"keys\": [..]})");
    };
    let mut keys = Vec::new();
    for jwk in &set.keys {
        // A set may hold keys for other purposes; those are passed over.
        let Some(algorithm) = algorithm_of(jwk) else {
            continue;
        };
        let Ok(key) = DecodingKey::from_jwk(jwk) else {
            return Err("a key of the set has parts that are no base64url");
        };
        check_strength(algorithm, &key)?;
        keys.push((jwk.common.key_id.clone(), algorithm, key));
    }
    if keys.is_empty() {
        return Err("the set has no RSA, P-256 or Ed25519 key for signatures");
    }
    Ok(keys)
}

/// What a key of a set is for, by what it is; none if it is not for us.
fn algorithm_of(jwk: &Jwk) -> Option<Algorithm> {
    let (algorithm, name) = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => (Algorithm::RS256, KeyAlgorithm::RS256),
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
            (Algorithm::ES256, KeyAlgorithm::ES256)
        }
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
            (Algorithm::EdDSA, KeyAlgorithm::EdDSA)
        }
        // Among these are shared secrets: they have no place in a file that others publish.
        _ => return None,
    };
    let purpose = jwk.common.public_key_use.as_ref();
    let signs = purpose.is_none_or(|purpose| *purpose == PublicKeyUse::Signature);
    let fits = jwk.common.key_algorithm.is_none_or(|stated| stated == name);
    (signs && fits).then_some(algorithm)
}

fn read(key: &'static str, path: &Path) -> Result<String, KeyFault> {
    std::fs::read_to_string(path).map_err(|source| unreadable(key, path, source))
}

fn unreadable(key: &'static str, path: &Path, source: io::Error) -> KeyFault {
    KeyFault::Unreadable {
        key,
        path: path.to_owned(),
        source,
    }
}
